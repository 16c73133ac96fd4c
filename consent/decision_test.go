package consent_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

func TestDecision(t *testing.T) {
	f := newFixture(t)
	d, err := consent.ParseDecision(f.decision.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if string(d.Bytes()) != string(f.decision.Bytes()) {
		t.Error("read back another decision")
	}
	if err := d.Answers(f.request, now.Add(2*time.Minute)); err != nil {
		t.Error(err)
	}
	want := sha256.Sum256([]byte("coffer/v1 decision\x00" + string(f.decision.Bytes())))
	if consent.Challenge(f.decision.Bytes()) != want {
		t.Error("another challenge")
	}
}

func TestRefuseAll(t *testing.T) {
	f := newFixture(t)
	d, err := consent.ParseDecision(consent.NewDecision(f.request, nil, []string{"marketing", "delivery"}, now).Bytes())
	if err != nil || d.Answers(f.request, now) != nil {
		t.Errorf("refusing everything: %v, %v", err, d.Answers(f.request, now))
	}
}

// entry makes a ledger entry of that many hours, each time with other keys.
func entry(label string, start anchor.Epoch, hours int) consent.Bytes {
	handle := ed25519.NewKeyFromSeed(seed(label + " handle")).Public().(ed25519.PublicKey)
	return anchor.Grant{Scheme: 1, Start: start, End: start + anchor.Epoch(hours), HandleKey: anchor.Handle(handle), Commitment: anchor.Commitment(seed(label))}.
		Sign(chain, ed25519.NewKeyFromSeed(seed(label+" wallet"))).Bytes()
}

func marketing() consent.Given {
	return consent.Given{Grant: ident[id.Grant]("marketing"), Purpose: "marketing", Attributes: []string{"shoe-size"}, Days: 90,
		Channels: []string{"wallet"}, Entry: entry("marketing", thisHour, 90*24), ReceiptHash: consent.HashOf("marketing")}
}

// What a decision says of itself.
func TestDecisionRefusedAlone(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consent.Decision)
		code   consent.Code
	}{
		"given and refused":  {func(d *consent.Decision) { d.Refuse = []string{"delivery"} }, consent.DecidedTwice},
		"refused twice":      {func(d *consent.Decision) { d.Refuse = []string{"marketing", "marketing"} }, consent.DecidedTwice},
		"given twice":        {func(d *consent.Decision) { g := marketing(); g.Purpose = "delivery"; d.Give = append(d.Give, g) }, consent.DecidedTwice},
		"one id, two grants": {func(d *consent.Decision) { g := marketing(); g.Grant = d.Give[0].Grant; d.Give = append(d.Give, g) }, consent.Duplicate},
		"one receipt for two": {func(d *consent.Decision) {
			g := marketing()
			g.ReceiptHash = d.Give[0].ReceiptHash
			d.Give = append(d.Give, g)
		}, consent.Duplicate},
		"one entry for two": {func(d *consent.Decision) {
			g := marketing()
			g.Entry, g.Days = d.Give[0].Entry, 31
			d.Give = append(d.Give, g)
		}, consent.Duplicate},
		"no grant id":             {func(d *consent.Decision) { d.Give[0].Grant = id.Grant{} }, consent.Malformed},
		"attribute twice":         {func(d *consent.Decision) { d.Give[0].Attributes = []string{"name", "name"} }, consent.Duplicate},
		"thirty days":             {func(d *consent.Decision) { d.Give[0].Days = 30 }, consent.BadLength},
		"entry outlives its days": {func(d *consent.Decision) { d.Give[0].Entry = entry("x", thisHour, 90*24) }, consent.BadEntry},
		"entry runs backwards":    {func(d *consent.Decision) { e := f0entry; e.End = e.Start - 1; d.Give[0].Entry = e.Bytes() }, consent.BadEntry},
		"cut entry":               {func(d *consent.Decision) { d.Give[0].Entry = d.Give[0].Entry[:170] }, consent.BadEntry},
		"entry of a permit": {func(d *consent.Decision) {
			d.Give[0].Entry = anchor.Permit{Scheme: 1, Epoch: thisHour}.Sign(chain, ed25519.NewKeyFromSeed(seed("p"))).Bytes()
		}, consent.BadEntry},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			d := f.decision
			d.Refuse = nil
			c.change(&d)
			_, err := consent.ParseDecision(d.Bytes())
			code(t, err, c.code)
		})
	}
}

