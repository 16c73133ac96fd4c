package consent_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/vault/seal"
)

type rightsCase struct {
	Name   string        `json:"name"`
	Expect string        `json:"expect"`
	JWS    string        `json:"jws"`
	Seed   consent.Bytes `json:"pairwise_seed,omitempty"` // Ed25519; signs the claims
	Claims string        `json:"claims,omitempty"`        // the payload as signed
}

func makeRights(t testing.TB) (out []rightsCase) {
	f := newFixture(t)
	q := must(f.person.SignRights(demand(f)))
	payload := q.Payload()
	// signed signs what the signer itself would refuse: EdDSA over these very bytes.
	signed := func(by agent.Signer, typ string, payload []byte) string {
		head := base64.RawURLEncoding.EncodeToString(must(json.Marshal(map[string]string{"alg": "EdDSA", "kid": by.KeyID, "typ": typ})))
		input := head + "." + base64.RawURLEncoding.EncodeToString(payload)
		return input + "." + base64.RawURLEncoding.EncodeToString(must(by.Key.Sign(nil, []byte(input), none{})))
	}
	with := func(old, new string) string { return signed(f.person, consent.TypeRights, edit(t, payload, old, new)) }
	cut := strings.Split(q.JWS, ".")
	out = append(out, rightsCase{"rights request", "ok", q.JWS, seed("pairwise"), string(payload)})
	optOut := demand(f)
	optOut.Regime, optOut.Right, optOut.Text, optOut.Attributes = consent.RegimeCCPA, consent.RightOptOut, "", nil
	optOut = must(f.person.SignRights(optOut))
	out = append(out, rightsCase{"opt-out without a word", "ok", optOut.JWS, seed("pairwise"), string(optOut.Payload())})
	for _, c := range []struct{ name, code, jws string }{
		{"truncated", "bad-signature", q.JWS[:len(q.JWS)-4]},
		{"changed text", "bad-signature", cut[0] + "." + base64.RawURLEncoding.EncodeToString(edit(t, payload, "delete", "remove")) + "." + cut[2]},
		{"signed as a receipt", "bad-signature", signed(f.person, "JWT", payload)},
		{"signed by another shopper", "wrong-issuer", signed(personKey("x"), consent.TypeRights, payload)},
		{"signed by a business", "bad-signature", must(f.shop.SignJWS(consent.TypeRights, payload))},
		{"a right of the other law", "bad-right", with(`"erasure"`, `"delete"`)},
		{"an unknown law", "bad-right", with(`"gdpr"`, `"hammurabi"`)},
		{"about no grant", "malformed", with(`["`+f.letter.Grant.String()+`"]`, `[]`)},
		{"about one grant twice", "duplicate", with(`["`+f.letter.Grant.String()+`"]`, `["`+f.letter.Grant.String()+`","`+f.letter.Grant.String()+`"]`)},
		{"a text with an escape", "malformed", with("Thank you", `\u001b[2J`)},
		{"key not on the curve", "bad-key", signed(f.person, consent.TypeRights, func() []byte {
			x := demand(f)
			x.AgreementKey.Y = make(consent.Bytes, 32)
			return x.Payload()
		}())},
		{"unknown key", "malformed", with(`"right":`, `"colour":1,"right":`)},
		{"missing key", "malformed", with(`"attributes":["phone"],`, ``)},
		{"later version", "wrong-version", with(`"v":1`, `"v":2`)},
	} {
		out = append(out, rightsCase{Name: c.name, Expect: "refused " + c.code, JWS: c.jws})
	}
	return out
}

// none says that the message is signed as it is (Ed25519).
type none struct{}

func (none) HashFunc() crypto.Hash { return 0 }

type replyCase struct {
	Name   string          `json:"name"`
	Expect string          `json:"expect"`
	Key    privateJWK      `json:"key"`
	Rights string          `json:"rights"` // JWS of the rights request
	Sealed string          `json:"sealed"` // JWE
	Reply  json.RawMessage `json:"reply,omitempty"`
}

