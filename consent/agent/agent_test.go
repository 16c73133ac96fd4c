package agent_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

var now = time.Unix(1_763_720_000, 0)

// fixed signs without randomness (RFC 6979), so that a test sees the same bytes
// again.
type fixed struct{ *ecdsa.PrivateKey }

func (f fixed) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return f.PrivateKey.Sign(nil, digest, o)
}

func seed(label string) []byte { s := sha256.Sum256([]byte("coffer test " + label)); return s[:] }

func business(t testing.TB, label string) agent.Signer {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed(label))
	if err != nil {
		t.Fatal(err)
	}
	s, err := agent.NewSigner(fixed{key})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shopper(t testing.TB, label string) agent.Signer {
	t.Helper()
	s, err := agent.NewSigner(ed25519.NewKeyFromSeed(seed(label)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func agreement(t testing.TB, label string) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().NewPrivateKey(seed(label))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t testing.TB, s agent.Signer, typ string, payload []byte) string {
	t.Helper()
	jws, err := s.SignJWS(typ, payload)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

// forge signs like s but lets the caller write header and payload.
func forge(t testing.TB, s agent.Signer, header, payload string) string {
	t.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	var sig []byte
	switch k := s.Key.(type) {
	case ed25519.PrivateKey:
		sig = ed25519.Sign(k, []byte(input))
	case fixed:
		digest := sha256.Sum256([]byte(input))
		r, ss, err := ecdsa.Sign(strings.NewReader(strings.Repeat("x", 512)), k.PrivateKey, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		sig = make([]byte, 64)
		r.FillBytes(sig[:32])
		ss.FillBytes(sig[32:])
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func parts(t testing.TB, jws string) (header, payload map[string]any) {
	t.Helper()
	p := strings.Split(jws, ".")
	for i, to := range []*map[string]any{&header, &payload} {
		b, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
	}
	return header, payload
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ask is a request as a shop would make it.
func ask(shop consent.DID, key *ecdh.PrivateKey) consent.Request {
	return consent.Request{
		V: 1, ID: id.Request(seed("request")[:16]), Iss: shop, Aud: "http://localhost:8080",
		Iat: consent.UnixAt(now), Exp: consent.UnixAt(now.Add(24 * time.Hour)), Nonce: consent.Nonce(seed("nonce")[:16]),
		Controller: consent.Controller{Name: "Corner Shop", Address: "1 High Street", Contact: "privacy@shop.example",
			Authority: "BfDI", PrivacyNotice: "https://shop.example/privacy", URL: "http://localhost:8081"},
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1", AgreementKey: consent.NewAgreementKey(key.PublicKey()),
		Purposes: []consent.Asked{{ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods", Text: map[string]string{"en": "To deliver."},
			Required: []string{"name"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D",
			LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"}},
	}
}

func code(t testing.TB, err error, want consent.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %s, have %v", want, err)
	}
}
