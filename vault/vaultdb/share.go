package vaultdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// PutShares stores shares, each in the place of the one its grant had for the same
// attribute. Each must carry the key of a document's current version: a
// [*vault.Conflict] otherwise. Whether the grant stands is the caller's to know.
func PutShares(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []vault.Share) error {
	if err := vault.CheckShares(shares); err != nil {
		return err
	}
	q := vaultsql.New(tx)
	for _, s := range shares {
		have, err := version(ctx, q, v, s.Document)
		if err != nil {
			return fmt.Errorf("storing shares: %w", err)
		}
		if have == 0 || have != s.Version {
			return &vault.Conflict{Document: s.Document, Have: have}
		}
		err = q.DropOtherShares(ctx, vaultsql.DropOtherSharesParams{VaultID: v, GrantID: s.Grant, Attribute: s.Attribute, DocumentID: s.Document})
		if err != nil {
			return fmt.Errorf("storing shares: %w", err)
		}
		err = q.PutShare(ctx, vaultsql.PutShareParams{
			VaultID: v, GrantID: s.Grant, DocumentID: s.Document, Version: s.Version,
			Attribute: s.Attribute, EncryptedKey: s.EncryptedKey,
		})
		if err != nil {
			return fmt.Errorf("storing shares: %w", err)
		}
	}
	return nil
}

// DropShares deletes every share of the grant. From the commit on, nothing can be
// released under it.
func DropShares(ctx context.Context, tx sqldb.Tx, v id.Vault, g id.Grant) error {
	if err := vaultsql.New(tx).DropSharesOfGrant(ctx, vaultsql.DropSharesOfGrantParams{VaultID: v, GrantID: g}); err != nil {
		return fmt.Errorf("dropping shares: %w", err)
	}
	return nil
}

// Releases returns what the grant's business may collect of the attributes named,
// or of all when none is, in the order of their names. An attribute that has no
// share at the document's current version is left out.
func Releases(ctx context.Context, tx sqldb.Tx, v id.Vault, g id.Grant, attributes []string) ([]vault.Release, error) {
	rows, err := vaultsql.New(tx).ListReleases(ctx, vaultsql.ListReleasesParams{VaultID: v, GrantID: g})
	if err != nil {
		return nil, fmt.Errorf("reading releases: %w", err)
	}
	var out []vault.Release
	for _, r := range rows {
		if len(attributes) > 0 && !slices.Contains(attributes, r.Attribute) {
			continue
		}
		sealed, err := r.Sealed.Release(g, r.EncryptedKey)
		if err != nil {
			return nil, fmt.Errorf("reading releases: %w", err)
		}
		out = append(out, vault.Release{Attribute: r.Attribute, Document: r.DocumentID, Version: r.Version, Sealed: sealed})
	}
	slices.SortFunc(out, func(a, b vault.Release) int { return cmp.Compare(a.Attribute, b.Attribute) })
	return out, nil
}

// Shares returns every share of the vault, for whoever checks that each has a
// live grant.
func Shares(ctx context.Context, tx sqldb.Tx, v id.Vault) (shares []vault.Share, err error) {
	rows, err := vaultsql.New(tx).ListShares(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("reading shares: %w", err)
	}
	for _, r := range rows {
		shares = append(shares, vault.Share{
			Grant: r.GrantID, Document: r.DocumentID, Version: r.Version,
			Attribute: r.Attribute, EncryptedKey: r.EncryptedKey,
		})
	}
	return shares, nil
}