func makeReplies(t testing.TB) (out []replyCase) {
	f := newFixture(t)
	kept := map[string]string{}
	if _, err := os.Stat(vectorDir + "/rights-reply.json"); err == nil {
		for _, c := range readVectors[replyCase](t, "rights-reply.json") {
			kept[c.Name] = c.Sealed
		}
	}
	key := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), f.personAgree.Bytes()))
	q := must(f.person.SignRights(demand(f)))
	good := reply(q)
	signed := func(payload []byte) string { return must(f.shop.SignJWS(consent.TypeReply, payload)) }
	with := func(change func(*consent.RightsReply)) string {
		r := good
		change(&r)
		return signed(r.Payload())
	}
	for _, c := range []struct{ name, expect, jws string }{
		{"refused with its reason", "ok", signed(good.Payload())},
		{"acknowledged", "ok", with(func(r *consent.RightsReply) { r.Step, r.Outcome, r.Text = consent.RightsAcknowledged, "", "" })},
		{"extended without a reason", "refused malformed", with(func(r *consent.RightsReply) { r.Step, r.Outcome, r.Text = consent.RightsExtended, "", "" })},
		{"refused without a reason", "refused malformed", with(func(r *consent.RightsReply) { r.Text = "" })},
		{"an outcome before the answer", "refused malformed", with(func(r *consent.RightsReply) { r.Step = consent.RightsExtended })},
		{"no such outcome", "refused malformed", with(func(r *consent.RightsReply) { r.Outcome = "ignored" })},
		{"to another rights request", "refused wrong-rights", with(func(r *consent.RightsReply) { r.RequestHash[0] ^= 1 })},
		{"to another shopper", "refused wrong-rights", with(func(r *consent.RightsReply) { r.Sub = personKey("x").DID })},
		{"by another business", "refused wrong-issuer", must(businessKey("other shop").SignJWS(consent.TypeReply, func() []byte {
			r := good
			r.Iss = businessKey("other shop").DID
			return r.Payload()
		}()))},
		{"signed by another", "refused wrong-issuer", must(businessKey("other shop").SignJWS(consent.TypeReply, good.Payload()))},
		{"signed as a message", "refused bad-signature", must(f.shop.SignJWS(consent.TypeMessage, good.Payload()))},
	} {
		sealed := kept[c.name]
		if have, err := seal.OpenEnvelope(key, consent.TypeSealedRights, sealed); err != nil || string(have) != c.jws {
			sealed = must(seal.SealEnvelope(&key.PublicKey, consent.TypeSealedRights, []byte(c.jws)))
		}
		one := replyCase{Name: c.name, Expect: c.expect, Key: private(f.personAgree), Rights: q.JWS, Sealed: sealed}
		if c.expect == "ok" {
			one.Reply = bytes.TrimSpace(must(base64.RawURLEncoding.DecodeString(strings.Split(c.jws, ".")[1])))
		}
		out = append(out, one)
	}
	stranger := replyCase{Name: "another's key", Expect: "refused", Key: private(agreementKey("x")), Rights: q.JWS, Sealed: out[0].Sealed}
	cut := strings.Split(out[0].Sealed, ".")
	return append(out, stranger, replyCase{Name: "truncated", Expect: "refused", Key: private(f.personAgree), Rights: q.JWS,
		Sealed: strings.Join(append(cut[:4:4], cut[4][:8]), ".")})
}

type clockCase struct {
	Name     string              `json:"name"`
	Regime   consent.Regime      `json:"regime"`
	Right    consent.RightsKind  `json:"right"`
	Sent     consent.Unix        `json:"sent"`
	Extended consent.Unix        `json:"extended"` // 0: not
	Answered consent.Unix        `json:"answered"`
	Now      consent.Unix        `json:"now"`
	Due      string              `json:"due"`
	Left     int                 `json:"left"`
	State    consent.RightsState `json:"state"`
}

// makeClocks are the clock of every right on days where calendars differ.
func makeClocks() (out []clockCase) {
	days := []string{"2026-01-30", "2026-01-31", "2026-02-28", "2028-01-31", "2028-02-29", "2026-08-31", "2026-11-30", "2026-12-31", "2027-11-30"}
	for _, regime := range []consent.Regime{consent.RegimeGDPR, consent.RegimeCCPA} {
		for _, right := range regime.Rights() {
			if right != consent.RightAccess && right != consent.RightKnow && right != consent.RightOptOut {
				continue // the same clock
			}
			for i, day := range days {
				sent := must(time.Parse(time.RFC3339, day+"T23:59:59Z"))
				q := consent.RightsRequest{Regime: regime, Right: right}
				for j, extended := range []time.Duration{0, 10 * 24 * time.Hour, 60 * 24 * time.Hour} {
					times := consent.RightsTimes{Sent: consent.UnixAt(sent)}
					if extended > 0 {
						times.Extended = consent.UnixAt(sent.Add(extended))
					}
					at := sent.Add(time.Duration(7*(i+1)*(j+1)) * 24 * time.Hour)
					out = append(out, clockCase{Name: string(right) + " " + day, Regime: regime, Right: right, Sent: times.Sent, Extended: times.Extended,
						Now: consent.UnixAt(at), Due: q.Due(times).Format(time.DateOnly), Left: q.DaysLeft(times, at), State: q.State(times, at)})
				}
			}
		}
	}
	return out
}

func TestRightsVectors(t *testing.T) {
	judge(t, "rights.json", makeRights(t), func(c rightsCase) (string, string, error) {
		q, err := agent.VerifyRights(c.JWS)
		if err == nil && string(q.Payload()) != c.Claims {
			t.Errorf("%s: read another rights request", c.Name)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "rights-reply.json", makeReplies(t), func(c replyCase) (string, string, error) {
		key := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), c.Key.D))
		jws, err := seal.OpenEnvelope(key, consent.TypeSealedRights, c.Sealed)
		if err != nil {
			return c.Name, c.Expect, err
		}
		r, err := signatures.VerifyReply(t.Context(), string(jws))
		if err == nil {
			err = r.Answers(must(agent.VerifyRights(c.Rights)))
		}
		if err == nil && !bytes.Equal(bytes.TrimSpace(r.Payload()), compact(t, c.Reply)) {
			t.Errorf("%s: read another reply", c.Name)
		}
		return c.Name, c.Expect, err
	})
	// Nothing is refused here: the file is for other programs to reckon the same.
	want := append(must(json.MarshalIndent(vectors[clockCase]{1, makeClocks()}, "", "  ")), '\n')
	path := filepath.Join(vectorDir, "rights-clock.json")
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, want) {
		t.Errorf("rights-clock.json is not what is made today (%v); run: go test ./consent -update", err)
	}
}
