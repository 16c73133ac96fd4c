package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/consentdb"
)

// newBusiness is the operator's say over who may ask shoppers. It works on the
// database beside a running daemon, which looks a business up at every request.
func newBusiness() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "business",
		Short: "List, approve and suspend businesses",
		Long: `Outside development a business that registers is pending until the operator has
approved it. A suspended one gets nothing, whatever grants it holds. This works while
the daemon runs.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q: there are list, approve, suspend and deliveries", args[0])}
			}
			return c.Help()
		},
	}
	c.PersistentFlags().StringVar(&folder, "data", defaultFolder, "data folder")

	with := func(ctx context.Context, f func(*consentdb.Store) error) error { return withConsents(ctx, folder, f) }
	list := &cobra.Command{
		Use:   "list",
		Short: "List all businesses with their states",
		RunE: func(c *cobra.Command, _ []string) error {
			return with(c.Context(), func(s *consentdb.Store) error {
				all, err := s.Businesses(c.Context())
				if err != nil {
					return err
				}
				if len(all) == 0 {
					fmt.Fprintln(c.OutOrStdout(), "no business has registered yet; one does so with: coffer register")
					return nil
				}
				t := table.NewWriter()
				t.SetOutputMirror(c.OutOrStdout())
				t.SetStyle(table.StyleLight)
				t.AppendHeader(table.Row{"state", "name", "contact", "did"})
				for _, b := range all {
					t.AppendRow(table.Row{b.State, b.Name, b.Contact, b.DID})
				}
				t.Render()
				return nil
			})
		},
	}
	set := func(use, short string, state consent.BusinessState) *cobra.Command {
		return &cobra.Command{
			Use:   use + " DID",
			Short: short,
			Args: func(c *cobra.Command, args []string) error {
				if len(args) != 1 {
					return usageError{fmt.Errorf("want the DID of one business, as cofferd business list shows it")}
				}
				return nil
			},
			RunE: func(c *cobra.Command, args []string) error {
				return with(c.Context(), func(s *consentdb.Store) error {
					err := s.SetBusinessState(c.Context(), consent.DID(args[0]), state)
					if errors.Is(err, consent.ErrNotFound) {
						return fmt.Errorf("no business has this DID; see: cofferd business list --data %s", folder)
					} else if err != nil {
						return err
					}
					fmt.Fprintf(c.OutOrStdout(), "%s is %s\n", args[0], state)
					return nil
				})
			},
		}
	}
	c.AddCommand(list,
		set("approve", "Let a business ask, collect and send", consent.BusinessActive),
		set("suspend", "Give a business nothing any more, until it is approved again", consent.BusinessSuspended),
		newDeliveries(&folder))
	noArguments(list)
	return c
}
