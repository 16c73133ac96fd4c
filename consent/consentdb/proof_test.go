package consentdb_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

// What is over goes in pieces, so that nobody waits for all of it to be deleted; what
// is not over stays.
func TestExpireGoesInPieces(t *testing.T) {
	s := newScene(t)
	now := s.clock.Now()
	const old = 4500
	err := s.db.Write(t.Context(), func(tx sqldb.Tx) error {
		q := consentsql.New(tx)
		for i := range old + 1 {
			d, expires := sha256.Sum256(fmt.Appendf(nil, "proof %d", i)), now.Add(-time.Minute)
			if i == old {
				expires = now.Add(time.Minute)
			}
			if _, err := q.UseProof(t.Context(), consentsql.UseProofParams{Digest: d[:], Expires: expires.Unix()}); err != nil {
				return err
			}
			if _, err := q.UseAssertion(t.Context(), consentsql.UseAssertionParams{Business: s.shop.DID, Digest: d[:], Expires: expires.Unix()}); err != nil {
				return err
			}
		}
		n, err := q.PruneProofs(t.Context(), consentsql.PruneProofsParams{Expires: now.Unix(), Limit: 100})
		if err != nil || n != 100 {
			t.Errorf("a piece has %d, want 100; %v", n, err)
		}
		n, err = q.PruneAssertions(t.Context(), consentsql.PruneAssertionsParams{Expires: now.Unix(), Limit: 100})
		if n != 100 {
			t.Errorf("a piece has %d, want 100", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.Expire(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"proof", "assertion"} {
		var left int
		err := s.db.Read(t.Context(), func(tx sqldb.Tx) error {
			return tx.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&left)
		})
		if err != nil || left != 1 {
			t.Errorf("%d left in %s, want the one that is good; %v", left, table, err)
		}
	}
}
