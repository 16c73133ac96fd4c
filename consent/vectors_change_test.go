package consent_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// held is one grant as a change finds it: delivery with the phone, ten of its 31 days
// ago.
type held struct {
	fixture
	grant  consent.Grant
	before consent.Receipt // its own, or that of its pause
	at     time.Time
}

func newHeld(t testing.TB) held {
	t.Helper()
	h := held{fixture: newFixture(t), at: now.Add(10 * 24 * time.Hour)}
	g := consent.Grant{ID: ident[id.Grant]("held"), Request: h.request.ID, Business: h.shop.DID, Purpose: h.request.Purposes[0].Purpose,
		PurposeID: "delivery", Attributes: []string{"name", "postal-address", "phone"}, Start: thisHour, End: thisHour + 31*24, State: consent.StateLive}
	h.before = must(consent.NewReceipt(h.request, consent.Terms{Grant: g.ID, Record: ident[id.Receipt]("held"), Shopper: h.person.DID,
		Purpose: "delivery", Attributes: g.Attributes, Days: 31, Time: consent.UnixAt(now.Add(time.Minute))}, theCatalogue(t)))
	h.before.JWT = must(h.person.SignReceipt(h.before))
	g.Receipt = h.before.JWT
	g.Entry = h.enter(t, "held", g.Receipt, g.Start, 31).Bytes()
	h.grant = g
	return h
}

// enter makes a grant's entry.
func (h held) enter(t testing.TB, label, receipt string, start anchor.Epoch, days int) anchor.Grant {
	t.Helper()
	c, o, err := anchor.Commit(stream("opening of "+label), []byte(receipt))
	if err != nil {
		t.Fatal(err)
	}
	handle, wallet := ed25519.NewKeyFromSeed(seed("handle of "+label)), ed25519.NewKeyFromSeed(seed("wallet of "+label))
	return anchor.Grant{Scheme: o.Scheme, Start: start, End: start + anchor.Epoch(days*24),
		HandleKey: anchor.Handle(handle.Public().(ed25519.PublicKey)), WalletKey: anchor.WalletKey(wallet.Public().(ed25519.PublicKey)), Commitment: c}.Sign(chain, wallet)
}

// pause pauses the grant a day before.
func (h *held) pause(t testing.TB) {
	h.grant.State = consent.StatePaused
	h.before = h.before.Closing(ident[id.Receipt]("pause"), consent.EventPaused, consent.UnixAt(h.at.Add(-24*time.Hour)))
	h.before.JWT = must(h.person.SignReceipt(h.before))
}

// change makes a change of a kind with what comes with it. The successor names the
// attributes and ends left hours from now.
func (h held) change(t testing.TB, kind consent.ChangeKind, attributes []string, left int) (consent.Change, consent.Receipt) {
	t.Helper()
	c := consent.NewChange(h.grant, kind, nil, h.at)
	c.Nonce = consent.Nonce(ident[id.Request]("change"))
	if kind == consent.ChangePaused {
		r := h.before.Closing(ident[id.Receipt]("pause"), consent.EventPaused, c.Time)
		r.JWT = must(h.person.SignReceipt(r))
		return c, r
	}
	start := anchor.EpochAt(h.at)
	next := consent.Successor{Grant: ident[id.Grant]("next"), Attributes: attributes, Days: consent.DaysFor(left), Until: start + anchor.Epoch(left)}
	r := must(h.before.Successor(h.request, kind, consent.Terms{Grant: next.Grant, Record: ident[id.Receipt]("next"), Shopper: h.person.DID,
		Purpose: "delivery", Attributes: attributes, Hours: left, Time: c.Time}, theCatalogue(t)))
	r.JWT = must(h.person.SignReceipt(r))
	next.Entry, next.ReceiptHash = h.enter(t, "next", r.JWT, start, next.Days).Bytes(), consent.HashOf(r.JWT)
	c.Next = &next
	return c, r
}

