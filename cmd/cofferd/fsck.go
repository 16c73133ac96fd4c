package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/anchor/bft"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// violation is one invariant that does not hold, with what it was seen on. Ids show
// as digests: fsck's output is kept and mailed, and must not outlive an erasure.
type violation struct {
	Invariant int // the number in the list below
	What      string
}

// invariants are what check can see from outside a running system; 4, 6 and 7 are
// about time, crashes and several members, and have tests of their own.
var invariants = map[int]string{
	1: "what is stored of a vault is sealed",
	2: "every share has a live grant, every grant an anchored entry, every entry a record or an erased opening",
	3: "every release and every message had a permit under a grant that was live",
	5: "nothing is left of a vault that is gone",
	8: "every attachment of a document is whole",
}

// check is the one checker of the invariants: fsck runs it on a folder at rest,
// scenario tests after every step. Memory stays bounded. progress is told how many of
// what were held against everything.
func check(ctx context.Context, vaults *vaultdb.Store, consents *consentdb.Store, ledger anchor.Ledger, report func(violation), progress func(what string, n int)) error {
	if err := consents.Reconcile(ctx, ledger, func(d consentdb.Discrepancy) {
		report(violation{2, fmt.Sprintf("grant %v: %s", d.Grant.LogValue(), d.What)})
	}); err != nil {
		return fmt.Errorf("holding consent against the ledger: %w", err)
	}
	var seen id.Vault // grants come vault by vault
	n := 0
	if err := consents.States(ctx, func(g consent.Grant) error {
		if g.Vault == seen {
			return nil
		}
		seen = g.Vault
		n++
		progress("vaults with grants", n)
		_, err := vaults.Keyring(ctx, g.Vault)
		if errors.Is(err, vault.ErrNotFound) {
			report(violation{5, fmt.Sprintf("vault %v is gone and has grants", g.Vault.LogValue())})
			return nil
		} else if errors.Is(err, keyring.ErrSealed) { // told below
			return nil
		}
		return err
	}); err != nil {
		return fmt.Errorf("holding grants against vaults: %w", err)
	}
	n = 0
	err := vaults.Each(ctx, func(v id.Vault, documents []vault.Document, shares []vault.Share, incomplete []id.Document) error {
		n++
		progress("vaults", n)
		ring, err := vaults.Keyring(ctx, v)
		switch {
		case errors.Is(err, vault.ErrNotFound):
			report(violation{5, fmt.Sprintf("vault %v has no key in the keyring and has rows", v.LogValue())})
			return nil
		case errors.Is(err, keyring.ErrSealed):
			report(violation{1, fmt.Sprintf("vault %v: a way in does not open under the vault's key of the keyring", v.LogValue())})
			return nil
		case err != nil:
			return err
		}
		for _, d := range documents {
			h, err := d.Sealed.Header()
			if err != nil || h.Document != d.ID || h.Version != d.Version {
				report(violation{1, fmt.Sprintf("vault %v: document %v is not sealed as itself", v.LogValue(), d.ID.LogValue())})
			} else if h.Key != ring.Vault.Key && (len(ring.Next) == 0 || h.Key != ring.Vault.Key+1) {
				report(violation{1, fmt.Sprintf("vault %v: document %v is under a key that no way in opens", v.LogValue(), d.ID.LogValue())})
			}
		}
		for _, d := range incomplete {
			report(violation{8, fmt.Sprintf("vault %v: chunks are missing of what is attached to document %v", v.LogValue(), d.LogValue())})
		}
		grants, err := consents.Grants(ctx, v)
		if errors.Is(err, keyring.ErrSealed) {
			report(violation{1, fmt.Sprintf("vault %v: a receipt or a letter does not open under the vault's key of the keyring", v.LogValue())})
			return nil
		} else if err != nil {
			return err
		}
		for _, what := range misplaced(shares, grants) {
			report(violation{2, fmt.Sprintf("vault %v: %s", v.LogValue(), what)})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("holding vaults against grants: %w", err)
	}
	return nil
}

// misplaced says what is wrong with a vault's shares: each must be under a grant that
// stands, or is on its way to the ledger, and that names the attribute.
func misplaced(shares []vault.Share, grants []consentdb.Grant) (wrong []string) {
	for _, s := range shares {
		i := slices.IndexFunc(grants, func(g consentdb.Grant) bool { return g.ID == s.Grant })
		switch {
		case i < 0:
			wrong = append(wrong, fmt.Sprintf("a share is under grant %v, which does not exist", s.Grant.LogValue()))
		case grants[i].State != consent.StateLive && grants[i].State != consent.StateAnchoring:
			wrong = append(wrong, fmt.Sprintf("grant %v is %s and has a share", s.Grant.LogValue(), grants[i].State))
		case !grants[i].Covers(s.Attribute):
			wrong = append(wrong, fmt.Sprintf("grant %v has a share of %s, which it does not name", s.Grant.LogValue(), s.Attribute))
		}
	}
	return wrong
}

func newFsck() *cobra.Command {
	var folder, file string
	c := &cobra.Command{
		Use:   "fsck",
		Short: "Check every invariant of a data folder at rest",
		Long: `Holds the store against the ledger, the keyring and itself, and the ledger against its
entries, the rule and the validators' signatures. A folder that is a ledger member's and
keeps no vaults has the ledger only. The daemon must not be running on the folder.

With --backup it reads a backup instead, while the daemon may run, and names every part
that is damaged. Exit status 0: all invariants hold, the backup is whole; 1: some do not,
it is not, or it could not be told.`,
		Example: `  cofferd fsck --data /var/lib/coffer
  cofferd fsck --backup /backup/coffer-2026-11-21`,
		RunE: func(c *cobra.Command, _ []string) error {
			if file != "" {
				_, err := checkBackup(file, c.OutOrStdout(), reporting(c.ErrOrStderr()))
				return err
			}
			config, err := readConfig(folder)
			if errors.Is(err, errNoFolder) {
				if member, err := readMemberConfig(folder); err == nil {
					return fsckLedger(c.Context(), folder, member.Chain, c.OutOrStdout())
				}
			}
			if err != nil {
				return err
			}
			if err := fsckLedger(c.Context(), folder, config.Chain, c.OutOrStdout()); err != nil {
				return err
			}
			if err := fsckPages(c.Context(), folder, config, c.OutOrStdout()); err != nil {
				return err
			}
			o, err := open(c.Context(), folder, config, newLogger(c.ErrOrStderr(), config.Dev, false))
			if err != nil {
				return err
			}
			defer o.close()
			return fsck(c.Context(), o, c.OutOrStdout(), counting(c.ErrOrStderr()))
		},
	}
	c.Flags().StringVar(&folder, "data", defaultFolder, "data folder")
	c.Flags().StringVar(&file, "backup", "", "check this backup, and no folder")
	return c
}

// counting prints how many were checked, every two seconds.
func counting(w io.Writer) func(what string, n int) {
	last := time.Now()
	return func(what string, n int) {
		if now := time.Now(); now.Sub(last) >= 2*time.Second {
			last = now
			fmt.Fprintf(w, "checked %d %s so far\n", n, what)
		}
	}
}

// fsckLedger checks a member's copy of the ledger.
func fsckLedger(ctx context.Context, folder string, chain anchor.Chain, w io.Writer) error {
	unlock, err := lock(folder)
	if err != nil {
		return err
	}
	defer unlock()
	found := 0
	checked, err := bft.Check(ctx, ledgerPath(folder), chain, func(what string) {
		found++
		fmt.Fprintf(w, "the ledger's copy is damaged: %s\n", what)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "ledger %s: height %d, %d entries, root %x\n", chain, checked.Height, checked.Size, checked.Root)
	if checked.Dropped > 0 {
		fmt.Fprintf(w, "%d entries are kept as leaves only\n", checked.Dropped)
	}
	if found > 0 {
		fmt.Fprintln(w, "restore the folder from one backup, or join anew")
		return fmt.Errorf("%d %w", found, errViolations)
	}
	fmt.Fprintln(w, "the log is whole")
	return nil
}

// fsckPages reads the files of the store whole, before anything believes them.
func fsckPages(ctx context.Context, folder string, config Config, w io.Writer) error {
	database := databaseOf(folder, config)
	database.Look = true
	db, err := sqldb.Open(ctx, database)
	if errors.Is(err, sqldb.ErrOlder) {
		return nil // opening it for good migrates it
	} else if err != nil {
		return err
	}
	defer db.Close()
	found := 0
	err = db.Damage(ctx, func(what string) {
		found++
		fmt.Fprintf(w, "the database is damaged: %s\n", what)
	})
	if err == nil && found > 0 {
		err = fmt.Errorf("%d damages: %w", found, sqldb.ErrDamaged)
	}
	return err
}

func fsck(ctx context.Context, o *operator, w io.Writer, progress func(string, int)) error {
	found := 0
	err := check(ctx, o.vaults, o.consents, o.ledger, func(v violation) {
		found++
		fmt.Fprintf(w, "invariant %d (%s) is violated: %s\n", v.Invariant, invariants[v.Invariant], v.What)
	}, progress)
	if err != nil {
		return err
	}
	head, err := o.ledger.Head(ctx)
	if err != nil {
		return err
	}
	waiting, err := o.consents.Queued(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "ledger %s: %d entries, %d more wait to be anchored\n", o.ledger.Chain(), head.Size, waiting)
	if found > 0 {
		return fmt.Errorf("%d %w", found, errViolations)
	}
	fmt.Fprintln(w, "all invariants hold")
	return nil
}
