package business

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// EventType says what happened. The set may grow.
type EventType string

const (
	EventAnswered   EventType = "answered"   // the shopper decided a request
	EventLive       EventType = "live"       // a grant is anchored: its letter can be opened
	EventWithdrawn  EventType = "withdrawn"  // its keys are already deleted when the handler is called
	EventErased     EventType = "erased"     // likewise, and the vault is gone
	EventTerminated EventType = "terminated" // likewise: the ledger refused the grant, the business ended it, or an order did
	EventExpired    EventType = "expired"    // likewise: its time is over
	EventSuspended  EventType = "suspended"  // likewise: the business is; the grant stands, and its letter can be opened when it no longer is
)

// A successor took the place of the grant, or the shopper paused it: likewise.
const (
	EventNarrowed  = EventType(consent.ChangeNarrowed)
	EventShortened = EventType(consent.ChangeShortened)
	EventRenewed   = EventType(consent.ChangeRenewed)
	EventPaused    = EventType(consent.ChangePaused)
	EventResumed   = EventType(consent.ChangeResumed)
	EventMerged    = EventType(consent.ChangeMerged)
	EventReplaced  = EventType(consent.ChangeReplaced)
)

// The shopper answered a deposit: Event.Deposit.
const (
	EventDeposited EventType = "deposit-accepted"
	EventDeclined  EventType = "deposit-declined"
)

// EventRights says that a shopper demands a right under the grant; the rights request
// is already in the folder when the handler is called.
const EventRights EventType = "rights-request"

// Event is something that happened at the operator.
type Event struct {
	Type    EventType
	Request id.Request // zero when it is about a grant
	Grant   id.Grant   // zero when it is about a request
	Time    consent.Unix

	Deposit   id.Deposit // zero if it is about none
	Successor id.Grant   // that took the grant's place; zero if none did
}

