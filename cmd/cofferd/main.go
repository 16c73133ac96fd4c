// Command cofferd is the operator's daemon: it keeps sealed vaults, stands at the
// gate between businesses and grants, and anchors what was decided.
//
// # Trust
//
// Shoppers trust cofferd to keep what it was given and to serve the wallet's page
// unchanged; businesses trust it to answer by the grants it holds. Neither has to
// trust it with a value: nothing linked into this binary opens an envelope (see
// TestWhatIsLinked), and what it decides leaves entries that others can check.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"coffer/internal/argid"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errViolations says that fsck found something; what it found is printed already.
var errViolations = errors.New("invariants are violated")

// run is the whole program; it returns the exit status: 0 done, 1 failed or
// findings, 2 called wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(argid.Hide(args))
	root.PersistentPreRun = argid.Show
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errViolations):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "cofferd: %v\nRun 'cofferd --help' to see what there is.\n", err)
		return 2
	default:
		fmt.Fprintf(stderr, "cofferd: %v\n", err)
		return 1
	}
}

// usageError marks a call that is wrong in itself, whatever the state of the world.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cofferd",
		Short: "Run a Coffer: sealed vaults, consent, and the ledger that proves it",
		Long: `cofferd keeps shoppers' vaults as ciphertext it cannot open, lets businesses
collect exactly what live grants name, and anchors every decision on a ledger.

A new Coffer is made once, by hand, because its address is part of every passkey:

  cofferd init --data /var/lib/coffer --origin https://vault.example
  cofferd serve --data /var/lib/coffer

To try it on this machine, one command does both:

  cofferd serve --dev`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newInit(), newServe(), newFsck(), newBackup(), newRestore(), newMigrate(), newVault(), newBusiness(), newGrant(), newOverdue(), newPolicy(), newLedger(), newMember())
	refuseUnknown(root)
	for _, c := range root.Commands() {
		noArguments(c)
	}
	root.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q", args[0])}
		}
		return nil
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return root
}

// noArguments makes a stray argument a usage error that names it.
func noArguments(c *cobra.Command) {
	if c.Args != nil || c.HasSubCommands() {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("%s takes no argument %q", c.CommandPath(), args[0])}
		}
		return nil
	}
}

// version is what the build recorded of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) > 12 {
			v += " " + s.Value[:12]
		}
	}
	return v
}

// refuseUnknown makes commands that only lead to others refuse what is none of these:
// by itself cobra shows their help, and a script goes on as if something was done.
func refuseUnknown(group *cobra.Command) {
	for _, c := range group.Commands() {
		refuseUnknown(c)
		if c.Runnable() || !c.HasSubCommands() {
			continue
		}
		c.Args = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q is not known to this program; run: %s --help", args[0], c.CommandPath())}
			}
			return nil
		}
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
}
