package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// ErrNotOver says that the business was not told of the grant's end.
var ErrNotOver = errors.New("this grant has not ended, as far as the operator told; run: coffer events")

// Loop is what the business owes, and has said, after a grant's end. It is
// loops/<grant>.json. What is signed is in the file before it is sent, so that the same
// words are sent again when an answer was lost.
type Loop struct {
	V               int            `json:"v"`
	Grant           id.Grant       `json:"grant"`
	Event           consent.Ending `json:"event"`
	Notified        consent.Unix   `json:"notified"`
	Acknowledgement string         `json:"acknowledgement"` // JWS
	Acknowledged    consent.Unix   `json:"acknowledged"`    // when the operator took it; 0 before
	Statement       string         `json:"statement"`       // JWS; empty before
	Stated          consent.Unix   `json:"stated"`          // when the operator took it; 0 before
	// Refused is the operator's word that it wants none of it: the suspension is over.
	Refused string `json:"refused,omitempty"`

	// Noted is what of it the trail has.
	Noted notedLoop `json:"noted,omitzero"`
}

type notedLoop struct {
	Ending          bool `json:"ending,omitempty"`
	Acknowledgement bool `json:"acknowledgement,omitempty"`
	Statement       bool `json:"statement,omitempty"`
	Lifted          bool `json:"lifted,omitempty"`
}

// noteLoop writes into the trail what it does not have of a grant's end, and keeps the
// loop. While the ledger was never reached there is no trail yet; the next Poll writes.
func (b *Business) noteLoop(ctx context.Context, l Loop) error {
	noted := l.Noted
	var lines []audit.Line
	if !noted.Ending {
		lines, noted.Ending = append(lines, audit.Ending{Grant: l.Grant, Event: l.Event, Notified: l.Notified}), true
	}
	if l.Acknowledged != 0 && !noted.Acknowledgement {
		lines, noted.Acknowledgement = append(lines, audit.Acknowledgement{Grant: l.Grant, JWS: l.Acknowledgement, Taken: l.Acknowledged}), true
	}
	if l.Stated != 0 && !noted.Statement {
		lines, noted.Statement = append(lines, audit.Deletion{Grant: l.Grant, JWS: l.Statement, Taken: l.Stated}), true
	}
	if l.Refused != "" && l.Event == consent.EndSuspended && !noted.Lifted {
		lines, noted.Lifted = append(lines, audit.Lifted{Grant: l.Grant, Time: consent.UnixAt(b.now())}), true
	}
	if len(lines) == 0 {
		return nil
	}
	trail, _, err := b.ready(ctx)
	if err == nil {
		err = trail.Append(lines...)
	}
	if err != nil {
		return fmt.Errorf("noting what is owed after a grant's end: %w", err)
	}
	l.Noted = noted
	return b.keepLoop(l)
}

// noteLoops is noteLoop for all.
func (b *Business) noteLoops(ctx context.Context) error {
	all, err := b.Loops()
	for _, l := range all {
		release := b.hold(l.Grant)
		if l, err = b.loop(l.Grant); err == nil { // as it is now
			err = b.noteLoop(ctx, l)
		}
		release()
		if err != nil {
			return err
		}
	}
	return err
}

// Overdue says what is late at the given moment.
func (l Loop) Overdue(at time.Time) consent.Late {
	if l.Refused != "" {
		return consent.NotLate
	}
	return l.due().Overdue(at)
}

// Due is when the next word is due; 0 when all is said.
func (l Loop) Due() consent.Unix {
	switch {
	case l.Stated != 0 || l.Refused != "":
		return 0
	case l.Acknowledged == 0:
		return l.due().AcknowledgeBy()
	}
	return l.due().StateBy()
}

func (l Loop) due() consent.Loop {
	return consent.Loop{Notified: l.Notified, Acknowledged: l.Acknowledged, Stated: l.Stated}
}

