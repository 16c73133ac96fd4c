package consent_test

import (
	"strings"
	"testing"

	"coffer/consent"
	"coffer/internal/id"
)

func depositExample(f fixture, record string) consent.Deposit {
	d := consent.NewDeposit(f.shop.DID, f.person.DID, ident[id.Grant]("grant"), record, now)
	d.ID, d.Nonce = ident[id.Deposit]("deposit"), consent.Secret(seed("deposit nonce"))
	return d
}

type depositCase struct {
	Name   string      `json:"name"`
	Expect string      `json:"expect"`
	JWS    string      `json:"jws"`
	From   consent.DID `json:"from,omitempty"`
	Record string      `json:"record,omitempty"`
}

func makeDeposits(t testing.TB) (out []depositCase) {
	f := newFixture(t)
	good := depositExample(f, newParcel().text(0))
	payload := string(good.Payload())
	change := func(old, next string) string { return string(edit(t, []byte(payload), old, next)) }
	for name, c := range map[string][2]string{
		"a record handed over":       {"ok", payload},
		"a version to come":          {"refused wrong-version", change(`"v":1`, `"v":2`)},
		"in another's name":          {"refused wrong-issuer", change(`"from":"`+string(f.shop.DID), `"from":"`+string(businessKey("other shop").DID))},
		"to nobody":                  {"refused malformed", change(`"to":"`+string(f.person.DID)+`"`, `"to":""`)},
		"under no grant":             {"refused malformed", change(good.Grant.String(), strings.Repeat("A", 22))},
		"of no time":                 {"refused malformed", change(`"created_time":1763720000`, `"created_time":0`)},
		"without a record":           {"refused malformed", change(good.Record, ``)},
		"with a record that is long": {"refused malformed", change(good.Record, strings.Repeat("A", consent.MaxRecord+1))},
		"with a key more":            {"refused malformed", change(`"v":1`, `"v":1,"note":"buy now"`)},
	} {
		made := depositCase{Name: name, Expect: c[0], JWS: must(f.shop.SignJWS(consent.TypeDeposit, []byte(c[1])))}
		if made.Expect == "ok" {
			made.From, made.Record = good.From, good.Record
		}
		out = append(out, made)
	}
	out = append(out, depositCase{Name: "a message", Expect: "refused bad-signature", JWS: must(f.shop.SignJWS(consent.TypeMessage, []byte(payload)))})
	return sorted(out, func(c depositCase) string { return c.Expect + c.Name })
}

func TestDepositVectors(t *testing.T) {
	judge(t, "deposit.json", makeDeposits(t), func(c depositCase) (string, string, error) {
		by, payload, err := signatures.VerifyJWS(t.Context(), c.JWS, consent.TypeDeposit)
		var d consent.Deposit
		if err == nil {
			d, err = consent.ParseDeposit(payload, by)
		}
		if err == nil && (d.From != c.From || d.Record != c.Record) {
			t.Errorf("%s: read another", c.Name)
		}
		return c.Name, c.Expect, err
	})
}

func FuzzDeposit(f *testing.F) {
	good := depositExample(newFixture(f), "e.y.J~")
	f.Add(good.Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Deposit, error) { return consent.ParseDeposit(b, good.From) }, consent.Deposit.Payload)
	})
}
