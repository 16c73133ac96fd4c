package business_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/business"
	"coffer/internal/contract/contracttest"
	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/policies"
	"coffer/vault/seal"
)

// operator is a double: it stores what it is handed, answers as the contract says (each
// answer is held to it), and lies where a test tells it to. The real one is met in
// cmd/cofferd's tests.
type operator struct {
	t      *testing.T
	server *httptest.Server
	ledger *anchortest.Memory

	mu       sync.Mutex
	now      time.Time
	business consent.DID
	tokens   int    // issued; the newest is good
	nonce    string // every proof has to carry it, unless it is ""
	proofs   map[string]bool
	bearer   bool // tokens are bound to nothing
	requests map[id.Request]consent.Request
	answers  map[id.Request][]any
	grants   map[id.Grant]*given
	events   []map[string]any
	inbox    map[id.Message]bool
	words    []words // of the withdrawal loop
	hookURL  string
	hookKey  consent.Bytes

	newer   bool           // it says what this version's contract does not know
	again   time.Duration  // when an open request may be asked about again
	calls   map[string]int // by route
	trouble map[string][]trouble
}

// trouble is what happens to one call of a route, instead of or after its work.
type trouble struct {
	status int // with a problem of that status
	code   string
	after  bool // the work is done and its answer lost
	again  int  // seconds to wait, if it says so
}

// given is a grant and the shopper's side of it.
type given struct {
	consent.Letter
	entry    anchor.Grant
	wallet   ed25519.PrivateKey
	sealed   string
	state    consent.State
	log      consent.LogHead
	values   map[string]json.RawMessage // releases
	grantKey seal.GrantKey
	vaultKey seal.VaultKey
	docs     map[string]id.Document
	request  id.Request
	terms    consent.Terms

	countersignature string
	successor        id.Grant // that it says took its place
}

func newOperator(t *testing.T) *operator {
	o := &operator{
		t: t, now: time.Date(2026, 11, 21, 10, 20, 0, 0, time.UTC),
		requests: map[id.Request]consent.Request{}, answers: map[id.Request][]any{}, grants: map[id.Grant]*given{},
		inbox: map[id.Message]bool{}, proofs: map[string]bool{}, calls: map[string]int{}, trouble: map[string][]trouble{},
	}
	o.ledger = anchortest.NewMemory("coffer-business-test", o.clock)
	r, troubled := mux.NewRouter(), mux.NewRouter()
	held := contracttest.Hold(t, r)
	anchorhttp.Routes(r, o.ledger)
	anchorhttp.Members(r, o.ledger)
	for route, serve := range map[string]func(*http.Request) (any, error){
		"POST /oauth/token":                     o.token,
		"POST /business/v1/registrations":       o.register,
		"POST /business/v1/requests":            o.request,
		"GET /business/v1/requests/{id}":        o.status,
		"GET /business/v1/grants/{id}":          o.grant,
		"POST /business/v1/permits":             o.permit,
		"POST /business/v1/grants/{id}/collect": o.collect,
		"POST /business/v1/messages":            o.message,

		"POST /business/v1/grants/{id}/countersignature": o.countersign,

		"GET /business/v1/events":            o.event,
		"POST /business/v1/acknowledgements": o.acknowledged,
		"POST /business/v1/deletions":        o.deleted,
		"PUT /business/v1/webhook":           o.setWebhook,
	} {
		method, path, _ := bytes.Cut([]byte(route), []byte(" "))
		r.HandleFunc(string(path), o.route(route, serve)).Methods(string(method))
		troubled.HandleFunc(string(path), o.troubled(route, held, r)).Methods(string(method))
	}
	troubled.PathPrefix("/").Handler(held)
	o.server = httptest.NewServer(troubled)
	t.Cleanup(o.server.Close)
	return o
}

func (o *operator) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *operator) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// fails makes the next calls of a route fail, one after the other.
func (o *operator) fails(route string, with ...trouble) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble[route] = append(o.trouble[route], with...)
}

func (o *operator) called(route string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.calls[route]
}

