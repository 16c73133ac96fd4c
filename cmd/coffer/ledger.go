package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coffer/anchor/anchorhttp"
)

func newLedger() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "ledger", GroupID: "check",
		Short: "Look at the ledger",
		Long:  `The ledger holds commitments and random keys. Any member answers for it.`,
	})
	cmd.AddCommand(newLedgerValidators(), newLedgerSuccession(), newLedgerHead(), newLedgerStatus(time.Now), newLedgerWatch(time.Now), newLedgerMembers(time.Now))
	return cmd
}

func newLedgerValidators() *cobra.Command {
	cmd := &cobra.Command{
		Use: "validators --out FILE", Args: want(0, 0),
		Short: "Save who signs the ledger: what audits and verification trust",
		Long: `Writes the validator set as one member tells it. All that is verified with this
file rests on it: save it once, from a member you trust, and compare it with what
the other members publish. What members joined or left later follows from it; with
--first it is the set that the ledger began with, for trails and receipts from before
today's members.`,
		Example: `  coffer ledger validators --ledger http://localhost:8080 --out validators.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			origin, _ := cmd.Flags().GetString("ledger")
			client, err := ledgerClient(origin)
			if err != nil {
				return err
			}
			set, err := client.Validators(cmd.Context())
			if err != nil {
				return err
			}
			if first, _ := cmd.Flags().GetBool("first"); first {
				registers, err := client.Registers(cmd.Context())
				if err != nil {
					return err
				}
				if len(registers) == 0 {
					return errors.New("the ledger tells no member register; take its genesis from a member, or leave --first out")
				}
				set = registers[0].Validators(set.Chain)
			}
			b, err := json.MarshalIndent(set, "", "  ")
			if err != nil {
				return err
			}
			return output(cmd, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\n", b)
				return err
			})
		},
	}
	ledgerFlag(cmd)
	cmd.Flags().Bool("first", false, "the validators that the ledger began with")
	cmd.Flags().String("out", "", "write to this `file` instead of standard output")
	return cmd
}

func newLedgerHead() *cobra.Command {
	cmd := &cobra.Command{
		Use: "head", Args: want(0, 0),
		Short:   "Show the ledger's size, root and time",
		Example: `  coffer ledger head --ledger http://localhost:8080`,
		RunE: func(cmd *cobra.Command, args []string) error {
			origin, _ := cmd.Flags().GetString("ledger")
			client, err := ledgerClient(origin)
			if err != nil {
				return err
			}
			head, err := client.Head(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "size    %d entries\nroot    %x\nheight  %d\ntime    %s\n",
				head.Size, head.Root, head.Height, head.Time.UTC().Format(time.RFC3339))
			return nil
		},
	}
	ledgerFlag(cmd)
	return cmd
}

func ledgerFlag(cmd *cobra.Command) {
	cmd.Flags().String("ledger", "http://localhost:8080", "the `origin` of a member")
}

func ledgerClient(origin string) (*anchorhttp.Client, error) {
	if !strings.HasPrefix(origin, "http://") && !strings.HasPrefix(origin, "https://") || strings.HasSuffix(origin, "/") {
		return nil, usage("--ledger %q: want an origin such as http://localhost:8080", origin)
	}
	return &anchorhttp.Client{Origin: origin, HTTP: &http.Client{Timeout: 30 * time.Second}}, nil
}
