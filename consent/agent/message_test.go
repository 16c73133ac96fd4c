package agent_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

func write(t testing.TB) (consent.Message, string) {
	t.Helper()
	shop := business(t, "shop")
	m := consent.NewMessage(shop.DID, shopper(t, "person").DID, consent.MessageBody{
		Grant: id.Grant(seed("grant")[:16]), Subject: "Parcel", Text: "canary-text-8421: it comes on Friday.",
	}, now)
	return m, sign(t, shop, consent.TypeMessage, m.Payload())
}

func TestMessage(t *testing.T) {
	key := agreement(t, "person")
	m, jws := write(t)
	packed, err := agent.PackMessage(jws, consent.NewAgreementKey(key.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	got, inside, err := agent.New(agent.Options{}).OpenMessage(t.Context(), packed, key)
	if err != nil || inside != jws || text(t, got) != text(t, m) {
		t.Fatalf("opening: %v", err)
	}
	// What TypeScript has to find in the header.
	var h map[string]any
	raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(packed, ".")[0])
	if err := json.Unmarshal(raw, &h); err != nil || len(strings.Split(packed, ".")) != 5 ||
		h["alg"] != "ECDH-ES+A256KW" || h["enc"] != "A256GCM" || h["cty"] != consent.TypeMessage ||
		h["typ"] != "application/didcomm-encrypted+json" || h["kid"] != string(must(agent.KeyDID(key.PublicKey()))) {
		t.Errorf("header %s, %v", raw, err)
	}
	if strings.Contains(packed, "canary") {
		t.Error("the text is readable")
	}
}

func TestMessageDoesNotOpen(t *testing.T) {
	key := agreement(t, "person")
	_, jws := write(t)
	packed, err := agent.PackMessage(jws, consent.NewAgreementKey(key.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.Split(packed, ".")
	flip := func(i int) string {
		c := append([]string{}, cut...)
		b, _ := base64.RawURLEncoding.DecodeString(c[i])
		b[len(b)/2] ^= 1
		c[i] = base64.RawURLEncoding.EncodeToString(b)
		return strings.Join(c, ".")
	}
	for name, in := range map[string]string{
		"header": flip(0), "key": flip(1), "iv": flip(2), "ciphertext": flip(3), "tag": flip(4),
		"cut": packed[:len(packed)-8], "nothing": "", "JSON": "{}", "too long": packed + strings.Repeat("A", 64<<10),
	} {
		if _, err := agent.UnpackMessage(in, key); err == nil || err.Error() != "the message does not open" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := agent.UnpackMessage(packed, agreement(t, "other")); err == nil {
		t.Error("opened with another's key")
	}
}

func TestMessageRefused(t *testing.T) {
	key := agreement(t, "person")
	m, _ := write(t)
	open := func(jws string) error {
		packed, err := agent.PackMessage(jws, consent.NewAgreementKey(key.PublicKey()))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = agent.New(agent.Options{}).OpenMessage(t.Context(), packed, key)
		return err
	}
	code(t, open(sign(t, business(t, "other"), consent.TypeMessage, m.Payload())), consent.WrongIssuer)
	code(t, open(sign(t, business(t, "shop"), consent.TypeRequest, m.Payload())), consent.BadSignature)
	code(t, open("not signed at all"), consent.BadSignature)

	bad := consent.NewAgreementKey(key.PublicKey())
	bad.Y = append(consent.Bytes{}, bad.Y...)
	bad.Y[31] ^= 1
	if _, err := agent.PackMessage("x", bad); err == nil {
		t.Error("packed for a point that is not on the curve")
	}
	_, err := agent.PackMessage(strings.Repeat("x", consent.MaxPacked), consent.NewAgreementKey(key.PublicKey()))
	code(t, err, consent.Malformed)
}
