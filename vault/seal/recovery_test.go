package seal_test

import (
	"crypto/ed25519"
	"testing"

	"coffer/vault"
	"coffer/vault/seal"
)

type recoveryCase struct {
	Name      string `json:"name"`
	Expect    string `json:"expect"`
	Entropy   string `json:"entropy"`
	Origin    string `json:"origin"`
	Challenge string `json:"challenge"`
	Signature string `json:"signature"`

	Locator     string `json:"locator,omitempty"`
	LocatorHash string `json:"locator_hash,omitempty"`
	SignerSeed  string `json:"signer_seed,omitempty"`
	Signer      string `json:"signer"`
}

func TestRecoveryVectors(t *testing.T) { compare(t, "recovery", recoveryVectors(), checkRecovery) }

func recoveryVectors() (out []recoveryCase) {
	for _, origin := range []string{"https://wallet.example", "http://localhost:8080"} {
		r := &stream{label: "recovery " + origin}
		entropy, challenge := must(seal.NewKey[[32]byte](r)), must(seal.NewKey[[32]byte](r))
		locator, signer := seal.RecoveryLocator(entropy[:]), seal.RecoverySigner(entropy[:])
		hash := vault.LocatorHash(locator)
		c := recoveryCase{
			Name: origin, Expect: "opens", Entropy: b64(entropy[:]), Origin: origin, Challenge: b64(challenge[:]),
			Locator: b64(locator[:]), LocatorHash: b64(hash[:]), SignerSeed: b64(signer.Seed()), Signer: b64(signer.Public().(ed25519.PublicKey)),
			Signature: b64(ed25519.Sign(signer, vault.RecoveryMessage(origin, challenge[:]))),
		}
		bad := recoveryCase{Expect: "refused", Entropy: c.Entropy, Origin: origin, Challenge: c.Challenge, Signer: c.Signer, Signature: c.Signature}
		elsewhere, later, plain := bad, bad, bad
		elsewhere.Name, elsewhere.Origin = origin+", for another operator", "https://other.example"
		later.Name, later.Challenge = origin+", another challenge", b64(entropy[:])
		plain.Name, plain.Signature = origin+", the challenge without its label", b64(ed25519.Sign(signer, challenge[:]))
		out = append(out, c, elsewhere, later, plain)
	}
	return out
}

func checkRecovery(t *testing.T, c recoveryCase) string {
	if c.Expect == "opens" {
		entropy := raw(t, c.Entropy)
		locator := seal.RecoveryLocator(entropy)
		hash := vault.LocatorHash(locator)
		if b64(locator[:]) != c.Locator || b64(hash[:]) != c.LocatorHash || b64(seal.RecoverySigner(entropy).Seed()) != c.SignerSeed {
			t.Errorf("%s: derived others", c.Name)
		}
	}
	signed := vault.Sheet{Signer: raw(t, c.Signer)}.Signed(c.Origin, raw(t, c.Challenge), raw(t, c.Signature))
	if signed != (c.Expect == "opens") {
		t.Errorf("%s: signed %v, want %s", c.Name, signed, c.Expect)
	}
	return c.Expect
}
