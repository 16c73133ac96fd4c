package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/consent/business"
	"coffer/internal/id"
)

func newGrants() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "grants", GroupID: "business",
		Short: "List the grants you hold, open the letter of one, or give one up",
		Long: `Each purpose that a shopper gave is a grant of its own, and comes with a letter that
the shopper's wallet sealed to you: the receipt, the key that opens what you collect,
and the key that signs permits. coffer events opens the letters of new grants.`,
	})
	cmd.AddCommand(newGrantsList(), newGrantsOpen(), newGrantsGiveUp())
	return cmd
}

func newGrantsList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Args: want(0, 0),
		Short: "List the grants in the folder, those that end first before the others",
		Long: `Lists what the folder knows, without asking the operator; run coffer events before,
to know what was given and withdrawn meanwhile. Without --all only grants that stand
are listed.`,
		Example: `  coffer grants list
  coffer grants list --all --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			grants, err := b.Grants()
			if err != nil {
				return err
			}
			now := clock(cmd)()
			if all, _ := cmd.Flags().GetBool("all"); !all {
				grants = slices.DeleteFunc(grants, func(g business.Grant) bool { return !g.Live(now) })
			}
			slices.SortFunc(grants, func(x, y business.Grant) int {
				if d := int(x.End) - int(y.End); d != 0 {
					return d
				}
				return strings.Compare(x.ID.String(), y.ID.String())
			})
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				lines := json.NewEncoder(cmd.OutOrStdout())
				for _, g := range grants {
					if err := lines.Encode(inList(g, now)); err != nil {
						return err
					}
				}
				return nil
			}
			if len(grants) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no grant stands here; run: coffer events")
				return nil
			}
			t := table.NewWriter()
			t.SetOutputMirror(cmd.OutOrStdout())
			t.SetStyle(table.StyleLight)
			t.AppendHeader(table.Row{"grant", "purpose", "attributes", "channels", "until (UTC)", "state"})
			for _, g := range grants {
				l := inList(g, now)
				t.AppendRow(table.Row{l.Grant, l.Purpose, strings.Join(l.Attributes, ", "), strings.Join(l.Channels, ", "), g.End.Time().UTC().Format("2006-01-02 15:04"), l.State})
			}
			t.Render()
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().Bool("all", false, "also list what has ended")
	cmd.Flags().Bool("json", false, "write NDJSON")
	return cmd
}

// listedGrant is one line of what grants list --json writes.
type listedGrant struct {
	Grant      id.Grant   `json:"grant"`
	Request    id.Request `json:"request"`
	Purpose    string     `json:"purpose"`
	Attributes []string   `json:"attributes"`
	Channels   []string   `json:"channels"`
	From       time.Time  `json:"from"`
	Until      time.Time  `json:"until"`
	State      string     `json:"state"`
}

func inList(g business.Grant, now time.Time) listedGrant {
	l := listedGrant{g.ID, g.Request, g.PurposeID, g.Attributes, g.Channels, g.Start.Time().UTC(), g.End.Time().UTC(), string(g.State)}
	if now.Before(l.Until) || g.Live(now) || g.Withdrawn > 0 {
		return l
	}
	l.State = "expired" // the folder's file says what it was when its time ran out
	return l
}

func newGrantsOpen() *cobra.Command {
	cmd := &cobra.Command{
		Use: "open GRANT", Args: want(1, 1),
		Short: "Open and verify the letter of a grant",
		Long: `Fetches the letter, opens it, and holds it against your signed request, the receipt
that the shopper signed, and the ledger. Nothing is collected. A letter that was opened
before is read from the folder.`,
		Example: `  coffer grants open 5r1ZkJ0Yx8mC2cQyV7q3Vw`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			grant, err := b.OpenLetter(cmd.Context(), g)
			if err != nil {
				return explained(err)
			}
			l := inList(grant, clock(cmd)())
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "grant       %s, %s\nrequest     %s, its purpose %s\nattributes  %s\n", l.Grant, l.State, l.Request, l.Purpose, strings.Join(l.Attributes, ", "))
			if len(l.Channels) > 0 {
				fmt.Fprintf(out, "channels    %s\n", strings.Join(l.Channels, ", "))
			}
			fmt.Fprintf(out, "until       %s\nthe receipt is signed, repeats your request, and stands on the ledger\n", l.Until.Format(time.RFC3339))
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}
