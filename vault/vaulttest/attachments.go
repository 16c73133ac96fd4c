package vaulttest

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaultdb"
)

// pieces seals an attachment for a document.
func (s *shelf) pieces(t testing.TB, d id.Document, size int) (out []vault.Chunk) {
	t.Helper()
	cut, err := seal.Chunks(make([]byte, size))
	if err != nil {
		t.Fatal(err)
	}
	for i, content := range cut {
		c := vault.Chunk{Document: d, Place: int64(i), Count: int64(len(cut))}
		if c.Sealed, err = seal.SealChunk(rand.Reader, seal.ChunkKey(s.key), d, c.Place, c.Count, content); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func (s *shelf) attach(t testing.TB, chunks ...vault.Chunk) {
	t.Helper()
	for _, c := range chunks {
		if err := s.PutChunk(t.Context(), s.v, c); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *shelf) wantAttached(t testing.TB, what string, d id.Document, count int64, have ...int64) {
	t.Helper()
	a, err := s.Attached(t.Context(), s.v, d)
	if count == 0 {
		wantErr(t, what, err, vault.ErrNotFound)
	} else if err != nil || a.Count != count || !slices.Equal(a.Have, have) {
		t.Errorf("%s: %v of %d, %v", what, a.Have, a.Count, err)
	}
}

var errUndo = errors.New("undo it")

func (s *shelf) wantIncomplete(t testing.TB, what string) {
	t.Helper()
	err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error {
		documents, err := vaultdb.Incomplete(ctx, tx, s.v)
		if len(documents) > 0 {
			t.Errorf("%s: %v are incomplete", what, documents)
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func testAttachments(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	d := id.New[id.Document]()
	chunks := s.pieces(t, d, 2*vault.ChunkSize+5)
	if len(chunks) != 3 {
		t.Fatalf("%d chunks", len(chunks))
	}
	s.wantAttached(t, "before", d, 0)
	s.attach(t, chunks[2], chunks[0], chunks[0])
	s.wantAttached(t, "an upload that broke off", d, 3, 0, 2)
	wantErr(t, "a document before its last chunk", s.WriteDocuments(t.Context(), s.v, s.batch(t, s.sealed(t, d, 1))), vault.ErrInvalid)
	s.wantIncomplete(t, "an upload that may go on")
	s.attach(t, chunks[1])
	s.wantAttached(t, "an upload that went on", d, 3, 0, 1, 2)
	for _, c := range chunks {
		got, err := s.Chunk(t.Context(), s.v, d, c.Place)
		if err != nil || !slices.Equal(got, c.Sealed) {
			t.Errorf("chunk %d came back with %d bytes, %v", c.Place, len(got), err)
		}
	}
	_, err := s.Chunk(t.Context(), s.v, d, 3)
	wantErr(t, "one that is none", err, vault.ErrNotFound)
	other := addShelf(t, s.Store, s.db)
	_, err = other.Chunk(t.Context(), other.v, d, 0)
	wantErr(t, "in another vault", err, vault.ErrNotFound)

	bad := func(change func(*vault.Chunk)) error {
		c := chunks[1]
		change(&c)
		return s.PutChunk(t.Context(), s.v, c)
	}
	wantErr(t, "of another number", bad(func(c *vault.Chunk) { c.Count = 4 }), vault.ErrInvalid)
	wantErr(t, "beyond the last", bad(func(c *vault.Chunk) { c.Place = 3 }), vault.ErrInvalid)
	wantErr(t, "short in the middle", bad(func(c *vault.Chunk) { c.Sealed = c.Sealed[1:] }), vault.ErrInvalid)
	wantErr(t, "too long", bad(func(c *vault.Chunk) { c.Sealed = append(slices.Clone(c.Sealed), 0) }), vault.ErrTooLarge)
	wantErr(t, "too many", bad(func(c *vault.Chunk) { c.Count = vault.MaxChunks + 1 }), vault.ErrTooLarge)
	wantErr(t, "in no vault", s.PutChunk(t.Context(), id.New[id.Vault](), chunks[0]), vault.ErrNotFound)

	// With its document an attachment is as it is; without, it may go at once.
	s.put(t, s.batch(t, s.sealed(t, d, 1)))
	wantConflict(t, s.PutChunk(t.Context(), s.v, chunks[0]), d, 1)
	wantConflict(t, s.DropAttachment(t.Context(), s.v, d), d, 1)
	s.wantIncomplete(t, "all of it")
	for what, broken := range map[string]string{
		"a chunk that is lost":    "DELETE FROM chunk WHERE place = 1",
		"a chunk out of place":    "UPDATE chunk SET place = 7 WHERE place = 1",
		"a number that is higher": "UPDATE attachment SET chunks = 4",
	} {
		err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error {
			if _, err := tx.ExecContext(ctx, broken); err != nil {
				return err
			}
			documents, err := vaultdb.Incomplete(ctx, tx, s.v)
			if err != nil || !slices.Equal(documents, []id.Document{d}) {
				t.Errorf("%s: found %v, %v", what, documents, err)
			}
			return errUndo
		})
		wantErr(t, what, err, errUndo)
	}
	b := s.batch(t)
	b.Deletes = []vault.Tombstone{{ID: d, Version: 1}}
	s.put(t, b)
	s.wantAttached(t, "a deletion that may be undone", d, 3, 0, 1, 2)
	if err := s.DropAttachment(t.Context(), s.v, d); err != nil {
		t.Fatal(err)
	}
	s.wantAttached(t, "dropped", d, 0)
	wantErr(t, "dropping what is not", s.DropAttachment(t.Context(), s.v, d), vault.ErrNotFound)
}

func testAttachmentsFill(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	first := s.pieces(t, id.New[id.Document](), 100)[0]
	first.Count, first.Sealed = vault.MaxChunks, make([]byte, vault.ChunkSize+vault.ChunkOverhead)
	for range vault.MaxVaultChunks / vault.MaxChunks {
		first.Document = id.New[id.Document]()
		s.attach(t, first)
	}
	s.attach(t, first) // what is begun may go on
	wantErr(t, "one more than fits", s.PutChunk(t.Context(), s.v, s.pieces(t, id.New[id.Document](), 1)[0]), vault.ErrTooMany)
	addShelf(t, s.Store, s.db).attach(t, first) // another vault is not full
}

func testOrphans(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	kept, left, resumed := id.New[id.Document](), id.New[id.Document](), id.New[id.Document]()
	for _, d := range []id.Document{kept, left, resumed} {
		s.attach(t, s.pieces(t, d, 300)...)
	}
	s.put(t, s.batch(t, s.sealed(t, kept, 1)))
	now := time.Unix(1763720000, 0)
	expire := func(after time.Duration) {
		t.Helper()
		if err := s.Expire(t.Context(), now.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	expire(0)
	expire(vaultdb.OrphansLast - time.Second)
	s.wantAttached(t, "an orphan within its day", left, 1, 0)
	s.attach(t, s.pieces(t, resumed, 300)...)
	expire(vaultdb.OrphansLast)
	s.wantAttached(t, "an orphan after its day", left, 0)
	s.wantAttached(t, "one that went on meanwhile", resumed, 1, 0)
	s.wantAttached(t, "one with its document", kept, 1, 0)

	// Deleted and put again: the mark is taken off, and counts from anew.
	b := s.batch(t)
	b.Deletes = []vault.Tombstone{{ID: kept, Version: 1}}
	s.put(t, b)
	expire(2 * vaultdb.OrphansLast)
	s.put(t, s.batch(t, s.sealed(t, kept, 1)))
	expire(4 * vaultdb.OrphansLast)
	s.wantAttached(t, "one whose deletion was undone", kept, 1, 0)
	err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.Erase(ctx, tx, s.v) })
	if err := errors.Join(err, s.Expire(t.Context(), now)); err != nil {
		t.Fatal(err)
	}
	s.wantAttached(t, "one of an erased vault", kept, 0)
}
