package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"coffer/consent/agent"
	"coffer/consent/audit"
)

func newVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify RECEIPT --validators FILE", GroupID: "check", Args: want(1, 1),
		Short: "Verify a receipt offline, line by line",
		Long: `Says of a receipt, step by step, what was checked, why that matters, and what it
means where it does not hold: who signed it, what it says, that the ledger holds a
commitment to exactly this receipt, and that the members in the validator set
signed for it; then, if the file has them, the business's counter-signature and
how the grant ended. No network is used. If members joined or left between the
validators' file and the receipt, give --succession, too. RECEIPT may be - for standard input, or a
page that --html wrote.

With --html the same is written as a page for people, with every field in plain
words: one file without scripts, to read, print and hand on.

Exit status: 0 it holds, 1 it does not, 2 usage.`,
		Example: `  coffer verify receipt.json --validators validators.json
  coffer verify receipt.json --validators validators.json --html receipt.html
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
			text, err := io.ReadAll(io.LimitReader(file, 1<<20))
			if err != nil {
				return err
			}
			bundle, err := bundleIn(text)
			if err != nil {
				return err
			}
			steps, err := succession(cmd, set, "")
			if err != nil {
				return err
			}
			v, err := audit.Verify(cmd.Context(), bundle, set, agent.New(agent.Options{}), steps...)
			if err != nil {
				return err
			}
			if to, _ := cmd.Flags().GetString("html"); to != "" {
				var b bytes.Buffer
				if err := writePage(&b, v, string(set.Chain), len(set.Validators)); err != nil {
					return fmt.Errorf("writing the page: %w", err)
				}
				if err := os.WriteFile(to, b.Bytes(), 0o600); err != nil {
					return err
				}
			}
			out := cmd.OutOrStdout()
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				e := json.NewEncoder(out)
				e.SetIndent("", "  ")
				if err := e.Encode(map[string]any{"v": 1, "sound": audit.Sound(v.Checks), "checks": v.Checks}); err != nil {
					return err
				}
			} else {
				printChecks(out, v)
			}
			if !audit.Sound(v.Checks) {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().String("validators", "", "the ledger's validator set, a `file` (see: coffer ledger validators)")
	successionFlag(cmd)
	cmd.Flags().String("html", "", "also write the receipt as a page for people, to this `file`")
	cmd.Flags().Bool("json", false, "write the checks as JSON")
	return cmd
}

// printChecks says of each line what was seen, why it matters, and what it means
// when it does not hold.
func printChecks(out io.Writer, v audit.Verified) {
	const indent = "         "
	if v.Receipt != nil {
		said := sentence(*v.Receipt)
		if !audit.Sound(v.Checks) {
			said = "It says: " + said
		}
		fmt.Fprint(out, wrapped(said, ""), "\n")
	}
	marks := map[audit.Outcome]string{audit.Passed: "ok     ", audit.Failed: "FAILED ", audit.Skipped: "skipped"}
	for _, c := range v.Checks {
		fmt.Fprintf(out, "%s  %s\n", marks[c.Outcome], c.Name)
		if c.Detail != "" {
			fmt.Fprintf(out, "%s%s\n", indent, clean(c.Detail))
		}
		if c.Outcome != audit.Skipped && c.Why != "" {
			fmt.Fprint(out, wrapped(c.Why, indent))
		}
		if c.Outcome == audit.Failed {
			fmt.Fprint(out, wrapped("This means: "+c.Means, indent))
		}
	}
	if audit.Sound(v.Checks) {
		fmt.Fprintln(out, "\nThe receipt holds.")
		return
	}
	fmt.Fprintln(out, "\nThe receipt does not hold.")
	for _, c := range v.Checks {
		if c.Outcome == audit.Failed {
			fmt.Fprint(out, wrapped(c.Means, "  "))
		}
	}
}
