package consent_test

import (
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

const lawfulBasis = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c"

func TestDeadlines(t *testing.T) {
	told := consent.UnixAt(now)
	late := func(l consent.Loop, after time.Duration) consent.Late { return l.Overdue(now.Add(after)) }
	open := consent.Loop{Notified: told}
	acknowledged := consent.Loop{Notified: told, Acknowledged: told + 1}
	stated := consent.Loop{Notified: told, Stated: told + 1}
	for name, c := range map[string]struct {
		loop  consent.Loop
		after time.Duration
		want  consent.Late
	}{
		"told just now":                {open, 0, consent.NotLate},
		"at the first deadline":        {open, consent.AcknowledgeWithin, consent.NotLate},
		"behind it":                    {open, consent.AcknowledgeWithin + time.Second, consent.LateAcknowledgement},
		"acknowledged":                 {acknowledged, consent.AcknowledgeWithin + time.Second, consent.NotLate},
		"at the second deadline":       {acknowledged, consent.StateWithin, consent.NotLate},
		"behind it, acknowledged":      {acknowledged, consent.StateWithin + time.Second, consent.LateStatement},
		"behind it, nothing ever came": {open, consent.StateWithin + time.Second, consent.LateStatement},
		"stated, not acknowledged":     {stated, 10 * consent.StateWithin, consent.NotLate},
	} {
		if got := late(c.loop, c.after); got != c.want {
			t.Errorf("%s: late with %q, want %q", name, got, c.want)
		}
	}
}

func TestStatementsOfTheLoop(t *testing.T) {
	f := newFixture(t)
	rules := consent.StatementRules{Issuer: f.shop.DID, Audience: operator, Now: now}
	g := ident[id.Grant]("grant")
	good := consent.Acknowledgement{Iss: f.shop.DID, Aud: operator, Grant: g, Event: consent.EndWithdrawn, Time: consent.UnixAt(now)}
	for name, c := range map[string]struct {
		edit func(*consent.Acknowledgement)
		code consent.Code
	}{
		"whole":                 {func(*consent.Acknowledgement) {}, ""},
		"old":                   {func(a *consent.Acknowledgement) { a.Time -= 86400 * 60 }, ""},
		"of another business":   {func(a *consent.Acknowledgement) { a.Iss = "did:key:zDnother" }, consent.WrongIssuer},
		"for another operator":  {func(a *consent.Acknowledgement) { a.Aud = "https://elsewhere.example" }, consent.WrongAudience},
		"from the future":       {func(a *consent.Acknowledgement) { a.Time += 3600 }, consent.NotYet},
		"of no grant":           {func(a *consent.Acknowledgement) { a.Grant = id.Grant{} }, consent.Malformed},
		"of what ends no grant": {func(a *consent.Acknowledgement) { a.Event = "live" }, consent.Malformed},
		"without a time":        {func(a *consent.Acknowledgement) { a.Time = 0 }, consent.Malformed},
	} {
		a := good
		c.edit(&a)
		if _, err := consent.ParseAcknowledgement(a.Payload(), rules); consent.CodeOf(err) != c.code {
			t.Errorf("an acknowledgement %s: %v, want %q", name, err, c.code)
		}
	}

	statement := func(edit func(*consent.Deletion)) consent.Deletion {
		d := consent.Deletion{Iss: f.shop.DID, Aud: operator, Grant: g, Time: consent.UnixAt(now), Deleted: []string{"phone", "email"},
			Kept: []consent.Kept{{Attribute: "name", Basis: lawfulBasis, Until: consent.UnixAt(now.AddDate(10, 0, 0))}}, Text: "The invoice stays."}
		edit(&d)
		return d
	}
	for name, c := range map[string]struct {
		edit func(*consent.Deletion)
		code consent.Code
	}{
		"whole":                     {func(*consent.Deletion) {}, ""},
		"without words":             {func(d *consent.Deletion) { d.Text = "" }, ""},
		"of another business":       {func(d *consent.Deletion) { d.Iss = "did:key:zDnother" }, consent.WrongIssuer},
		"naming one twice":          {func(d *consent.Deletion) { d.Deleted = []string{"phone", "phone"} }, consent.Duplicate},
		"deleting what it keeps":    {func(d *consent.Deletion) { d.Deleted = []string{"name"} }, consent.Duplicate},
		"with a value for a name":   {func(d *consent.Deletion) { d.Deleted = []string{"Quillon Vasterhaven"} }, consent.Malformed},
		"keeping without a ground":  {func(d *consent.Deletion) { d.Kept[0].Basis = "because" }, consent.Malformed},
		"keeping until yesterday":   {func(d *consent.Deletion) { d.Kept[0].Until = d.Time }, consent.Malformed},
		"keeping for ever":          {func(d *consent.Deletion) { d.Kept[0].Until = 1<<40 + 1 }, consent.Malformed},
		"with a novel":              {func(d *consent.Deletion) { d.Text = strings.Repeat("a", 1001) }, consent.Malformed},
		"with a control character":  {func(d *consent.Deletion) { d.Text = "a\x1b[2J" }, consent.Malformed},
		"without the list it needs": {nil, consent.Malformed},
	} {
		payload := []byte(`{"v":1}`)
		if c.edit != nil {
			payload = statement(c.edit).Payload()
		}
		if _, err := consent.ParseDeletion(payload, rules); consent.CodeOf(err) != c.code {
			t.Errorf("a statement %s: %v, want %q", name, err, c.code)
		}
	}

	d := statement(func(*consent.Deletion) {})
	for name, c := range map[string]struct {
		named []string
		code  consent.Code
	}{
		"exactly these":   {[]string{"email", "name", "phone"}, ""},
		"one not said":    {[]string{"email", "name", "phone", "shoe-size"}, consent.WrongStatement},
		"one never given": {[]string{"email", "name"}, consent.WrongStatement},
	} {
		if err := d.Covers(c.named); consent.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}

func TestWebhookAddresses(t *testing.T) {
	f := newFixture(t)
	for url, where := range map[string]struct{ outside, local bool }{
		"":                                    {true, true}, // nowhere any more
		"https://shop.example/hooks":          {true, true},
		"https://shop.example:8443/hooks?a=b": {true, true},
		"http://shop.example/hooks":           {false, false},
		"http://localhost:8081/hooks":         {false, true},
		"https://localhost/hooks":             {false, true},
		"http://127.0.0.1:9/":                 {false, true},
		"https://10.0.0.7/hooks":              {false, false},
		"https://[fd00::1]/hooks":             {false, false},
		"https://8.8.8.8/":                    {false, false},
		"https://user:word@shop.example/":     {false, false},
		"https://shop.example/#there":         {false, false},
		"https://":                            {false, false},
		"file:///etc/passwd":                  {false, false},
		"gopher://shop.example/":              {false, false},
		"https:shop.example":                  {false, false},
	} {
		w := consent.Webhook{Iss: f.shop.DID, Aud: operator, Iat: consent.UnixAt(now), URL: url}
		for local, want := range map[bool]bool{false: where.outside, true: where.local} {
			_, err := consent.ParseWebhook(w.Payload(), consent.WebhookRules{Issuer: f.shop.DID, Audience: operator, Now: now, Local: local})
			if (err == nil) != want {
				t.Errorf("%q (local: %v): %v", url, local, err)
			}
		}
	}
	old := consent.Webhook{Iss: f.shop.DID, Aud: operator, Iat: consent.UnixAt(now.Add(-time.Hour)), URL: "https://shop.example/"}
	if _, err := consent.ParseWebhook(old.Payload(), consent.WebhookRules{Issuer: f.shop.DID, Audience: operator, Now: now}); consent.CodeOf(err) != consent.Expired {
		t.Errorf("an old webhook: %v", err)
	}
}
