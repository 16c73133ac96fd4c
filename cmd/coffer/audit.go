package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

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
removed or moved. After every end that the business was told of there is an
acknowledgement within three days and a statement of what was deleted within a month,
and every rights request has its answer within the time that its law gives, all signed.
What does not hold is a finding, with its evidence.

What was due is judged as of the moment in which the trail was exported; --at takes
another one.

The validator set is what the audit trusts; take it from the ledger's members, not
from the business whose trail it is. Offline the proofs in the trail are checked.
An exported trail proves, too, which entries its grants have; with --ledger the ledger
is asked for them as of now. Members may have changed since the file: with --ledger the
changes are fetched and checked, offline they are in the trail, or give --succession. TRAIL may be - for standard input.

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
			if text, _ := f.GetString("at"); text != "" {
				if o.At, err = parseMoment(text); err != nil {
					return err
				}
			}
			if origin != "" {
				if o.Ledger, err = ledgerClient(origin); err != nil {
					return err
				}
			}
			if o.Validators, err = validatorSet(cmd, path, origin); err != nil {
				return err
			}
			if path == "" {
				origin = "" // the newest set is the ledger's own word
			}
			if o.Succession, err = succession(cmd, o.Validators, origin); err != nil {
				return err
			}
			report, err := audit.Run(cmd.Context(), trail, o)
			if err != nil && !errors.Is(err, audit.ErrNothing) {
				return err
			}
			if path, _ := f.GetString("html"); path != "" {
				if err := writeReport(path, report); err != nil {
					return err
				}
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
	successionFlag(cmd)
	f.Bool("json", false, "write the report as JSON")
	f.String("html", "", "also write the report as a page for people, to a `file`")
	f.String("at", "", "judge what was due as of this `moment`, as in 2026-12-31 or 2026-12-31T12:00:00Z")
	return cmd
}

// parseMoment reads a day, which is its end, or a moment.
func parseMoment(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage("--at %s: want a day or a moment, as in 2026-12-31 or 2026-12-31T12:00:00Z", text)
	}
	return at, nil
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
