package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"coffer/anchor"
)

func newLedgerStatus(now func() time.Time) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Args: want(0, 0),
		Short: "Show how far the ledger is, how old that is, and who signed it",
		Long: `Shows the newest log that the validators signed, after checking their signatures.
The validators are those of --validators, or else those that the member tells.

Then it shows how the member is by its own account: what is wrong with it (its node, its
clock, too few members that vote, a member that votes twice or shows another log), each
with what to do, and what it sees of the other members.`,
		Example: `  coffer ledger status --ledger http://localhost:8080`,
		RunE: func(cmd *cobra.Command, args []string) error {
			origin, _ := cmd.Flags().GetString("ledger")
			client, err := ledgerClient(origin)
			if err != nil {
				return err
			}
			condition, err := client.Status(cmd.Context())
			if err != nil && !errors.Is(err, anchor.ErrNotFound) { // an older member does not tell
				return err
			}
			showAlarms(cmd.OutOrStdout(), condition, now())
			path, _ := cmd.Flags().GetString("validators")
			set, err := validatorSet(cmd, path, origin)
			if err != nil {
				return err
			}
			signed, err := client.SignedHeader(cmd.Context())
			if err != nil {
				return err
			}
			v := anchor.NewVerifier(set)
			head, err := v.Header(signed)
			if path != "" && anchor.OtherValidators(err) {
				steps, serr := succession(cmd, set, origin)
				if serr != nil {
					return serr
				}
				if err = v.Follow(steps...); err == nil {
					head, err = v.Header(signed)
				}
			}
			if err != nil {
				return fmt.Errorf("verifying the ledger's newest header: %w", err)
			}
			set = v.Newest()
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "chain       %s\nsize        %d entries\nroot        %x\nheight      %d\ntime        %s\nage         %s\n",
				set.Chain, head.Size, head.Root, head.Height, head.Time.UTC().Format(time.RFC3339), now().Sub(head.Time).Round(time.Second))
			fmt.Fprintf(w, "validators  %d, %x\n", len(set.Validators), set.Hash())
			for _, v := range set.Validators {
				fmt.Fprintf(w, "            power %d, key %s\n", v.Power, v.PublicKey)
			}
			showSeen(w, condition.Members, now())
			return nil
		},
	}
	ledgerFlag(cmd)
	cmd.Flags().String("validators", "", "trust the validators in this `file` (coffer ledger validators)")
	return cmd
}

// showAlarms says what is wrong with the member, the worst first to be read.
func showAlarms(w io.Writer, c anchor.Condition, now time.Time) {
	for _, a := range c.Alarms {
		fmt.Fprintf(w, "ALARM       %s for %s: %s\n", a.Kind, now.Sub(a.Since).Round(time.Second), a.Detail)
		if a.Evidence != "" {
			fmt.Fprintf(w, "            evidence: %s in the folder evidence of the member's data\n", a.Evidence)
		}
	}
}

func showSeen(w io.Writer, members []anchor.Seen, now time.Time) {
	if len(members) == 0 {
		return
	}
	fmt.Fprintln(w, "sees")
	for _, m := range members {
		switch {
		case m.Sight == anchor.SightSilent && m.At.IsZero():
			fmt.Fprintf(w, "            %s: no answer yet\n", m.Name)
		case m.Sight == anchor.SightSilent:
			fmt.Fprintf(w, "            %s: no answer for %s\n", m.Name, now.Sub(m.At).Round(time.Second))
		case m.Sight == anchor.SightAnother:
			fmt.Fprintf(w, "            %s: ANOTHER LOG of %d entries\n", m.Name, m.Size)
		default:
			fmt.Fprintf(w, "            %s: the same log, %d entries\n", m.Name, m.Size)
		}
	}
}
