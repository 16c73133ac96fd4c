package consenthttp_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consenthttp"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

func TestRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	shop := w.open()
	post := func(jws string) reply {
		return shop.do("POST", "/business/v1/requests", map[string]any{"request": jws})
	}
	good := shop.ask()
	post(good.JWS).is(409, "replayed")
	post(shop.shop.Request(func(q *consent.Request) { q.Nonce = good.Nonce }).JWS).is(409, "replayed")
	for _, c := range []struct {
		edit   func(*consent.Request)
		status int
		code   string
	}{
		{func(q *consent.Request) { q.Iat -= 7200; q.Exp = q.Iat + 3600 }, 410, "expired"},
		{func(q *consent.Request) { q.Iat += 3600 }, 422, "not-yet"},
		{func(q *consent.Request) { q.Exp = q.Iat + 8*24*3600 }, 422, "over-long"},
		{func(q *consent.Request) { q.Aud = "https://elsewhere.example" }, 422, "wrong-audience"},
		{func(q *consent.Request) { q.Iss = "did:key:zOther" }, 422, "wrong-issuer"},
		{func(q *consent.Request) { q.Purposes[0].Required = append(q.Purposes[0].Required, "birth-date") }, 422, "over-wide"},
		{func(q *consent.Request) { q.Purposes[0].Required = append(q.Purposes[0].Required, "blood-type") }, 422, "unknown-attribute"},
		{func(q *consent.Request) {
			q.Purposes[0].Purpose = "https://w3id.org/dpv#AgeVerification"
			q.Purposes[0].Required, q.Purposes[0].Optional = []string{"age-over-18"}, nil
		}, 422, "unregistered-purpose"},
		{func(q *consent.Request) { q.ReturnURL = "https://phishing.example/" }, 422, "bad-url"},
		{func(q *consent.Request) { q.Purposes[0].Days = 30 }, 422, "bad-length"},
		{func(q *consent.Request) { q.Purposes = nil }, 422, "no-purpose"},
	} {
		post(shop.shop.Request(c.edit).JWS).is(c.status, c.code)
	}
	// Changed after it was signed, signed by another, unsigned, no JWS at all.
	parts := strings.Split(shop.shop.Request().JWS, ".")
	post(parts[0]+"."+strings.Split(shop.shop.Request().JWS, ".")[1]+"."+parts[2]).is(422, "bad-signature")
	other := consenttest.NewShop(w.clock.Now)
	post(other.Request().JWS).is(422, "wrong-issuer")
	post(other.Request(func(q *consent.Request) { q.Iss = shop.shop.DID }).JWS).is(422, "wrong-issuer")
	post("eyJhbGciOiJub25lIn0."+parts[1]+".").is(422, "bad-signature")
	post("what?").is(422, "bad-signature")
	// The exact types and sizes of bodies.
	shop.do("POST", "/business/v1/requests", `{"request":1}`).is(400, "invalid")
	shop.do("POST", "/business/v1/requests", `{"request":"a","request":"b"}`).is(400, "invalid")
	shop.do("POST", "/business/v1/requests", `{"request":"a","more":1}`).is(400, "invalid")
	shop.do("POST", "/business/v1/requests", `{"request":"`+strings.Repeat("x", 1<<20)+`"}`).is(413, "too-large")
}

