package seal_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

// wayCase is a way in's key pair, and a wrap that was made to its public half.
type wayCase struct {
	Name       string `json:"name"`
	Expect     string `json:"expect"`
	IKM        string `json:"ikm"`
	Salt       string `json:"salt"`
	Public     string `json:"public,omitempty"`
	Vault      string `json:"vault"`
	Kind       string `json:"kind"`
	Credential string `json:"credential"`
	IV         string `json:"iv"`
	Ciphertext string `json:"ciphertext"`
	Ephemeral  string `json:"ephemeral"`
	VaultKey   string `json:"vault_key,omitempty"`
}

func TestWayVectors(t *testing.T) { compare(t, "way", wayVectors(t), checkWay) }

func wayVectors(t *testing.T) (out []wayCase) {
	r := &stream{label: "way"}
	salt, v, k := must(seal.NewKey[[32]byte](r)), draw[id.Vault](r), must(seal.NewKey[seal.VaultKey](r))
	for _, kind := range []string{vault.PasskeyWrap, vault.RecoveryWrap} {
		ikm := must(seal.NewKey[[32]byte](r))
		var credential []byte
		if kind == vault.PasskeyWrap {
			credential = []byte("a credential")
		}
		way := must(seal.WayKey(ikm[:], salt[:]).ECDH()).PublicKey()
		w := must(seal.WrapTo(r, way, salt[:], v, kind, credential, k))
		c := wayCase{Name: kind, Expect: "opens", IKM: b64(ikm[:]), Salt: b64(salt[:]), Public: b64(way.Bytes()), Vault: v.String(), Kind: kind,
			Credential: b64(credential), IV: b64(w.IV), Ciphertext: b64(w.Ciphertext), Ephemeral: b64(w.Ephemeral), VaultKey: b64(k[:])}
		bad := c
		bad.Expect, bad.Public, bad.VaultKey = "refused", "", ""
		elsewhere, other, direct, changed := bad, bad, bad, bad
		elsewhere.Name, elsewhere.Vault = kind+", of another vault", draw[id.Vault](r).String()
		other.Name, other.IKM = kind+", another way in", b64(salt[:])
		direct.Name, direct.Ephemeral = kind+", read as a direct wrap", ""
		changed.Name, changed.Ephemeral = kind+", another ephemeral key", b64(way.Bytes())
		out = append(out, c, elsewhere, other, direct, changed)
	}
	return out
}

func checkWay(t *testing.T, c wayCase) string {
	if c.Expect == "opens" && b64(must(seal.WayKey(raw(t, c.IKM), raw(t, c.Salt)).ECDH()).PublicKey().Bytes()) != c.Public {
		t.Errorf("%s: another key pair", c.Name)
	}
	w := vault.Wrap{Kind: c.Kind, Credential: raw(t, c.Credential), IV: raw(t, c.IV), Ciphertext: raw(t, c.Ciphertext), Ephemeral: raw(t, c.Ephemeral)}
	k, err := seal.UnwrapWay(raw(t, c.IKM), raw(t, c.Salt), must(id.Parse[id.Vault](c.Vault)), w)
	if (err == nil) != (c.Expect == "opens") || err == nil && b64(k[:]) != c.VaultKey {
		t.Errorf("%s: %v", c.Name, err)
	}
	return c.Expect
}

// pairingCase is two devices that agree. The phrase is given as places on the BIP-39
// list; one that is refused is what somebody in between makes of it.
type pairingCase struct {
	Name       string   `json:"name"`
	Expect     string   `json:"expect"`
	From       halfCase `json:"from"`
	To         halfCase `json:"to"`
	Commitment string   `json:"commitment"`
	Phrase     [3]int   `json:"phrase"`
	IV         string   `json:"iv"`
	Ciphertext string   `json:"ciphertext"`
	Vault      string   `json:"vault,omitempty"`
	Number     int64    `json:"number,omitempty"`
	VaultKey   string   `json:"vault_key,omitempty"`
}

type halfCase struct {
	D     string `json:"d,omitempty"`
	Key   string `json:"key"`
	Nonce string `json:"nonce"`
}

func TestPairingVectors(t *testing.T) { compare(t, "pairing", pairingVectors(t), checkPairing) }