func problem(status int, code string) error {
	return httpjson.Problem{Status: status, Code: code, Title: http.StatusText(status)}
}

// troubled serves a route through what holds it to the contract, or spoils the answer.
func (o *operator) troubled(name string, held, plain http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.calls[name]++
		var hit *trouble
		if left := o.trouble[name]; len(left) > 0 {
			hit, o.trouble[name] = &left[0], left[1:]
		}
		o.mu.Unlock()
		if hit == nil && o.newer {
			plain.ServeHTTP(w, r)
			return
		}
		if hit == nil {
			held.ServeHTTP(w, r)
			return
		}
		if hit.after {
			held.ServeHTTP(httptest.NewRecorder(), r)
		}
		if hit.again > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(hit.again))
		}
		httpjson.Refuse(w, problem(hit.status, hit.code).(httpjson.Problem))
	}
}

func (o *operator) route(name string, serve func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		refused := o.admits(w, r, name)
		if name == "GET /business/v1/requests/{id}" && o.again > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(o.again.Seconds())))
		}
		o.mu.Unlock()
		if refused != "" {
			httpjson.Refuse(w, problem(http.StatusUnauthorized, refused).(httpjson.Problem))
			return
		}
		answer, err := serve(r)
		switch p, said := err.(httpjson.Problem); {
		case said && name == "POST /oauth/token":
			httpjson.Write(w, p.Status, map[string]string{"error": p.Code}) // RFC 6749 section 5.2
		case said:
			httpjson.Refuse(w, p)
		case err != nil:
			o.t.Errorf("%s: %v", name, err)
			httpjson.Refuse(w, httpjson.Internal)
		default:
			status := http.StatusOK
			switch name {
			case "POST /business/v1/registrations", "POST /business/v1/requests", "POST /business/v1/messages":
				status = http.StatusCreated
			}
			httpjson.Write(w, status, answer)
		}
	}
}

func body[T any](r *http.Request) (v T, err error) {
	err = json.NewDecoder(r.Body).Decode(&v)
	return v, err
}

