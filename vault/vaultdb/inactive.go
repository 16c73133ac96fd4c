package vaultdb

import (
	"context"
	"fmt"
	"time"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// What one turn of a Retainer does at most: how many vaults it looks at, and how many of
// them it erases.
const (
	retainLooks  = 16 * page
	retainErases = 16
)

// Retainer walks through all vaults, over and over, and warns and erases those that
// nobody signs in to. One goroutine at a time may use it; several daemons on one database
// have one each.
type Retainer struct {
	store     *Store
	retention vault.Retention
	after     id.Vault
	idle      bool // nothing is retained, and no vault is warned any more
}

// Retainer returns one that begins with the first vault.
func (s *Store) Retainer(r vault.Retention) *Retainer { return &Retainer{store: s, retention: r} }

// Turn looks at some vaults and goes on where it ended the last time. A vault that nobody
// was signed in to for the months of the retention is warned; one that was warned so many
// days ago is erased by erase, and from just before nobody signs in to it any more. Cut
// off in between, a later Turn erases it. A vault of which nobody knows when somebody was
// signed in counts from now. Without a retention the warnings of an earlier one are taken
// back, so that they do not count when there is one again.
func (r *Retainer) Turn(ctx context.Context, now time.Time, erase func(context.Context, id.Vault) error) (warned, erased int, err error) {
	for looked := 0; looked < retainLooks && !r.idle; looked += page {
		rows, err := r.store.activity(ctx, r.after)
		if err != nil {
			return warned, erased, fmt.Errorf("looking for inactive vaults: %w", err)
		}
		n, err := r.mark(ctx, rows, now)
		warned += n
		if err != nil {
			return warned, erased, fmt.Errorf("warning inactive vaults: %w", err)
		}
		for _, row := range rows {
			if standingOf(r.retention, row, now) == vault.ToErase {
				if erased == retainErases {
					return warned, erased, nil
				}
				r.after = row.VaultID // one that fails does not stand in the way of the others
				gone, err := r.end(ctx, row.VaultID, now, erase)
				if err != nil {
					return warned, erased, fmt.Errorf("erasing an inactive vault: %w", err)
				}
				if gone {
					erased++
				}
			}
			r.after = row.VaultID
		}
		if len(rows) < page {
			r.after, r.idle = id.Vault{}, !r.retention.On()
			break
		}
	}
	return warned, erased, nil
}

func (s *Store) activity(ctx context.Context, after id.Vault) (rows []vaultsql.ActivityAfterRow, err error) {
	err = s.read(ctx, func(q *vaultsql.Queries) error {
		rows, err = q.ActivityAfter(ctx, vaultsql.ActivityAfterParams{VaultID: after, Limit: page})
		return err
	})
	return rows, err
}

func standingOf(r vault.Retention, row vaultsql.ActivityAfterRow, now time.Time) vault.Inactive {
	if row.Ending {
		return vault.ToErase // it began
	}
	return r.Of(moment(row.SignedInUntil), moment(row.WarnedAt), now)
}

// moment is a time as stored, with 0 for none.
func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}

// mark writes down what changes for some vaults, in one transaction if anything does.
func (r *Retainer) mark(ctx context.Context, rows []vaultsql.ActivityAfterRow, now time.Time) (warned int, err error) {
	var changes []func(*vaultsql.Queries) error
	for _, row := range rows {
		switch standing := standingOf(r.retention, row, now); {
		case standing == vault.Uncounted:
			changes = append(changes, func(q *vaultsql.Queries) error {
				return q.CountFrom(ctx, vaultsql.CountFromParams{SignedInUntil: now.Unix(), VaultID: row.VaultID})
			})
		case standing == vault.ToWarn:
			changes = append(changes, func(q *vaultsql.Queries) error {
				n, err := q.Warn(ctx, vaultsql.WarnParams{WarnedAt: now.Unix(), VaultID: row.VaultID, SignedInUntil: r.retention.Until(now).Unix()})
				warned += int(n)
				return err
			})
		case standing == vault.Active && row.WarnedAt > row.SignedInUntil:
			changes = append(changes, func(q *vaultsql.Queries) error { return q.Unwarn(ctx, row.VaultID) })
		}
	}
	if len(changes) == 0 {
		return 0, nil
	}
	err = r.store.write(ctx, func(q *vaultsql.Queries) error {
		warned = 0
		for _, change := range changes {
			if err := change(q); err != nil {
				return err
			}
		}
		return nil
	})
	return warned, err
}

// end erases a vault, unless somebody signed in meanwhile.
func (r *Retainer) end(ctx context.Context, v id.Vault, now time.Time, erase func(context.Context, id.Vault) error) (bool, error) {
	var n int64
	err := r.store.write(ctx, func(q *vaultsql.Queries) (err error) {
		n, err = q.BeginEnding(ctx, vaultsql.BeginEndingParams{VaultID: v, WarnedAt: r.retention.WarnedUntil(now).Unix()})
		return err
	})
	if err != nil || n == 0 {
		return false, err
	}
	return true, erase(ctx, v)
}

// CountInactive counts vaults by how they stand under a retention. It changes nothing,
// and memory is bounded.
func (s *Store) CountInactive(ctx context.Context, r vault.Retention, now time.Time) (map[vault.Inactive]int, error) {
	counts := map[vault.Inactive]int{}
	var after id.Vault
	for {
		rows, err := s.activity(ctx, after)
		if err != nil {
			return nil, fmt.Errorf("counting inactive vaults: %w", err)
		}
		for _, row := range rows {
			counts[standingOf(r, row, now)]++
			after = row.VaultID
		}
		if len(rows) < page {
			return counts, nil
		}
	}
}