type heldJSON struct {
	Grant      id.Grant      `json:"grant"`
	State      consent.State `json:"state"`
	Attributes []string      `json:"attributes"`
	Channels   []string      `json:"channels"`
	End        anchor.Epoch  `json:"end"`
	Entry      consent.Bytes `json:"entry"`
	Receipt    string        `json:"receipt"` // JWT
}

type changeCase struct {
	Name      string        `json:"name"`
	Expect    string        `json:"expect"`
	Request   string        `json:"request"` // JWS
	Grant     heldJSON      `json:"grant"`
	Now       int64         `json:"now"`
	Change    string        `json:"change"` // exact bytes
	Challenge consent.Bytes `json:"challenge"`
	Confirmed bool          `json:"confirmed"` // by a passkey
}

var (
	all   = []string{"name", "postal-address", "phone"}
	fewer = []string{"name", "postal-address"}
)

const left = 21 * 24 // hours of the grant that remain

func makeChanges(t testing.TB) (out []changeCase) {
	plain := func(*held, *consent.Change) {}
	type kind = consent.ChangeKind
	for _, c := range []struct {
		name, expect string
		kind         kind
		attributes   []string
		hours        int
		pause        bool
		change       func(*held, *consent.Change)
	}{
		{"narrowed", "ok", consent.ChangeNarrowed, fewer, left, false, plain},
		{"narrowed and shortened", "ok", consent.ChangeNarrowed, fewer, 20, false, plain},
		{"shortened", "ok", consent.ChangeShortened, all, left - 1, false, plain},
		{"shortened to an hour", "ok", consent.ChangeShortened, all, 1, false, plain},
		{"renewed", "ok", consent.ChangeRenewed, all, 31 * 24, false, plain},
		{"renewed with less", "ok", consent.ChangeRenewed, fewer, left + 1, false, plain},
		{"paused", "ok", consent.ChangePaused, nil, 0, false, plain},
		{"resumed", "ok", consent.ChangeResumed, all, left, true, plain},
		{"resumed for less long", "ok", consent.ChangeResumed, all, 24, true, plain},

		{"wider", "refused wider-than-grant", consent.ChangeNarrowed, all, left, false, func(h *held, _ *consent.Change) { h.grant.Attributes = fewer }},
		{"narrowed for longer", "refused wider-than-grant", consent.ChangeNarrowed, fewer, left + 1, false, plain},
		{"resumed for longer", "refused wider-than-grant", consent.ChangeResumed, all, left + 1, true, plain},
		{"renewed for longer than asked", "refused wider-than-request", consent.ChangeRenewed, all, 31*24 + 1, false, plain},
		{"without what is required", "refused missing-required", consent.ChangeNarrowed, []string{"name", "phone"}, left, false, plain},
		{"an attribute never asked", "refused wider-than-request", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Next.Attributes = []string{"name", "postal-address", "email"} }},
		{"a channel never asked", "refused wider-than-request", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Next.Channels = []string{consent.ChannelWallet} }},
		{"narrowed, and nothing is less", "refused wrong-change", consent.ChangeNarrowed, all, left, false, plain},
		{"shortened, and narrower", "refused wrong-change", consent.ChangeShortened, fewer, 24, false, plain},
		{"shortened, and as long", "refused wrong-change", consent.ChangeShortened, all, left, false, plain},
		{"renewed, and no longer", "refused wrong-change", consent.ChangeRenewed, all, left, false, plain},
		{"resumed, and narrower", "refused wrong-change", consent.ChangeResumed, fewer, left, true, plain},
		{"resumed what is not paused", "refused wrong-change", consent.ChangeResumed, all, left, false, plain},
		{"renewed what is paused", "refused paused", consent.ChangeRenewed, all, 31 * 24, true, plain},
		{"paused twice", "refused paused", consent.ChangePaused, nil, 0, true, plain},
		{"of what is over", "refused expired", consent.ChangeNarrowed, fewer, left, false, func(h *held, _ *consent.Change) { h.grant.End = anchor.EpochAt(h.at) }},
		{"resumed what is over", "refused expired", consent.ChangeResumed, all, left, true, func(h *held, _ *consent.Change) { h.grant.End = anchor.EpochAt(h.at) }},
		{"of what was withdrawn", "refused withdrawn", consent.ChangePaused, nil, 0, false, func(h *held, _ *consent.Change) { h.grant.State = consent.StateWithdrawn }},
		{"of what is not on the ledger yet", "refused not-anchored", consent.ChangePaused, nil, 0, false, func(h *held, _ *consent.Change) { h.grant.State = consent.StateAnchoring }},
		{"of another grant", "refused wrong-change", consent.ChangePaused, nil, 0, false, func(_ *held, c *consent.Change) { c.Grant = ident[id.Grant]("x") }},
		{"of another receipt", "refused wrong-change", consent.ChangePaused, nil, 0, false, func(_ *held, c *consent.Change) { c.Receipt[0] ^= 1 }},
		{"made yesterday", "refused stale-decision", consent.ChangePaused, nil, 0, false, func(_ *held, c *consent.Change) { c.Time -= 24 * 3600 }},
		{"its own successor", "refused duplicate", consent.ChangeNarrowed, fewer, left, false, func(h *held, c *consent.Change) { c.Next.Grant = h.grant.ID }},
		{"the old keys again", "refused duplicate", consent.ChangeNarrowed, fewer, left, false, func(h *held, c *consent.Change) {
			c.Next.Entry = h.enter(t, "held", "x", anchor.EpochAt(h.at), c.Next.Days).Bytes()
		}},
		{"an entry of last week", "refused bad-entry", consent.ChangeNarrowed, fewer, left, false, func(h *held, c *consent.Change) {
			c.Next.Entry = h.enter(t, "next", "x", anchor.EpochAt(h.at)-2, c.Next.Days).Bytes()
		}},
		{"an entry longer than it needs", "refused bad-length", consent.ChangeNarrowed, fewer, 20, false, func(h *held, c *consent.Change) {
			c.Next.Days = 31
			c.Next.Entry = h.enter(t, "next", "x", anchor.EpochAt(h.at), 31).Bytes()
		}},
		{"until after the entry", "refused bad-length", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Next.Until += 11 * 24 }},
		{"until before it begins", "refused bad-length", consent.ChangeNarrowed, fewer, left, false, func(h *held, c *consent.Change) { c.Next.Until = anchor.EpochAt(h.at) }},
		{"days that the entry does not last", "refused bad-entry", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Next.Days = 7 }},
		{"a pause with a successor", "refused malformed", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Kind = consent.ChangePaused }},
		{"narrowed to nobody", "refused malformed", consent.ChangePaused, nil, 0, false, func(_ *held, c *consent.Change) { c.Kind = consent.ChangeNarrowed }},
		{"a kind that is none", "refused malformed", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Kind = "widened" }},
		{"a merge, which no change makes", "refused malformed", consent.ChangeNarrowed, fewer, left, false, func(_ *held, c *consent.Change) { c.Kind = consent.ChangeMerged }},
		{"of a later version", "refused wrong-version", consent.ChangePaused, nil, 0, false, func(_ *held, c *consent.Change) { c.V = 2 }},
	} {
		h := newHeld(t)
		if c.pause {
			h.pause(t)
		}
		made, _ := h.change(t, c.kind, c.attributes, c.hours)
		c.change(&h, &made)
		text := made.Bytes()
		challenge := consent.ChangeChallenge(text)
		out = append(out, changeCase{Name: c.name, Expect: c.expect, Request: h.request.JWS, Now: h.at.Unix(),
			Grant:  heldJSON{h.grant.ID, h.grant.State, h.grant.Attributes, []string{}, h.grant.End, h.grant.Entry, h.grant.Receipt},
			Change: string(text), Challenge: challenge[:], Confirmed: made.Confirmed()})
	}
	return out
}