func (o *operator) token(r *http.Request) (any, error) {
	signer, _, err := agent.New(agent.Options{}).VerifyJWS(r.Context(), r.PostFormValue("client_assertion"), consent.TypeAssertion)
	if err != nil || signer != o.business {
		return nil, problem(http.StatusUnauthorized, "invalid_client")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	kind := "DPoP"
	if o.bearer {
		kind = "Bearer"
	} else if code := o.proves(r, ""); code != "" {
		return nil, problem(http.StatusBadRequest, code)
	}
	o.tokens++
	return map[string]any{"access_token": "token-" + strconv.Itoa(o.tokens), "token_type": kind, "expires_in": 600}, nil
}

func (o *operator) register(r *http.Request) (any, error) {
	in, err := body[struct{ Card string }](r)
	if err != nil {
		return nil, err
	}
	did, _, err := agent.New(agent.Options{}).VerifyJWS(r.Context(), in.Card, consent.TypeCard)
	if err != nil {
		return nil, err
	}
	o.business = did
	return map[string]any{"did": did, "state": "active"}, nil
}

func (o *operator) request(r *http.Request) (any, error) {
	in, err := body[struct{ Request string }](r)
	if err != nil {
		return nil, err
	}
	q, err := consent.OpenRequest(r.Context(), agent.New(agent.Options{}), in.Request, consent.ParseRules{Audience: o.server.URL, Now: o.clock()})
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.requests[q.ID]; known {
		return nil, problem(http.StatusConflict, "replayed")
	}
	o.requests[q.ID] = q
	return map[string]any{"id": q.ID, "link": o.server.URL + "/r/" + q.ID.String()}, nil
}

func (o *operator) status(r *http.Request) (any, error) {
	q, err := id.Parse[id.Request](mux.Vars(r)["id"])
	if err != nil {
		return nil, problem(http.StatusNotFound, "not-found")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	state := "open"
	if o.answers[q] != nil {
		state = "answered"
	}
	answer := map[string]any{"id": q, "status": state, "purposes": append([]any{}, o.answers[q]...)}
	if asked := o.requests[q]; asked.JWS != "" && asked.Iss != o.business { // as a partner gets it
		answer["request"], answer["cosignatures"] = asked.JWS, []string{}
	}
	return answer, nil
}

func (o *operator) find(r *http.Request) (*given, error) {
	g, err := id.Parse[id.Grant](mux.Vars(r)["id"])
	if err != nil || o.grants[g] == nil {
		return nil, problem(http.StatusNotFound, "not-found")
	}
	return o.grants[g], nil
}

func (o *operator) grant(r *http.Request) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, err := o.find(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{"grant": g.Grant, "request": g.request, "purpose_id": g.terms.Purpose, "attributes": g.terms.Attributes,
		"channels": append([]string{}, g.terms.Channels...), "start": g.entry.Start, "end": g.entry.End, "state": g.state, "entry": g.Entry,
		"letter": g.sealed, "log": g.log, "withdraw_entry": nil, "withdrawal_receipt": "", "successor": name(g.successor), "change": "",
		"receipts": []string{}}, nil
}

func name(g id.Grant) string {
	if g.IsZero() {
		return ""
	}
	return g.String()
}

func (o *operator) permit(r *http.Request) (any, error) {
	in, err := body[struct {
		Permits []struct {
			Grant id.Grant
			Entry consent.Bytes
		}
	}](r)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, p := range in.Permits {
		entry, err := anchor.ParseEntry(p.Entry)
		if err != nil {
			return nil, err
		}
		if err := o.post(r.Context(), entry); err != nil {
			return nil, err
		}
		out = append(out, map[string]any{"grant": p.Grant, "leaf": entry.Leaf()})
	}
	return map[string]any{"permits": out}, nil
}

func (o *operator) post(ctx context.Context, entry anchor.Entry) error {
	err := o.ledger.Append(ctx, entry)
	if refused, ok := err.(*anchor.Refusal); ok {
		return httpjson.Problem{Status: http.StatusUnprocessableEntity, Code: "permit-refused", More: map[string]any{"reason": refused.Reason}}
	}
	return err
}

func (o *operator) collect(r *http.Request) (any, error) {
	in, err := body[struct{ Attributes []string }](r)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	g, err := o.find(r)
	if err != nil {
		return nil, err
	}
	if g.state == consent.StateReplaced {
		return nil, httpjson.Problem{Status: http.StatusForbidden, Code: "narrowed", More: map[string]any{"successor": g.successor}}
	}
	if g.state != consent.StateLive {
		return nil, problem(http.StatusForbidden, string(g.state))
	}
	if len(in.Attributes) == 0 {
		in.Attributes = g.terms.Attributes
	}
	releases, refused := []any{}, []any{}
	for _, name := range in.Attributes {
		if v, ok := g.values[name]; ok {
			releases = append(releases, map[string]any{"attribute": name, "sealed": v})
		} else {
			refused = append(refused, map[string]any{"attribute": name, "problem": "not-covered"})
		}
	}
	g.log = g.log.Next("a row")
	if len(releases) == 0 {
		return nil, problem(http.StatusForbidden, "not-covered")
	}
	return map[string]any{"releases": releases, "refused": refused, "log": g.log}, nil
}

func (o *operator) countersign(r *http.Request) (any, error) {
	in, err := body[struct{ Countersignature string }](r)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	g, err := o.find(r)
	if err != nil {
		return nil, err
	}
	receipt, err := agent.VerifyReceipt(g.Receipt)
	if err != nil {
		return nil, err
	}
	if _, err := consent.OpenCountersignature(r.Context(), agent.New(agent.Options{}), in.Countersignature, receipt); err != nil {
		return nil, err
	}
	if g.countersignature == "" {
		g.countersignature = in.Countersignature
	}
	return map[string]any{"countersignature": g.countersignature}, nil
}

func (o *operator) message(r *http.Request) (any, error) {
	in, err := body[struct {
		ID     id.Message
		Permit struct{ Entry consent.Bytes }
	}](r)
	if err != nil {
		return nil, err
	}
	entry, err := anchor.ParseEntry(in.Permit.Entry)
	if err != nil {
		return nil, err
	}
	if err := o.post(r.Context(), entry); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inbox[in.ID] = true
	return map[string]any{"id": in.ID, "leaf": entry.Leaf()}, nil
}

func (o *operator) event(r *http.Request) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	return map[string]any{"events": append([]map[string]any{}, o.events[after:]...), "next": strconv.Itoa(len(o.events))}, nil
}

func (o *operator) tell(kind string, r id.Request, g id.Grant) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := map[string]any{"v": 1, "id": strconv.Itoa(len(o.events) + 1), "type": kind, "request": "", "grant": "", "time": o.now.Unix()}
	if !r.IsZero() {
		e["request"] = r
	}
	if !g.IsZero() {
		e["grant"] = g
	}
	o.events = append(o.events, e)
}

