package vaultdb

import (
	"cmp"
	"context"
	"database/sql"
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
		if s.Document == id.Document(v) {
			return fmt.Errorf("share of the manifest: %w", vault.ErrInvalid)
		}
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

// Want is what one business may collect under one grant.
type Want struct {
	Vault      id.Vault
	Grant      id.Grant
	Attributes []string // none means all that are shared
}

// releases reads the shares of many grants, and of each the document that it opens.
var releases = sqldb.NewBatch(`WITH asked (place, vault_id, grant_id) AS (
SELECT CAST(0 AS BIGINT), vault_id, grant_id FROM share WHERE FALSE UNION ALL `,
	`SELECT #, ?, ?`, ` UNION ALL `, `)
SELECT asked.place, s.attribute, s.document_id, s.version, s.encrypted_key, d.sealed
FROM asked CROSS JOIN share s CROSS JOIN document d
WHERE s.vault_id = asked.vault_id AND s.grant_id = asked.grant_id
AND d.vault_id = s.vault_id AND d.document_id = s.document_id AND d.version = s.version`)

// Releases returns what may be collected for each of the wants, sqldb.BatchLimit at
// most, in the order of the attributes' names. An attribute that has no share at the
// document's current version is left out.
func Releases(ctx context.Context, tx sqldb.Tx, wants ...Want) ([][]vault.Release, error) {
	if len(wants) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 2*sqldb.BatchLimit)
	for _, w := range wants {
		args = append(args, w.Vault[:], w.Grant[:])
	}
	text, args := releases.Padded(args, none, none)
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("reading releases: %w", err)
	}
	defer rows.Close()
	out := make([][]vault.Release, len(wants))
	for rows.Next() {
		var place int
		var r vault.Release
		var key, sealed sql.RawBytes // of which a release is a copy
		if err := rows.Scan(&place, &r.Attribute, &r.Document, &r.Version, &key, &sealed); err != nil {
			return nil, fmt.Errorf("reading releases: %w", err)
		}
		w := wants[place]
		if len(w.Attributes) > 0 && !slices.Contains(w.Attributes, r.Attribute) {
			continue
		}
		if r.Sealed, err = vault.Sealed(sealed).Release(w.Grant, key); err != nil {
			return nil, fmt.Errorf("reading releases: %w", err)
		}
		out[place] = append(out[place], r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading releases: %w", err)
	}
	for _, rs := range out {
		slices.SortFunc(rs, func(a, b vault.Release) int { return cmp.Compare(a.Attribute, b.Attribute) })
	}
	return out, nil
}

// none is an id that nothing has.
var none = make([]byte, 16)

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
