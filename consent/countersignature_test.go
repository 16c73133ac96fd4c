package consent_test

import (
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

type countersignatureCase struct {
	Name    string       `json:"name"`
	Expect  string       `json:"expect"`
	Receipt string       `json:"receipt"` // JWT
	JWS     string       `json:"jws"`
	Time    consent.Unix `json:"time,omitempty"`
}

func makeCountersignatures(t testing.TB) (out []countersignatureCase) {
	f := newFixture(t)
	at := consent.UnixAt(now.Add(time.Hour))
	good := consent.NewCountersignature(f.receipt, at)
	sign := func(c consent.Countersignature) string {
		return must(f.shop.SignJWS(consent.TypeCountersignature, c.Payload()))
	}
	jws := sign(good)
	out = []countersignatureCase{
		{"counter-signature", "ok", f.receipt.JWT, jws, at},
		{"by a clock that is slow", "ok", f.receipt.JWT, sign(consent.NewCountersignature(f.receipt, f.receipt.Events[0].Time-299)), f.receipt.Events[0].Time - 299},
	}
	for _, c := range []struct {
		name, code string
		change     func(*consent.Countersignature)
	}{
		{"of another receipt", "wrong-receipt", func(c *consent.Countersignature) { c.ReceiptHash = consent.HashOf("x") }},
		{"of another grant", "wrong-receipt", func(c *consent.Countersignature) { c.Grant = ident[id.Grant]("x") }},
		{"before the receipt", "wrong-receipt", func(c *consent.Countersignature) { c.Time = f.receipt.Events[0].Time - 301 }},
		{"at no time", "malformed", func(c *consent.Countersignature) { c.Time = 0 }},
	} {
		changed := good
		c.change(&changed)
		out = append(out, countersignatureCase{Name: c.name, Expect: "refused " + c.code, Receipt: f.receipt.JWT, JWS: sign(changed)})
	}
	other := businessKey("other shop")
	theirs := good
	theirs.Iss = other.DID
	end := must(f.person.SignReceipt(f.receipt.Withdrawal(ident[id.Receipt]("withdrawal"), at)))
	return append(out,
		countersignatureCase{Name: "by another business", Expect: "refused wrong-issuer", Receipt: f.receipt.JWT, JWS: must(other.SignJWS(consent.TypeCountersignature, theirs.Payload()))},
		countersignatureCase{Name: "by another in its name", Expect: "refused wrong-issuer", Receipt: f.receipt.JWT, JWS: must(other.SignJWS(consent.TypeCountersignature, good.Payload()))},
		countersignatureCase{Name: "of a withdrawal", Expect: "refused wrong-receipt", Receipt: end, JWS: jws},
		countersignatureCase{Name: "signed as a card", Expect: "refused bad-signature", Receipt: f.receipt.JWT, JWS: must(f.shop.SignJWS(consent.TypeCard, good.Payload()))},
		countersignatureCase{Name: "with another key", Expect: "refused malformed", Receipt: f.receipt.JWT, JWS: must(f.shop.SignJWS(consent.TypeCountersignature, edit(t, good.Payload(), `{"v":1`, `{"w":1,"v":1`)))},
		countersignatureCase{Name: "of another version", Expect: "refused wrong-version", Receipt: f.receipt.JWT, JWS: must(f.shop.SignJWS(consent.TypeCountersignature, edit(t, good.Payload(), `"v":1`, `"v":2`)))},
		countersignatureCase{Name: "truncated", Expect: "refused bad-signature", Receipt: f.receipt.JWT, JWS: jws[:len(jws)-4]},
	)
}

func TestCountersignature(t *testing.T) {
	judge(t, "countersignature.json", makeCountersignatures(t), func(c countersignatureCase) (string, string, error) {
		r := must(signatures.VerifyReceipt(t.Context(), c.Receipt))
		got, err := consent.OpenCountersignature(t.Context(), signatures, c.JWS, r)
		if err == nil && got.Time != c.Time {
			t.Errorf("%s: at %d", c.Name, got.Time)
		}
		return c.Name, c.Expect, err
	})
	f := newFixture(t)
	long := must(f.shop.SignJWS(consent.TypeCountersignature, []byte(`{"x":"`+strings.Repeat("x", 5000)+`"}`)))
	_, err := consent.OpenCountersignature(t.Context(), signatures, long, f.receipt)
	code(t, err, consent.Malformed)
}

// What is none is left out of a bundle: no null, and old bundles as they were.
func TestABundleHasNoNull(t *testing.T) {
	f := newFixture(t)
	plain := consent.Bundle{Receipt: f.receipt.JWT, Opening: f.opening}.Bytes()
	if strings.Contains(string(plain), "countersignature") || strings.Contains(string(plain), "withdrawal") {
		t.Errorf("an old bundle is written as %s", plain)
	}
	_, err := consent.ParseBundle([]byte(strings.Replace(string(plain), `{"v":1`, `{"v":1,"withdrawal":null`, 1)))
	code(t, err, consent.Malformed)
}
