package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// retain warns vaults that nobody signs in to, and erases those whose warning is over on
// the way that a shopper's erasure takes. It does so much at a time and goes on the next.
func (o *operator) retain(ctx context.Context, now time.Time) error {
	warned, erased, err := o.retainer.Turn(ctx, now, func(ctx context.Context, v id.Vault) error {
		_, err := o.consents.Erase(ctx, v, nil, now)
		switch {
		case errors.Is(err, vault.ErrNotFound), errors.Is(err, consent.ErrNotFound): // another daemon did
			return nil
		case errors.Is(err, consentdb.ErrLeftovers):
			o.log.Error("erasing", "error", err)
			return nil
		}
		return err
	})
	if warned > 0 {
		o.log.Warn("warned vaults that nobody signs in to", "vaults", warned)
	}
	if erased > 0 {
		o.log.Warn("erased vaults that nobody signed in to", "vaults", erased)
	}
	return err
}

// newVault tells the operator about vaults, of which it sees numbers only.
func newVault() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "vault",
		Short: "Count vaults that nobody signs in to",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q: there is inactive", args[0])}
			}
			return c.Help()
		},
	}
	c.PersistentFlags().StringVar(&folder, "data", defaultFolder, "data folder")
	c.AddCommand(newInactive(&folder))
	return c
}

func newInactive(folder *string) *cobra.Command {
	var tried vault.Retention
	c := &cobra.Command{
		Use:   "inactive",
		Short: "Count the vaults that would be warned and erased now",
		Long: `A shopper's vault is kept for as long as the operator likes, unless inactive_months is
set in cofferd.json. Then a vault to which nobody was signed in for so many months is
warned, and erased inactive_warning_days later as if its shopper had done it: its key
first, its grants withdrawn, its businesses told. Signing in, even while warned, keeps
it and begins the months anew.

A Coffer knows no address of a shopper, so the warning reaches who signs in and nobody
else. Choose months and days so that whoever wants the vault has signed in by then. The
wallet's settings say what they are. A vault from before this was counted, and one of a
restored backup, counts from when the daemon first sees it. Setting inactive_months to
0 takes all warnings back.

This counts and changes nothing; try a policy with the flags before you set it. It
works while the daemon runs, which looks at 4,096 vaults a minute and erases 16 of them
at most.`,
		Example: `  cofferd vault inactive --data /var/lib/coffer
  cofferd vault inactive --months 24 --warning-days 180`,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := readConfig(*folder)
			if err != nil {
				return err
			}
			r := config.retention()
			if c.Flags().Changed("months") {
				r.Months = tried.Months
			}
			if c.Flags().Changed("warning-days") {
				r.Days = tried.Days
			}
			if err := r.Check(); err != nil {
				return usageError{fmt.Errorf("--months and --warning-days: %w", err)}
			}
			return withVaults(c.Context(), *folder, config, func(s *vaultdb.Store) error {
				counts, err := s.CountInactive(c.Context(), r, time.Now())
				if err != nil {
					return err
				}
				out := c.OutOrStdout()
				if !r.On() {
					fmt.Fprintln(out, "inactive_months is 0: no vault is warned or erased; try a policy with --months")
				} else {
					fmt.Fprintf(out, "a vault is warned after %d months without a sign-in and erased %d days later\n", r.Months, r.Days)
				}
				t := newTable(out, "vaults", "now")
				for _, one := range []struct {
					how  vault.Inactive
					what string
				}{
					{vault.Active, "stay as they are"}, {vault.Uncounted, "would count from now"}, {vault.ToWarn, "would be warned"},
					{vault.Warned, "are warned"}, {vault.ToErase, "would be erased"},
				} {
					t.AppendRow(table.Row{counts[one.how], one.what})
				}
				t.Render()
				return nil
			})
		},
	}
	c.Flags().IntVar(&tried.Months, "months", 0, "count as if inactive_months were this")
	c.Flags().IntVar(&tried.Days, "warning-days", 0, "count as if inactive_warning_days were this")
	noArguments(c)
	return c
}

// withVaults opens the vaults of a data folder beside a daemon that may be running on it.
func withVaults(ctx context.Context, folder string, config Config, f func(*vaultdb.Store) error) error {
	db, err := sqldb.Open(ctx, databaseOf(folder, config))
	if err != nil {
		return err
	}
	ring, err := openKeyring(ctx, keyringOf(folder, config), db, slog.New(slog.DiscardHandler))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(f(vaultdb.New(db, nil, ring)), ring.Close(), db.Close())
}
