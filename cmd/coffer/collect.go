package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/internal/id"
)

func newCollect() *cobra.Command {
	cmd := &cobra.Command{
		Use: "collect GRANT [ATTRIBUTE…]", GroupID: "business", Args: cobra.ArbitraryArgs,
		Short: "Collect what a grant gives, or all grants of a purpose",
		Long: `Opens and verifies the grant's letter when that was not done yet, posts this
hour's permit to the ledger, collects, and decrypts. What the grant does not name
is refused, with the reason, and the shopper sees the attempt.

With --all it collects under every grant of a purpose and writes NDJSON to stdout,
as it came: sealed, unless --decrypt is given. With --cursor-file it goes on where
the last run ended, also an interrupted one, and brings only what changed; the
lines after the last cursor may come twice.`,
		Example: `  coffer collect 5r1ZkJ0Yx8mC2cQyV7q3Vw
  coffer collect 5r1ZkJ0Yx8mC2cQyV7q3Vw name postal-address --json
  coffer collect --all --purpose https://w3id.org/dpv#DeliveryOfGoods --cursor-file delivery.cursor >> out.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all, _ := cmd.Flags().GetBool("all"); all {
				if err := want(0, 0)(cmd, args); err != nil {
					return err
				}
				return collectAll(cmd)
			}
			if err := want(1, -1)(cmd, args); err != nil {
				return err
			}
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			got, err := b.Collect(cmd.Context(), g, args[1:]...)
			if err != nil {
				return explained(err)
			}
			out := cmd.OutOrStdout()
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				values, refused := map[string]json.RawMessage{}, map[string]string{}
				for _, v := range got.Values {
					values[v.Attribute] = v.Value
				}
				for _, r := range got.Refused {
					refused[r.What] = string(r.Reason)
				}
				e := json.NewEncoder(out)
				e.SetIndent("", "  ")
				return e.Encode(map[string]any{"v": 1, "grant": g, "values": values, "refused": refused})
			}
			for _, v := range got.Values {
				fmt.Fprintf(out, "%-20s %s\n", v.Attribute, v.Text())
			}
			for _, r := range got.Refused {
				fmt.Fprintf(cmd.ErrOrStderr(), "%-20s refused: %s\n", r.What, r.Reason)
			}
			if len(got.Refused) > 0 {
				return errFindings
			}
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().Bool("json", false, "write JSON")
	allFlags(cmd)
	return cmd
}

func newSend() *cobra.Command {
	cmd := &cobra.Command{
		Use: "send GRANT --subject TEXT --text TEXT", GroupID: "business", Args: want(1, 1),
		Short: "Send the shopper a message under a grant",
		Long: `Signs and encrypts the message for the shopper alone, posts a permit that commits
to it, and hands it to the operator. Only a grant with a channel carries messages,
and no more a week than the shopper agreed to.`,
		Example: `  coffer send 5r1ZkJ0Yx8mC2cQyV7q3Vw --subject 'New in your size' --text 'Come by.'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			if err := need(cmd, "subject", "text"); err != nil {
				return err
			}
			subject, _ := cmd.Flags().GetString("subject")
			text, _ := cmd.Flags().GetString("text")
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			sent, err := b.Send(cmd.Context(), g, subject, text)
			if err != nil {
				return explained(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "sent %s under the permit %s\n", sent.ID, sent.Permit)
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("subject", "", "the subject, a `text`")
	cmd.Flags().String("text", "", "the message, a `text`")
	return cmd
}

// denials say in a sentence why a grant does not carry what was asked.
var denials = map[consent.DenialReason]string{
	consent.Withdrawn:    "the shopper has withdrawn the grant",
	consent.Terminated:   "the grant was given up, or ended by an order to the operator",
	consent.Paused:       "the shopper has paused the grant, and may resume it",
	consent.Narrowed:     "the shopper gives less now; another grant took its place",
	consent.Replaced:     "another grant took its place",
	consent.GrantExpired: "the grant's time is over; ask anew",
	consent.NotStarted:   "the grant has not begun",
	consent.NotAnchored:  "the grant is not on the ledger yet; try again in a moment",
	consent.NotCovered:   "the grant does not name it",
	consent.NoPermit:     "there is no permit for this hour on the ledger",
	consent.Unfulfilled:  "the grant's condition is not met",
	consent.ByPolicy:     "a rule of the operator forbids it",
}

// explained adds to a denial what it means.
func explained(err error) error {
	if d := consent.DenialOf(err); d != nil {
		return fmt.Errorf("refused: %w (%s)", d, denials[d.Reason])
	}
	return err
}
