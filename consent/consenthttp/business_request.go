package consenthttp

import (
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
		Request string `json:"request"`
	}
	if err := httpjson.ReadMax(w, r, &body, requestBody); err != nil {
		return answer{}, err
	}
	now := b.Clock()
	q, err := consent.OpenRequestBy(r.Context(), b.Signatures, body.Request, by, b.rules(by))
	if err != nil {
		return answer{}, err
	}
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
	if err != nil {
		return answer{}, err
	}
	outcomes := []outcome{}
	if found.Document != "" {
		d, err := consent.ParseDecision([]byte(found.Document))
		if err != nil {
			return answer{}, err
		}
		for _, g := range d.Give {
			outcomes = append(outcomes, outcome{ID: g.Purpose, Outcome: "given", Grant: &g.Grant})
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
		WithdrawalReceipt: g.WithdrawalReceipt,
	}
	if g.Anchored {
		out.Letter = g.Letter
	}
	if len(g.WithdrawEntry) > 0 {
		out.WithdrawEntry = &g.WithdrawEntry
	}
	return ok(out)
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
