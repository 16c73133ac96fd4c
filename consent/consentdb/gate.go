package consentdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// gated is all that a collection is judged by, as it is in the transaction.
type gated struct {
	consent.Grant
	business  consent.Business
	agreed    bool // the policy allows all that the grant covers
	permitted bool
	log       logEnd
}

// logEnd is the last row of a grant's access log; the zero value is before the first.
type logEnd struct {
	seq  int64
	head consent.LogHead
}

// ruled is what the gate made of one attempt before anything is read for it.
type ruled struct {
	gated
	asked, allowed []string
	noted          *consent.Denial
}

// admit lets attempts through the gate, or notes why not: each as if it came alone, all
// of them with the same few statements. An error is ours, and undoes all. Calling it
// again begins anew.
func (s *Store) admit(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, batch ...*passing) error {
	if s.behind.Load() {
		return ErrBehind
	}
	held := make([]*passing, 0, len(batch))
	for _, p := range batch {
		p.out, p.denied = Collection{}, nil
		if err := s.know(ctx, q, p); err != nil {
			return err
		}
		if p.denied == nil {
			held = append(held, p)
		}
	}
	rows, err := readGates(ctx, tx, held)
	if err != nil {
		return err
	}
	uses := map[id.Grant]int{}
	through, wants := make([]*passing, 0, len(held)), make([]Want, 0, len(held))
	for i, p := range held {
		if !rows[i].found { // erased since
			s.facts.forget(p.Grant)
			p.denied = notHeld(ctx, q, p.Business, p.Grant, p.At, consent.ErrNotFound)
			continue
		}
		g, err := s.gate(p, rows[i])
		if err == nil && g.State == consent.StateReplaced {
			g.Change, g.Successor, err = replacedBy(ctx, q, p.Grant)
		}
		if err == nil && g.Condition != nil {
			g.Standing, err = howStands(ctx, q, g.Grant, p.At)
			g.Standing.Used += uses[p.Grant]
		}
		if err != nil {
			return err
		}
		p.rule(g)
		through = append(through, p)
		if len(p.ruled.allowed) > 0 {
			if g.Condition != nil && g.Condition.Uses != nil {
				uses[p.Grant]++ // perhaps; the next of this turn must not use it too
			}
			wants = append(wants, Want{g.Vault, g.ID, p.ruled.allowed})
		}
	}
	found, err := s.release(ctx, tx, wants)
	if err != nil {
		return err
	}
	var log accessLog
	for _, p := range through {
		var given []consent.Release
		if len(p.ruled.allowed) > 0 {
			given, found = found[0], found[1:]
		}
		p.give(given)
		p.out.Log = log.note(p)
		if c := p.ruled.Condition; c != nil && c.Uses != nil && len(given) > 0 {
			if err := q.CountUse(ctx, consentsql.CountUseParams{VaultID: p.ruled.Vault, GrantID: p.Grant}); err != nil {
				return err
			}
		}
	}
	return log.put(ctx, tx)
}

// know finds out under which grant an attempt is made. What is not held by its business
// is denied, and has no log to note it in.
func (s *Store) know(ctx context.Context, q *consentsql.Queries, p *passing) error {
	if p.facts.grant.ID.IsZero() {
		f, err := readFacts(ctx, q, p.Grant)
		if err == consent.ErrNotFound {
			p.denied = notHeld(ctx, q, p.Business, p.Grant, p.At, err)
			return nil
		} else if err != nil {
			return err
		}
		s.facts.put(f)
		p.learn(f)
	}
	if p.facts.grant.Business != p.Business {
		p.denied = consent.ErrNotFound
	}
	return nil
}

func (s *Store) release(ctx context.Context, tx sqldb.Tx, wants []Want) ([][]consent.Release, error) {
	if len(wants) == 0 {
		return nil, nil
	}
	found, err := s.keeper.Releases(ctx, tx, wants)
	if err == nil && len(found) != len(wants) {
		err = fmt.Errorf("the vault answered %d of %d wants", len(found), len(wants))
	}
	return found, err
}

// gateRow is what may have changed since the facts were read.
type gateRow struct {
	found     bool
	state     consent.State
	business  consent.BusinessState
	purposes  string
	permitted bool
	log       logEnd
}

var gates = sqldb.NewBatch(`WITH asked (place, epoch, vault_id, grant_id) AS (
SELECT CAST(0 AS BIGINT), CAST(0 AS BIGINT), vault_id, grant_id FROM grant_record WHERE FALSE UNION ALL `,
	`SELECT #, ?, ?, ?`, ` UNION ALL `, `)
SELECT asked.place, g.state, business.state, business.purposes,
EXISTS (SELECT 1 FROM permit WHERE permit.vault_id = g.vault_id AND permit.grant_id = g.grant_id
  AND permit.kind = 'collect' AND permit.epoch = asked.epoch AND permit.anchored),
COALESCE(access.seq, 0), access.head
FROM asked CROSS JOIN grant_record g JOIN business ON business.did = g.business
LEFT JOIN access ON access.vault_id = g.vault_id AND access.grant_id = g.grant_id
  AND access.seq = (SELECT MAX(a.seq) FROM access a WHERE a.vault_id = g.vault_id AND a.grant_id = g.grant_id)
WHERE g.vault_id = asked.vault_id AND g.grant_id = asked.grant_id`)

