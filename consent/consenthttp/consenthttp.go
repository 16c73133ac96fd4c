// Package consenthttp is consent on the wire: what wallets and businesses ask the
// operator about requests, grants, permits, releases, messages and accesses.
//
// # Trust
//
// Whoever calls is nobody until Sessions (wallets) or oauth (businesses) says who it
// is. What a caller may not know does not exist for it: another shopper's grant,
// another business's request. A business that holds or once held a grant is told
// precisely why it gets nothing. Signatures, windows, hashes and policies are checked
// here before the store keeps anything; what can change in between the store checks
// again in its transaction. If this package is compromised, a business could be let
// act without the shopper's passkey, which receipts and the ledger's signatures still
// show; it cannot read a value or sign in anyone's name.
package consenthttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// Sessions tells which vault's wallet is signed in. Package vault/vaulthttp has them.
type Sessions interface {
	Vault(r *http.Request) (id.Vault, error)
}

// Confirm is how a shopper stands behind something: a passkey assertion over its
// digest. Package vault/passkey implements it.
type Confirm interface {
	Start(ctx context.Context, v id.Vault, challenge []byte) (options json.RawMessage, ceremony string, err error)
	// Finish is single-use, whatever its outcome.
	Finish(ctx context.Context, v id.Vault, ceremony string, challenge, credential []byte) error
}

// Options are what the routes need. All of the first group must be set.
type Options struct {
	Origin     string // of the operator
	Store      *consentdb.Store
	Sessions   Sessions
	Confirm    Confirm
	Signatures consent.Signatures
	Policy     consent.Policy
	Catalogue  consent.Catalogue
	Ledger     anchor.Ledger
	Clock      func() time.Time
	Log        *slog.Logger

	// Translate says what an error of another room (a session, a passkey, the
	// vault's documents) looks like from outside. Nil translates nothing.
	Translate func(error) (httpjson.Problem, bool)

	// Return says where a shopper's browser goes after a decision about a request that
	// an OAuth client pushed; package consent/oauth knows. Nil knows of none.
	Return func(ctx context.Context, r id.Request, gave bool) (to string, pushed bool, err error)

	// Sign signs what the operator itself states, as a JWS of that type.
	Sign func(typ string, claims any) (string, error)

	// AdmitAll lets a business act as soon as it has registered. Dangerous outside
	// development: otherwise the operator approves each.
	AdmitAll bool

	// LocalWebhooks admits webhooks on the operator's own machine. Dangerous outside
	// development: businesses could reach what only the operator should.
	LocalWebhooks bool

	// Rate and Burst bound what one business may ask per second; 0 is DefaultRate
	// and DefaultBurst, rate.Inf is no bound.
	Rate  rate.Limit
	Burst int

	// Lines bounds how many lines per second one business's streams may bring, all
	// together; 0 is DefaultLines, or no bound if Rate is rate.Inf. A stream waits
	// where it would be faster; a new one is refused while others have gone ahead.
	Lines rate.Limit

	// WaitGive and WaitWithdraw are how long an answer waits for the ledger; 0 is
	// 3 s and 25 ms. The decision stands in any case.
	WaitGive, WaitWithdraw time.Duration
}

const (
	DefaultRate  rate.Limit = 500
	DefaultBurst            = 1000
	DefaultLines rate.Limit = 100_000
)

// check fills in defaults, and panics if the wiring forgot something: there is no
// request yet that could be refused.
func (o Options) check() Options {
	for name, missing := range map[string]bool{
		"Store": o.Store == nil, "Signatures": o.Signatures == nil, "Policy": o.Policy == nil, "Catalogue": o.Catalogue == nil,
		"Ledger": o.Ledger == nil, "Clock": o.Clock == nil, "Log": o.Log == nil,
	} {
		if missing {
			panic("consenthttp: Options." + name + " is not set")
		}
	}
	if err := httpjson.CheckOrigin(o.Origin); err != nil {
		panic("consenthttp: Options.Origin: " + err.Error())
	}
	if o.Translate == nil {
		o.Translate = func(error) (httpjson.Problem, bool) { return httpjson.Problem{}, false }
	}
	if o.Return == nil {
		o.Return = func(context.Context, id.Request, bool) (string, bool, error) { return "", false, nil }
	}
	switch {
	case o.Lines == 0 && o.Rate == rate.Inf:
		o.Lines = rate.Inf
	case o.Lines == 0:
		o.Lines = DefaultLines
	}
	if o.Rate == 0 {
		o.Rate = DefaultRate
	}
	if o.Burst == 0 {
		o.Burst = DefaultBurst
	}
	if o.WaitGive == 0 {
		o.WaitGive = 3 * time.Second
	}
	if o.WaitWithdraw == 0 {
		o.WaitWithdraw = 25 * time.Millisecond
	}
	return o
}

