package consentdb

import (
	"context"
	"slices"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// mostEvidence is how many papers are kept for one grant.
const mostEvidence = 16

// Evidence is evidence as it was taken.
type Evidence struct {
	consent.Evidence
	Received consent.Unix
}

// counted reports whether the evidence counted at some time within that second: it may
// have been ended in it, after a release.
func (e Evidence) counted(at consent.Unix) bool {
	return e.Counts(at.Time()) || e.Counts((at-1).Time()) && e.Until == at
}

// Hanging is a grant with what evidence about it is held against.
type Hanging struct {
	Condition *consent.Condition // nil: none
	About     []id.Grant         // evidence may be about any of these
}

// Hanging tells a business what its grant hangs on. consent.ErrNotFound for a grant
// that is not this business's, a *consent.Denial for one that is over.
func (s *Store) Hanging(ctx context.Context, by consent.DID, g id.Grant, now time.Time) (h Hanging, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		held, err := standingGrant(ctx, q, by, g, now)
		if err != nil {
			return err
		}
		held, _, err = terms(ctx, q, held)
		if err != nil {
			return err
		}
		h.Condition = held.Condition
		h.About, _, err = lineage(ctx, q, held.Vault, g)
		return err
	})
	return h, wrap("reading a condition", err)
}

// PutEvidence keeps evidence that was verified and held against what Hanging said. What
// is there already counts until the newer look at it says. Errors are those of Hanging,
// and ErrTooMany.
func (s *Store) PutEvidence(ctx context.Context, by consent.DID, g id.Grant, e consent.Evidence, now time.Time) error {
	return wrap("keeping evidence", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		held, err := standingGrant(ctx, q, by, g, now)
		if err != nil {
			return err
		}
		have, err := q.EvidenceOf(ctx, consentsql.EvidenceOfParams{VaultID: held.Vault, GrantID: g})
		if err != nil {
			return err
		}
		digest := e.Hash()
		known := slices.ContainsFunc(have, func(row consentsql.Evidence) bool { return consent.Hash(row.Digest) == digest })
		if !known && len(have) >= mostEvidence {
			return ErrTooMany
		}
		return q.PutEvidence(ctx, consentsql.PutEvidenceParams{
			VaultID: held.Vault, GrantID: g, Digest: digest[:], Paper: e.Text, Party: e.By,
			CountsFrom: int64(e.From), CountsUntil: int64(e.Until), Received: now.Unix(),
		})
	}))
}

// EndEvidence lets evidence count no longer, if it was kept: its issuer revoked it.
func (s *Store) EndEvidence(ctx context.Context, by consent.DID, g id.Grant, text string, now time.Time) error {
	return wrap("ending evidence", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		held, err := standingGrant(ctx, q, by, g, now)
		if err != nil {
			return err
		}
		digest := consent.HashOf(text)
		return q.EndEvidence(ctx, consentsql.EndEvidenceParams{CountsUntil: now.Unix(), VaultID: held.Vault, GrantID: g, Digest: digest[:]})
	}))
}

// Shown is a grant's condition as its shopper sees it.
type Shown struct {
	consent.Standing
	Evidence []Evidence // that is about it or counts for it, in the order of coming
}

// Conditions tells how the conditions of a vault's grants stand; those without one are
// not in it.
func (s *Store) Conditions(ctx context.Context, v id.Vault, now time.Time) (map[id.Grant]Shown, error) {
	all := map[id.Grant]Shown{}
	err := s.read(ctx, func(q *consentsql.Queries) error {
		grants, err := q.ConditionsOfVault(ctx, v)
		if err != nil {
			return err
		}
		for _, of := range grants {
			g, err := conditional(ctx, q, consent.Grant{Vault: v, ID: of}, now)
			if err != nil {
				return err
			}
			papers, err := evidenceFor(ctx, q, g)
			if err != nil {
				return err
			}
			all[g.ID] = Shown{g.Standing, papers}
		}
		return nil
	})
	return all, wrap("listing conditions", err)
}

