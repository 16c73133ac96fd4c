package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"coffer/consent/business"
)

func newKey() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "key", GroupID: "business",
		Short: "Make a business's keys, or show its identity",
		Long: `A business is its keys: a signing key, which makes its DID, and an agreement key,
to which letters are encrypted. They lie in keys.json in the business's folder,
readable by its owner only. Back the folder up; nobody can restore it.`,
	})
	cmd.AddCommand(newKeyNew(), newKeyShow())
	return cmd
}

func newKeyNew() *cobra.Command {
	cmd := &cobra.Command{
		Use: "new --profile FILE", Args: want(0, 0),
		Short: "Make a business: fresh keys, and the profile that shoppers will read",
		Long: `The profile says who asks; shoppers read it in every request. All keys of it, as
JSON ("ledger" may be added; an unknown key is an error). coffer example profile writes
this:

` + indented(exampleProfile),
		Example: `  coffer example profile > profile.json
  coffer key new --profile profile.json
  coffer key new --profile profile.json --data /srv/corner-shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "profile"); err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("profile")
			dir, _ := cmd.Flags().GetString("data")
			profile, err := business.ReadProfile(path)
			if err != nil {
				return err
			}
			b, err := business.Create(dir, profile)
			if err != nil {
				return err
			}
			defer b.Close()
			fmt.Fprintf(cmd.OutOrStdout(), "%s\nkeys in %s; run: coffer register --data %s\n", b.DID(), filepath.Join(dir, "keys.json"), dir)
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("profile", "", "who the business is, a JSON `file`")
	return cmd
}

func newKeyShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show", Args: want(0, 0),
		Short:   "Show the DID and the public agreement key",
		Example: `  coffer key show --data shop-data/business`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			key, err := json.Marshal(b.AgreementKey())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "business       %s\ndid            %s\nagreement key  %s\noperator       %s\n",
				b.Profile().Name, b.DID(), key, b.Profile().Operator)
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}
