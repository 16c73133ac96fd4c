package consenthttp_test

import (
	"encoding/json"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// expiry is the body that tells that a grant's time is over.
func (a as) expiry(h *consenttest.Held) map[string]any {
	before := h.Receipt
	if h.Pause != nil {
		before = *h.Pause
	}
	jwt, err := a.shopper.Pairwise.SignReceipt(before.Closing(id.New[id.Receipt](), consent.EventExpired, consent.UnixAt(h.Until().Time())))
	if err != nil {
		a.t.Fatal(err)
	}
	return map[string]any{"receipt": jwt}
}

// change changes a grant, confirmed where it must be.
func (a as) change(q consent.Request, h *consenttest.Held, kind consent.ChangeKind, to consenttest.To, edit ...func(*consenttest.Changed, map[string]any)) (*consenttest.Changed, reply) {
	a.t.Helper()
	c := a.shopper.Change(q, h, kind, to)
	body := c.Body()
	if c.Next != nil {
		body["documents"] = map[string]any{"puts": []any{a.shopper.Manifest()}}
	}
	for _, e := range edit {
		e(c, body)
	}
	path := "/wallet/v1/grants/" + h.Grant.String() + "/change"
	if c.Confirmed() {
		start := a.do("POST", path+"/start", map[string]any{"change": body["change"]})
		if start.Status != 200 {
			return c, start
		}
		a.confirm(start, body)
	}
	return c, a.do("POST", path, body)
}

type listed struct {
	Grants []struct {
		Grant             id.Grant           `json:"grant"`
		State             consent.State      `json:"state"`
		End               anchor.Epoch       `json:"end"`
		Change            consent.ChangeKind `json:"change"`
		Successor         string             `json:"successor"`
		Predecessor       string             `json:"predecessor"`
		WithdrawalReceipt string             `json:"withdrawal_receipt"`
		Receipts          []string           `json:"receipts"`
	} `json:"grants"`
}

// A grant's whole life over HTTP: given, narrowed, paused, resumed, renewed, over; what
// the business is told at each step, and the chain of receipts at the end.
func TestTheLifeOfAGrant(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	a := person.give(shop)
	h := a.Held[1]
	chain := []string{h.Receipt.JWT}
	next := func(kind consent.ChangeKind, to consenttest.To) {
		t.Helper()
		w.clock.Add(time.Hour)
		shop.renew()
		old := h
		c, r := person.change(a.Request, h, kind, to)
		var out struct {
			Grant id.Grant      `json:"grant"`
			State consent.State `json:"state"`
		}
		r.into(&out)
		w.sound()
		chain = append(chain, c.Receipt.JWT)
		if kind == consent.ChangePaused {
			if out.Grant != h.Grant || out.State != consent.StatePaused {
				t.Fatalf("%s: %+v", kind, out)
			}
			shop.collect(h).is(403, "paused")
			return
		}
		h = c.Next
		if out.Grant != h.Grant || out.State != consent.StateLive {
			t.Fatalf("%s: %+v", kind, out)
		}
		denied := shop.collect(old)
		reason := "replaced"
		if kind == consent.ChangeNarrowed || kind == consent.ChangeShortened {
			reason = "narrowed"
		}
		denied.is(403, reason)
		var p, g struct {
			Successor id.Grant           `json:"successor"`
			Change    consent.ChangeKind `json:"change"`
			State     consent.State      `json:"state"`
		}
		if err := json.Unmarshal(denied.Body, &p); err != nil {
			t.Fatal(err)
		}
		shop.do("GET", "/business/v1/grants/"+old.Grant.String(), nil).into(&g)
		if p.Successor != h.Grant || g.Successor != h.Grant || g.Change != kind || g.State != consent.StateReplaced {
			t.Errorf("%s: the business is sent to %s and reads %+v", kind, p.Successor, g)
		}
		if len(h.Attributes) > 0 {
			shop.permit(h).into(&struct{}{})
			shop.collect(h).is(200, "")
		}
	}
	next(consent.ChangeNarrowed, consenttest.To{Channels: []string{}})
	next(consent.ChangePaused, consenttest.To{})
	next(consent.ChangeResumed, consenttest.To{})
	next(consent.ChangeShortened, consenttest.To{Hours: 48})
	next(consent.ChangeRenewed, consenttest.To{})
	w.clock.Add(91 * 24 * time.Hour)
	shop.renew()
	shop.collect(h).is(403, "expired")
	expiry := person.expiry(h)
	person.do("POST", "/wallet/v1/grants/"+h.Grant.String()+"/expired", expiry).is(204, "")
	person.do("POST", "/wallet/v1/grants/"+h.Grant.String()+"/expired", person.expiry(h)).is(204, "") // the first stands
	chain = append(chain, expiry["receipt"].(string))

	var all listed
	person.do("GET", "/wallet/v1/grants", nil).into(&all)
	after := map[string]int{}
	for i, g := range all.Grants {
		after[g.Predecessor] = i + 1
	}
	var kept []string
	for i := after[a.Held[1].Grant.String()]; i > 0; i = after[all.Grants[i-1].Grant.String()] {
		g := all.Grants[i-1]
		kept = append(kept, g.Receipts...)
		if g.State == consent.StateReplaced && (g.Successor == "" || g.Change == "") {
			t.Errorf("%+v has no successor", g)
		}
	}
	if len(kept) != len(chain)-1 {
		t.Fatalf("%d receipts behind the first, want %d", len(kept), len(chain)-1)
	}
	for i, jwt := range kept {
		if jwt != chain[i+1] {
			t.Errorf("receipt %d is another", i+1)
		}
	}
	if last := all.Grants[after[a.Held[1].Grant.String()]-1]; last.WithdrawalReceipt != "" && last.State == consent.StateLive {
		t.Errorf("%+v", last)
	}
}

func TestChangesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		kind   consent.ChangeKind
		to     consenttest.To
		edit   func(*consenttest.Changed, map[string]any)
		status int
		code   string
	}{
		"not JSON":            {consent.ChangePaused, consenttest.To{}, func(_ *consenttest.Changed, b map[string]any) { b["change"] = "x" }, 400, "malformed"},
		"a kind that is none": {consent.ChangePaused, consenttest.To{}, func(c *consenttest.Changed, b map[string]any) { c.Kind = "lent"; b["change"] = string(c.Bytes()) }, 400, "malformed"},
		"a change of another grant": {consent.ChangePaused, consenttest.To{}, func(c *consenttest.Changed, b map[string]any) {
			c.Grant = id.New[id.Grant]()
			b["change"] = string(c.Bytes())
		}, 422, "wrong-change"},
		"wider than the grant": {consent.ChangeRenewed, consenttest.To{Attributes: []string{"shoe-size"}}, func(c *consenttest.Changed, b map[string]any) {
			c.Next.Attributes = append(c.Next.Attributes, "email")
			c.Change.Next.Attributes = c.Next.Attributes
			b["change"] = string(c.Bytes())
		}, 422, "wider-than-request"},
		"longer than was asked":         {consent.ChangeRenewed, consenttest.To{Hours: 90*24 + 1}, nil, 422, "wider-than-request"},
		"longer than the grant":         {consent.ChangeNarrowed, consenttest.To{Attributes: []string{}, Hours: 90 * 24}, nil, 422, "wider-than-grant"},
		"nothing is narrower":           {consent.ChangeNarrowed, consenttest.To{}, nil, 422, "wrong-change"},
		"resumed what is not paused":    {consent.ChangeResumed, consenttest.To{}, nil, 422, "wrong-change"},
		"no withdrawal":                 {consent.ChangePaused, consenttest.To{}, func(_ *consenttest.Changed, b map[string]any) { b["withdraw"] = nil }, 422, "bad-entry"},
		"a withdrawal of another grant": {consent.ChangeShortened, consenttest.To{Hours: 24}, func(c *consenttest.Changed, b map[string]any) { b["withdraw"] = consent.Bytes(c.Next.Ahead.Bytes()) }, 422, "bad-entry"},
		"a withdrawal of tomorrow": {consent.ChangePaused, consenttest.To{}, func(c *consenttest.Changed, b map[string]any) {
			b["withdraw"] = consent.Bytes(c.Old.Withdraw(c.Withdraw.Epoch + 24).Bytes())
		}, 422, "bad-entry"},
		"the successor cannot be ended": {consent.ChangeShortened, consenttest.To{Hours: 24}, func(_ *consenttest.Changed, b map[string]any) { b["ahead"] = b["withdraw"] }, 422, "bad-entry"},
		"ended ahead, but later": {consent.ChangeShortened, consenttest.To{Hours: 24}, func(c *consenttest.Changed, b map[string]any) {
			b["ahead"] = consent.Bytes(c.Next.Withdraw(c.Next.Ahead.Epoch + 1).Bytes())
		}, 422, "bad-entry"},
		"no letter":             {consent.ChangeShortened, consenttest.To{Hours: 24}, func(_ *consenttest.Changed, b map[string]any) { b["letter"] = nil }, 400, "malformed"},
		"a pause with a letter": {consent.ChangePaused, consenttest.To{}, func(c *consenttest.Changed, b map[string]any) { b["letter"] = c.Old.Letter }, 400, "malformed"},
		"a pause with shares": {consent.ChangePaused, consenttest.To{}, func(_ *consenttest.Changed, b map[string]any) {
			b["shares"] = []any{map[string]any{"document": id.New[id.Document](), "version": 1, "attribute": "x", "encrypted_key": ""}}
		}, 400, "malformed"},
		"a share too few":                   {consent.ChangeShortened, consenttest.To{Hours: 24}, func(_ *consenttest.Changed, b map[string]any) { b["shares"] = []any{} }, 422, "missing-required"},
		"the receipt of another change":     {consent.ChangePaused, consenttest.To{}, func(c *consenttest.Changed, b map[string]any) { b["receipt"] = c.Old.Receipt.JWT }, 422, "wrong-receipt"},
		"no receipt":                        {consent.ChangePaused, consenttest.To{}, func(_ *consenttest.Changed, b map[string]any) { b["receipt"] = "" }, 422, "bad-signature"},
		"a receipt that the entry does not": {consent.ChangeShortened, consenttest.To{Hours: 24}, func(c *consenttest.Changed, b map[string]any) { b["receipt"] = c.Old.Receipt.JWT }, 422, "wrong-receipt"},
		"a document at another version": {consent.ChangeShortened, consenttest.To{Hours: 24}, func(c *consenttest.Changed, b map[string]any) {
			b["documents"] = map[string]any{"puts": []any{consenttest.SealedDocument(id.New[id.Document](), 7)}}
		}, 400, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			person, shop := w.move(), w.open()
			a := person.give(shop)
			w.clock.Add(time.Hour)
			if c.edit == nil {
				c.edit = func(*consenttest.Changed, map[string]any) {}
			}
			_, r := person.change(a.Request, a.Held[1], c.kind, c.to, c.edit)
			r.is(c.status, c.code)
			w.sound()
			var all listed
			person.do("GET", "/wallet/v1/grants", nil).into(&all)
			for _, g := range all.Grants {
				if g.State != consent.StateLive {
					t.Errorf("a grant is %s after a change that was refused", g.State)
				}
			}
			if len(all.Grants) != 2 {
				t.Errorf("%d grants", len(all.Grants))
			}
		})
	}
}