// give is the shopper giving one purpose of a request, as a wallet does it. spoil
// changes the letter before it is sealed, or the grant after.
func (o *operator) give(r id.Request, purpose string, values map[string]any, spoil ...func(*given)) id.Grant {
	o.t.Helper()
	q := o.requests[r]
	asked, _ := q.Purpose(purpose)
	_, pairwise, _ := ed25519.GenerateKey(rand.Reader)
	_, wallet, _ := ed25519.GenerateKey(rand.Reader)
	_, handle, _ := ed25519.GenerateKey(rand.Reader)
	agreement, _ := ecdh.P256().GenerateKey(rand.Reader)
	signer, err := agent.NewSigner(pairwise)
	o.check(err)
	grant := id.New[id.Grant]()
	g := &given{wallet: wallet, state: consent.StateLive, request: r, values: map[string]json.RawMessage{}, docs: map[string]id.Document{}}
	g.terms = consent.Terms{Grant: grant, Record: id.New[id.Receipt](), Shopper: signer.DID, Purpose: purpose,
		Channels: asked.Channels, Days: asked.Days, Time: consent.UnixAt(o.clock())}
	for _, name := range slices.Concat(asked.Required, asked.Optional) {
		if _, ok := values[name]; ok {
			g.terms.Attributes = append(g.terms.Attributes, name)
		}
	}
	catalogue, err := policies.ShippedCatalogue()
	o.check(err)
	receipt, err := consent.NewReceipt(q, g.terms, catalogue)
	o.check(err)
	jwt, err := signer.SignReceipt(receipt)
	o.check(err)
	commitment, opening, err := anchor.Commit(rand.Reader, []byte(jwt))
	o.check(err)
	start := anchor.EpochAt(o.clock())
	g.entry = anchor.Grant{Scheme: opening.Scheme, Start: start, End: start + anchor.Epoch(24*asked.Days),
		HandleKey: anchor.Handle(handle.Public().(ed25519.PublicKey)), Commitment: commitment}.Sign(o.ledger.Chain(), wallet)
	g.grantKey, _ = seal.NewKey[seal.GrantKey](rand.Reader)
	g.vaultKey, _ = seal.NewKey[seal.VaultKey](rand.Reader)
	g.Letter = consent.Letter{V: 1, Grant: grant, GrantKey: consent.Secret(g.grantKey), HandleSecret: consent.Secret(handle.Seed()),
		Receipt: jwt, Opening: opening, Entry: g.entry.Bytes(), Pairwise: signer.DID, AgreementKey: consent.NewAgreementKey(agreement.PublicKey())}
	for name, value := range values {
		g.release(o, name, name, 1, value)
	}
	o.check(o.ledger.Append(o.t.Context(), g.entry))
	for _, s := range spoil {
		s(g)
	}
	g.seal(o, q.AgreementKey)
	o.mu.Lock()
	o.grants[grant] = g
	o.answers[r] = append(o.answers[r], map[string]any{"id": purpose, "outcome": "given", "grant": grant})
	o.mu.Unlock()
	o.tell("live", id.Request{}, grant)
	return grant
}

