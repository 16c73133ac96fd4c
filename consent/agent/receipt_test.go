package agent_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hyperledger/aries-framework-go/pkg/doc/verifiable"
	"github.com/hyperledger/aries-framework-go/pkg/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/key"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

func receipt(t testing.TB, person agent.Signer) (consent.Receipt, string) {
	t.Helper()
	shop := business(t, "shop")
	q := ask(shop.DID, agreement(t, "shop"))
	q.JWS = sign(t, shop, consent.TypeRequest, q.Payload())
	r, err := consent.NewReceipt(q, consent.Terms{
		Grant: id.Grant(seed("grant")[:16]), Record: id.Receipt(seed("record")[:16]), Shopper: person.DID,
		Purpose: "delivery", Attributes: []string{"name"}, Days: 31, Time: consent.UnixAt(now),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	jwt, err := person.SignReceipt(r)
	if err != nil {
		t.Fatal(err)
	}
	return r, jwt
}

func TestReceipt(t *testing.T) {
	person := shopper(t, "person")
	r, jwt := receipt(t, person)
	got, err := agent.New(agent.Options{}).VerifyReceipt(t.Context(), jwt)
	if err != nil {
		t.Fatal(err)
	}
	if got.JWT != jwt || text(t, got) != text(t, r) {
		t.Errorf("read back another receipt: %s", text(t, got))
	}
	header, _ := parts(t, jwt)
	if want := (map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": person.KeyID}); text(t, header) != text(t, want) {
		t.Errorf("header %s", text(t, header))
	}
}

// Aries' own schema for W3C credentials judges the shape, offline.
func TestReceiptIsCredential(t *testing.T) {
	r, jwt := receipt(t, shopper(t, "person"))
	resolver := verifiable.NewVDRKeyResolver(vdr.New(vdr.WithVDR(key.New())))
	parsed, err := verifiable.ParseCredential([]byte(jwt), verifiable.WithPublicKeyFetcher(resolver.PublicKeyFetcher()))
	if err != nil || parsed.Issuer.ID != string(r.ID) || parsed.ID != r.RecordID {
		t.Fatal("aries reads another credential", err)
	}
	_, claims := parts(t, jwt)
	vc := claims["vc"].(map[string]any)
	vc["issuer"], vc["issuanceDate"], vc["id"] = claims["iss"], "2025-11-21T10:13:20Z", claims["jti"]
	_, err = verifiable.ParseCredential([]byte(text(t, vc)), verifiable.WithDisabledProofCheck(), verifiable.WithBaseContextValidation())
	if err != nil {
		t.Error(err)
	}
	delete(vc, "credentialSubject")
	if _, err := verifiable.ParseCredential([]byte(text(t, vc)), verifiable.WithDisabledProofCheck(), verifiable.WithBaseContextValidation()); err == nil {
		t.Error("the judge accepts anything")
	}
}

func TestReceiptRefused(t *testing.T) {
	person, other, shop := shopper(t, "person"), shopper(t, "other"), business(t, "shop")
	_, jwt := receipt(t, person)
	cut := strings.Split(jwt, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(cut[1])
	payload := string(raw)
	header := func(alg, kid string) string { return fmt.Sprintf(`{"alg":%q,"typ":"JWT","kid":%q}`, alg, kid) }
	good := header("EdDSA", person.KeyID)
	enc := base64.RawURLEncoding.EncodeToString

	for name, c := range map[string]struct {
		jwt  string
		code consent.Code
	}{
		"cut in the payload":   {jwt[:len(jwt)/2], consent.BadSignature},
		"cut in the signature": {jwt[:len(jwt)-1], consent.BadSignature},
		"without signature":    {cut[0] + "." + cut[1] + ".", consent.BadSignature},
		"alg none":             {enc([]byte(header("none", person.KeyID))) + "." + cut[1] + ".", consent.BadSignature},
		"alg none, signed":     {forge(t, person, header("none", person.KeyID), payload), consent.BadSignature},
		"ES256":                {forge(t, shop, header("ES256", shop.KeyID), payload), consent.BadSignature},
		"EdDSA named, P-256":   {forge(t, shop, header("EdDSA", shop.KeyID), payload), consent.BadSignature},
		"swapped kid":          {forge(t, person, header("EdDSA", other.KeyID), payload), consent.WrongIssuer},
		"part of the kid":      {forge(t, person, header("EdDSA", person.KeyID[:len(person.KeyID)-9]), payload), consent.BadSignature},
		"another's signature":  {forge(t, other, good, payload), consent.BadSignature},
		"another's receipt":    {forge(t, other, header("EdDSA", other.KeyID), payload), consent.WrongIssuer},
		"did:web":              {forge(t, person, header("EdDSA", "did:web:shop.example#k"), payload), consent.BadSignature},
		"changed term":         {cut[0] + "." + enc([]byte(strings.Replace(payload, "P31D", "P90D", 1))) + "." + cut[2], consent.BadSignature},
		"other subject":        {forge(t, person, good, strings.Replace(payload, `"sub":"`+string(person.DID), `"sub":"`+string(other.DID), 1)), consent.WrongIssuer},
		"other principal":      {forge(t, person, good, strings.Replace(payload, `"pii_principal_id":"`+string(person.DID), `"pii_principal_id":"`+string(other.DID), 1)), consent.WrongIssuer},
		"other jti":            {forge(t, person, good, strings.Replace(payload, `"jti":"urn:coffer:receipt:`, `"jti":"urn:coffer:receipts:`, 1)), consent.Malformed},
		"two types":            {forge(t, person, good, strings.Replace(payload, `"type":["VerifiableCredential"]`, `"type":["VerifiableCredential","X"]`, 1)), consent.Malformed},
		"a proof inside":       {forge(t, person, good, strings.Replace(payload, `"vc":{`, `"vc":{"proof":{},`, 1)), consent.Malformed},
		"key twice":            {forge(t, person, good, strings.Replace(payload, `{"iss":`, `{"iss":"x","iss":`, 1)), consent.Malformed},
		"no JSON behind":       {forge(t, person, good, payload+"{}"), consent.Malformed},
		"with disclosures":     {jwt + "~", consent.BadSignature},
		"too long":             {forge(t, person, good, payload+strings.Repeat(" ", 33<<10)), consent.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := agent.VerifyReceipt(c.jwt)
			code(t, err, c.code)
		})
	}
}

func TestSignReceiptRefuses(t *testing.T) {
	r, _ := receipt(t, shopper(t, "person"))
	if _, err := shopper(t, "other").SignReceipt(r); !errors.Is(err, consent.WrongIssuer) {
		t.Errorf("another's receipt: %v", err)
	}
	if _, err := business(t, "shop").SignReceipt(r); err == nil {
		t.Error("signed by a P-256 key")
	}
	if _, err := shopper(t, "person").SignJWS(consent.TypeRequest, []byte("{}")); err == nil {
		t.Error("a request signed by an Ed25519 key")
	}
}

func FuzzVerifyReceipt(f *testing.F) {
	_, jwt := receipt(f, shopper(f, "person"))
	f.Add(jwt)
	f.Add(jwt[:len(jwt)-4])
	f.Fuzz(func(t *testing.T, in string) {
		r, err := agent.VerifyReceipt(in)
		if err != nil {
			return
		}
		// What verifies says of itself what its claims say.
		var c struct {
			VC struct {
				Subject json.RawMessage `json:"credentialSubject"`
			} `json:"vc"`
		}
		if err := json.Unmarshal(r.Claims(), &c); err != nil || text(t, r) != string(c.VC.Subject) {
			t.Fatalf("claims and receipt differ: %v", err)
		}
	})
}