// What gives something again needs the passkey; what takes away does not.
func TestWhatAPasskeyConfirms(t *testing.T) {
	for kind, want := range map[consent.ChangeKind]string{
		consent.ChangeNarrowed: "200", consent.ChangeShortened: "200", consent.ChangePaused: "200", consent.ChangeRenewed: "409 ceremony-over",
	} {
		w := newWorld(t)
		person, shop := w.move(), w.open()
		a := person.give(shop)
		w.clock.Add(time.Hour)
		to := map[consent.ChangeKind]consenttest.To{consent.ChangeNarrowed: {Channels: []string{}}, consent.ChangeShortened: {Hours: 24}}[kind]
		c := person.shopper.Change(a.Request, a.Held[1], kind, to)
		r := person.do("POST", "/wallet/v1/grants/"+c.Grant.String()+"/change", c.Body())
		if want == "200" {
			r.is(200, "")
		} else {
			r.is(409, "ceremony-over")
		}
		w.sound()
	}
}

// The policy has its say when something is given again, and none when it is taken away.
func TestAPolicyCannotKeepATakingAway(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	a := person.give(shop)
	w.clock.Add(time.Hour)
	if err := w.store.SetBusinessState(t.Context(), shop.shop.DID, consent.BusinessSuspended); err != nil {
		t.Fatal(err)
	}
	_, r := person.change(a.Request, a.Held[1], consent.ChangeRenewed, consenttest.To{})
	r.is(403, "policy")
	_, r = person.change(a.Request, a.Held[1], consent.ChangePaused, consenttest.To{})
	r.is(200, "")
	_, r = person.change(a.Request, a.Held[1], consent.ChangeResumed, consenttest.To{})
	r.is(403, "policy")
	w.sound()
}