func (g *given) seal(o *operator, to consent.AgreementKey) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, to.X, to.Y))
	o.check(err)
	g.sealed, err = seal.SealLetter(key, g.Letter.Bytes())
	o.check(err)
}

// release makes what the operator releases under a name.
func (g *given) release(o *operator, under, name string, version int64, value any) {
	plaintext, err := json.Marshal(map[string]any{"v": 1, "kind": "attribute", "name": name, "value": value, "updated": o.clock().Unix()})
	o.check(err)
	if g.docs[under].IsZero() {
		g.docs[under] = id.New[id.Document]()
	}
	sealed, err := seal.SealDocument(rand.Reader, g.vaultKey, g.docs[under], version, plaintext)
	o.check(err)
	cek, err := seal.DocumentKey(g.vaultKey, sealed)
	o.check(err)
	release, err := sealed.Release(g.Grant, seal.Share(g.grantKey, cek))
	o.check(err)
	g.values[under] = json.RawMessage(release)
}

// withdraw is the shopper withdrawing; anchored says whether the ledger has it yet.
func (o *operator) withdraw(grant id.Grant, anchored bool) {
	o.t.Helper()
	o.mu.Lock()
	g := o.grants[grant]
	g.state = consent.StateWithdrawn
	o.mu.Unlock()
	if anchored {
		o.anchorWithdrawal(grant)
	}
	o.tell("withdrawn", id.Request{}, grant)
}

func (o *operator) anchorWithdrawal(grant id.Grant) {
	g := o.grants[grant]
	w := anchor.Withdraw{Epoch: anchor.EpochAt(o.clock()), HandleKey: g.entry.HandleKey}.Sign(o.ledger.Chain(), g.wallet)
	o.check(o.ledger.Append(o.t.Context(), w))
}

func (o *operator) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// profile is a business at this operator.
func (o *operator) profile() business.Profile {
	return business.Profile{
		V: 1, Operator: o.server.URL, Name: "Corner Shop", Address: "Lindenallee 4, Berlin", Contact: "privacy@corner-shop.example",
		DPO: "dpo@corner-shop.example", Authority: "BlnBDI", PrivacyNotice: "https://corner-shop.example/privacy", URL: "https://corner-shop.example",
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods", "https://w3id.org/dpv#DirectMarketing"},
	}
}

// shop makes a registered business in a fresh folder.
func (o *operator) shop() (*business.Business, string) {
	o.t.Helper()
	dir := filepath.Join(o.t.TempDir(), "shop")
	b, err := business.Create(dir, o.profile(), o.options()...)
	o.check(err)
	o.t.Cleanup(func() { b.Close() })
	if state, err := b.Register(o.t.Context()); err != nil || state != consent.BusinessActive {
		o.t.Fatalf("registering: %s, %v", state, err)
	}
	return b, dir
}

func (o *operator) options() []business.Option {
	return []business.Option{business.WithClock(o.clock), business.WithWait(func(ctx context.Context, d time.Duration) error { return ctx.Err() })}
}

// asks is a request for delivery and marketing.
func asks() []consent.Asked {
	const basis = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
	return []consent.Asked{
		{ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods", Text: map[string]string{"en": "To deliver."},
			Required: []string{"name", "postal-address"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D", LawfulBasis: basis},
		{ID: "marketing", Purpose: "https://w3id.org/dpv#DirectMarketing", Text: map[string]string{"en": "To send offers."},
			Required: []string{"email"}, Days: 365, Retention: "P1Y", LawfulBasis: basis, Channels: []string{"wallet"}, WeeklyCap: 2},
	}
}

// asked makes a request, and returns its id.
func (o *operator) asked(b *business.Business) id.Request {
	o.t.Helper()
	q, err := b.Request(o.t.Context(), business.Ask{Purposes: asks(), Reference: "order-1"})
	o.check(err)
	return q.ID
}

var goods = map[string]any{"name": "Quillon Vasterhaven", "postal-address": map[string]string{"street": "Zwirbelgasse 77", "postcode": "04109", "city": "Leipzig", "country": "Germany"}}
