package consent_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

const lease = "https://leases.example/terms#SignedLease"

func unixOf(at time.Time) *consent.Unix { u := consent.UnixAt(at); return &u }

func times(n int) *int { return &n }

func byRecord(issuer string) *consent.Condition {
	return &consent.Condition{Record: &consent.RecordCondition{Type: lease, Issuer: businessKey(issuer).DID}}
}

func byEvent(party string) *consent.Condition {
	return &consent.Condition{Event: &consent.EventCondition{Party: businessKey(party).DID, Name: "handed-over"}}
}

func makeConditionRequests(t testing.TB) (out []requestCase) {
	for _, c := range []struct {
		name, expect string
		condition    *consent.Condition
	}{
		{"if a record is shown", "ok", byRecord("landlord")},
		{"from a date", "ok", &consent.Condition{From: unixOf(now.Add(48 * time.Hour))}},
		{"three times", "ok", &consent.Condition{Uses: times(3)}},
		{"if something happened", "ok", byEvent("carrier")},
		{"a condition of nothing", "refused bad-condition", &consent.Condition{}},
		{"two conditions in one", "refused bad-condition", &consent.Condition{Uses: times(3), From: unixOf(now.Add(48 * time.Hour))}},
		{"a record of no type", "refused bad-condition", &consent.Condition{Record: &consent.RecordCondition{Type: "lease", Issuer: businessKey("landlord").DID}}},
		{"a record by nobody", "refused bad-condition", &consent.Condition{Record: &consent.RecordCondition{Type: lease, Issuer: "landlord"}}},
		{"from when it was asked", "refused bad-condition", &consent.Condition{From: unixOf(now)}},
		{"from when it is over", "refused bad-condition", &consent.Condition{From: unixOf(now.Add(32 * 24 * time.Hour))}},
		{"never", "refused bad-condition", &consent.Condition{Uses: times(0)}},
		{"a thousand times and once", "refused bad-condition", &consent.Condition{Uses: times(1001)}},
		{"if nobody says so", "refused bad-condition", &consent.Condition{Event: &consent.EventCondition{Name: "handed-over"}}},
		{"if it happened in words", "refused bad-condition", &consent.Condition{Event: &consent.EventCondition{Party: businessKey("carrier").DID, Name: "handed over"}}},
	} {
		f := newFixture(t)
		f.request.Purposes[0].Condition = c.condition
		payload := f.request.Payload()
		made := requestCase{Name: c.name, Expect: c.expect, Audience: operator, Now: now.Unix(), JWS: must(f.shop.SignJWS(consent.TypeRequest, payload))}
		if c.expect == "ok" {
			hash := consent.HashOf(made.JWS)
			made.Signer, made.Hash, made.Payload = f.shop.DID, &hash, payload
		}
		out = append(out, made)
	}
	for name, text := range map[string]string{
		"a condition null":      `null`,
		"a condition and more":  `{"uses":3,"often":true}`,
		"a condition part null": `{"uses":3,"from":null}`,
		"a fraction of a use":   `{"uses":1.5}`,
		"a record and more":     `{"record":{"type":"` + lease + `","issuer":"did:web:x.example","by":1}}`,
		"a record by no issuer": `{"record":{"type":"` + lease + `"}}`,
	} {
		f := newFixture(t)
		f.request.Purposes[0].Condition = &consent.Condition{Uses: times(3)}
		payload := edit(t, f.request.Payload(), `"condition":{"uses":3}`, `"condition":`+text)
		out = append(out, requestCase{Name: name, Expect: "refused malformed", Audience: operator, Now: now.Unix(), JWS: must(f.shop.SignJWS(consent.TypeRequest, payload))})
	}
	return sorted(out, func(c requestCase) string { return c.Expect + c.Name })
}

// conditional is the fixture with a condition on its delivery.
func conditional(t testing.TB, c *consent.Condition) (consent.Request, consent.Receipt) {
	f := newFixture(t)
	f.request.Purposes[0].Condition = c
	f.request.JWS = must(f.shop.SignJWS(consent.TypeRequest, f.request.Payload()))
	r := must(consent.NewReceipt(f.request, f.receipt.Terms(), theCatalogue(t)))
	r.JWT = must(f.person.SignReceipt(r))
	return f.request, r
}