var f0entry = must(consent.Given{Entry: entry("backwards", thisHour, 31*24)}.GrantEntry())

// What a decision may not answer a request.
func TestDecisionRefused(t *testing.T) {
	after := func(d time.Duration) time.Time { return now.Add(2 * time.Minute).Add(d) }
	for name, c := range map[string]struct {
		change func(*consent.Decision)
		at     time.Time
		code   consent.Code
	}{
		"another request":        {func(d *consent.Decision) { d.Request = ident[id.Request]("other") }, after(0), consent.WrongRequest},
		"another signature":      {func(d *consent.Decision) { d.RequestHash[0] ^= 1 }, after(0), consent.WrongRequest},
		"request expired":        {func(d *consent.Decision) {}, now.Add(24 * time.Hour), consent.Expired},
		"decided long ago":       {func(d *consent.Decision) {}, after(15*time.Minute + time.Second), consent.StaleDecision},
		"decided tomorrow":       {func(d *consent.Decision) { d.Time += 24 * 3600 }, after(0), consent.StaleDecision},
		"entry starts later":     {func(d *consent.Decision) { d.Give[0].Entry = entry("x", thisHour+2, 31*24) }, after(0), consent.BadEntry},
		"entry started long ago": {func(d *consent.Decision) { d.Give[0].Entry = entry("x", thisHour-2, 31*24) }, after(0), consent.BadEntry},
		"silence on a purpose":   {func(d *consent.Decision) { d.Refuse = nil }, after(0), consent.Undecided},
		"refuses the unasked":    {func(d *consent.Decision) { d.Refuse = append(d.Refuse, "loyalty") }, after(0), consent.WiderThanRequest},
		"gives the unasked":      {func(d *consent.Decision) { g := marketing(); g.Purpose = "loyalty"; d.Give = append(d.Give, g) }, after(0), consent.WiderThanRequest},
		"an unasked attribute":   {func(d *consent.Decision) { d.Give[0].Attributes = append(d.Give[0].Attributes, "shoe-size") }, after(0), consent.WiderThanRequest},
		"an unasked channel":     {func(d *consent.Decision) { d.Give[0].Channels = []string{"wallet"} }, after(0), consent.WiderThanRequest},
		"longer than asked":      {func(d *consent.Decision) { d.Give[0].Days, d.Give[0].Entry = 90, entry("x", thisHour, 90*24) }, after(0), consent.WiderThanRequest},
		"without what is needed": {func(d *consent.Decision) { d.Give[0].Attributes = []string{"name"} }, after(0), consent.MissingRequired},
		"gives nothing": {func(d *consent.Decision) {
			g := marketing()
			g.Attributes, g.Channels, d.Refuse = nil, nil, nil
			d.Give = append(d.Give, g)
		}, after(0), consent.MissingRequired},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			d := f.decision
			c.change(&d)
			d, err := consent.ParseDecision(d.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			code(t, d.Answers(f.request, c.at), c.code)
		})
	}
}

// Rights are compared, not words: a decision built in memory whose entry outlives
// its days is wider, though every word of it is asked.
func TestEffectiveRights(t *testing.T) {
	f := newFixture(t)
	d := f.decision
	d.Give[0].Entry = entry("x", thisHour, 32*24)
	code(t, d.Within(f.request), consent.WiderThanRequest)
	d.Give[0].Entry = nil
	code(t, d.Within(f.request), consent.WiderThanRequest)
	// A second giving of the same purpose must not mask the first.
	d = f.decision
	d.Give = append(d.Give, d.Give[0])
	code(t, d.Within(f.request), consent.DecidedTwice)
}

func ExampleRights_Beyond() {
	asked := consent.Rights{{Purpose: "delivery", Attribute: "name"}: 24}
	given := consent.Rights{{Purpose: "delivery", Attribute: "name"}: 168}
	right, beyond := given.Beyond(asked)
	fmt.Println(right.Attribute, beyond)
	// Output: name true
}