func (c changeCase) judge(t testing.TB) error {
	if ch := consent.ChangeChallenge([]byte(c.Change)); !bytes.Equal(ch[:], c.Challenge) {
		t.Errorf("%s: another challenge", c.Name)
	}
	made, err := consent.ParseChange([]byte(c.Change))
	if err != nil {
		return err
	}
	if made.Confirmed() != c.Confirmed {
		t.Errorf("%s: confirmed or not?", c.Name)
	}
	q, g := openAny(t, c.Request), c.Grant
	err = made.Changes(consent.Grant{ID: g.Grant, Request: q.ID, Business: q.Iss, PurposeID: "delivery", Attributes: g.Attributes, Channels: g.Channels,
		End: g.End, State: g.State, Entry: g.Entry, Receipt: g.Receipt}, q, time.Unix(c.Now, 0))
	if d := consent.DenialOf(err); d != nil {
		err = &consent.Refusal{Code: consent.Code(d.Reason)}
	}
	return err
}

type successorCase struct {
	Name    string        `json:"name"`
	Expect  string        `json:"expect"`
	Request string        `json:"request"` // JWS
	Before  string        `json:"before"`  // JWT: of the old grant, or of its pause
	Change  string        `json:"change"`  // exact bytes
	JWT     string        `json:"jwt"`
	Seed    consent.Bytes `json:"pairwise_seed,omitempty"`
	Terms   *terms        `json:"terms,omitempty"`
	Claims  string        `json:"claims,omitempty"`
}

