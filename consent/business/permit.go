package business

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// maxPermits is how many permits travel in one call.
const maxPermits = 256

// Permit posts this hour's permit to collect under each of the grants, in one
// call, and returns when they are on the ledger. A grant that has its permit
// already is skipped. Collect does the same for one grant; a business that is
// about to collect under many saves round trips with Permit. The error is the
// first grant's that was refused; the others have their permits.
func (b *Business) Permit(ctx context.Context, grants ...id.Grant) error {
	var first error
	for len(grants) > 0 {
		n := min(len(grants), maxPermits)
		if err := b.permitSome(ctx, grants[:n]); err != nil && first == nil {
			first = err
		}
		grants = grants[n:]
	}
	return first
}

func (b *Business) permitSome(ctx context.Context, grants []id.Grant) error {
	var first error
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	var due []Grant
	taken := map[id.Grant]bool{}
	for _, g := range grants {
		if g = b.Standing(g); taken[g] {
			continue
		}
		taken[g] = true
		release := b.hold(g)
		grant, letter, err := b.openLetter(ctx, g)
		if err == nil {
			var needed bool
			if grant, needed, err = b.signPermit(ctx, grant, letter); err == nil && needed {
				due = append(due, grant)
			}
		}
		release()
		if err != nil {
			note(err)
		}
	}
	if err := b.postPermits(ctx, due); err != nil {
		// One refusal must not keep the others from theirs: each on its own.
		for _, grant := range due {
			if err := b.postPermits(ctx, []Grant{grant}); err != nil {
				note(err)
			}
		}
	}
	return first
}

// ensurePermit is Permit for one grant that the caller holds.
func (b *Business) ensurePermit(ctx context.Context, grant Grant, letter consent.Letter) (Grant, error) {
	grant, needed, err := b.signPermit(ctx, grant, letter)
	if err != nil || !needed {
		return grant, err
	}
	if err := b.postPermits(ctx, []Grant{grant}); err != nil {
		return grant, err
	}
	return b.Grant(grant.ID)
}

// signPermit makes this hour's permit unless there is one. It is in the folder when
// signPermit returns.
func (b *Business) signPermit(ctx context.Context, grant Grant, letter consent.Letter) (Grant, bool, error) {
	now := anchor.EpochAt(b.now())
	grant.takeAhead(now)
	if grant.Permit != nil && grant.Permit.Epoch == now {
		return grant, !grant.Permit.Posted, nil
	}
	if now >= grant.End {
		return grant, false, &consent.Denial{Reason: consent.GrantExpired}
	}
	p, err := b.newPermit(ctx, letter, consent.NewCollectPermit(grant.ID, now, grant.Log))
	if err != nil {
		return grant, false, err
	}
	grant.Permit = &hourPermit{Epoch: now, Entry: p.Entry}
	return grant, true, b.keepGrant(grant)
}

// permitFile is permits/<leaf>.json: a permit that may reach the ledger and is not
// in the trail. Its opening must not be lost, or the ledger would hold a permit
// that the trail cannot explain.
type permitFile struct {
	V        int            `json:"v"`
	Grant    id.Grant       `json:"grant"`
	Epoch    anchor.Epoch   `json:"epoch"`
	Document string         `json:"document"`
	Opening  anchor.Opening `json:"opening"`
	Entry    consent.Bytes  `json:"entry"`
}

func (p permitFile) name() string { return anchor.HashLeaf(p.Entry).String() + ".json" }

func (p permitFile) line() audit.Permit {
	return audit.Permit{Grant: p.Grant, Document: p.Document, Opening: p.Opening, Entry: p.Entry}
}

