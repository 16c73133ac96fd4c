package consenthttp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

func (b *business) ask(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Request      string   `json:"request"`
		Cosignatures []string `json:"cosignatures"` // of its joint partners; may be left out without any
	}
	if err := httpjson.ReadMax(w, r, &body, requestBody); err != nil {
		return answer{}, err
	}
	now := b.Clock()
	q, err := consent.OpenRequestBy(r.Context(), b.Signatures, body.Request, by, b.rules(by))
	if err != nil {
		return answer{}, err
	}
	if err := q.Cosigned(r.Context(), b.Signatures, body.Cosignatures); err != nil {
		return answer{}, err
	}
	q.Cosignatures = body.Cosignatures
	if err := b.Store.PutRequest(r.Context(), q, now); err != nil {
		return answer{}, err
	}
	return created(map[string]any{"id": q.ID, "link": b.Origin + "/r/" + q.ID.String()})
}

// rules are what a business's request is held against, when it arrives and again
// when it is answered.
func (o *Options) rules(by consent.Business) consent.ParseRules {
	registered := by.Purposes
	if registered == nil {
		registered = []string{} // nil would leave the check out
	}
	return consent.ParseRules{Audience: o.Origin, Now: o.Clock(), Catalogue: o.Catalogue, Registered: registered}
}

type outcome struct {
	ID      string    `json:"id"`
	Outcome string    `json:"outcome"` // given or refused
	Grant   *id.Grant `json:"grant,omitempty"`

	Partners []partnerOutcome `json:"partners,omitempty"`  // of a purpose that was given
	OnwardOf *id.Grant        `json:"onward_of,omitempty"` // to a partner: the grant that its own is under
}

type partnerOutcome struct {
	DID     consent.DID `json:"did"`
	Outcome string      `json:"outcome"`
	Grant   *id.Grant   `json:"grant,omitempty"`
}

// Between two looks at an open request: a tenth of the time that it has been waiting,
// within these bounds. Who wants to know at once has events, and a webhook.
const (
	pollSoonest = 2 * time.Second
	pollLatest  = 5 * time.Minute
)

// pollAfter is when to look at the request again, in seconds.
func pollAfter(q consentdb.Request, now time.Time) int {
	waited := now.Sub(q.Received.Time())
	return int(min(max(waited/10, pollSoonest), pollLatest).Seconds())
}