func makeSuccessors(t testing.TB) (out []successorCase) {
	h, paused := newHeld(t), newHeld(t)
	paused.pause(t)
	make := func(name string, h held, kind consent.ChangeKind, attributes []string, hours int) {
		c, r := h.change(t, kind, attributes, hours)
		tm := terms(r.Terms())
		out = append(out, successorCase{name, "ok", h.request.JWS, h.before.JWT, string(c.Bytes()), r.JWT, seed("pairwise"), &tm, string(r.Claims())})
	}
	make("narrowed", h, consent.ChangeNarrowed, fewer, left)
	make("shortened", h, consent.ChangeShortened, all, 24)
	make("renewed", h, consent.ChangeRenewed, all, 31*24)
	make("resumed", paused, consent.ChangeResumed, all, left)
	make("paused", h, consent.ChangePaused, nil, 0)
	for _, c := range []struct {
		name, code string
		change     func(*held, *consent.Receipt, *consent.Change)
	}{
		{"another receipt than the change names", "wrong-receipt", func(_ *held, _ *consent.Receipt, c *consent.Change) { c.Next.ReceiptHash[0] ^= 1 }},
		{"of another grant", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Grant = ident[id.Grant]("x") }},
		{"of another kind", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Events[0].State = consent.EventShortened }},
		{"longer than the change", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Events[0].Validity = "PT505H" }},
		{"in days", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Events[0].Validity = "P31D" }},
		{"hours spelt in another way", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Events[0].Validity = "PT0504H" }},
		{"of another predecessor", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) {
			other := "urn:coffer:receipt:" + ident[id.Receipt]("x").String()
			r.Predecessor = &other
		}},
		{"of no predecessor", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Predecessor = nil }},
		{"another notice", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.NoticeHash[0] ^= 1 }},
		{"another controller's name", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Parties[0].Name = "Another Shop" }},
		{"an attribute of another type", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Purposes[0].Information[0].Type = "urn:x:y" }},
		{"before the grant was given", "wrong-receipt", func(_ *held, r *consent.Receipt, _ *consent.Change) { r.Events[0].Time = 1 }},
		{"an attribute more than the grant", "wider-than-grant", func(h *held, r *consent.Receipt, c *consent.Change) {
			h.before.Purposes[0].Information = h.before.Purposes[0].Information[1:]
			h.before.JWT = must(h.person.SignReceipt(h.before))
		}},
		{"after the pause it does not end", "wrong-receipt", func(h *held, r *consent.Receipt, _ *consent.Change) {
			h.pause(t)
			r.Predecessor = &h.before.RecordID
		}},
	} {
		h := newHeld(t)
		made, r := h.change(t, consent.ChangeNarrowed, fewer, left)
		was := made.Next.ReceiptHash
		c.change(&h, &r, &made)
		r.JWT = must(h.person.SignReceipt(r))
		if made.Next.ReceiptHash == was {
			made.Next.ReceiptHash = consent.HashOf(r.JWT)
		}
		out = append(out, successorCase{Name: c.name, Expect: "refused " + c.code, Request: h.request.JWS, Before: h.before.JWT, Change: string(made.Bytes()), JWT: r.JWT})
	}
	return out
}

