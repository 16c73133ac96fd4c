package consent_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

func TestReceiptMatches(t *testing.T) {
	f := newFixture(t)
	r, err := signatures.VerifyReceipt(t.Context(), f.receipt.JWT)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Matches(f.request, f.decision.Give[0], theCatalogue(t)); err != nil {
		t.Error(err)
	}
	if err := r.Repeats(f.request, nil); err != nil {
		t.Errorf("without a catalogue: %v", err)
	}
	// The order in which attributes were picked says nothing.
	g := f.decision.Give[0]
	g.Attributes = []string{"postal-address", "name"}
	if err := r.Matches(f.request, g, theCatalogue(t)); err != nil {
		t.Error(err)
	}
}

// A receipt that says anything else than request and decision is refused, however
// small the difference.
func TestReceiptDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consent.Receipt, *consent.Given)
		code   consent.Code
	}{
		"other controller name":  {func(r *consent.Receipt, _ *consent.Given) { r.Parties[0].Name = "Corner Shop Ltd" }, consent.WrongReceipt},
		"other controller":       {func(r *consent.Receipt, _ *consent.Given) { r.Controllers[0].Party = "did:web:x.example" }, consent.WrongReceipt},
		"other notice":           {func(r *consent.Receipt, _ *consent.Given) { r.NoticeHash[0] ^= 1 }, consent.WrongReceipt},
		"other language":         {func(r *consent.Receipt, _ *consent.Given) { r.Language = "de" }, consent.WrongReceipt},
		"unknown language":       {func(r *consent.Receipt, _ *consent.Given) { r.Language = "fr" }, consent.NoText},
		"other request":          {func(r *consent.Receipt, _ *consent.Given) { r.RequestHash[0] ^= 1 }, consent.WrongReceipt},
		"kept longer":            {func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].Retention = "P9Y" }, consent.WrongReceipt},
		"recipient dropped":      {func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].Recipients = []consent.Recipient{} }, consent.WrongReceipt},
		"other basis":            {func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].LawfulBasis += "x" }, consent.WrongReceipt},
		"other IRI of purpose":   {func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].Purpose = "https://w3id.org/dpv#Marketing" }, consent.WrongReceipt},
		"required made optional": {func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].Information[0].Necessity = "optional" }, consent.WrongReceipt},
		"other type of data": {func(r *consent.Receipt, _ *consent.Given) {
			r.Purposes[0].Information[0].Type = "https://w3id.org/dpv/pd#Age"
		}, consent.WrongReceipt},
		"rights dropped":       {func(r *consent.Receipt, _ *consent.Given) { r.PrivacyRights = r.PrivacyRights[:3] }, consent.WrongReceipt},
		"withdrawal elsewhere": {func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].WithdrawalMethod = "by fax" }, consent.WrongReceipt},
		"already withdrawn":    {func(r *consent.Receipt, _ *consent.Given) { r.Events[0].State = consent.EventWithdrawn }, consent.WrongReceipt},
		"longer than given":    {func(r *consent.Receipt, _ *consent.Given) { r.Events[0].Validity = "P90D" }, consent.WrongReceipt},
		"odd duration":         {func(r *consent.Receipt, _ *consent.Given) { r.Events[0].Validity = "P31DT1S" }, consent.WrongReceipt},
		"longer than asked":    {func(r *consent.Receipt, g *consent.Given) { r.Events[0].Validity, g.Days = "P90D", 90 }, consent.WiderThanRequest},
		"less than given":      {func(r *consent.Receipt, g *consent.Given) { g.Attributes = append(g.Attributes, "phone") }, consent.WrongReceipt},
		"more than asked": {func(r *consent.Receipt, g *consent.Given) {
			r.Purposes[0].Information[0].Attribute = "email"
			g.Attributes = []string{"email", "postal-address"}
		}, consent.WiderThanRequest},
		"a channel not asked": {func(r *consent.Receipt, g *consent.Given) {
			r.Purposes[0].Channels, g.Channels = []string{"wallet"}, []string{"wallet"}
		}, consent.WiderThanRequest},
		"other grant":          {func(r *consent.Receipt, g *consent.Given) { g.Grant = ident[id.Grant]("other") }, consent.WrongReceipt},
		"purpose of the other": {func(r *consent.Receipt, g *consent.Given) { g.Purpose = "marketing" }, consent.WrongReceipt},
		"no such purpose":      {func(r *consent.Receipt, g *consent.Given) { r.Purposes[0].PurposeID, g.Purpose = "x", "x" }, consent.WiderThanRequest},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			r, g := f.receipt, f.decision.Give[0]
			c.change(&r, &g)
			r.JWT = must(f.person.SignReceipt(r))
			g.ReceiptHash = consent.HashOf(r.JWT)
			r, err := signatures.VerifyReceipt(t.Context(), r.JWT)
			if err != nil {
				t.Fatal(err)
			}
			code(t, r.Matches(f.request, g, theCatalogue(t)), c.code)
		})
	}
}

// The decision names the exact JWT: a second receipt of the same terms is not it.
func TestReceiptIsTheNamedOne(t *testing.T) {
	f := newFixture(t)
	r := f.receipt
	r.RecordID = "urn:coffer:receipt:" + ident[id.Receipt]("second").String()
	r.JWT = must(f.person.SignReceipt(r))
	code(t, r.Matches(f.request, f.decision.Give[0], theCatalogue(t)), consent.WrongReceipt)
	r.JWT = ""
	code(t, r.Matches(f.request, f.decision.Give[0], theCatalogue(t)), consent.WrongReceipt)
}