// Loops lists all, the oldest first.
func (b *Business) Loops() ([]Loop, error) {
	names, err := b.folder.names("loops")
	if err != nil {
		return nil, err
	}
	var all []Loop
	for _, name := range names {
		var l Loop
		if err := b.folder.read(&l, "loops", name+".json"); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(x, y Loop) int { return int(x.Notified - y.Notified) })
	return all, nil
}

func (b *Business) loop(g id.Grant) (l Loop, err error) {
	err = b.folder.read(&l, "loops", g.String()+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return l, ErrNotOver
	}
	return l, err
}

func (b *Business) keepLoop(l Loop) error {
	if err := b.folder.write(l, "loops", l.Grant.String()+".json"); err != nil {
		return fmt.Errorf("keeping what is owed after a grant's end: %w", err)
	}
	return nil
}

// acknowledge answers an event that ended a grant, after the keys are deleted. Whoever
// is away now gets it with the next Poll.
func (b *Business) acknowledge(ctx context.Context, e Event) error {
	l, err := b.loop(e.Grant)
	if err != nil && !errors.Is(err, ErrNotOver) {
		return err
	}
	ending := consent.Ending(e.Type)
	again := err == nil && l.Event == consent.EndSuspended && (ending != consent.EndSuspended || l.Notified < e.Time)
	if err != nil || again { // a suspension is followed by the true end, or by another one
		l = Loop{V: 1, Grant: e.Grant, Event: ending, Notified: e.Time}
		a := consent.Acknowledgement{Iss: b.keys.did, Aud: b.profile.Operator, Grant: e.Grant, Event: ending, Time: consent.UnixAt(b.now())}
		if l.Acknowledgement, err = b.keys.signer.SignJWS(consent.TypeAcknowledgement, a.Payload()); err != nil {
			return fmt.Errorf("signing an acknowledgement: %w", err)
		}
		if err := b.keepLoop(l); err != nil {
			return err
		}
	}
	if err := b.sendAcknowledgement(ctx, l); err != nil {
		b.log.Info("an acknowledgement could not be handed over yet", "grant", e.Grant, "error", err)
	}
	return nil
}

func (b *Business) sendAcknowledgement(ctx context.Context, l Loop) error {
	if l.Acknowledged != 0 || l.Refused != "" {
		return nil
	}
	// Without a token: a suspended business gets none.
	var answer takenAnswer
	err := b.client.callOpenly(ctx, http.MethodPost, "/business/v1/acknowledgements", map[string]string{"acknowledgement": l.Acknowledgement}, &answer)
	if err != nil && !refused(err, &l) {
		return fmt.Errorf("acknowledging: %w", err)
	}
	if err == nil {
		l.Acknowledged = answer.at(b.now())
	}
	return errors.Join(b.keepLoop(l), b.noteLoop(ctx, l))
}

// takenAnswer says when the operator took a statement.
type takenAnswer struct {
	Taken consent.Unix `json:"taken"`
}

func (a takenAnswer) at(now time.Time) consent.Unix {
	if a.Taken == 0 { // an operator of before says nothing
		return consent.UnixAt(now)
	}
	return a.Taken
}

// refused notes that the operator will never take what was said of a grant's end.
func refused(err error, l *Loop) bool {
	p, ok := errors.AsType[*Problem](err)
	if !ok || p.Code != "not-over" && p.Code != "not-found" {
		return false
	}
	l.Refused = p.Code
	return true
}