func makeConditionReceipts(t testing.TB) (out []receiptCase) {
	for _, c := range []struct {
		name, expect string
		change       func(*consent.Receipt)
	}{
		{"under a condition", "ok", func(*consent.Receipt) {}},
		{"without the condition", "refused wrong-receipt", func(r *consent.Receipt) { r.Purposes[0].Condition = nil }},
		{"under another condition", "refused wrong-receipt", func(r *consent.Receipt) { r.Purposes[0].Condition = byRecord("other shop") }},
		{"under a condition that is none", "refused bad-condition", func(r *consent.Receipt) { r.Purposes[0].Condition = &consent.Condition{} }},
	} {
		q, r := conditional(t, byRecord("landlord"))
		c.change(&r)
		signer, g := newFixture(t).person, newFixture(t).decision.Give[0]
		jwt := signed(signer, string(r.Claims()))
		g.ReceiptHash = consent.HashOf(jwt)
		made := receiptCase{Name: c.name, Expect: c.expect, Request: q.JWS, Given: g, JWT: jwt}
		if c.expect == "ok" {
			tm := terms(r.Terms())
			made.Seed, made.Terms, made.Claims = seed("pairwise"), &tm, string(r.Claims())
			if made.JWT != r.JWT {
				t.Fatal("signs one thing in two ways")
			}
		}
		out = append(out, made)
	}
	return out
}

// signed makes a JWT of those claims, whatever they say.
func signed(s agent.Signer, claims string) string {
	key, ok := s.Key.(ed25519.PrivateKey)
	if !ok {
		return must(s.SignJWS("JWT", []byte(claims)))
	}
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"`+s.KeyID+`","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))
}

type evidenceCase struct {
	Name      string             `json:"name"`
	Expect    string             `json:"expect"`
	Condition *consent.Condition `json:"condition"`
	About     []id.Grant         `json:"about"`
	Now       int64              `json:"now"`
	Evidence  string             `json:"evidence"` // compact JWS
	By        consent.DID        `json:"by,omitempty"`
	From      consent.Unix       `json:"from,omitempty"`
	Until     consent.Unix       `json:"until,omitempty"`
}

func makeEvidence(t testing.TB) (out []evidenceCase) {
	grant, landlord := ident[id.Grant]("grant"), businessKey("landlord")
	record := func(s agent.Signer, change func(*agent.RecordTerms)) string {
		terms := agent.RecordTerms{ID: "urn:uuid:lease", Type: lease, Subject: consent.GrantURN(grant), From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
		if change != nil {
			change(&terms)
		}
		return must(s.SignRecord(terms))
	}
	happened := consent.Happened{Grant: grant, Name: "handed-over", Time: consent.UnixAt(now)}
	event := func(label string, change func(*consent.Happened)) string {
		h := happened
		if change != nil {
			change(&h)
		}
		return must(businessKey(label).SignEvent(h))
	}
	good := record(landlord, nil)
	cut := strings.Split(good, ".")
	swap := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + cut[1] + "." + cut[2]
	}
	claims := string(must(base64.RawURLEncoding.DecodeString(cut[1])))
	payload := func(old, next string) string {
		if !strings.Contains(claims, old) {
			t.Fatalf("no %s in %s", old, claims)
		}
		return signed(landlord, strings.Replace(claims, old, next, 1))
	}
	person := personKey("landlord")
	byPerson := &consent.Condition{Record: &consent.RecordCondition{Type: lease, Issuer: person.DID}}
	type made struct {
		name, expect string
		c            *consent.Condition
		evidence     string
		at           time.Time
	}
	for _, c := range []made{
		{"a record", "ok", byRecord("landlord"), good, now},
		{"a record under Ed25519", "ok", byPerson, record(person, nil), now},
		{"a record for good", "ok", byRecord("landlord"), record(landlord, func(r *agent.RecordTerms) { r.Until = time.Time{} }), now.Add(365 * 24 * time.Hour)},
		{"a record about the grant before", "ok", byRecord("landlord"), record(landlord, func(r *agent.RecordTerms) { r.Subject = consent.GrantURN(ident[id.Grant]("before")) }), now},
		{"a record with dates", "ok", byRecord("landlord"), payload(`"vc":{`, `"vc":{"issuanceDate":"2025-11-21T09:00:00Z","expirationDate":"2025-11-21T10:50:00+00:00",`), now},
		{"an event", "ok", byEvent("carrier"), event("carrier", nil), now},
		{"a record by another", "refused wrong-evidence", byRecord("landlord"), record(businessKey("other shop"), nil), now},
		{"a record of another type", "refused wrong-evidence", byRecord("landlord"), record(landlord, func(r *agent.RecordTerms) { r.Type = lease + "2" }), now},
		{"a record about another grant", "refused wrong-evidence", byRecord("landlord"), record(landlord, func(r *agent.RecordTerms) { r.Subject = consent.GrantURN(ident[id.Grant]("x")) }), now},
		{"a record that is over", "refused expired", byRecord("landlord"), good, now.Add(time.Hour)},
		{"a record for later", "refused not-yet", byRecord("landlord"), good, now.Add(-time.Hour - 301*time.Second)},
		{"a record that can be revoked", "refused wrong-evidence", byRecord("landlord"), payload(`"vc":{`, `"vc":{"credentialStatus":{"id":"https://x.example/1","type":"x"},`), now},
		{"a record with two subjects", "refused malformed", byRecord("landlord"), payload(`"credentialSubject":{"id":"`, `"credentialSubject":{"id":"urn:x`), now},
		{"a record that says a thing twice", "refused malformed", byRecord("landlord"), payload(`"sub":`, `"sub":"urn:x","sub":`), now},
		{"a record in another's name", "refused wrong-issuer", byRecord("landlord"), payload(`"iss":"`+string(landlord.DID), `"iss":"`+string(businessKey("shop").DID)), now},
		{"alg none on a record", "refused bad-signature", byRecord("landlord"), swap(`{"alg":"none","kid":"` + landlord.KeyID + `","typ":"JWT"}`), now},
		{"HS256 on a record", "refused bad-signature", byRecord("landlord"), swap(`{"alg":"HS256","kid":"` + landlord.KeyID + `","typ":"JWT"}`), now},
		{"EdDSA by a P-256 key", "refused bad-signature", byRecord("landlord"), swap(`{"alg":"EdDSA","kid":"` + landlord.KeyID + `","typ":"JWT"}`), now},
		{"a record with another's kid", "refused bad-signature", byRecord("landlord"), swap(`{"alg":"ES256","kid":"` + businessKey("shop").KeyID + `","typ":"JWT"}`), now},
		{"a record that was changed", "refused bad-signature", byRecord("landlord"), cut[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(claims, `"exp":`, `"exp":9`, 1))) + "." + cut[2], now},
		{"an event for a record", "refused bad-signature", byRecord("landlord"), event("landlord", nil), now},
		{"a record for an event", "refused bad-signature", byEvent("landlord"), good, now},
		{"an event by another", "refused wrong-evidence", byEvent("carrier"), event("shop", nil), now},
		{"another event", "refused wrong-evidence", byEvent("carrier"), event("carrier", func(h *consent.Happened) { h.Name = "lost" }), now},
		{"an event of another grant", "refused wrong-evidence", byEvent("carrier"), event("carrier", func(h *consent.Happened) { h.Grant = ident[id.Grant]("x") }), now},
		{"an event to come", "refused not-yet", byEvent("carrier"), event("carrier", func(h *consent.Happened) { h.Time += 301 }), now},
		{"evidence that nobody asked for", "refused wrong-evidence", &consent.Condition{Uses: times(3)}, good, now},
	} {
		e := evidenceCase{Name: c.name, Expect: c.expect, Condition: c.c, About: []id.Grant{grant, ident[id.Grant]("before")}, Now: c.at.Unix(), Evidence: c.evidence}
		if c.expect == "ok" {
			v := must(consent.OpenEvidence(t.Context(), signatures, e.Evidence, e.Condition, e.About, c.at))
			e.By, e.From, e.Until = v.By, v.From, v.Until
		}
		out = append(out, e)
	}
	return out
}

