package business

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// ExportTrail writes the trail as it is now, closed with an end line, with the
// proofs that the ledger has. While the ledger is away it is written without the
// missing ones; an audit can fetch them.
func (b *Business) ExportTrail(ctx context.Context, w io.Writer) error {
	trail, _, err := b.ready(ctx)
	if err != nil {
		return err
	}
	settle := func(ctx context.Context) error {
		if err := b.catchUp(ctx); errors.Is(err, ErrOtherLedger) {
			return err
		} else if err != nil {
			b.log.Info("the ledger tells of no changes of its validators", "error", err)
		}
		if err := b.settlePermits(ctx, true); err != nil && !errors.Is(err, anchor.ErrUnavailable) {
			return err
		}
		// A webhook may tell of a withdrawal before the ledger shows it, and nobody polls.
		if err := b.settleWithdrawals(ctx); err != nil {
			b.log.Info("a withdrawal is not on the ledger yet", "error", err)
		}
		b.rights.Lock()
		err := b.noteRights(ctx)
		b.rights.Unlock()
		return errors.Join(err, b.noteLoops(ctx))
	}
	// First into a file: a ledger that fails midway must not leave half a trail
	// with whoever asked.
	tmp, err := os.CreateTemp(string(b.folder), ".export-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	err = trail.Export(ctx, tmp, b.ledger, b.now(), settle)
	if errors.Is(err, anchor.ErrUnavailable) {
		if err = tmp.Truncate(0); err == nil {
			_, err = tmp.Seek(0, io.SeekStart)
		}
		if err == nil {
			err = trail.Export(ctx, tmp, nil, b.now(), settle)
		}
	}
	if err != nil {
		return err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, tmp)
	return err
}

// Bundle is the receipt of a grant with all that verifies it offline: the file
// that coffer verify reads. Of a grant that is over it is what the trail holds, its
// end included.
func (b *Business) Bundle(ctx context.Context, g id.Grant) (consent.Bundle, error) {
	defer b.hold(g)()
	grant, letter, err := b.openLetter(ctx, g)
	if err != nil && consent.DenialOf(err) != nil && grant.over() {
		return b.pastBundle(ctx, g)
	}
	if err != nil {
		return consent.Bundle{}, err
	}
	_, set, err := b.ready(ctx)
	if err != nil {
		return consent.Bundle{}, err
	}
	entry, err := letter.GrantEntry()
	if err != nil {
		return consent.Bundle{}, err
	}
	proof, err := b.prove(ctx, set, entry)
	if err != nil {
		return consent.Bundle{}, fmt.Errorf("proving a receipt: %w", err)
	}
	bundle := consent.Bundle{V: consent.Version, Receipt: letter.Receipt, Opening: letter.Opening, Proof: proof}
	if grant.Countersigned != nil {
		bundle.Countersignature = grant.Countersigned.JWS
	}
	return bundle, nil
}

func (b *Business) pastBundle(ctx context.Context, g id.Grant) (consent.Bundle, error) {
	if _, _, err := b.ready(ctx); err != nil { // a trail that a crash cut is made whole
		return consent.Bundle{}, err
	}
	f, err := os.Open(b.folder.path("trail.ndjson"))
	if err != nil {
		return consent.Bundle{}, fmt.Errorf("reading the trail: %w", err)
	}
	defer f.Close()
	return audit.FindBundle(f, g)
}