func (b *business) requested(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name, err := pathID[id.Request](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	found, err := b.Store.RequestOf(r.Context(), by.DID, name)
	if errors.Is(err, consent.ErrNotFound) {
		return b.shared(r.Context(), by.DID, name)
	}
	if err != nil {
		return answer{}, err
	}
	outcomes := []outcome{}
	if found.Document != "" {
		d, err := consent.ParseDecision([]byte(found.Document))
		if err != nil {
			return answer{}, err
		}
		q, err := consent.ReadRequest(found.JWS)
		if err != nil {
			return answer{}, err
		}
		for _, g := range d.Give {
			if g.Partner == "" {
				outcomes = append(outcomes, outcome{ID: g.Purpose, Outcome: "given", Grant: &g.Grant, Partners: partnerOutcomes(q, d, g.Purpose)})
			}
		}
		for _, purpose := range d.Refuse {
			outcomes = append(outcomes, outcome{ID: purpose, Outcome: "refused"})
		}
	}
	now := b.Clock()
	status := found.Status(now)
	if status == consentdb.StatusOpen {
		w.Header().Set("Retry-After", strconv.Itoa(pollAfter(found.Request, now)))
	}
	return ok(map[string]any{"id": found.ID, "status": status, "purposes": outcomes})
}

// partnerOutcomes tells the business that asked which of a purpose's partners were given
// to: the signed request and its own word to the shopper depend on it.
func partnerOutcomes(q consent.Request, d consent.Decision, purpose string) (out []partnerOutcome) {
	asked, _ := q.Purpose(purpose)
	for _, p := range asked.Partners {
		o := partnerOutcome{DID: p.DID, Outcome: "refused"}
		for _, g := range d.Give {
			if g.Purpose == purpose && g.Partner == p.DID {
				o.Outcome, o.Grant = "given", &g.Grant
			}
		}
		out = append(out, o)
	}
	return out
}

// shared answers a partner: the text that it was given under, and its own grants. What
// the shopper answered to the other purposes is not for it.
func (b *business) shared(ctx context.Context, partner consent.DID, name id.Request) (answer, error) {
	found, err := b.Store.SharedWith(ctx, partner, name)
	if err != nil {
		return answer{}, err
	}
	outcomes := []outcome{}
	for _, g := range found.Grants {
		outcomes = append(outcomes, outcome{ID: g.Purpose, Outcome: "given", Grant: &g.Grant, OnwardOf: &g.OnwardOf})
	}
	return ok(map[string]any{"id": found.ID, "status": found.Status(b.Clock()), "purposes": outcomes,
		"request": found.JWS, "cosignatures": list(found.Cosignatures)})
}

// businessGrant is a grant as its business sees it.
type businessGrant struct {
	Grant             id.Grant        `json:"grant"`
	Request           id.Request      `json:"request"`
	PurposeID         string          `json:"purpose_id"`
	Attributes        []string        `json:"attributes"`
	Channels          []string        `json:"channels"`
	Start             uint32          `json:"start"`
	End               uint32          `json:"end"`
	State             consent.State   `json:"state"`
	Entry             consent.Bytes   `json:"entry"`
	Letter            string          `json:"letter"` // empty until the grant takes effect
	Log               consent.LogHead `json:"log"`
	WithdrawEntry     *consent.Bytes  `json:"withdraw_entry"`
	WithdrawalReceipt string          `json:"withdrawal_receipt"`
	OnwardOf          *id.Grant       `json:"onward_of,omitempty"` // of a partner's grant

	Change    consent.ChangeKind `json:"change"`    // what paused or replaced it, or ""
	Successor string             `json:"successor"` // the grant to go on with, or ""
	Receipts  []string           `json:"receipts"`  // of its pause and its end, in order, as far as there are
}

func (b *business) grant(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	if err := b.within(r.Context(), name); err != nil {
		return answer{}, err
	}
	g, err := b.Store.GrantOf(r.Context(), by.DID, name)
	if err != nil {
		return answer{}, err
	}
	head, err := b.Store.LogHead(r.Context(), g.Vault, g.ID)
	if err != nil {
		return answer{}, err
	}
	out := businessGrant{
		Grant: g.ID, Request: g.Request, PurposeID: g.PurposeID, Attributes: list(g.Attributes), Channels: list(g.Channels),
		Start: uint32(g.Start), End: uint32(g.End), State: g.State, Entry: g.Entry, Log: head,
		WithdrawalReceipt: g.WithdrawalReceipt, Change: g.Change, Successor: optional(g.Successor), Receipts: g.Receipts()[1:],
	}
	if g.Anchored {
		out.Letter = g.Letter
	}
	if g.Onward() {
		out.OnwardOf = &g.OnwardOf
	}
	if len(g.WithdrawEntry) > 0 {
		out.WithdrawEntry = &g.WithdrawEntry
	}
	return ok(out)
}

// giveUp ends a grant because its business wants no more of it. What is over stays as
// it ended.
func (b *business) giveUp(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	if err := b.within(r.Context(), name); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, b.Store.GiveUp(r.Context(), by.DID, name, b.Clock())
}

const eventsPage = 100

func (b *business) events(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	cursor := r.URL.Query().Get("after")
	after, err := eventNumber(cursor, "after")
	if err != nil {
		return answer{}, err
	}
	events, err := b.Store.Events(r.Context(), by.DID, after, eventsPage)
	if err != nil {
		return answer{}, err
	}
	if len(events) > 0 {
		cursor = strconv.FormatInt(events[len(events)-1].Seq, 10)
	} else {
		events = []consentdb.Event{}
	}
	return ok(map[string]any{"events": events, "next": cursor})
}

// list makes an absent list an empty one: in JSON a list is never null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