// A pause is ended by the receipt alone, which must follow that of the pause.
func TestWithdrawingAPausedGrant(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	a := person.give(shop)
	h := a.Held[0]
	_, r := person.change(a.Request, h, consent.ChangePaused, consenttest.To{})
	r.is(200, "")
	pause := h.Pause
	path := "/wallet/v1/grants/" + h.Grant.String() + "/withdraw"
	h.Pause = nil
	person.do("POST", path, map[string]any{"entry": nil, "receipt": person.shopper.WithdrawalReceipt(h)}).is(422, "wrong-receipt")
	h.Pause = pause
	person.do("POST", path, map[string]any{"entry": nil, "receipt": person.shopper.WithdrawalReceipt(h)}).is(200, "")
	w.sound()
	shop.collect(h).is(403, "withdrawn")
	person.do("POST", "/wallet/v1/grants/"+a.Held[1].Grant.String()+"/withdraw", map[string]any{"entry": nil, "receipt": ""}).is(422, "bad-entry")
}

func TestAReceiptOfAnExpiry(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	a := person.give(shop)
	h := a.Held[0]
	path := "/wallet/v1/grants/" + h.Grant.String() + "/expired"
	person.do("POST", path, person.expiry(h)).is(422, "wrong-receipt") // not yet
	w.clock.Add(31 * 24 * time.Hour)
	person.do("POST", path, map[string]any{"receipt": person.shopper.WithdrawalReceipt(h)}).is(422, "wrong-receipt")
	early, err := person.shopper.Pairwise.SignReceipt(h.Receipt.Closing(id.New[id.Receipt](), consent.EventExpired, consent.UnixAt(h.Until().Time())-1))
	if err != nil {
		t.Fatal(err)
	}
	person.do("POST", path, map[string]any{"receipt": early}).is(422, "wrong-receipt")
	person.do("POST", path, person.expiry(h)).is(204, "")
	w.sound()
	person.withdraw(a.Held[1]).is(200, "")
	person.do("POST", "/wallet/v1/grants/"+a.Held[1].Grant.String()+"/expired", person.expiry(a.Held[1])).is(403, "withdrawn")
}

// With the ledger away a change takes away at once and gives when it is back.
func TestAChangeWhileTheLedgerIsAway(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	a := person.give(shop)
	shop.permit(a.Held[1]).into(&struct{}{})
	w.ledger.Down(true)
	c, r := person.change(a.Request, a.Held[1], consent.ChangeShortened, consenttest.To{Hours: 24})
	var out struct{ State consent.State }
	r.into(&out)
	if out.State != consent.StateAnchoring {
		t.Errorf("it is %s", out.State)
	}
	shop.collect(a.Held[1]).is(403, "narrowed")
	shop.collect(c.Next).is(403, "not-anchored")
}

func TestReminders(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	a := person.give(shop)
	w.clock.Add(20 * 24 * time.Hour)
	var out struct {
		Reminders []struct {
			Grant id.Grant
			End   anchor.Epoch
		}
	}
	person.do("GET", "/wallet/v1/reminders", nil).into(&out)
	if len(out.Reminders) != 1 || out.Reminders[0].Grant != a.Held[0].Grant || out.Reminders[0].End != a.Held[0].Until() {
		t.Errorf("reminded of %+v", out)
	}
}
