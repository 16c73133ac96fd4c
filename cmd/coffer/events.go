package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/audit"
	"coffer/consent/business"
	"coffer/internal/id"
)

func newEvents() *cobra.Command {
	cmd := &cobra.Command{
		Use: "events", GroupID: "business", Args: want(0, 0),
		Short: "Learn what happened: answers, grants that went live, withdrawals",
		Long: `Asks the operator for what is new since the last time and acts on it: letters are
opened and verified, the keys of withdrawn grants are deleted, messages left in
the outbox are sent. Run it often, or leave it running with --watch: a business
that does not learn of a withdrawal cannot honour it.`,
		Example: `  coffer events
  coffer events --watch`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			show := func(_ context.Context, e business.Event) error {
				what := "grant " + e.Grant.String()
				if e.Grant.IsZero() {
					what = "request " + e.Request.String()
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-10s %s\n", e.Time.Time().Local().Format(time.DateTime), e.Type, what)
				return nil
			}
			if watch, _ := cmd.Flags().GetBool("watch"); watch {
				if err := b.Watch(cmd.Context(), 2*time.Second, show); !errors.Is(err, context.Canceled) {
					return err
				}
				return nil
			}
			_, err = b.Poll(cmd.Context(), show)
			return err
		},
	}
	dataFlag(cmd)
	cmd.Flags().Bool("watch", false, "go on until Ctrl-C")
	return cmd
}

func newReceipt() *cobra.Command {
	cmd := &cobra.Command{
		Use: "receipt GRANT --out FILE", GroupID: "business", Args: want(1, 1),
		Short: "Write a grant's receipt with its proof, for coffer verify",
		Long: `The file holds the receipt, the opening of the ledger's commitment to it, and the
proof; the business's counter-signature once it has collected; and, of a grant that
was withdrawn, the shopper's receipt of that, with its proof. A DPO takes the same
out of a trail.`,
		Example: `  coffer receipt 5r1ZkJ0Yx8mC2cQyV7q3Vw --out receipt.json
  coffer receipt 5r1ZkJ0Yx8mC2cQyV7q3Vw --trail trail.ndjson --out receipt.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			var bundle consent.Bundle
			if trail, _ := cmd.Flags().GetString("trail"); trail != "" {
				bundle, err = bundleOf(cmd, trail, g)
			} else {
				bundle, err = ownBundle(cmd, g)
			}
			if err != nil {
				return explained(err)
			}
			return output(cmd, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\n", bundle.Bytes())
				return err
			})
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("trail", "", "take it out of this trail, a `file`, instead of the business's folder")
	cmd.Flags().String("out", "", "write to this `file` instead of standard output")
	return cmd
}

func ownBundle(cmd *cobra.Command, g id.Grant) (consent.Bundle, error) {
	b, err := openBusiness(cmd)
	if err != nil {
		return consent.Bundle{}, err
	}
	defer b.Close()
	return b.Bundle(cmd.Context(), g)
}

func bundleOf(cmd *cobra.Command, trail string, g id.Grant) (consent.Bundle, error) {
	f, err := open(cmd, trail)
	if err != nil {
		return consent.Bundle{}, err
	}
	defer f.Close()
	return audit.FindBundle(f, g)
}

func newTrail() *cobra.Command {
	cmd := &cobra.Command{
		Use: "trail --out FILE", GroupID: "business", Args: want(0, 0),
		Short: "Write the trail for the DPO, closed with its end line",
		Long: `The trail holds every request, receipt, permit, message and withdrawal of the
business, and no value. The copy written here has an end line and the proofs that
the ledger has, so that coffer audit checks it offline.`,
		Example: `  coffer trail --out trail.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			return output(cmd, func(w io.Writer) error { return b.ExportTrail(cmd.Context(), w) })
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("out", "", "write to this `file` instead of standard output")
	return cmd
}
