package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"coffer/anchor"
)

// succession is how the ledger's validators changed since the trusted set: from the file of
// --succession, or else as the ledger at origin proves it. Without either it is nothing.
func succession(cmd *cobra.Command, trusted anchor.ValidatorSet, origin string) ([]anchor.Step, error) {
	var steps []anchor.Step
	path, _ := cmd.Flags().GetString("succession")
	switch {
	case path != "":
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var s anchor.Succession
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, fmt.Errorf("reading %s: %w; fetch it with: coffer ledger succession", path, err)
		}
		if s.From.Chain != trusted.Chain || s.From.Hash() != trusted.Hash() {
			return nil, fmt.Errorf("%s begins with other validators than --validators names; fetch it for these, with: coffer ledger succession", path)
		}
		steps = s.Steps
	case origin != "":
		client, err := ledgerClient(origin)
		if err != nil {
			return nil, err
		}
		steps, err = client.Steps(cmd.Context(), trusted.Hash())
		if errors.Is(err, anchor.ErrNotFound) {
			return nil, fmt.Errorf("the ledger at %s says that it was never signed by the validators in the file: they are of another ledger, or someone shows you one of their own; ask another member", origin)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := trusted.Succeed(steps); err != nil {
		return nil, fmt.Errorf("the change of validators does not hold, %w: those you trust did not agree to it; do not rely on what the others sign, and ask another member", err)
	}
	return steps, nil
}

func successionFlag(cmd *cobra.Command) {
	cmd.Flags().String("succession", "", "how the validators changed since, a `file` (see: coffer ledger succession)")
}

func newLedgerSuccession() *cobra.Command {
	cmd := &cobra.Command{
		Use: "succession --validators FILE --out FILE", Args: want(0, 0),
		Short: "Save how the validators changed since those you trust",
		Long: `When members join or leave, other validators sign the ledger. Each change is signed by
more than two thirds of those before; this fetches the changes since the validators in
the file, checks them, and saves them, so that audits and verification offline can go
on with the file you have. Nothing new has to be trusted.`,
		Example: `  coffer ledger succession --ledger http://localhost:8080 --validators validators.json --out succession.json
  coffer verify receipt.json --validators validators.json --succession succession.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "validators"); err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("validators")
			origin, _ := cmd.Flags().GetString("ledger")
			set, err := validatorSet(cmd, path, origin)
			if err != nil {
				return err
			}
			steps, err := succession(cmd, set, origin)
			if err != nil {
				return err
			}
			b, err := json.MarshalIndent(anchor.Succession{From: set, Steps: steps}, "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d changes since, and they hold\n", len(steps))
			return output(cmd, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\n", b)
				return err
			})
		},
	}
	ledgerFlag(cmd)
	cmd.Flags().String("validators", "", "the validators that you trust, a `file` (coffer ledger validators)")
	cmd.Flags().String("out", "", "write to this `file` instead of standard output")
	return cmd
}