func TestDecisionsAreRefused(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	q := shop.ask()
	other := shop.ask()
	fresh := func() *consenttest.Answer { return person.shopper.Decide(q, consenttest.Both) }
	epoch := anchor.EpochAt(w.clock.Now())

	for name, c := range map[string]struct {
		edit   func(a *consenttest.Answer, body map[string]any)
		status int
		code   string
	}{
		"an attribute that was not asked": {func(a *consenttest.Answer, _ map[string]any) {
			a.Give[0].Attributes = []string{"name", "postal-address", "shoe-size"}
		}, 422, "wider-than-request"},
		"a longer time": {func(a *consenttest.Answer, _ map[string]any) {
			a.Held[0].Days = 90
			person.shopper.Sign(a.Held[0], epoch)
			a.Seal()
		}, 422, "wider-than-request"},
		"a channel that was not asked": {func(a *consenttest.Answer, _ map[string]any) { a.Give[0].Channels = []string{"wallet"} }, 422, "wider-than-request"},
		"without what is required":     {func(a *consenttest.Answer, _ map[string]any) { a.Give[0].Attributes = []string{"name"} }, 422, "missing-required"},
		"a purpose left out":           {func(a *consenttest.Answer, _ map[string]any) { a.Give = a.Give[:1] }, 422, "undecided"},
		"a purpose decided twice":      {func(a *consenttest.Answer, _ map[string]any) { a.Refuse = []string{"delivery"} }, 422, "decided-twice"},
		"of another request":           {func(a *consenttest.Answer, _ map[string]any) { a.Decision.Request = other.ID }, 422, "wrong-request"},
		"of another wording":           {func(a *consenttest.Answer, _ map[string]any) { a.RequestHash[0] ^= 1 }, 422, "wrong-request"},
		"made an hour ago":             {func(a *consenttest.Answer, _ map[string]any) { a.Time -= 3600 }, 422, "stale-decision"},
		"an entry that begins later":   {func(a *consenttest.Answer, _ map[string]any) { person.shopper.Sign(a.Held[0], epoch+5); a.Seal() }, 422, "bad-entry"},
		"an entry signed by another": {func(a *consenttest.Answer, _ map[string]any) {
			e := a.Held[0].Entry
			e.Signature[3] ^= 1
			a.Give[0].Entry = e.Bytes()
		}, 422, "bad-entry"},
		"an entry for another ledger": {func(a *consenttest.Answer, _ map[string]any) {
			a.Give[0].Entry = a.Held[0].Entry.Sign("another-chain", a.Held[0].Wallet).Bytes()
		}, 422, "bad-entry"},
		"a child's marketing":         {func(a *consenttest.Answer, _ map[string]any) { a.Minor = true }, 403, "policy"},
		"a receipt of other terms":    {swapReceipts, 422, "wrong-receipt"},
		"a truncated receipt":         {func(a *consenttest.Answer, b map[string]any) { one(b)["receipt"] = a.Held[0].Receipt.JWT[:200] }, 422, "bad-signature"},
		"a receipt signed by another": {func(a *consenttest.Answer, b map[string]any) { one(b)["receipt"] = forged(a.Held[0], w) }, 422, "wrong-issuer"},
		"a share of what was not given": {func(a *consenttest.Answer, b map[string]any) {
			shares := one(b)["shares"].([]any)
			extra := map[string]any{"document": id.New[id.Document](), "version": 1, "attribute": "shoe-size", "encrypted_key": consent.Bytes(make([]byte, 40))}
			one(b)["shares"] = append(shares, extra)
		}, 422, "wider-than-request"},
		"one attribute shared twice": {func(a *consenttest.Answer, b map[string]any) {
			shares := one(b)["shares"].([]any)
			one(b)["shares"] = append(shares, shares[0])
		}, 422, "duplicate"},
		"a share missing": {func(a *consenttest.Answer, b map[string]any) { one(b)["shares"] = one(b)["shares"].([]any)[:1] }, 422, "missing-required"},
		"a share of a document that is not there": {func(a *consenttest.Answer, b map[string]any) {
			one(b)["shares"].([]any)[0].(map[string]any)["document"] = id.New[id.Document]()
		}, 409, "conflict"},
		"a share with a short key": {func(a *consenttest.Answer, b map[string]any) {
			one(b)["shares"].([]any)[0].(map[string]any)["encrypted_key"] = consent.Bytes(make([]byte, 16))
		}, 400, "malformed"},
		"a withdrawal of another grant": {func(a *consenttest.Answer, b map[string]any) {
			one(b)["withdraw"] = consent.Bytes(a.Held[1].Ahead.Bytes())
		}, 422, "bad-entry"},
		"a withdrawal that counts later": {func(a *consenttest.Answer, b map[string]any) {
			one(b)["withdraw"] = consent.Bytes(a.Held[0].Withdraw(epoch + 10).Bytes())
		}, 422, "bad-entry"},
		"a withdrawal signed by another": {func(a *consenttest.Answer, b map[string]any) {
			stray := anchor.Withdraw{Epoch: epoch, HandleKey: a.Held[0].Entry.HandleKey}.Sign(consenttest.Chain, anchortest.Key("stray"))
			one(b)["withdraw"] = consent.Bytes(stray.Bytes())
		}, 422, "bad-entry"},
		"no letter":                  {func(a *consenttest.Answer, b map[string]any) { one(b)["letter"] = "" }, 400, "malformed"},
		"without what is given":      {func(a *consenttest.Answer, b map[string]any) { b["give"] = b["give"].([]any)[:1] }, 400, "malformed"},
		"with something that is not": {func(a *consenttest.Answer, b map[string]any) { one(b)["grant"] = id.New[id.Grant]() }, 400, "malformed"},
		"documents without the manifest": {func(a *consenttest.Answer, b map[string]any) {
			b["documents"] = map[string]any{"puts": a.Held[0].Documents}
		}, 400, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			a := fresh()
			body := a.Body()
			c.edit(a, body)
			if string(a.Bytes()) != body["decision"] { // the answer was changed, not the body
				body = a.Body()
			}
			r := person.post(body)
			if r.Status != c.status || r.code() != c.code {
				t.Errorf("got %d %s, want %d %s", r.Status, r.Body, c.status, c.code)
			}
		})
	}
	// Nothing of all that was kept, and the request is still open.
	person.answer(fresh()).into(&struct{}{})
	person.answer(fresh()).is(409, "already-answered")
	w.clock.Add(25 * time.Hour)
	person.answer(person.shopper.Decide(other, consenttest.Both)).is(410, "expired")
	w.sound()
}

