// Command coffer is for businesses, DPOs and anyone who verifies: it keeps a
// business's keys, asks, collects, sends, audits a trail, verifies a receipt, and
// runs a sample shop.
//
// # Trust
//
// It believes its own folder and the validator set in it, and no operator. It
// links no database, no policy engine and no ledger node: what a DPO runs against
// a trail is the proof verifier, and a test holds that.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"coffer/consent/business"
	"coffer/internal/argid"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit status.
const (
	exitFine  = 0
	exitNo    = 1 // findings, a refusal, or it could not be done
	exitUsage = 2
)

// errFindings ends a command that has said itself what is wrong.
var errFindings = errors.New("findings")

// usageError is a command line that cannot be meant.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is main with everything handed in.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(argid.Hide(args))
	root.PersistentPreRun = argid.Show
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var wrong usageError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFindings):
		return exitNo
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "%s: %v\nrun: %s --help\n", cmd.CommandPath(), err, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(stderr, "%s: %v\n", cmd.CommandPath(), err)
	if do := advice(err); do != "" {
		fmt.Fprintln(stderr, do)
	}
	return exitNo
}

// advice is what to do about an error that does not say so itself.
func advice(err error) string {
	p, ok := errors.AsType[*business.Problem](err)
	switch {
	case errors.Is(err, business.ErrUnreachable):
		return "is the operator running there? what was being sent can be sent again, it counts once"
	case !ok || p.Code != "invalid_client" || p.ClockOff != 0:
		return ""
	case strings.Contains(p.Detail, "unknown business"):
		return "the operator does not know this business; run: coffer register"
	case strings.Contains(p.Detail, "not approved"):
		return "the operator approves it with: cofferd business approve DID (see: coffer key show)"
	}
	return ""
}

func newRoot() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "coffer",
		Short: "Ask shoppers for data, collect what they gave, prove that they gave it",
		Long: `coffer is the tool of businesses, of DPOs, and of anyone who verifies.

A business keeps one folder (--data): its keys, its profile, the letters of its
grants, and its trail. It asks with a signed request, collects under an hourly
permit that stands on the ledger, and sends messages the same way.

A DPO needs no folder: audit and verify take files, and trust the validator set
that they are given and nothing else.

Exit status: 0 fine; 1 findings, a refusal, or it could not be done; 2 usage.`,
		Example: `  # look at it all with a sample shop
  coffer shop --operator http://localhost:8080 --data shop-data

  # the same by hand
  coffer example profile > profile.json
  coffer key new --profile profile.json
  coffer register
  coffer example purposes > purposes.json
  coffer request --purposes purposes.json --wait
  coffer collect GRANT
  coffer send GRANT --subject 'New in your size' --text 'Come by.'

  # check
  coffer trail --out trail.ndjson
  coffer ledger validators --ledger http://localhost:8080 --out validators.json
  coffer audit trail.ndjson --validators validators.json
  coffer verify receipt.json --validators validators.json`,
	})
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddGroup(&cobra.Group{ID: "business", Title: "For a business:"}, &cobra.Group{ID: "check", Title: "For whoever checks:"})
	root.AddCommand(
		newExample(), newKey(), newRegister(), newTemplate(), newRequest(), newPartner(), newCosign(), newStatus(), newGrants(), newCollect(), newSend(), newEvents(), newReceipt(), newEvidence(), newRecord(), newRights(), newStatement(), newOverdue(), newWebhook(), newTrail(), newShop(),
		newAudit(), newVerify(), newExport(), newLedger(), newVersion(),
	)
	return root
}

// group makes a command that only has commands below it: alone it shows its help,
// with anything else it says what there is.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return usage("there is no %q; did you mean %q?", args[0], near[0])
		}
		return usage("there is no %q", args[0])
	}
	return cmd
}

// want checks the number of arguments against the names in the command's use.
func want(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usage("want: %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
		}
		return nil
	}
}

// need refuses flags that were not given and have no default.
func need(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := cmd.Flags().Lookup(name); f.Value.String() == "" {
			return usage("--%s is missing: %s", name, strings.ReplaceAll(f.Usage, "`", ""))
		}
	}
	return nil
}
