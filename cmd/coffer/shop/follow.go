package shop

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"coffer"
)

// handle brings the orders up to what happened at the operator. It may see one
// event twice and does its work once. An error makes the event come again.
func (s *Shop) handle(ctx context.Context, e coffer.Event) error {
	switch e.Type {
	case coffer.EventAnswered:
		return s.answered(ctx, e.Request)
	case coffer.EventLive:
		return s.live(ctx, e.Grant)
	case coffer.EventWithdrawn, coffer.EventErased, coffer.EventTerminated, coffer.EventExpired, coffer.EventSuspended:
		return s.ended(ctx, e)
	case coffer.EventDeposited, coffer.EventDeclined:
		return s.answeredDeposit(e)
	case coffer.EventPaused:
		return s.paused(e)
	case coffer.EventNarrowed, coffer.EventShortened, coffer.EventRenewed, coffer.EventResumed, coffer.EventMerged, coffer.EventReplaced:
		return s.changed(ctx, e)
	}
	return nil // a kind of a later operator
}

// answered writes each purpose's outcome into the order.
func (s *Shop) answered(ctx context.Context, r coffer.RequestID) error {
	status, err := s.business.Status(ctx, r)
	if errors.Is(err, coffer.ErrNotFound) {
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	err = s.orders.change(status.Reference, func(o *order) {
		if o.Parts != nil || status.State != coffer.RequestAnswered {
			return
		}
		for _, p := range status.Purposes {
			o.Parts = append(o.Parts, &part{PurposeID: p.ID, Given: p.Given, Grant: p.Grant, State: coffer.StateAnchoring})
		}
	})
	if errors.Is(err, errNoOrder) {
		return nil // asked by hand, with the command
	}
	return err
}

// live opens the letter and collects everything that was granted.
func (s *Shop) live(ctx context.Context, g coffer.GrantID) error {
	grant, err := s.business.OpenLetter(ctx, g)
	if denied := coffer.DenialOf(err); denied != nil || errors.Is(err, coffer.ErrNotFound) {
		return nil // withdrawn since: its own event says so
	}
	if err != nil {
		return err
	}
	if err := s.answered(ctx, grant.Request); err != nil { // when "answered" was missed
		return err
	}
	o, ok := s.orders.byGrant(g)
	if !ok {
		return nil
	}
	err = s.orders.change(o.ID, func(o *order) {
		p := o.part(g)
		p.State, p.End, p.Attributes = coffer.StateLive, grant.End, grant.Attributes
		maps.DeleteFunc(p.Values, func(name string, _ json.RawMessage) bool { return !slices.Contains(grant.Attributes, name) })
	})
	if err != nil {
		return err
	}
	return s.collect(ctx, o.ID, g)
}

// collect asks for the attributes, or for everything granted, and writes down
// what came and what was refused. A refusal is an outcome, not an error.
func (s *Shop) collect(ctx context.Context, orderID string, g coffer.GrantID, attributes ...string) error {
	got, err := s.business.Collect(ctx, g, attributes...)
	try := attempt{Time: coffer.UnixAt(s.now()), Asked: attributes}
	denied := coffer.DenialOf(err)
	switch {
	case denied != nil:
		try.Refused = append(try.Refused, refusal{Attribute: onlyOne(attributes), Reason: string(denied.Reason)})
	case errors.Is(err, coffer.ErrNotFound):
		try.Refused = append(try.Refused, refusal{Reason: "not-found"})
	case err != nil:
		return err
	}
	values := map[string]json.RawMessage{}
	for _, v := range got.Values {
		try.Given = append(try.Given, v.Attribute)
		values[v.Attribute] = v.Value
	}
	for _, r := range got.Refused {
		try.Refused = append(try.Refused, refusal{Attribute: r.What, Reason: string(r.Reason)})
	}
	return s.orders.change(orderID, func(o *order) {
		p := o.part(g)
		if p == nil {
			return
		}
		p.Attempts = append(p.Attempts, try)
		if !got.Grant.IsZero() {
			p.Grant = got.Grant // that took the other's place a moment ago
		}
		if denied != nil && denied.Reason == coffer.Withdrawn {
			p.forget(coffer.StateWithdrawn, try.Time)
		}
		if len(values) == 0 || p.State != coffer.StateLive {
			return
		}
		if p.Values == nil {
			p.Values = map[string]json.RawMessage{}
		}
		for name, v := range values {
			p.Values[name] = v
		}
		p.Collected = true
	})
}

// ended deletes what was collected under the grant, and then says so, signed. A real
// shop would keep what the tax office wants, and name it here.
func (s *Shop) ended(ctx context.Context, e coffer.Event) error {
	o, ok := s.orders.byGrant(e.Grant)
	if !ok {
		return nil // asked by hand, with the command; so is the statement
	}
	s.log.Info("a grant ended; what was collected is deleted", "order", o.Number, "how", string(e.Type))
	err := s.orders.change(o.ID, func(o *order) {
		p := o.part(e.Grant)
		switch e.Type {
		case coffer.EventExpired, coffer.EventSuspended: // the grant's own dates say the rest
			p.forget(p.State, e.Time)
		default:
			p.forget(coffer.StateWithdrawn, e.Time)
		}
	})
	if err != nil {
		return err
	}
	return s.state(ctx, e.Grant, "We deleted everything we had collected under this grant.")
}

// state says what was deleted, signed.
func (s *Shop) state(ctx context.Context, g coffer.GrantID, text string) error {
	err := s.business.StateDeletion(ctx, g, coffer.Statement{Text: text})
	if errors.Is(err, coffer.ErrNotOver) {
		return nil // nothing is owed, or its event has not been acted on and comes again
	}
	return err
}

// paused lets everything collected lie: the shopper may resume the grant.
func (s *Shop) paused(e coffer.Event) error {
	o, ok := s.orders.byGrant(e.Grant)
	if !ok {
		return nil
	}
	return s.orders.change(o.ID, func(o *order) { o.part(e.Grant).State = coffer.StatePaused })
}

// changed goes on with the grant that took another's place. What that one does not name
// any more is deleted, and said to be.
func (s *Shop) changed(ctx context.Context, e coffer.Event) error {
	o, ok := s.orders.byGrant(e.Grant)
	if !ok { // asked by hand, or the event came before
		o, ok = s.orders.byGrant(e.Successor)
	}
	if !ok {
		return nil
	}
	err := s.orders.change(o.ID, func(o *order) {
		if p := o.part(e.Grant); p != nil {
			p.Grant, p.State = e.Successor, coffer.StateAnchoring
		}
	})
	if err == nil {
		err = s.live(ctx, e.Successor) // unless it is still on its way: its own event says when
	}
	if err != nil {
		return err
	}
	return s.state(ctx, e.Grant, "We deleted what you do not give us any more.")
}

// forget deletes the values of a grant that is over.
func (p *part) forget(state coffer.State, at coffer.Unix) {
	p.Values = nil
	if p.State != state {
		p.State, p.Withdrawn = state, at
	}
}

func onlyOne(attributes []string) string {
	if len(attributes) == 1 {
		return attributes[0]
	}
	return ""
}

// timeout bounds what a page waits for the operator and its ledger.
const timeout = 20 * time.Second
