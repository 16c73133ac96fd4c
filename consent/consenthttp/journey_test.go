package consenthttp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

func TestTheJourney(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()

	q := shop.ask()
	var seen struct {
		Request, Status string
		Business        struct{ DID, Name, State string }
	}
	person.do("GET", "/wallet/v1/requests/"+q.ID.String(), nil).into(&seen)
	if seen.Request != q.JWS || seen.Status != "open" || seen.Business.Name != "Corner Shop" || seen.Business.State != "active" {
		t.Fatalf("the wallet sees %+v", seen)
	}
	d := person.shopper.Decide(q, consenttest.Both)
	var gave struct {
		Grants []struct {
			Grant id.Grant
			State string
		}
		ReturnURL string `json:"return_url"`
	}
	person.answer(d).into(&gave)
	if len(gave.Grants) != 2 || gave.Grants[0].State != "live" || gave.ReturnURL != q.ReturnURL {
		t.Fatalf("the wallet hears %+v", gave)
	}
	w.sound()

	var outcome struct {
		Status   string
		Purposes []struct {
			ID, Outcome string
			Grant       id.Grant
		}
	}
	shop.do("GET", "/business/v1/requests/"+q.ID.String(), nil).into(&outcome)
	if outcome.Status != "answered" || len(outcome.Purposes) != 2 || outcome.Purposes[0].Grant != d.Held[0].Grant {
		t.Fatalf("the shop hears %+v", outcome)
	}
	var grant struct {
		State, Letter string
		Entry         consent.Bytes
		Attributes    []string
		Log           consent.LogHead
		WithdrawEntry *consent.Bytes `json:"withdraw_entry"`
	}
	path := "/business/v1/grants/" + d.Held[0].Grant.String()
	shop.do("GET", path, nil).into(&grant)
	if grant.State != "live" || grant.Letter != d.Held[0].Letter || string(grant.Entry) != string(d.Held[0].Given.Entry) || grant.WithdrawEntry != nil {
		t.Fatalf("the shop sees %+v", grant)
	}

	// Collect, with a permit that commits to the log.
	shop.permit(d.Held[0]).into(&struct{}{})
	var collected struct {
		Releases []struct {
			Attribute string
			Sealed    struct{ Protected, Ciphertext string }
		}
		Refused []struct{ Attribute, Problem string }
		Log     consent.LogHead
	}
	shop.collect(d.Held[0], "name", "shoe-size").into(&collected)
	if len(collected.Releases) != 1 || collected.Releases[0].Attribute != "name" || collected.Releases[0].Sealed.Ciphertext == "" ||
		len(collected.Refused) != 1 || collected.Refused[0].Problem != "not-covered" {
		t.Fatalf("the shop collects %+v", collected)
	}
	shop.do("GET", path, nil).into(&grant)
	if grant.Log != collected.Log || grant.Log == (consent.LogHead{}) {
		t.Fatal("the log's head is not told")
	}
	w.sound()

	// Message, twice over a lost answer.
	m := shop.shop.Message(d.Held[1])
	for range 2 {
		shop.do("POST", "/business/v1/messages", m.Body()).into(&struct{}{})
	}
	var inbox struct {
		Messages []struct {
			ID     id.Message
			Sealed string
			Read   bool
			Permit struct {
				Entry    consent.Bytes
				Document string
				Opening  anchor.Opening
			}
		}
	}
	person.do("GET", "/wallet/v1/messages", nil).into(&inbox)
	if len(inbox.Messages) != 1 || inbox.Messages[0].Sealed != m.Sealed {
		t.Fatalf("the inbox has %+v", inbox)
	}
	got := inbox.Messages[0].Permit
	if err := got.Opening.Verify(m.Entry.Commitment, []byte(got.Document)); err != nil {
		t.Fatal(err)
	}
	var proof anchor.Proof
	person.do("GET", "/wallet/v1/messages/"+m.ID.String()+"/proof", nil).into(&proof)
	set, err := w.ledger.Validators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if proven, err := proof.Verify(set); err != nil || proven.Entry.Leaf() != m.Entry.Leaf() {
		t.Fatalf("the message's proof: %v", err)
	}
	if r := person.do("POST", "/wallet/v1/messages/"+m.ID.String()+"/read", map[string]any{}); r.Status != 204 {
		t.Fatalf("got %d %s", r.Status, r.Body)
	}
	if r := person.do("DELETE", "/wallet/v1/messages/"+m.ID.String(), nil); r.Status != 204 {
		t.Fatalf("got %d %s", r.Status, r.Body)
	}

	// See.
	var log struct {
		Accesses []struct {
			Grant    id.Grant
			Row      string
			Head     consent.LogHead
			Business struct{ Name string }
		}
		Next string
	}
	person.do("GET", "/wallet/v1/accesses?grant="+d.Held[0].Grant.String(), nil).into(&log)
	if len(log.Accesses) != 1 || log.Accesses[0].Business.Name != "Corner Shop" {
		t.Fatalf("the log has %+v", log)
	}
	if _, err := consent.VerifyLog([]string{log.Accesses[0].Row}, d.Held[0].Grant, collected.Log); err != nil {
		t.Fatal(err)
	}
	person.do("GET", "/wallet/v1/grants/"+d.Held[0].Grant.String()+"/proof", nil).into(&proof)
	if proven, err := proof.Verify(set); err != nil || proven.Entry.Leaf() != d.Held[0].Entry.Leaf() {
		t.Fatalf("the grant's proof: %v", err)
	}

	// Withdraw.
	var ended struct {
		State    string
		Anchored bool
	}
	person.withdraw(d.Held[0]).into(&ended)
	if ended.State != "withdrawn" || !ended.Anchored {
		t.Fatalf("the wallet hears %+v", ended)
	}
	shop.collect(d.Held[0]).is(403, "withdrawn")
	shop.permit(d.Held[0]).is(403, "withdrawn")
	shop.do("GET", path, nil).into(&grant)
	if grant.State != "withdrawn" || grant.WithdrawEntry == nil {
		t.Fatalf("the shop sees %+v", grant)
	}
	person.do("GET", "/wallet/v1/grants/"+d.Held[0].Grant.String()+"/withdrawal-proof", nil).into(&proof)
	w.sound()

	// Erase.
	body := map[string]any{"withdraws": []consent.Bytes{d.Held[1].Withdraw(anchor.EpochAt(w.clock.Now())).Bytes()}}
	person.confirm(person.do("POST", "/wallet/v1/erase/start", map[string]any{}), body)
	var erased struct {
		Erased    int64
		Withdrawn int `json:"grants_withdrawn"`
	}
	person.do("POST", "/wallet/v1/erase", body).into(&erased)
	if erased.Withdrawn != 1 || erased.Erased != w.clock.Now().Unix() {
		t.Fatalf("the wallet hears %+v", erased)
	}
	shop.collect(d.Held[1]).is(403, "withdrawn")

	var events struct {
		Events []struct{ Type string }
		Next   string
	}
	shop.do("GET", "/business/v1/events", nil).into(&events)
	var kinds []string
	for _, e := range events.Events {
		kinds = append(kinds, e.Type)
	}
	if want := []string{"answered", "live", "live", "withdrawn", "erased", "erased"}; !slices.Equal(kinds, want) {
		t.Fatalf("the shop hears %v, want %v", kinds, want)
	}
	cursor := events.Next
	shop.do("GET", "/business/v1/events?after="+cursor, nil).into(&events)
	if len(events.Events) != 0 || events.Next != cursor {
		t.Fatalf("after the cursor: %+v", events)
	}
	w.sound()
	for _, secret := range []string{person.shopper.Vault.String(), d.Held[0].Letter, w.tokens[shop.shop.DID], d.Held[0].Shares[0].Document.String()} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("the log of the daemon holds what it must not")
		}
	}
	if w.log.Len() != 0 {
		t.Errorf("something went wrong: %s", w.log)
	}
}

