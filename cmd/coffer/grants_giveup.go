package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"coffer/internal/id"
)

func newGrantsGiveUp() *cobra.Command {
	cmd := &cobra.Command{
		Use: "give-up GRANT", Args: want(1, 1),
		Short: "End a grant that you want no more of",
		Long: `Ends the grant at the operator, on the ledger and here, at once: nothing can be
collected or sent under it any more, nor under the grants of your partners that stand
under it, and its keys are deleted. It cannot be taken back; only the shopper can give
again. From then on you owe what you owe after every end: delete what you have, and
state it with coffer statement within thirty days.

It asks before it does anything; --yes answers.`,
		Example: `  coffer grants give-up 5r1ZkJ0Yx8mC2cQyV7q3Vw
  coffer grants give-up 5r1ZkJ0Yx8mC2cQyV7q3Vw --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			g = b.Standing(g)
			if sure, _ := cmd.Flags().GetBool("yes"); !sure {
				what := "what it names"
				if grant, err := b.Grant(g); err == nil {
					what = strings.Join(append(grant.Attributes, grant.Channels...), ", ")
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "You will not get %s under %s any more, and nobody can take that back.\nGive it up? Type yes: ", what, g)
				said, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
				if strings.TrimSpace(said) != "yes" {
					return errors.New("nothing was given up; type yes, or run it with --yes")
				}
			}
			if g, err = b.GiveUp(cmd.Context(), g); err != nil {
				return explained(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "given up. Next: delete what you have of it, then run: coffer events; coffer statement %s\n", g)
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().Bool("yes", false, "do not ask")
	return cmd
}
