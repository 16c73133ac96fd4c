package agent_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/agent"
)

func TestVerifyJWS(t *testing.T) {
	a, shop := agent.New(agent.Options{}), business(t, "shop")
	payload := fmt.Sprintf(`{"iss":%q, "spaces":  "stay" }`, shop.DID)
	by, got, err := a.VerifyJWS(t.Context(), sign(t, shop, consent.TypeRequest, []byte(payload)), consent.TypeRequest)
	if err != nil || by != shop.DID || string(got) != payload {
		t.Fatalf("%s %s %v", by, got, err)
	}
}

func TestVerifyJWSRefuses(t *testing.T) {
	shop, other := business(t, "shop"), business(t, "other")
	person := shopper(t, "person")
	header := func(alg, typ, kid, more string) string {
		return fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q%s}`, alg, typ, kid, more)
	}
	const typ = consent.TypeRequest
	payload := fmt.Sprintf(`{"iss":%q}`, shop.DID)
	good := forge(t, shop, header("ES256", typ, shop.KeyID, ""), payload)
	cut := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(header("none", typ, shop.KeyID, "")))

	for name, c := range map[string]struct {
		jws  string
		code consent.Code
	}{
		"nothing":                   {"", consent.BadSignature},
		"two parts":                 {cut[0] + "." + cut[1], consent.BadSignature},
		"four parts":                {good + ".x", consent.BadSignature},
		"no signature":              {cut[0] + "." + cut[1] + ".", consent.BadSignature},
		"alg none":                  {none + "." + cut[1] + ".", consent.BadSignature},
		"alg none, old signature":   {none + "." + cut[1] + "." + cut[2], consent.BadSignature},
		"truncated signature":       {good[:len(good)-2], consent.BadSignature},
		"line end":                  {good[:len(good)-10] + "\n" + good[len(good)-10:], consent.BadSignature},
		"padding":                   {good + "==", consent.BadSignature},
		"other spelling of it":      {good[:len(good)-1] + spelling(good[len(good)-1]), consent.BadSignature},
		"long and signed":           {forge(t, shop, header("ES256", typ, shop.KeyID, ""), `{"x":"`+strings.Repeat("x", 48<<10)+`"}`), consent.BadSignature},
		"too long":                  {good + strings.Repeat("A", 64<<10), consent.BadSignature},
		"HS256 with the public key": {forge(t, shop, header("HS256", typ, shop.KeyID, ""), payload), consent.BadSignature},
		"ES384":                     {forge(t, shop, header("ES384", typ, shop.KeyID, ""), payload), consent.BadSignature},
		"EdDSA":                     {forge(t, person, header("EdDSA", typ, person.KeyID, ""), payload), consent.BadSignature},
		"ES256 named, Ed25519 key":  {forge(t, person, header("ES256", typ, person.KeyID, ""), payload), consent.BadSignature},
		"another type":              {forge(t, shop, header("ES256", consent.TypeMessage, shop.KeyID, ""), payload), consent.BadSignature},
		"swapped kid":               {forge(t, shop, header("ES256", typ, other.KeyID, ""), payload), consent.BadSignature},
		"another's signature":       {forge(t, other, header("ES256", typ, other.KeyID, ""), payload), consent.WrongIssuer},
		"kid of two DIDs":           {forge(t, other, header("ES256", typ, string(shop.DID)+"#"+strings.TrimPrefix(string(other.DID), "did:key:"), ""), payload), consent.BadSignature},
		"a key in the header":       {forge(t, other, header("ES256", typ, shop.KeyID, `,"jwk":{}`), payload), consent.BadSignature},
		"crit":                      {forge(t, shop, header("ES256", typ, shop.KeyID, `,"crit":["b64"],"b64":false`), payload), consent.BadSignature},
		"nested":                    {forge(t, shop, header("ES256", typ, shop.KeyID, `,"cty":"JWT"`), payload), consent.BadSignature},
		"alg twice":                 {forge(t, shop, `{"alg":"none",`+header("ES256", typ, shop.KeyID, "")[1:], payload), consent.BadSignature},
		"ALG too":                   {forge(t, shop, `{"ALG":"none",`+header("ES256", typ, shop.KeyID, "")[1:], payload), consent.BadSignature},
		"no kid":                    {forge(t, shop, fmt.Sprintf(`{"alg":"ES256","typ":%q}`, typ), payload), consent.BadSignature},
		"another payload":           {cut[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(payload+" ")) + "." + cut[2], consent.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := agent.New(agent.Options{}).VerifyJWS(t.Context(), c.jws, typ)
			code(t, err, c.code)
		})
	}
	if _, _, err := agent.New(agent.Options{}).VerifyJWS(t.Context(), good, typ); err != nil {
		t.Fatalf("the good one: %v", err)
	}
}

// spelling is the next character: it differs in bits that a lax decoder drops.
func spelling(last byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(digits[strings.IndexByte(digits, last)^1])
}

func TestOpenRequest(t *testing.T) {
	a, shop, other := agent.New(agent.Options{}), business(t, "shop"), business(t, "other")
	rules := consent.ParseRules{Audience: "http://localhost:8080", Now: now}
	q := ask(shop.DID, agreement(t, "shop"))
	opened, err := consent.OpenRequest(t.Context(), a, sign(t, shop, consent.TypeRequest, q.Payload()), rules)
	if err != nil || opened.ID != q.ID || opened.Hash() != consent.HashOf(opened.JWS) {
		t.Fatalf("opening: %v", err)
	}
	_, err = consent.OpenRequest(t.Context(), a, sign(t, other, consent.TypeRequest, q.Payload()), rules)
	code(t, err, consent.WrongIssuer)
	_, err = consent.OpenRequest(t.Context(), a, sign(t, shop, consent.TypeCard, q.Payload()), rules)
	code(t, err, consent.BadSignature)
}

// One property: no change of one byte verifies.
func FuzzVerifyJWS(f *testing.F) {
	a, shop := agent.New(agent.Options{}), business(f, "shop")
	good := sign(f, shop, consent.TypeRequest, []byte(`{"v":1}`))
	f.Add(10, byte('A'))
	f.Add(len(good)-1, byte('A'))
	f.Fuzz(func(t *testing.T, at int, to byte) {
		b := []byte(good)
		if at < 0 || at >= len(b) || b[at] == to {
			return
		}
		b[at] = to
		if _, _, err := a.VerifyJWS(t.Context(), string(b), consent.TypeRequest); !errors.Is(err, consent.BadSignature) {
			t.Fatalf("%q at %d: %v", to, at, err)
		}
	})
}