// UnmarshalJSON reads an event; ids that it has not are "".
func (e *Event) UnmarshalJSON(b []byte) error {
	var raw struct {
		Type    EventType    `json:"type"`
		Request string       `json:"request"`
		Grant   string       `json:"grant"`
		Time    consent.Unix `json:"time"`

		Successor string `json:"successor"`
		Deposit   string `json:"deposit"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*e = Event{Type: raw.Type, Time: raw.Time}
	var err error
	if raw.Request != "" {
		if e.Request, err = id.Parse[id.Request](raw.Request); err != nil {
			return err
		}
	}
	if raw.Grant != "" {
		if e.Grant, err = id.Parse[id.Grant](raw.Grant); err != nil {
			return err
		}
	}
	if raw.Deposit != "" {
		if e.Deposit, err = id.Parse[id.Deposit](raw.Deposit); err != nil {
			return err
		}
	}
	if raw.Successor != "" {
		if e.Successor, err = id.Parse[id.Grant](raw.Successor); err != nil {
			return err
		}
	}
	return nil
}

// Handler is told of an event after the business has done its own part. An event
// may come twice. After a passing error (no answer, 5xx) it comes again; any other
// is logged, so that one bad grant does not hold up the rest.
type Handler func(context.Context, Event) error

// cursorFile is cursor.json.
type cursorFile struct {
	V     int    `json:"v"`
	After string `json:"after"`
}

// Poll asks for what happened since the last Poll, acts on it, and tells the
// handler (nil: nobody). On a withdrawal the letter's keys are deleted first, then
// the withdrawal is noted in the trail with its proof. It returns how many events
// there were; those are not told again once it returns nil.
func (b *Business) Poll(ctx context.Context, handle Handler) (int, error) {
	b.polling.Lock()
	defer b.polling.Unlock()
	if err := b.flush(ctx); err != nil {
		return 0, err
	}
	if err := b.flushDeposits(ctx); err != nil {
		return 0, err
	}
	b.settle(ctx)
	var cursor cursorFile
	if err := b.folder.read(&cursor, "cursor.json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	var answer struct {
		Events []Event `json:"events"`
		Next   string  `json:"next"`
	}
	path := "/business/v1/events?after=" + url.QueryEscape(cursor.After)
	if err := b.client.call(ctx, http.MethodGet, path, nil, &answer); err != nil {
		return 0, fmt.Errorf("asking for events: %w", err)
	}
	for _, e := range answer.Events {
		if err := b.take(ctx, e, handle); err != nil {
			return 0, err
		}
	}
	if answer.Next != "" && answer.Next != cursor.After {
		if err := b.folder.write(cursorFile{1, answer.Next}, "cursor.json"); err != nil {
			return 0, fmt.Errorf("keeping the cursor: %w", err)
		}
	}
	return len(answer.Events), nil
}

// comesAgain tells errors that pass from those that would hold up every event
// behind this one for ever.
func comesAgain(ctx context.Context, err error) bool {
	return ctx.Err() != nil || passing(err) || errors.Is(err, anchor.ErrUnavailable) || errors.Is(err, consent.NotAnchored)
}

// Watch polls until ctx ends: at once while there are events, every so often
// while there are none, and ever more seldom while the operator is away. It
// returns ctx's error.
func (b *Business) Watch(ctx context.Context, every time.Duration, handle Handler) error {
	pause := every
	for {
		n, err := b.Poll(ctx, handle)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil:
			b.log.Warn("polling", "error", err, "again_in", pause)
			pause = min(2*pause, 30*time.Second)
		case n > 0:
			pause = every
			continue
		default:
			pause = every
		}
		if err := b.client.wait(ctx, max(pause, patience(askedToWait(err)))); err != nil {
			return err
		}
	}
}

// act does the business's own part of an event. The end of a grant is acknowledged once
// its keys are gone; that of one with a successor only if the successor names less.
func (b *Business) act(ctx context.Context, e Event) error {
	if err := b.follow(ctx, e); err != nil || !consent.IsEnding(string(e.Type)) {
		return err
	}
	defer b.hold(e.Grant)()
	if !e.Successor.IsZero() {
		if dropped, err := b.dropped(ctx, e.Grant, e.Successor); err != nil || len(dropped) == 0 {
			return err
		}
	}
	return b.acknowledge(ctx, e)
}

func (b *Business) follow(ctx context.Context, e Event) error {
	switch e.Type {
	case EventLive:
		_, err := b.OpenLetter(ctx, e.Grant)
		if consent.DenialOf(err) != nil || errors.Is(err, ErrNotFound) {
			return nil // withdrawn since: its own event says so
		}
		return err
	case EventRights:
		return b.SyncRights(ctx)
	case EventErased:
		if err := b.forgetRights(ctx, e.Grant); err != nil {
			return err
		}
		defer b.hold(e.Grant)()
		if grant, err := b.Grant(e.Grant); err == nil { // before it is acknowledged: then the operator forgets the receipt
			if err := b.noteClosings(ctx, grant); err != nil {
				return err
			}
		}
		return b.end(ctx, e.Grant, consent.StateWithdrawn, e.Time)
	case EventWithdrawn:
		defer b.hold(e.Grant)()
		return b.end(ctx, e.Grant, consent.StateWithdrawn, e.Time)
	case EventTerminated:
		defer b.hold(e.Grant)()
		return b.end(ctx, e.Grant, consent.StateTerminated, e.Time)
	case EventPaused:
		defer b.hold(e.Grant)()
		return b.end(ctx, e.Grant, consent.StatePaused, e.Time)
	case EventNarrowed, EventShortened, EventRenewed, EventResumed, EventMerged, EventReplaced:
		defer b.hold(e.Grant)()
		return b.replaced(ctx, e.Grant, e.Successor, consent.ChangeKind(e.Type), e.Time)
	case EventExpired, EventSuspended:
		defer b.hold(e.Grant)()
		if err := b.folder.remove("letters", e.Grant.String()+".json"); err != nil {
			return fmt.Errorf("deleting the keys of a grant: %w", err)
		}
	}
	return nil
}

// noticed acts on a denial at once when it says that the grant is over; the event
// that says the same comes later and finds it done.
func (b *Business) noticed(ctx context.Context, g id.Grant, err error) error {
	state := map[consent.DenialReason]consent.State{
		consent.Withdrawn: consent.StateWithdrawn, consent.Terminated: consent.StateTerminated, consent.Paused: consent.StatePaused,
	}
	if errors.Is(err, consent.Withdrawn) { // so says the ledger of one that was changed, too
		if answer, asked := b.askGrant(ctx, g); asked == nil && (answer.State == consent.StatePaused || answer.State == consent.StateReplaced) {
			err = answer.denial()
		}
	}
	if d := consent.DenialOf(err); d != nil && state[d.Reason] != "" {
		return errors.Join(err, b.end(ctx, g, state[d.Reason], consent.UnixAt(b.now())))
	}
	return err
}

// end deletes the keys of a grant that is over, on the operator's word: deleting
// too much harms nobody but us. What the trail then says of a withdrawal is proved.
func (b *Business) end(ctx context.Context, g id.Grant, state consent.State, at consent.Unix) error {
	if err := b.folder.remove("letters", g.String()+".json"); err != nil {
		return fmt.Errorf("deleting the keys of a grant: %w", err)
	}
	grant, err := b.Grant(g)
	if errors.Is(err, ErrNotFound) {
		return nil // its letter was never opened
	}
	if err != nil {
		return err
	}
	if !grant.over() && grant.State != state {
		grant.State, grant.Permit, grant.Seen = state, nil, nil
		if grant.Withdrawn == 0 {
			grant.Withdrawn = at
		}
		// What was terminated after it was on the ledger was withdrawn there too.
		if err := b.folder.write(waitingFile{1, at}, "withdrawn", g.String()+".json"); err != nil {
			return fmt.Errorf("keeping a withdrawal: %w", err)
		}
		if err := b.keepGrant(grant); err != nil {
			return err
		}
	}
	if err := b.noteWithdrawal(ctx, grant); err != nil {
		b.log.Info("a withdrawal is not on the ledger yet", "grant", g, "error", err)
	}
	return nil // what could not be noted, the next Poll settles
}

// settle finishes what waited for the ledger; what still waits is no reason not to
// ask for news.
func (b *Business) settle(ctx context.Context) {
	if err := b.settlePermits(ctx, false); err != nil {
		b.log.Info("a permit could not be settled yet", "error", err)
	}
	if err := b.settleWithdrawals(ctx); err != nil {
		b.log.Info("a withdrawal is not on the ledger yet", "error", err)
	}
	if err := b.settleLoops(ctx); err != nil {
		b.log.Info("an acknowledgement could not be handed over yet", "error", err)
	}
}

// waitingFile is withdrawn/<grant>.json: a withdrawal that is not in the trail.
type waitingFile struct {
	V    int          `json:"v"`
	Time consent.Unix `json:"time"`
}

// settleWithdrawals notes withdrawals in the trail that were not on the ledger when
// the business learned of them.
func (b *Business) settleWithdrawals(ctx context.Context) error {
	names, err := b.folder.names("withdrawn")
	if err != nil {
		return err
	}
	var first error
	for _, name := range names {
		g, err := id.Parse[id.Grant](name)
		if err != nil {
			return fmt.Errorf("reading withdrawals: %s.json is not named by a grant; move it away", name)
		}
		release := b.hold(g)
		grant, err := b.Grant(g)
		if err == nil {
			err = b.noteWithdrawal(ctx, grant)
		}
		release()
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}

// noteWithdrawal writes the withdrawal into the trail, with its proof.
func (b *Business) noteWithdrawal(ctx context.Context, grant Grant) error {
	if grant.WithdrawalKnown {
		if err := b.noteClosings(ctx, grant); err != nil {
			return err
		}
		return b.folder.remove("withdrawn", grant.ID.String()+".json")
	}
	trail, set, err := b.ready(ctx)
	if err != nil {
		return err
	}
	given, err := anchor.ParseEntry(grant.Entry)
	if err != nil {
		return err
	}
	entry, err := b.findWithdraw(ctx, set.Chain, given.(anchor.Grant))
	if err != nil {
		return err
	}
	proof, err := b.prove(ctx, set, entry)
	if err != nil {
		return err
	}
	line := audit.Withdrawal{Grant: grant.ID, Entry: entry.Bytes(), Proof: &proof}
	if answer, err := b.askGrant(ctx, grant.ID); err == nil { // after an erasure the operator knows nothing of it
		if fresh := b.closings(grant, answer.Receipts); len(fresh) > 0 {
			line.Receipt = fresh[0]
			grant.Closings = append(grant.Closings, fresh[0])
		}
	}
	if err := trail.Append(line); err != nil {
		return err
	}
	grant.WithdrawalKnown = true
	if err := b.keepGrant(grant); err != nil {
		return err
	}
	return b.folder.remove("withdrawn", grant.ID.String()+".json")
}

// findWithdraw looks for the withdrawal on the ledger, where it is found without
// the operator's help, and holds it against the grant's wallet key.
func (b *Business) findWithdraw(ctx context.Context, chain anchor.Chain, given anchor.Grant) (anchor.Withdraw, error) {
	w, err := anchor.FindWithdrawal(ctx, b.ledger, given.HandleKey)
	if err != nil {
		return anchor.Withdraw{}, err
	}
	return w, anchor.Verify(chain, w, given.WalletKey)
}

// noteClosings writes into the trail what receipts the shopper has signed of the grant's
// pause and end since.
func (b *Business) noteClosings(ctx context.Context, grant Grant) error {
	answer, err := b.askGrant(ctx, grant.ID)
	if err != nil {
		return nil // the operator knows nothing of it any more, or does not answer: they are only papers
	}
	fresh := b.closings(grant, answer.Receipts)
	if len(fresh) == 0 {
		return nil
	}
	trail, _, err := b.ready(ctx)
	if err != nil {
		return err
	}
	var lines []audit.Line
	for _, jwt := range fresh {
		lines = append(lines, audit.Closing{Grant: grant.ID, Receipt: jwt})
	}
	if err := trail.Append(lines...); err != nil {
		return err
	}
	grant.Closings = append(grant.Closings, fresh...)
	return b.keepGrant(grant)
}

// closings are those of the receipts that follow, one after the other, what the trail
// has of a grant: one that does not stand is worth nothing there.
func (b *Business) closings(grant Grant, receipts []string) (fresh []string) {
	before, err := agent.VerifyReceipt(grant.Receipt)
	if err != nil {
		return nil
	}
	for _, jwt := range grant.Closings {
		if r, err := agent.VerifyReceipt(jwt); err == nil {
			before = r
		}
	}
	for _, jwt := range receipts {
		if slices.Contains(grant.Closings, jwt) {
			continue
		}
		r, err := agent.VerifyReceipt(jwt)
		if err != nil || r.Closes(before, r.Events[0].State) != nil {
			b.log.Warn("the receipt of a grant's end does not stand", "grant", grant.ID)
			return fresh
		}
		fresh, before = append(fresh, jwt), r
	}
	return fresh
}
