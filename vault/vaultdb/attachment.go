package vaultdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// OrphansLast is how long chunks stay without their document: an upload may be gone
// on with, and a deletion undone, for at least that long.
const OrphansLast = 24 * time.Hour

// PutChunk stores a chunk of what will be attached to a document, in the place of the
// one before. It is ErrNotFinished for a vault without two ways in, as for documents.
// Once the document is there its attachment is as it is: a [*vault.Conflict] then.
func (s *Store) PutChunk(ctx context.Context, v id.Vault, c vault.Chunk) error {
	err := c.Check()
	if err == nil {
		err = s.write(ctx, func(q *vaultsql.Queries) error { return putChunk(ctx, q, v, c) })
	}
	if err != nil {
		return fmt.Errorf("storing a chunk: %w", err)
	}
	return nil
}

func putChunk(ctx context.Context, q *vaultsql.Queries, v id.Vault, c vault.Chunk) error {
	row, err := q.GetVault(ctx, v)
	if err != nil {
		return found(err)
	}
	if row.State != vault.Open {
		return vault.ErrNotFinished
	}
	if have, err := version(ctx, q, v, c.Document); err != nil {
		return err
	} else if have != 0 {
		return &vault.Conflict{Document: c.Document, Have: have}
	}
	a, err := q.GetAttachment(ctx, vaultsql.GetAttachmentParams{VaultID: v, DocumentID: c.Document})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		n, err := q.SumChunks(ctx, v)
		if err != nil {
			return err
		}
		if n+c.Count > vault.MaxVaultChunks {
			return fmt.Errorf("%d chunks in one vault: %w", n+c.Count, vault.ErrTooMany)
		}
		if err := q.AddAttachment(ctx, vaultsql.AddAttachmentParams{VaultID: v, DocumentID: c.Document, Chunks: c.Count}); err != nil {
			return err
		}
	case err != nil:
		return err
	case a.Chunks != c.Count:
		return fmt.Errorf("a chunk of %d, where there are %d: %w", c.Count, a.Chunks, vault.ErrInvalid)
	case a.OrphanAt != 0: // it goes on
		if err := q.SetOrphan(ctx, vaultsql.SetOrphanParams{OrphanAt: 0, VaultID: v, DocumentID: c.Document}); err != nil {
			return err
		}
	}
	return q.PutChunk(ctx, vaultsql.PutChunkParams{VaultID: v, DocumentID: c.Document, Place: c.Place, Sealed: c.Sealed})
}

// whole refuses a document that comes before chunks of what is attached to it.
func whole(ctx context.Context, q *vaultsql.Queries, v id.Vault, d id.Document) error {
	missing, err := q.MissingChunks(ctx, vaultsql.MissingChunksParams{VaultID: v, DocumentID: d})
	if errors.Is(err, sql.ErrNoRows) || err == nil && missing == 0 {
		return nil
	} else if err != nil {
		return err
	}
	return fmt.Errorf("a document whose attachment lacks %d chunks: %w", missing, vault.ErrInvalid)
}

// Attached returns which chunks there are for a document, be it there or not.
func (s *Store) Attached(ctx context.Context, v id.Vault, d id.Document) (a vault.Attached, err error) {
	err = s.read(ctx, func(q *vaultsql.Queries) error {
		row, err := q.GetAttachment(ctx, vaultsql.GetAttachmentParams{VaultID: v, DocumentID: d})
		if err != nil {
			return found(err)
		}
		a.Count = row.Chunks
		a.Have, err = q.ListChunks(ctx, vaultsql.ListChunksParams{VaultID: v, DocumentID: d})
		return err
	})
	if err != nil {
		return vault.Attached{}, fmt.Errorf("reading an attachment: %w", err)
	}
	return a, nil
}

// Chunk returns one chunk.
func (s *Store) Chunk(ctx context.Context, v id.Vault, d id.Document, place int64) (c vault.SealedChunk, err error) {
	err = s.readOne(ctx, func(q *vaultsql.Queries) (err error) {
		c, err = q.GetChunk(ctx, vaultsql.GetChunkParams{VaultID: v, DocumentID: d, Place: place})
		return found(err)
	})
	if err != nil {
		return nil, fmt.Errorf("reading a chunk: %w", err)
	}
	return c, nil
}

// DropAttachment deletes the chunks for a document that is not there (any more), at
// once. While it is there it needs them: a [*vault.Conflict].
func (s *Store) DropAttachment(ctx context.Context, v id.Vault, d id.Document) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		if have, err := version(ctx, q, v, d); err != nil {
			return err
		} else if have != 0 {
			return &vault.Conflict{Document: d, Have: have}
		}
		return affected(q.DropAttachment(ctx, vaultsql.DropAttachmentParams{VaultID: v, DocumentID: d}))
	})
	if err != nil {
		return fmt.Errorf("deleting an attachment: %w", err)
	}
	return nil
}

// pruneAttachments marks chunks that are found without their document, and deletes
// them when the mark is old. It reads beside the writers and takes their turn only
// for what it changes.
func (s *Store) pruneAttachments(ctx context.Context, now time.Time) error {
	var after vaultsql.AttachmentsAfterRow
	for {
		var rows []vaultsql.AttachmentsAfterRow
		err := s.read(ctx, func(q *vaultsql.Queries) (err error) {
			rows, err = q.AttachmentsAfter(ctx, vaultsql.AttachmentsAfterParams{VaultID: after.VaultID, DocumentID: after.DocumentID, Limit: page})
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range rows {
			after = a
			young := a.OrphanAt != 0 && now.Unix()-a.OrphanAt < int64(OrphansLast/time.Second)
			if a.Held && a.OrphanAt == 0 || !a.Held && young {
				continue
			}
			if err := s.write(ctx, func(q *vaultsql.Queries) error { return prune(ctx, q, a, now) }); err != nil {
				return err
			}
		}
		if len(rows) < page {
			return nil
		}
	}
}

// prune decides about one attachment as it is now.
func prune(ctx context.Context, q *vaultsql.Queries, a vaultsql.AttachmentsAfterRow, now time.Time) error {
	have, err := version(ctx, q, a.VaultID, a.DocumentID)
	if err != nil {
		return err
	}
	row, err := q.GetAttachment(ctx, vaultsql.GetAttachmentParams{VaultID: a.VaultID, DocumentID: a.DocumentID})
	mark := vaultsql.SetOrphanParams{VaultID: a.VaultID, DocumentID: a.DocumentID}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case have != 0:
		return q.SetOrphan(ctx, mark)
	case row.OrphanAt == 0:
		mark.OrphanAt = now.Unix()
		return q.SetOrphan(ctx, mark)
	case now.Unix()-row.OrphanAt < int64(OrphansLast/time.Second):
		return nil
	}
	_, err = q.DropAttachment(ctx, vaultsql.DropAttachmentParams{VaultID: a.VaultID, DocumentID: a.DocumentID})
	return err
}
