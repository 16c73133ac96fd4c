package business

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// CollectHourly is CollectAll for a job that runs once an hour and can wait. Where
// CollectAll posts a permit at once, and every member of the ledger sees the second in
// which a business fetched what a shopper changed, CollectHourly leaves the permit to
// wait at the operator: it goes to the ledger as the next hour begins, together with
// those of all businesses, and the next run collects under it. So a change arrives one
// to two hours after it was made, and two businesses that hear of it cannot be linked by
// when they asked.
//
// What waits is not handed over; it comes with the next run, from the last cursor.
func (b *Business) CollectHourly(ctx context.Context, purpose, cursor string, each func(Line) error) error {
	held := false
	for {
		d, err := b.due(ctx, purpose, cursor)
		if err != nil {
			return err
		}
		if len(d.Grants) > 0 {
			waits, err := b.collectPermitted(ctx, purpose, cursor, d, each)
			if err != nil {
				return err
			}
			held = held || waits
		}
		cursor = d.Cursor
		switch {
		case held && d.Complete:
			return nil // the next run begins where something waits
		case held:
			continue
		}
		if err := each(Line{Cursor: cursor, Complete: d.Complete}); err != nil || d.Complete {
			return err
		}
	}
}

// collectPermitted collects what has its permit, and posts ahead for the rest.
func (b *Business) collectPermitted(ctx context.Context, purpose, cursor string, d dueAnswer, each func(Line) error) (waits bool, err error) {
	var without, permitted []id.Grant
	for _, g := range d.Grants {
		if g.Permitted {
			permitted = append(permitted, g.Grant)
		} else {
			without = append(without, g.Grant)
		}
	}
	if err := b.trailAhead(ctx, permitted); err != nil {
		return false, err
	}
	if len(without) == 0 {
		return false, b.collectPage(ctx, purpose, cursor, d, each)
	}
	refused, err := b.PermitAhead(ctx, without...)
	if err != nil {
		return false, err
	}
	// One by one: the stream would note a refused attempt for each that waits.
	var page []gathered
	for _, g := range permitted {
		got, err := b.collectAgain(ctx, g)
		if err != nil {
			return false, err
		}
		page = append(page, got)
	}
	if err := b.trailPage(ctx, page); err != nil {
		return false, err
	}
	for _, g := range page {
		if err := b.handOver(ctx, g, each); err != nil {
			return false, err
		}
	}
	for _, g := range without {
		if reason, no := refused[g]; no {
			if err := each(Line{Grant: g, Denied: reason}); err != nil {
				return false, err
			}
		}
	}
	return len(refused) < len(without), nil
}

// PermitAhead posts the next hour's permit to collect under each of the grants, to wait
// at the operator for that hour. A grant that has one is skipped. Those that the operator
// denies are in refused, and no error.
func (b *Business) PermitAhead(ctx context.Context, grants ...id.Grant) (refused map[id.Grant]*consent.Denial, err error) {
	refused = map[id.Grant]*consent.Denial{}
	for len(grants) > 0 {
		n := min(len(grants), maxPermits)
		if err := b.aheadSome(ctx, grants[:n], refused); err != nil {
			return refused, err
		}
		grants = grants[n:]
	}
	return refused, nil
}

func (b *Business) aheadSome(ctx context.Context, grants []id.Grant, refused map[id.Grant]*consent.Denial) error {
	var due []Grant
	for _, name := range grants {
		grant, needed, err := b.signAhead(ctx, name)
		if d := consent.DenialOf(err); d != nil {
			refused[name] = d
		} else if err != nil {
			return err
		} else if needed {
			due = append(due, grant)
		}
	}
	err := b.postAhead(ctx, due)
	if err == nil || errors.Is(err, ErrUnreachable) || ctx.Err() != nil {
		return err
	}
	for _, grant := range due { // one denial must not keep the others from theirs
		err := b.postAhead(ctx, []Grant{grant})
		if d := consent.DenialOf(err); d != nil {
			refused[grant.ID] = d
		} else if err != nil {
			return err
		}
	}
	return nil
}

// signAhead makes the next hour's permit unless it is posted. It is in the folder when
// signAhead returns.
func (b *Business) signAhead(ctx context.Context, name id.Grant) (grant Grant, needed bool, err error) {
	defer b.hold(name)()
	grant, letter, err := b.openLetter(ctx, name)
	if err != nil {
		return grant, false, err
	}
	next := anchor.EpochAt(b.now()) + 1
	if grant.Ahead != nil && grant.Ahead.Epoch == next {
		return grant, !grant.Ahead.Posted, nil
	}
	if next >= grant.End {
		return grant, false, &consent.Denial{Reason: consent.GrantExpired}
	}
	p, err := b.newPermit(ctx, letter, consent.NewCollectPermit(grant.ID, next, grant.Log))
	if err != nil {
		return grant, false, err
	}
	grant.Ahead = &hourPermit{Epoch: next, Entry: p.Entry}
	return grant, true, b.keepGrant(grant)
}

// postAhead leaves signed permits at the operator. They are in no trail yet: that they
// are on the ledger, the next hour tells.
func (b *Business) postAhead(ctx context.Context, grants []Grant) error {
	if len(grants) == 0 {
		return nil
	}
	body := permitsBody{Wait: true}
	for _, g := range grants {
		body.Permits = append(body.Permits, postedPermit{g.ID, g.Ahead.Entry})
	}
	var answer struct {
		Due consent.Unix `json:"due"`
	}
	if err := b.client.call(ctx, http.MethodPost, "/business/v1/permits", body, &answer); err != nil {
		return fmt.Errorf("posting a permit ahead: %w", denial(err))
	}
	for _, g := range grants {
		release := b.hold(g.ID)
		kept, err := b.Grant(g.ID)
		if err == nil && kept.Ahead != nil && kept.Ahead.Epoch == g.Ahead.Epoch {
			kept.Ahead.Posted = true
			err = b.keepGrant(kept)
		}
		release()
		if err != nil {
			return err
		}
	}
	return nil
}

// trailAhead takes over the permits that were posted ahead for this hour, under grants
// that the operator says have theirs: they go into the trail before what they permit.
func (b *Business) trailAhead(ctx context.Context, grants []id.Grant) error {
	now := anchor.EpochAt(b.now())
	for _, name := range grants {
		release := b.hold(name)
		grant, err := b.Grant(name)
		if err == nil && grant.takeAhead(now) {
			if err = b.trailPermit(ctx, grant.Permit.Entry); err == nil {
				grant.Permit.Posted = true
				err = b.keepGrant(grant)
			}
		}
		release()
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// takeAhead makes a permit that was posted ahead for this hour the hour's permit. It
// counts as posted only once somebody says so: posting it again puts it on the ledger if
// it still waits.
func (g *Grant) takeAhead(now anchor.Epoch) bool {
	if g.Ahead == nil || g.Ahead.Epoch != now || g.Permit != nil && g.Permit.Epoch == now {
		return false
	}
	g.Permit, g.Ahead = &hourPermit{Epoch: now, Entry: g.Ahead.Entry}, nil
	return true
}