func (c successorCase) judge(t testing.TB) error {
	before := must(signatures.VerifyReceipt(t.Context(), c.Before))
	r, err := signatures.VerifyReceipt(t.Context(), c.JWT)
	if err == nil {
		err = r.Records(must(consent.ParseChange([]byte(c.Change))), before, openAny(t, c.Request), theCatalogue(t))
	}
	if err == nil && (string(r.Claims()) != c.Claims || !jsonEqual(terms(r.Terms()), c.Terms)) {
		t.Errorf("%s: read another receipt", c.Name)
	}
	return err
}

type closingCase struct {
	Name   string `json:"name"`
	Expect string `json:"expect"`
	Before string `json:"before"` // JWT: of the grant, or of its pause
	State  string `json:"state"`
	JWT    string `json:"jwt"`
}

func makeClosings(t testing.TB) (out []closingCase) {
	h, paused := newHeld(t), newHeld(t)
	paused.pause(t)
	at := consent.UnixAt(h.at)
	close := func(r consent.Receipt, state string, at consent.Unix) consent.Receipt {
		r = r.Closing(ident[id.Receipt]("closing"), state, at)
		r.JWT = must(h.person.SignReceipt(r))
		return r
	}
	add := func(name, expect, state string, before, r consent.Receipt) {
		out = append(out, closingCase{name, expect, before.JWT, state, r.JWT})
	}
	for _, state := range []string{consent.EventPaused, consent.EventWithdrawn, consent.EventExpired, consent.EventErased} {
		add(state, "ok", state, h.before, close(h.before, state, at))
		if state != consent.EventPaused {
			add(state+" after a pause", "ok", state, paused.before, close(paused.before, state, at))
		}
		add(state+", before it was given", "refused wrong-receipt", state, h.before, close(h.before, state, 1))
	}
	add("another event", "refused wrong-receipt", consent.EventExpired, h.before, close(h.before, consent.EventErased, at))
	add("paused twice", "refused wrong-receipt", consent.EventPaused, paused.before, close(paused.before, consent.EventPaused, at))
	add("past the pause", "refused wrong-receipt", consent.EventWithdrawn, paused.before, close(h.before, consent.EventWithdrawn, at))
	ended := close(h.before, consent.EventWithdrawn, at)
	add("after its end", "refused wrong-receipt", consent.EventErased, ended, close(ended, consent.EventErased, at))
	_, next := h.change(t, consent.ChangeNarrowed, fewer, left)
	add("of a successor", "ok", consent.EventWithdrawn, next, close(next, consent.EventWithdrawn, at))
	add("no closing", "refused wrong-receipt", consent.EventNarrowed, h.before, next)
	return out
}

func TestChangeVectors(t *testing.T) {
	judge(t, "change.json", makeChanges(t), func(c changeCase) (string, string, error) { return c.Name, c.Expect, c.judge(t) })
	judge(t, "successor.json", makeSuccessors(t), func(c successorCase) (string, string, error) { return c.Name, c.Expect, c.judge(t) })
	judge(t, "closing.json", makeClosings(t), func(c closingCase) (string, string, error) {
		r, err := signatures.VerifyReceipt(t.Context(), c.JWT)
		if err == nil {
			err = r.Closes(must(signatures.VerifyReceipt(t.Context(), c.Before)), c.State)
		}
		return c.Name, c.Expect, err
	})
}
