package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"coffer/anchor"
)

func newLedgerStatus(now func() time.Time) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Args: want(0, 0),
		Short: "Show how far the ledger is, how old that is, and who signed it",
		Long: `Shows the newest log that the validators signed, after checking their signatures.
The validators are those of --validators, or else those that the member tells.`,
		Example: `  coffer ledger status --ledger http://localhost:8080`,
		RunE: func(cmd *cobra.Command, args []string) error {
			origin, _ := cmd.Flags().GetString("ledger")
			client, err := ledgerClient(origin)
			if err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("validators")
			set, err := validatorSet(cmd, path, origin)
			if err != nil {
				return err
			}
			signed, err := client.SignedHeader(cmd.Context())
			if err != nil {
				return err
			}
			head, err := anchor.VerifyHeader(set, signed)
			if err != nil {
				return fmt.Errorf("verifying the ledger's newest header: %w", err)
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "chain       %s\nsize        %d entries\nroot        %x\nheight      %d\ntime        %s\nage         %s\n",
				set.Chain, head.Size, head.Root, head.Height, head.Time.UTC().Format(time.RFC3339), now().Sub(head.Time).Round(time.Second))
			fmt.Fprintf(w, "validators  %d, %x\n", len(set.Validators), set.Hash())
			for _, v := range set.Validators {
				fmt.Fprintf(w, "            power %d, key %s\n", v.Power, v.PublicKey)
			}
			return nil
		},
	}
	ledgerFlag(cmd)
	cmd.Flags().String("validators", "", "trust the validators in this `file` (coffer ledger validators)")
	return cmd
}