func TestWithdrawal(t *testing.T) {
	f := newFixture(t)
	later := consent.UnixAt(now.Add(time.Hour))
	w := f.receipt.Withdrawal(ident[id.Receipt]("withdrawal"), later)
	w.JWT = must(f.person.SignReceipt(w))
	w, err := signatures.VerifyReceipt(t.Context(), w.JWT)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Ends(f.receipt); err != nil {
		t.Error(err)
	}
	code(t, w.Repeats(f.request, nil), consent.WrongReceipt)
	code(t, f.receipt.Ends(f.receipt), consent.WrongReceipt)
	other := f.receipt
	other.Grant = ident[id.Grant]("other")
	code(t, w.Ends(other), consent.WrongReceipt)
	early := f.receipt.Withdrawal(ident[id.Receipt]("withdrawal"), f.receipt.Events[0].Time-1)
	code(t, early.Ends(f.receipt), consent.WrongReceipt)
}

// A receipt that never was parsed is refused, not believed to be whole.
func TestReceiptUnparsed(t *testing.T) {
	f := newFixture(t)
	code(t, consent.Receipt{}.Repeats(f.request, nil), consent.WrongReceipt)
	code(t, consent.Receipt{}.Ends(f.receipt), consent.WrongReceipt)
	code(t, f.receipt.Ends(consent.Receipt{}), consent.WrongReceipt)
}

func TestLetter(t *testing.T) {
	f := newFixture(t)
	l, err := consent.ParseLetter(f.letter.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if string(l.Bytes()) != string(f.letter.Bytes()) {
		t.Error("read back another letter")
	}
	if err := l.Stands(f.request, f.receipt); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		change func(*consent.Letter, *consent.Request)
		code   consent.Code
	}{
		"another grant":   {func(l *consent.Letter, _ *consent.Request) { l.Grant = ident[id.Grant]("x") }, consent.WrongReceipt},
		"another shopper": {func(l *consent.Letter, _ *consent.Request) { l.Pairwise = personKey("x").DID }, consent.WrongReceipt},
		"cut receipt":     {func(l *consent.Letter, _ *consent.Request) { l.Receipt = l.Receipt[:99] }, consent.WrongReceipt},
		"another handle":  {func(l *consent.Letter, _ *consent.Request) { l.HandleSecret[0] ^= 1 }, consent.BadEntry},
		"another entry":   {func(l *consent.Letter, _ *consent.Request) { l.Entry = entry("x", thisHour, 31*24) }, consent.BadEntry},
		"no entry":        {func(l *consent.Letter, _ *consent.Request) { l.Entry = l.Entry[:10] }, consent.BadEntry},
		"another opening": {func(l *consent.Letter, _ *consent.Request) {
			l.Opening.R = append([]byte{}, l.Opening.R...)
			l.Opening.R[0] ^= 1
		}, consent.WrongOpening},
		"the wrong length": {func(l *consent.Letter, _ *consent.Request) {
			e := must(l.GrantEntry())
			e.End += 24
			l.Entry = e.Bytes()
		}, consent.BadEntry},
		"another request": {func(_ *consent.Letter, q *consent.Request) { q.JWS += "x" }, consent.WrongReceipt},
		"narrower request": {func(_ *consent.Letter, q *consent.Request) {
			q.Purposes = slices.Clone(q.Purposes)
			q.Purposes[0].Required = []string{"name"}
		}, consent.WiderThanRequest},
	} {
		l, q := f.letter, f.request
		c.change(&l, &q)
		if err := l.Stands(q, f.receipt); !errors.Is(err, c.code) {
			t.Errorf("%s: want %s, have %v", name, c.code, err)
		}
	}
	bad := edit(t, f.letter.Bytes(), `"crv":"P-256"`, `"crv":"P-384"`)
	_, err = consent.ParseLetter(bad)
	code(t, err, consent.BadKey)
}

// A letter that slips into a log shows no key.
func TestLetterHidesKeys(t *testing.T) {
	f := newFixture(t)
	for _, s := range []string{f.letter.GrantKey.String(), f.letter.HandleSecret.LogValue().String(), f.letter.GrantKey.GoString()} {
		if s != "(secret)" {
			t.Errorf("shows %q", s)
		}
	}
}

func TestBundleOpens(t *testing.T) {
	f := newFixture(t)
	b := consent.Bundle{Receipt: f.receipt.JWT, Opening: f.opening}
	if err := b.Opens(f.entry); err != nil {
		t.Error(err)
	}
	other := f.entry
	other.Commitment[0] ^= 1
	code(t, b.Opens(other), consent.WrongOpening)
	code(t, b.Opens(anchor.Permit{Commitment: f.entry.Commitment}), consent.BadEntry)
	b.Receipt = b.Receipt[:len(b.Receipt)-1]
	code(t, b.Opens(f.entry), consent.WrongOpening)
	_, err := consent.ParseBundle([]byte(`{"v":2,"receipt":"","opening":{},"proof":{}}`))
	if err == nil {
		t.Error("read a bundle of a later version")
	}
}
