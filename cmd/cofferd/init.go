package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

const defaultFolder = "coffer-data"

// settings binds the flags that init and serve --dev share to a Config.
func settings(c *cobra.Command, to *Config) {
	d := Defaults()
	f := c.Flags()
	f.StringVar(&to.Origin, "origin", d.Origin, "where shoppers reach this Coffer; its host is in every passkey: changing it later leaves shoppers their recovery words (cmd/cofferd/MOVING.md)")
	f.StringVar(&to.Listen, "listen", d.Listen, "address to listen on")
	f.StringVar((*string)(&to.Chain), "chain", "", "name of the ledger (default: coffer- and random characters)")
	f.StringVar(&to.Database, "database", "", "PostgreSQL database for vaults and consent, as in postgres://coffer@db.example/coffer (default: coffer.db in the folder)")
	to.Version, to.Heartbeat, to.BusinessRate = d.Version, d.Heartbeat, d.BusinessRate
	to.OAuthRate = d.OAuthRate
	to.CacheMiB, to.RewriteHour = d.CacheMiB, d.RewriteHour
	to.BatchWindow, to.PermitDelay, to.ErasureHours = d.BatchWindow, d.PermitDelay, d.ErasureHours
	to.DecisionLogFiles, to.DecisionLogMiB, to.DecisionLogEvery = d.DecisionLogFiles, d.DecisionLogMiB, d.DecisionLogEvery
}

func newInit() *cobra.Command {
	var folder string
	var config Config
	c := &cobra.Command{
		Use:   "init",
		Short: "Make a new data folder",
		Long: `Makes a data folder: configuration, an empty database, this member's ledger keys
and genesis, and the key that signs access tokens. Nothing that exists is touched.`,
		Example: `  cofferd init --data /var/lib/coffer --origin https://vault.example --listen :8080`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := create(folder, config); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "made %s for %s\nnext: cofferd serve --data %s\n", folder, config.Origin, folder)
			return nil
		},
	}
	c.Flags().StringVar(&folder, "data", defaultFolder, "folder to make")
	settings(c, &config)
	return c
}