func TestTheLedgerIsDown(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	lived := person.give(shop)
	shop.permit(lived.Held[0]).into(&struct{}{})
	w.ledger.Down(true)

	// Giving waits and says so.
	d := person.shopper.Decide(shop.ask(), consenttest.Both)
	var gave struct{ Grants []struct{ State string } }
	person.answer(d).into(&gave)
	if len(gave.Grants) != 2 || gave.Grants[0].State != "anchoring" {
		t.Fatalf("the wallet hears %+v", gave)
	}
	shop.collect(d.Held[0]).is(403, "not-anchored")
	shop.permit(d.Held[0]).is(403, "not-anchored")
	var grant struct{ State, Letter string }
	shop.do("GET", "/business/v1/grants/"+d.Held[0].Grant.String(), nil).into(&grant)
	if grant.State != "anchoring" || grant.Letter != "" {
		t.Fatalf("the shop sees %+v", grant)
	}

	// A permit and a message wait for the ledger; withdrawing does not.
	shop.permit(lived.Held[1]).is(503, "ledger-unavailable")
	m := shop.shop.Message(lived.Held[1])
	shop.do("POST", "/business/v1/messages", m.Body()).is(503, "ledger-unavailable")
	var ended struct {
		State    string
		Anchored bool
	}
	person.withdraw(lived.Held[0]).into(&ended)
	if ended.State != "withdrawn" || ended.Anchored {
		t.Fatalf("the wallet hears %+v", ended)
	}
	shop.collect(lived.Held[0]).is(403, "withdrawn")
	person.do("GET", "/wallet/v1/grants/"+d.Held[0].Grant.String()+"/proof", nil).is(503, "ledger-unavailable")

	w.ledger.Down(false)
	shop.do("POST", "/business/v1/messages", m.Body()).into(&struct{}{})
	person.withdraw(lived.Held[0]).into(&ended)
	if !ended.Anchored {
		t.Fatal("the withdrawal is not anchored after the ledger came back")
	}
	if found, err := w.store.Await(t.Context(), person.shopper.Vault, []id.Grant{d.Held[0].Grant}); err != nil || found[0].State != consent.StateLive {
		t.Fatalf("the grant did not take effect: %v", err)
	}
	w.sound()
}

func TestRefusingNeedsNoPasskey(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	d := person.shopper.Decide(shop.ask(), nil)
	body := d.Body()
	body["ceremony"], body["credential"] = "", nil
	person.do("POST", "/wallet/v1/decisions", body).into(&struct{}{})
	w.sound()
}

func TestTheAccessLogComesInPages(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	d := person.give(shop)
	for i := range 130 {
		shop.collect(d.Held[i%2])
		if i%7 == 0 {
			w.clock.Add(time.Second)
		}
	}
	seen, after, pages := map[string]bool{}, "", 0
	for {
		var page struct {
			Accesses []struct{ Head string }
			Next     string
		}
		person.do("GET", "/wallet/v1/accesses?after="+after, nil).into(&page)
		for _, a := range page.Accesses {
			seen[a.Head] = true
		}
		pages++
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 130 || pages != 2 {
		t.Fatalf("%d rows on %d pages", len(seen), pages)
	}
}
