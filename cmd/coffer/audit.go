package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/consent/agent"
	"coffer/consent/audit"
)

func newAudit() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit TRAIL", GroupID: "check", Args: want(1, 1),
		Short: "Hold a business's trail against the ledger",
		Long: `Checks every line of a trail: receipts are signed and repeat the request, every
opening fits what the ledger committed to, every permit stands under a grant that
was live, every collection and message has its permit, nothing was changed,
removed or moved. What does not hold is a finding, with its evidence.

The validator set is what the audit trusts; take it from the ledger's members, not
from the business whose trail it is. Offline the proofs in the trail are checked.
With --ledger the ledger is also asked for permits and withdrawals that the trail
leaves out. TRAIL may be - for standard input.

Exit status: 0 no findings, 1 findings or nothing to audit, 2 usage.`,
		Example: `  coffer audit trail.ndjson --validators validators.json
  coffer audit trail.ndjson --validators validators.json --ledger http://localhost:8080
  coffer audit trail.ndjson --validators validators.json --json > report.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f := cmd.Flags()
			origin, _ := f.GetString("ledger")
			path, _ := f.GetString("validators")
			if origin == "" {
				if err := need(cmd, "validators"); err != nil {
					return err
				}
			}
			trail, err := open(cmd, args[0])
			if err != nil {
				return err
			}
			defer trail.Close()
			o := audit.Options{Signatures: agent.New(agent.Options{})}
			if origin != "" {
				if o.Ledger, err = ledgerClient(origin); err != nil {
					return err
				}
			}
			if o.Validators, err = validatorSet(cmd, path, origin); err != nil {
				return err
			}
			report, err := audit.Run(cmd.Context(), trail, o)
			if err != nil && !errors.Is(err, audit.ErrNothing) {
				return err
			}
			if asJSON, _ := f.GetBool("json"); asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				if err := e.Encode(report); err != nil {
					return err
				}
			} else if _, err := io.WriteString(cmd.OutOrStdout(), report.Text()); err != nil {
				return err
			}
			if err != nil {
				return err
			}
			if !report.Clean() {
				return errFindings
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.String("validators", "", "the ledger's validator set, a `file` (see: coffer ledger validators)")
	f.String("ledger", "", "ask the ledger too, at this `origin`; without --validators its own word is taken for them")
	f.Bool("json", false, "write the report as JSON")
	return cmd
}

func newVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify RECEIPT --validators FILE", GroupID: "check", Args: want(1, 1),
		Short: "Verify a receipt offline, line by line",
		Long: `Says of a receipt, step by step, what was checked: who signed it, what it says,
that the ledger holds a commitment to exactly this receipt, and that the members
in the validator set signed for it. No network is used. RECEIPT may be - for
standard input.

Exit status: 0 it holds, 1 it does not, 2 usage.`,
		Example: `  coffer verify receipt.json --validators validators.json
  coffer verify - --validators validators.json < receipt.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "validators"); err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("validators")
			set, err := validatorSet(cmd, path, "")
			if err != nil {
				return err
			}
			file, err := open(cmd, args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			bundle, err := io.ReadAll(io.LimitReader(file, 1<<20))
			if err != nil {
				return err
			}
			checks, err := audit.VerifyReceipt(cmd.Context(), bundle, set, agent.New(agent.Options{}))
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				e := json.NewEncoder(out)
				e.SetIndent("", "  ")
				if err := e.Encode(map[string]any{"v": 1, "sound": audit.Sound(checks), "checks": checks}); err != nil {
					return err
				}
			} else {
				printChecks(out, checks)
			}
			if !audit.Sound(checks) {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().String("validators", "", "the ledger's validator set, a `file` (see: coffer ledger validators)")
	cmd.Flags().Bool("json", false, "write the checks as JSON")
	return cmd
}

func printChecks(out io.Writer, checks []audit.Check) {
	marks := map[audit.Outcome]string{audit.Passed: "ok     ", audit.Failed: "FAILED ", audit.Skipped: "skipped"}
	for _, c := range checks {
		fmt.Fprintf(out, "%s  %s\n", marks[c.Outcome], c.Name)
		if c.Detail != "" {
			fmt.Fprintf(out, "         %s\n", c.Detail)
		}
	}
	if audit.Sound(checks) {
		fmt.Fprintln(out, "\nThe receipt holds.")
		return
	}
	fmt.Fprintln(out, "\nThe receipt does not hold.")
}

// open opens the file, or standard input for "-".
func open(cmd *cobra.Command, path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	return os.Open(path)
}

// validatorSet reads the trusted set from a file; without one, from the ledger,
// and says that this is its own word.
func validatorSet(cmd *cobra.Command, path, origin string) (anchor.ValidatorSet, error) {
	var set anchor.ValidatorSet
	if path == "" {
		client, err := ledgerClient(origin)
		if err != nil {
			return set, err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "warning: the validator set is what the ledger says of itself; compare it with its members', and give it with --validators")
		return client.Validators(cmd.Context())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return set, err
	}
	if err := json.Unmarshal(b, &set); err != nil {
		return set, fmt.Errorf("reading %s: %w", path, err)
	}
	return set, nil
}