// answer is what a route has to say.
type answer struct {
	status int
	body   any // nil for none
}

// written is a body that is JSON already.
type written []byte

func ok(body any) (answer, error)      { return answer{http.StatusOK, body}, nil }
func created(body any) (answer, error) { return answer{http.StatusCreated, body}, nil }

// reply writes the answer or the problem; every route ends here.
func (o *Options) reply(w http.ResponseWriter, r *http.Request, route string, a answer, err error) {
	body, isWritten := a.body.(written)
	stream, isStream := a.body.(streamed)
	switch {
	case err != nil:
		p, known := o.problem(err)
		if d := consent.DenialOf(err); d != nil && !d.Again.IsZero() {
			w.Header().Set("Retry-After", strconv.Itoa(int(max(1, math.Ceil(d.Again.Sub(o.Clock()).Seconds())))))
		}
		if !known && r.Context().Err() == nil {
			o.Log.Error("answering", "route", route, "error", err)
		}
		httpjson.Refuse(w, p)
	case isStream:
		stream(w)
	case a.body == nil:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(a.status)
	case isWritten:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Length", strconv.Itoa(len(body))) // or net/http sends it in chunks
		w.WriteHeader(a.status)
		_, _ = w.Write(body) // the client left; nothing to tell it
	default:
		httpjson.Write(w, a.status, a.body)
	}
}

// The sizes of bodies, per route.
const (
	smallBody    = 16 << 10
	requestBody  = 3 * consent.MaxRequest
	decisionBody = 1 << 20
	permitsBody  = 128 << 10
	messageBody  = 2 * consent.MaxPacked
)

// pathID reads an id from the route. What is no id names nothing.
func pathID[I ~[16]byte](text string) (I, error) {
	i, err := id.Parse[I](text)
	if err != nil {
		return i, consent.ErrNotFound
	}
	return i, nil
}

// parse reads an entry of one kind.
func parse[E anchor.Entry](entry []byte, at string) (E, error) {
	var want E
	e, err := anchor.ParseEntry(entry)
	if err != nil {
		return want, &consent.Refusal{Code: consent.BadEntry, At: at, Cause: err}
	}
	want, ok := e.(E)
	if !ok {
		return want, &consent.Refusal{Code: consent.BadEntry, At: at, Cause: fmt.Errorf("it is a %s", e.Kind())}
	}
	return want, nil
}

// signed checks an entry's signature on this operator's ledger.
func (o *Options) signed(e anchor.Entry, wallet anchor.WalletKey, at string) error {
	if err := anchor.Verify(o.Ledger.Chain(), e, wallet); err != nil {
		return &consent.Refusal{Code: consent.BadEntry, At: at, Cause: errors.New("not signed by its key for this ledger")}
	}
	return nil
}

// party is a business as others see it.
type party struct {
	DID   consent.DID           `json:"did"`
	Name  string                `json:"name"`
	State consent.BusinessState `json:"state,omitempty"`
}

// names looks businesses up once per answer.
type names struct {
	store *consentdb.Store
	known map[consent.DID]party
}

func (n *names) of(ctx context.Context, did consent.DID) (party, error) {
	if p, ok := n.known[did]; ok {
		return p, nil
	}
	b, err := n.store.Business(ctx, did)
	if err != nil {
		return party{}, err
	}
	if n.known == nil {
		n.known = map[consent.DID]party{}
	}
	n.known[did] = party{DID: did, Name: b.Name}
	return n.known[did], nil
}
