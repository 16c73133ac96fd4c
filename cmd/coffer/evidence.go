package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coffer/internal/id"
)

func newEvidence() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "evidence", GroupID: "business",
		Short: "Show what a grant hangs on, or sign it for another business",
		Long: `A purpose may hang on a condition: until it is met nothing is released. A date and a
number of uses need nothing; for a record or an event the business that holds the
grant presents what the named party signed.

As that party, sign it here and hand the text over: it says nothing but the grant's id
and what you attest.`,
	})
	cmd.AddCommand(newPresent(), newHappened(), newAttest())
	return cmd
}

func grantArgument(text string) (id.Grant, error) {
	g, err := id.Parse[id.Grant](text)
	if err != nil {
		return g, usage("%q is no grant: %v", text, err)
	}
	return g, nil
}

func newPresent() *cobra.Command {
	cmd := &cobra.Command{
		Use: "present GRANT FILE", Args: want(2, 2),
		Short: "Present a record or an event to the operator",
		Long: `Sends the file (- is the standard input) to the operator, which verifies it and keeps
it for the shopper, and notes it in the trail. Presented again it counts once.`,
		Example: `  coffer evidence present 5r1ZkJ0Yx8mC2cQyV7q3Vw lease.jwt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := grantArgument(args[0])
			if err != nil {
				return err
			}
			in := cmd.InOrStdin()
			if args[1] != "-" {
				f, err := os.Open(args[1])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			text, err := io.ReadAll(io.LimitReader(in, 64<<10))
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			until, err := b.Present(cmd.Context(), g, strings.TrimSpace(string(text)))
			if err != nil {
				return err
			}
			if until.IsZero() {
				fmt.Fprintln(cmd.OutOrStdout(), "taken; it counts for good")
			} else {
				fmt.Fprintf(cmd.OutOrStdout(), "taken; it counts until %s\n", until.UTC().Format(time.RFC3339))
			}
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newHappened() *cobra.Command {
	cmd := &cobra.Command{
		Use: "event GRANT NAME", Args: want(2, 2),
		Short:   "Sign that the event happened now, for a grant of another business",
		Example: `  coffer evidence event 5r1ZkJ0Yx8mC2cQyV7q3Vw handed-over > event.jws`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := grantArgument(args[0])
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			jws, err := b.Happened(g, args[1])
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), jws)
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newAttest() *cobra.Command {
	var kind string
	var last time.Duration
	cmd := &cobra.Command{
		Use: "record GRANT --type IRI", Args: want(1, 1),
		Short:   "Sign a record about a grant of another business (a JWT-VC)",
		Example: `  coffer evidence record 5r1ZkJ0Yx8mC2cQyV7q3Vw --type https://leases.example/terms#SignedLease --for 8760h > lease.jwt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := grantArgument(args[0])
			if err != nil {
				return err
			}
			if kind == "" || last < 0 {
				return usage("want --type with the IRI that the grant's condition names, and --for of no less than nothing")
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			var until time.Time
			if last > 0 {
				until = clock(cmd)().Add(last)
			}
			jwt, err := b.Attest(g, kind, until)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), jwt)
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().StringVar(&kind, "type", "", "IRI of what is attested, as the grant's condition names it")
	cmd.Flags().DurationVar(&last, "for", 0, "how long it counts (0: for good)")
	return cmd
}
