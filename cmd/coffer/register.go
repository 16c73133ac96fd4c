package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"coffer/consent"
)

func newRegister() *cobra.Command {
	cmd := &cobra.Command{
		Use: "register", GroupID: "business", Args: want(0, 0),
		Short: "Introduce the business to the operator",
		Long: `Sends a signed card: name, contact, address on the web, and the purposes it will
ask for. Repeat it whenever the profile changes. An operator in development mode
accepts at once; another approves first.`,
		Example: `  coffer register --data shop-data/business`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			state, err := b.Register(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is %s\n", b.DID(), state)
			if state == consent.BusinessPending {
				fmt.Fprintf(cmd.OutOrStdout(), "the operator approves it with: cofferd business approve %s\n", b.DID())
			}
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}