func TestEvidenceVectors(t *testing.T) {
	judge(t, "evidence.json", makeEvidence(t), func(c evidenceCase) (string, string, error) {
		e, err := consent.OpenEvidence(t.Context(), signatures, c.Evidence, c.Condition, c.About, time.Unix(c.Now, 0))
		if err == nil && (e.By != c.By || e.From != c.From || e.Until != c.Until || e.Hash() != consent.HashOf(c.Evidence)) {
			t.Errorf("%s: read %+v", c.Name, e)
		}
		return c.Name, c.Expect, err
	})
}

func TestEvidenceCountsWhileItHolds(t *testing.T) {
	e := consent.Evidence{From: consent.UnixAt(now), Until: consent.UnixAt(now) + 60}
	for after, want := range map[time.Duration]bool{-time.Second: false, 0: true, 59 * time.Second: true, time.Minute: false} {
		if e.Counts(now.Add(after)) != want {
			t.Errorf("after %v", after)
		}
	}
	if e.Until = 0; !e.Counts(now.Add(1e6 * time.Hour)) {
		t.Error("for good")
	}
}

// What a store keeps of a condition is the condition.
func TestAConditionIsKept(t *testing.T) {
	for _, c := range []*consent.Condition{nil, byRecord("x"), byEvent("x"), {Uses: times(3)}, {From: unixOf(now)}} {
		back, err := consent.ParseCondition(c.Text())
		if err != nil || fmt.Sprint(string(must(json.Marshal(back)))) != string(must(json.Marshal(c))) {
			t.Errorf("%s: %v", c.Text(), err)
		}
	}
	for _, bad := range []string{"{}", `{"uses":0}`, `{"uses":1,"from":5}`, "null", "x"} {
		if _, err := consent.ParseCondition(bad); err == nil {
			t.Errorf("%s is a condition", bad)
		}
	}
}