func one(body map[string]any) map[string]any { return body["give"].([]any)[0].(map[string]any) }

func swapReceipts(a *consenttest.Answer, b map[string]any) {
	one(b)["receipt"] = a.Held[1].Receipt.JWT
}

// forged is the same receipt, signed by a key that the shopper has never seen.
func forged(h *consenttest.Held, w *world) string {
	parts := strings.Split(h.Receipt.JWT, ".")
	stranger := consenttest.NewShopper(w.clock.Now, w.catalogue)
	r := h.Receipt
	r.ID, r.Principal = stranger.Pairwise.DID, stranger.Pairwise.DID
	r.Events[0].Entity = stranger.Pairwise.DID
	jwt, err := stranger.Pairwise.SignReceipt(r)
	if err != nil {
		panic(err)
	}
	strange := strings.Split(jwt, ".")
	return strange[0] + "." + parts[1] + "." + strange[2]
}

func TestADecisionNeedsThePasskey(t *testing.T) {
	w := newWorld(t)
	shop, person, other := w.open(), w.move(), w.move()
	q := shop.ask()
	a, b := person.shopper.Decide(q, consenttest.Both), person.shopper.Decide(q, consenttest.Both)
	start := func(by as, a *consenttest.Answer) map[string]any {
		body := a.Body()
		by.confirm(by.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": body["decision"]}), body)
		return body
	}
	body := a.Body()
	body["ceremony"], body["credential"] = "", nil
	person.do("POST", "/wallet/v1/decisions", body).is(409, "ceremony-over")

	// A confirmation of one decision is not one of another, nor another shopper's.
	of := start(person, b)
	body["ceremony"], body["credential"] = of["ceremony"], of["credential"]
	person.do("POST", "/wallet/v1/decisions", body).is(409, "ceremony-over")
	of = start(other, a)
	body["ceremony"], body["credential"] = of["ceremony"], of["credential"]
	person.do("POST", "/wallet/v1/decisions", body).is(409, "ceremony-over")

	person.do("POST", "/wallet/v1/decisions", start(person, a)).into(&struct{}{})
}

func TestPermitsAreRefused(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	d := person.give(shop)
	h := d.Held[0]
	good := shop.shop.Permit(h, consent.LogHead{})

	shop.permits(id.New[id.Grant](), good).is(404, "not-found")
	shop.permits(d.Held[1].Grant, good).is(422, "bad-entry") // someone else's handle
	bad := good
	bad.Signature[0] ^= 1
	shop.permits(h.Grant, bad).is(422, "bad-entry")
	shop.permits(h.Grant, good.Sign("another-chain", h.Handle)).is(422, "bad-entry")
	shop.permits(h.Grant, h.Ahead).is(422, "bad-entry") // not a permit
	stale := good
	stale.Epoch -= 5
	r := shop.permits(h.Grant, stale.Sign(consenttest.Chain, h.Handle))
	r.is(422, "permit-refused")
	if !strings.Contains(string(r.Body), `"reason":"epoch"`) {
		t.Fatalf("the ledger's reason is not told: %s", r.Body)
	}
	shop.do("POST", "/business/v1/permits", `{"permits":[]}`).is(400, "malformed")

	// One that is refused takes no other down.
	other := shop.shop.Permit(d.Held[1], consent.LogHead{})
	item := func(g id.Grant, p anchor.Permit) any {
		return map[string]any{"grant": g, "entry": consent.Bytes(p.Bytes())}
	}
	shop.do("POST", "/business/v1/permits", map[string]any{"permits": []any{
		item(h.Grant, good), item(h.Grant, stale.Sign(consenttest.Chain, h.Handle)), item(d.Held[1].Grant, other)}}).is(422, "permit-refused")
	shop.collect(h).is(200, "")
	shop.collect(d.Held[1]).is(200, "")
	shop.permits(h.Grant, good).into(&struct{}{}) // again is no error

	w.clock.Add(32 * 24 * time.Hour)
	shop.renew()
	shop.permit(h).is(403, "expired")
	person.withdraw(d.Held[1]).into(&struct{}{})
	shop.permit(d.Held[1]).is(403, "withdrawn")
	w.sound()
}

func TestCollectingIsRefused(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	h := person.give(shop).Held[0]
	shop.collect(h).is(403, "no-permit")
	shop.permit(h).into(&struct{}{})
	shop.collect(h, "shoe-size").is(403, "not-covered")
	shop.collect(h, "name", "name").is(422, "duplicate")
	shop.collect(h, "Name; what the business thinks of the shopper").is(400, "malformed")
	w.clock.Add(time.Hour)
	shop.renew()
	shop.collect(h).is(403, "no-permit")
	w.sound()
}

func TestMessagesAreRefused(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	d := person.give(shop)
	delivery, marketing := d.Held[0], d.Held[1]
	post := func(m consenttest.Sent) reply { return shop.do("POST", "/business/v1/messages", m.Body()) }
	signed := func(edit func(*consenttest.Sent)) consenttest.Sent {
		m := shop.shop.Message(marketing)
		edit(&m)
		return shop.shop.Sign(m, marketing)
	}
	m := shop.shop.Message(marketing)
	m.Text = strings.Replace(m.Text, `"message"`, `"massage"`, 1)
	post(m).is(422, "wrong-opening")
	m = shop.shop.Message(marketing)
	m.Opening = shop.shop.Message(marketing).Opening
	post(m).is(422, "wrong-opening")
	post(signed(func(m *consenttest.Sent) { m.Document.Grant = delivery.Grant })).is(422, "bad-entry")
	post(signed(func(m *consenttest.Sent) { m.Document.Message = id.New[id.Message]() })).is(422, "bad-entry")
	post(signed(func(m *consenttest.Sent) { m.Document.Kind = consent.PermitCollect })).is(422, "bad-entry")
	post(signed(func(m *consenttest.Sent) { m.Sealed = "" })).is(400, "malformed")
	post(signed(func(m *consenttest.Sent) { m.Document.Epoch -= 9 })).is(422, "permit-refused")
	post(shop.shop.Message(delivery)).is(403, "not-covered")
	m = shop.shop.Message(marketing) // its permit is for another hour than its document says
	m.Entry.Epoch++
	m.Entry = m.Entry.Sign(consenttest.Chain, marketing.Handle)
	post(m).is(422, "bad-entry")

	// Twice a week, and no more: neither for being refused above, nor for deleting.
	first := shop.shop.Message(marketing)
	post(first).into(&struct{}{})
	post(first).into(&struct{}{})
	again := signed(func(m *consenttest.Sent) { m.ID, m.Document.Message = first.ID, first.ID })
	post(again).is(409, "mismatch")
	if r := person.do("DELETE", "/wallet/v1/messages/"+first.ID.String(), nil); r.Status != 204 {
		t.Fatal(r.Status)
	}
	post(shop.shop.Message(marketing)).into(&struct{}{})
	r := post(shop.shop.Message(marketing))
	r.is(403, "policy")
	if !strings.Contains(string(r.Body), "seven days") {
		t.Fatalf("the rule is not told: %s", r.Body)
	}
	w.sound()
}

func TestWithdrawalsAreRefused(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	d := person.give(shop)
	h := d.Held[0]
	path := "/wallet/v1/grants/" + h.Grant.String() + "/withdraw"
	try := func(edit func(map[string]any)) reply {
		body := person.withdrawal(h)
		edit(body)
		return person.do("POST", path, body)
	}
	epoch := anchor.EpochAt(w.clock.Now())
	try(func(b map[string]any) { b["entry"] = consent.Bytes(d.Held[1].Withdraw(epoch).Bytes()) }).is(422, "bad-entry")
	try(func(b map[string]any) { b["entry"] = consent.Bytes(h.Withdraw(epoch + 9).Bytes()) }).is(422, "bad-entry")
	try(func(b map[string]any) {
		b["entry"] = consent.Bytes(anchor.Withdraw{Epoch: epoch, HandleKey: h.Entry.HandleKey}.Sign(consenttest.Chain, h.Handle).Bytes())
	}).is(422, "bad-entry")
	try(func(b map[string]any) { b["receipt"] = h.Receipt.JWT }).is(422, "wrong-receipt")
	try(func(b map[string]any) { b["receipt"] = person.shopper.WithdrawalReceipt(d.Held[1]) }).is(422, "wrong-receipt")
	try(func(b map[string]any) { b["receipt"] = "" }).is(422, "bad-signature")
	try(func(map[string]any) {}).into(&struct{}{})
	try(func(map[string]any) {}).into(&struct{}{})
	w.sound()
}

func TestErasingIsRefused(t *testing.T) {
	w := newWorld(t)
	shop, person, other := w.open(), w.move(), w.move()
	theirs := other.give(shop).Held[0]
	body := map[string]any{"withdraws": []consent.Bytes{theirs.Withdraw(anchor.EpochAt(w.clock.Now())).Bytes()}}
	person.confirm(person.do("POST", "/wallet/v1/erase/start", map[string]any{}), body)
	person.do("POST", "/wallet/v1/erase", body).is(422, "bad-entry")

	// A decision's confirmation erases nothing.
	d := person.shopper.Decide(shop.ask(), consenttest.Both).Body()
	person.confirm(person.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": d["decision"]}), d)
	person.do("POST", "/wallet/v1/erase", map[string]any{"ceremony": consent.NewNonce().String() + "." + d["ceremony"].(string),
		"credential": d["credential"], "withdraws": []string{}}).is(409, "ceremony-over")
	person.do("POST", "/wallet/v1/erase", map[string]any{"ceremony": "x", "credential": nil, "withdraws": []string{}}).is(400, "malformed")
}

func TestCardsAreRefused(t *testing.T) {
	w := newWorld(t, func(o *consenthttp.Options) { o.AdmitAll = false })
	shop := consenttest.NewShop(w.clock.Now)
	nobody := as{world: w}
	post := func(jws string) reply {
		return nobody.do("POST", "/business/v1/registrations", map[string]any{"card": jws})
	}
	card := func(edit func(*consent.Card)) string { _, jws := shop.Card(edit); return jws }
	post(card(func(c *consent.Card) { c.Aud = "https://elsewhere.example" })).is(422, "wrong-audience")
	post(card(func(c *consent.Card) { c.Iss = "did:key:zOther" })).is(422, "wrong-issuer")
	post(card(func(c *consent.Card) { c.Purposes = []string{"https://example.org/spying"} })).is(422, "unknown-purpose")
	post(card(func(c *consent.Card) { c.Iat -= 3 * 24 * 3600 })).is(410, "expired")
	post(shop.Request().JWS).is(422, "bad-signature") // a request is no card
	good := card(func(*consent.Card) {})
	var answer struct{ State string }
	post(good).into(&answer)
	post(good).into(&answer)
	if answer.State != "pending" {
		t.Fatalf("the operator has not approved it, and it is %s", answer.State)
	}
	w.token(shop.Assertion()).is(401, "")
	w.clock.Add(time.Second)
	post(card(func(c *consent.Card) { c.Name = "Corner Shop & Sons" })).into(&answer)
	post(good).is(409, "stale")
}

func TestTooFast(t *testing.T) {
	w := newWorld(t, func(o *consenthttp.Options) { o.Rate, o.Burst = 0.001, 2 })
	shop, other := w.open(), w.open()
	shop.do("GET", "/business/v1/events", nil).is(200, "")
	shop.do("GET", "/business/v1/events", nil).is(200, "")
	shop.do("GET", "/business/v1/events", nil).is(429, "too-many")
	other.do("GET", "/business/v1/events", nil).is(200, "") // one business does not slow another
}

// What is not in the table is ours: logged, and told without a detail.
func TestOurFailuresSayNothing(t *testing.T) {
	w := newWorld(t)
	shop := w.open()
	shop.do("GET", "/business/v1/events", nil).is(200, "") // the token is known now
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	r := shop.do("GET", "/business/v1/events", nil)
	r.is(500, "internal")
	var p struct{ Detail string }
	if err := json.Unmarshal(r.Body, &p); err != nil || p.Detail != "" {
		t.Fatalf("told %s", r.Body)
	}
	if !strings.Contains(w.log.String(), "GET /business/v1/events") {
		t.Fatalf("logged %q", w.log)
	}
}

// Every code and reason that package consent may answer with has a line in the table,
// but for what only businesses check.
func TestTheTableIsComplete(t *testing.T) {
	table, err := os.ReadFile("problem.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range []string{"../refusal.go", "../check.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil {
				return true
			}
			if kind := fmt.Sprint(spec.Type); kind != "Code" && kind != "DenialReason" {
				return true
			}
			for _, name := range spec.Names {
				found++
				if has := strings.Contains(string(table), "{consent."+name.Name+","); has == (name.Name == "WrongBinding") {
					t.Errorf("%s: a line is %t", name.Name, has)
				}
			}
			return true
		})
	}
	if found < 30 {
		t.Fatalf("found %d codes only", found)
	}
}