// newPermit commits to a permit document, signs the entry with the grant's handle
// key, and keeps both.
func (b *Business) newPermit(ctx context.Context, letter consent.Letter, d consent.PermitDocument) (permitFile, error) {
	_, set, err := b.ready(ctx)
	if err != nil {
		return permitFile{}, err
	}
	document := d.Bytes()
	commitment, opening, err := anchor.Commit(rand.Reader, document)
	if err != nil {
		return permitFile{}, fmt.Errorf("committing to a permit: %w", err)
	}
	entry := anchor.Permit{Scheme: opening.Scheme, Epoch: d.Epoch, Commitment: commitment}.Sign(set.Chain, letter.HandleKey())
	p := permitFile{V: 1, Grant: d.Grant, Epoch: d.Epoch, Document: string(document), Opening: opening, Entry: entry.Bytes()}
	if err := b.folder.write(p, "permits", p.name()); err != nil {
		return permitFile{}, fmt.Errorf("keeping a permit: %w", err)
	}
	return p, nil
}

// trailPermit writes a permit that is on the ledger into the trail, with the lines
// that rely on it.
func (b *Business) trailPermit(ctx context.Context, entry consent.Bytes, more ...audit.Line) error {
	trail, _, err := b.ready(ctx)
	if err != nil {
		return err
	}
	var p permitFile
	name := anchor.HashLeaf(entry).String() + ".json"
	err = b.folder.read(&p, "permits", name)
	if errors.Is(err, fs.ErrNotExist) {
		return trail.Append(more...) // in the trail since an earlier attempt
	}
	if err != nil {
		return err
	}
	if err := trail.Append(append([]audit.Line{p.line()}, more...)...); err != nil {
		return err
	}
	return b.folder.remove("permits", name)
}

// settlePermits looks for permits whose post was refused or never answered, and
// that the ledger may have all the same. What it has goes into the trail; what it
// can never have is forgotten. Those of a running hour are left alone unless all
// are asked for.
func (b *Business) settlePermits(ctx context.Context, all bool) error {
	names, err := b.folder.names("permits")
	if err != nil {
		return err
	}
	now := anchor.EpochAt(b.now())
	for _, name := range names {
		var p permitFile
		if err := b.folder.read(&p, "permits", name+".json"); err != nil {
			return err
		}
		over := now > p.Epoch+1 // the rule takes no entry of it any more
		if !over && !all {
			continue
		}
		_, err := b.ledger.Prove(ctx, anchor.HashLeaf(p.Entry))
		switch {
		case err == nil:
			err = b.trailPermit(ctx, p.Entry)
		case errors.Is(err, anchor.ErrNotFound) && over:
			err = b.folder.remove("permits", name+".json")
		case errors.Is(err, anchor.ErrNotFound):
			err = nil
		}
		if err != nil {
			return fmt.Errorf("settling a permit: %w", err)
		}
	}
	return nil
}

type permitsBody struct {
	Permits []postedPermit `json:"permits"`
	Wait    bool           `json:"wait,omitempty"`
}

type postedPermit struct {
	Grant id.Grant      `json:"grant"`
	Entry consent.Bytes `json:"entry"`
}

// postPermits posts signed permits and notes that they stand. Posting one twice
// is harmless: the ledger knows its leaf.
func (b *Business) postPermits(ctx context.Context, grants []Grant) error {
	if len(grants) == 0 {
		return nil
	}
	var body permitsBody
	for _, g := range grants {
		body.Permits = append(body.Permits, postedPermit{g.ID, g.Permit.Entry})
	}
	var answer struct {
		Permits []struct {
			Grant id.Grant    `json:"grant"`
			Leaf  anchor.Leaf `json:"leaf"`
		} `json:"permits"`
	}
	if err := b.client.call(ctx, http.MethodPost, "/business/v1/permits", body, &answer); err != nil {
		return fmt.Errorf("posting a permit: %w", denial(err))
	}
	if len(answer.Permits) != len(grants) {
		return errors.New("posting a permit: the operator's answer is about other permits")
	}
	for i, g := range grants {
		if answer.Permits[i].Grant != g.ID || answer.Permits[i].Leaf != anchor.HashLeaf(g.Permit.Entry) {
			return errors.New("posting a permit: the operator's answer is about another permit")
		}
	}
	for _, g := range grants {
		if err := b.trailPermit(ctx, g.Permit.Entry); err != nil {
			return err
		}
		g.Permit.Posted = true
		if err := b.keepGrant(g); err != nil {
			return err
		}
	}
	return nil
}