// settleLoops hands over what could not be handed over before.
func (b *Business) settleLoops(ctx context.Context) error {
	all, err := b.Loops()
	if err != nil {
		return err
	}
	first := b.noteLoops(ctx)
	for _, l := range all {
		if l.Acknowledged != 0 || l.Refused != "" {
			continue
		}
		release := b.hold(l.Grant)
		err := b.sendAcknowledgement(ctx, l)
		release()
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Statement is what a business says it did after a grant's end.
type Statement struct {
	Kept []consent.Kept // all else that the grant named is deleted
	Text string         // to the shopper; may be empty; never a value
}

// StateDeletion tells shopper and operator what was deleted after a grant's end, and
// what is kept on which ground. Call it when it is true: it is signed, and the first
// one stands; calling it again sends that one again if it had not arrived. ErrNotOver
// for a grant that has not ended.
func (b *Business) StateDeletion(ctx context.Context, g id.Grant, s Statement) error {
	defer b.hold(g)()
	l, err := b.loop(g)
	if err != nil {
		return err
	}
	if l.Stated != 0 || l.Refused != "" {
		return nil
	}
	if grant, err := b.Grant(g); err == nil { // the shopper's word on it, which may have come since
		if err := b.noteClosings(ctx, grant); err != nil {
			return err
		}
	}
	if l.Statement == "" {
		d, err := b.deletion(ctx, g, s)
		if err != nil {
			return err
		}
		if l.Statement, err = b.keys.signer.SignJWS(consent.TypeDeletion, d.Payload()); err != nil {
			return fmt.Errorf("signing a deletion statement: %w", err)
		}
		if err := b.keepLoop(l); err != nil {
			return err
		}
	}
	var answer takenAnswer
	err = b.client.callOpenly(ctx, http.MethodPost, "/business/v1/deletions", map[string]string{"statement": l.Statement}, &answer)
	if p, ok := errors.AsType[*Problem](err); ok && p.Code == "wrong-statement" {
		l.Statement = "" // it can never arrive: the next one is made anew
		return errors.Join(fmt.Errorf("stating a deletion: %w", err), b.keepLoop(l))
	}
	if err != nil && !refused(err, &l) {
		return fmt.Errorf("stating a deletion: %w", err)
	}
	if err == nil {
		l.Stated = answer.at(b.now())
	}
	if err := b.keepLoop(l); err != nil {
		return err
	}
	if err := b.noteLoop(ctx, l); err != nil { // the statement is made all the same
		b.log.Info("a statement is not in the trail yet", "grant", g, "error", err)
	}
	return nil
}

// deletion makes the statement about exactly what the grant named.
func (b *Business) deletion(ctx context.Context, g id.Grant, s Statement) (consent.Deletion, error) {
	d := consent.Deletion{Iss: b.keys.did, Aud: b.profile.Operator, Grant: g, Time: consent.UnixAt(b.now()), Kept: s.Kept, Text: s.Text}
	named, err := b.named(ctx, g)
	if err != nil {
		return d, err
	}
	for _, name := range named {
		if !slices.ContainsFunc(s.Kept, func(k consent.Kept) bool { return k.Attribute == name }) {
			d.Deleted = append(d.Deleted, name)
		}
	}
	for _, k := range s.Kept {
		if !slices.Contains(named, k.Attribute) {
			return d, fmt.Errorf("stating a deletion: the grant does not name %s", k.Attribute)
		}
	}
	// What nobody would take must not be signed.
	_, err = consent.ParseDeletion(d.Payload(), consent.StatementRules{Issuer: d.Iss, Audience: d.Aud, Now: b.now()})
	if err != nil {
		return d, fmt.Errorf("stating a deletion: %w", err)
	}
	return d, nil
}

// named are the attributes that a grant's end is about: all that it named, or those
// that the grant in its place does not.
func (b *Business) named(ctx context.Context, g id.Grant) ([]string, error) {
	grant, err := b.Grant(g)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	next := grant.Successor
	if errors.Is(err, ErrNotFound) {
		answer, err := b.askGrant(ctx, g)
		if err != nil {
			return nil, err
		}
		next, _ = id.Parse[id.Grant](answer.Successor) // none is zero
	}
	return b.dropped(ctx, g, next)
}

// attributesOf are the attributes of a grant: by the folder, or by the operator when its
// letter was never opened. Of an erased one nobody knows them, or asks.
func (b *Business) attributesOf(ctx context.Context, g id.Grant) ([]string, error) {
	grant, err := b.Grant(g)
	if err == nil || !errors.Is(err, ErrNotFound) {
		return grant.Attributes, err
	}
	answer, err := b.askGrant(ctx, g)
	return answer.Attributes, err
}