// standingGrant is a business's grant that is not over; it may be on its way to the
// ledger.
func standingGrant(ctx context.Context, q *consentsql.Queries, by consent.DID, g id.Grant, now time.Time) (consent.Grant, error) {
	row, err := one(q.GrantByID(ctx, g))
	if err != nil {
		return consent.Grant{}, notHeld(ctx, q, by, g, now, err)
	}
	held, err := bareGrant(row)
	if err != nil {
		return held, err
	}
	asked := held
	if asked.State == consent.StateAnchoring {
		asked.State = consent.StateLive
	}
	return held, consent.Check(asked, now, consent.Need{Business: by})
}

// terms adds what the request said of the grant, and how often it was used.
func terms(ctx context.Context, q *consentsql.Queries, g consent.Grant) (_ consent.Grant, used int, err error) {
	row, err := one(q.Terms(ctx, consentsql.TermsParams{VaultID: g.Vault, GrantID: g.ID}))
	if err == consent.ErrNotFound {
		return g, 0, nil
	}
	if err == nil {
		g, err = withTerms(g, row.Jurisdictions, row.Destinations, row.HangsOn)
	}
	return g, int(row.Used), err
}

// conditional adds a grant's terms, and how its condition stands.
func conditional(ctx context.Context, q *consentsql.Queries, g consent.Grant, now time.Time) (consent.Grant, error) {
	g, _, err := terms(ctx, q, g)
	if err == nil && g.Condition != nil {
		g.Standing, err = howStands(ctx, q, g, now)
	}
	return g, err
}

// howStands is how the grant's condition stands: evidence counts for successors too,
// and a use of any of them is one.
func howStands(ctx context.Context, q *consentsql.Queries, g consent.Grant, now time.Time) (s consent.Standing, err error) {
	if g.Condition.From != nil {
		return s, nil // the clock alone says
	}
	if g.Condition.Proven() {
		papers, err := evidenceFor(ctx, q, g)
		s.Met = slices.ContainsFunc(papers, func(e Evidence) bool { return e.Counts(now) })
		return s, err
	}
	grants, sharing, err := lineage(ctx, q, g.Vault, g.ID)
	if err != nil {
		return s, err
	}
	for _, of := range grants[:sharing] {
		_, used, err := terms(ctx, q, consent.Grant{Vault: g.Vault, ID: of})
		if err != nil {
			return s, err
		}
		sent, err := q.MessagesSince(ctx, consentsql.MessagesSinceParams{VaultID: g.Vault, GrantID: of})
		if err != nil {
			return s, err
		}
		s.Used += used + int(sent)
	}
	return s, nil
}

// lineage are the grants that a grant came of by changes of the shopper's, itself
// first. The first few of them, since the last renewal, share their uses.
func lineage(ctx context.Context, q *consentsql.Queries, v id.Vault, g id.Grant) (all []id.Grant, sharing int, err error) {
	came, err := line(ctx, q, v, g)
	if err != nil {
		return nil, 0, err
	}
	all = came[:1]
	for _, before := range came[1:] {
		row, err := q.GrantByID(ctx, before)
		if err != nil {
			return nil, 0, err
		}
		kind := consent.ChangeKind(row.ChangeKind)
		if !kind.ByChange() {
			break // by a newer request, with a condition of its own
		}
		if kind == consent.ChangeRenewed && sharing == 0 {
			sharing = len(all)
		}
		all = append(all, before)
	}
	if sharing == 0 {
		sharing = len(all)
	}
	return all, sharing, nil
}

// evidenceFor is what was presented for a grant, or for one that it came of.
func evidenceFor(ctx context.Context, q *consentsql.Queries, g consent.Grant) (papers []Evidence, err error) {
	if !g.Condition.Proven() {
		return nil, nil
	}
	grants, _, err := lineage(ctx, q, g.Vault, g.ID)
	for _, of := range slices.Backward(grants) {
		rows, err := q.EvidenceOf(ctx, consentsql.EvidenceOfParams{VaultID: g.Vault, GrantID: of})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			papers = append(papers, evidenceOf(row))
		}
	}
	return papers, err
}

func evidenceOf(row consentsql.Evidence) Evidence {
	return Evidence{Received: consent.Unix(row.Received), Evidence: consent.Evidence{
		Text: row.Paper, By: row.Party, From: consent.Unix(row.CountsFrom), Until: consent.Unix(row.CountsUntil),
	}}
}