func pairingVectors(t *testing.T) (out []pairingCase) {
	for _, name := range []string{"a phone and a tablet", "two laptops"} {
		r := &stream{label: "pairing " + name}
		device := func() (*ecdh.PrivateKey, vault.Half, halfCase) {
			d, nonce := must(seal.NewKey[[32]byte](r)), must(seal.NewKey[[32]byte](r))
			d[0] = 1 // below the order of P-256
			k := must(must(ecdsa.ParseRawPrivateKey(elliptic.P256(), d[:])).ECDH())
			h := vault.Half{Key: k.PublicKey().Bytes(), Nonce: nonce[:]}
			return k, h, halfCase{D: b64(d[:]), Key: b64(h.Key), Nonce: b64(h.Nonce)}
		}
		phone, from, fromCase := device()
		_, to, toCase := device()
		v, k := draw[id.Vault](r), must(seal.NewKey[seal.VaultKey](r))
		iv, ciphertext, err := seal.SealPairing(r, must(seal.PairingKey(phone, from, to)), v, 3, k)
		if err != nil {
			t.Fatal(err)
		}
		commitment := seal.Commitment(from)
		c := pairingCase{Name: name, Expect: "opens", From: fromCase, To: toCase, Commitment: b64(commitment[:]), Phrase: seal.Phrase(from, to),
			IV: b64(iv), Ciphertext: b64(ciphertext), Vault: v.String(), Number: 3, VaultKey: b64(k[:])}
		bad := c
		bad.Expect, bad.Vault, bad.Number, bad.VaultKey = "refused", "", 0, ""
		between, nonce, damaged := bad, bad, bad
		between.Name = name + ", another half than committed to"
		_, _, between.From = device()
		nonce.Name, nonce.To.Nonce = name+", another nonce", between.From.Nonce
		damaged.Name = name + ", damaged"
		broken := raw(t, c.Ciphertext)
		broken[7] ^= 1
		damaged.Ciphertext = b64(broken)
		out = append(out, c, between, nonce, damaged)
	}
	return out
}

func checkPairing(t *testing.T, c pairingCase) string {
	half := func(h halfCase) vault.Half { return vault.Half{Key: raw(t, h.Key), Nonce: raw(t, h.Nonce)} }
	from, to := half(c.From), half(c.To)
	mine := must(must(ecdsa.ParseRawPrivateKey(elliptic.P256(), raw(t, c.To.D))).ECDH())
	commitment := seal.Commitment(from)
	agreed := b64(commitment[:]) == c.Commitment && seal.Phrase(from, to) == c.Phrase
	v, n, k, err := seal.OpenPairing(must(seal.PairingKey(mine, from, to)), raw(t, c.IV), raw(t, c.Ciphertext))
	if (agreed && err == nil) != (c.Expect == "opens") || err == nil && (v.String() != c.Vault || n != c.Number || b64(k[:]) != c.VaultKey) {
		t.Errorf("%s: agreed %v, %v", c.Name, agreed, err)
	}
	return c.Expect
}

// A document that was rekeyed says the same under the new key, and nothing under the old.
func TestRekey(t *testing.T) {
	r := &stream{label: "rekey"}
	from, to, d := must(seal.NewKey[seal.VaultKey](r)), must(seal.NewKey[seal.VaultKey](r)), draw[id.Document](r)
	s := must(seal.SealDocument(r, from, d, 4, []byte(`{"v":1}`)))
	moved, err := seal.Rekey(from, to, 2, s)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := moved.Header(); err != nil || h.Key != 2 || h.Version != 4 {
		t.Errorf("header %+v, %v", h, err)
	}
	if must(seal.ContentHash(moved)) != must(seal.ContentHash(s)) {
		t.Error("the manifest would miss it")
	}
	if b, err := seal.OpenDocument(to, d, 4, moved); err != nil || string(b) != `{"v":1}` {
		t.Errorf("%s, %v", b, err)
	}
	if _, err := seal.OpenDocument(from, d, 4, moved); err == nil {
		t.Error("it opens under the old key")
	}
	g, share := draw[id.Grant](r), must(seal.DocumentKey(from, s))
	before, after := must(s.Release(g, share[:])), must(moved.Release(g, share[:]))
	if string(before) != string(after) {
		t.Error("a release of it is another one")
	}
	for _, kid := range []string{"vault/1", "vault/02", "vault/0", "vault/-2", "vault/", "vault/99999999999", "Vault"} {
		if _, err := vault.Sealed(replaced(moved, "vault/2", kid)).Header(); err == nil {
			t.Errorf("kid %s is taken for a vault key", kid)
		}
	}
	if _, err := s.Rekey(0, make([]byte, 40)); err == nil {
		t.Error("a key of number 0")
	}
}

func replaced(s vault.Sealed, old, new string) string { return strings.Replace(string(s), old, new, 1) }