// noID is an id that nothing has.
var noID = make([]byte, 16)

func readGates(ctx context.Context, tx sqldb.Tx, batch []*passing) ([]gateRow, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 3*sqldb.BatchLimit)
	for _, p := range batch {
		args = append(args, int64(anchor.EpochAt(p.At)), p.facts.grant.Vault[:], p.Grant[:])
	}
	text, args := gates.Padded(args, int64(0), noID, noID)
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]gateRow, len(batch))
	for rows.Next() {
		var place int
		r := gateRow{found: true}
		var head sql.RawBytes
		if err := rows.Scan(&place, &r.state, &r.business, &r.purposes, &r.permitted, &r.log.seq, &head); err != nil {
			return nil, err
		}
		copy(r.log.head[:], head)
		out[place] = r
	}
	return out, rows.Err()
}

// gate puts what is remembered of a grant and what was read of it now together.
func (s *Store) gate(p *passing, row gateRow) (g gated, err error) {
	g = gated{Grant: p.facts.grant, business: p.facts.business, permitted: row.permitted, log: row.log}
	g.State = row.state
	if row.business == g.business.State && row.purposes == p.facts.purposes {
		g.agreed = p.agreed && g.State == consent.StateLive
		return g, nil
	}
	s.facts.forget(p.Grant)
	g.business.State = row.business
	g.business.Purposes, err = fromJSON(row.purposes)
	return g, err
}

// rule decides what may be released, if it is there.
func (p *passing) rule(g gated) {
	p.ruled = ruled{gated: g, asked: p.Attributes}
	if len(p.Attributes) == 0 {
		p.ruled.asked = g.Attributes
	}
	if p.denied = Active(g.business); p.denied != nil {
		p.ruled.noted = &consent.Denial{Reason: consent.ByPolicy}
	} else if p.denied = consent.Check(g.Grant, p.At, consent.Need{Business: p.Business}); p.denied != nil {
		p.ruled.noted = consent.DenialOf(p.denied)
	} else {
		p.ruled.allowed, p.out.Refused = sift(p.Attempt, g, p.ruled.asked)
	}
}

// give hands out what was found of what may be released.
func (p *passing) give(found []consent.Release) {
	p.out.Releases = found
	for _, name := range p.ruled.allowed {
		// Changed since it was shared, and not shared again.
		if !slices.ContainsFunc(found, func(r consent.Release) bool { return r.Attribute == name }) {
			p.out.Refused = append(p.out.Refused, RefusedAttribute{name, &consent.Denial{Reason: consent.NotCovered, What: name}})
		}
	}
	if p.denied == nil && len(p.out.Refused) > 0 {
		p.ruled.noted = p.out.Refused[0].Denial
		if len(found) == 0 {
			p.denied = p.ruled.noted
		}
	}
}

// sift asks for each attribute: is it covered, is there a permit, what says the
// policy?
func sift(a Attempt, g gated, asked []string) (allowed []string, refused []RefusedAttribute) {
	for _, name := range asked {
		err := consent.Check(g.Grant, a.At, consent.Need{Business: a.Business, Attribute: name, Permitted: g.permitted})
		if err == nil && !g.agreed {
			err = a.Judge(g.business, g.Grant, name)
		}
		if err == nil {
			allowed = append(allowed, name)
			continue
		}
		d := consent.DenialOf(err)
		if d == nil { // no judge of ours: refuse, and say no more
			d = &consent.Denial{Reason: consent.ByPolicy}
		}
		refused = append(refused, RefusedAttribute{name, d})
	}
	return allowed, refused
}

// accessLog gathers the rows that a turn appends to access logs.
type accessLog struct {
	ends map[id.Grant]logEnd // where this turn has come
	args []any
}

var putAccesses = sqldb.NewBatch(`INSERT INTO access (vault_id, grant_id, seq, happened, line, head) VALUES `,
	`(?, ?, ?, ?, ?, ?)`, `, `, ``)

// note appends an attempt to its grant's log and returns the log's new head.
func (l *accessLog) note(p *passing) consent.LogHead {
	given := make([]string, len(p.out.Releases))
	for i, r := range p.out.Releases {
		given[i] = r.Attribute
	}
	end, ok := l.ends[p.Grant] // the same grant may come twice in one turn
	if !ok {
		end = p.ruled.log
	}
	line := consent.NewAccess(p.Grant, p.At, p.ruled.asked, given, p.ruled.noted).Row()
	end = logEnd{end.seq + 1, end.head.Next(line)}
	if l.ends == nil {
		l.ends = map[id.Grant]logEnd{}
	}
	l.ends[p.Grant] = end
	l.args = append(l.args, p.ruled.Vault[:], p.Grant[:], end.seq, p.At.Unix(), line, end.head[:])
	return end.head
}

func (l *accessLog) put(ctx context.Context, tx sqldb.Tx) error {
	err := putAccesses.Exact(l.args, func(text string, args []any) error {
		_, err := tx.ExecContext(ctx, text, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting accesses: %w", err)
	}
	return nil
}
