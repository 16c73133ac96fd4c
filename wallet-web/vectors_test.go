package walletweb_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

// giving is what the wallet in TypeScript made of one request, with every secret:
// src/core/giving.vectors.test.ts writes testdata/vectors/giving.json.
type giving struct {
	V        int          `json:"v"`
	Now      int64        `json:"now"`
	Audience string       `json:"audience"`
	Chain    anchor.Chain `json:"chain"`
	Vault    id.Vault     `json:"vault"`
	VaultKey b64          `json:"vault_key"`
	WaysIn   []struct {
		PRF     b64    `json:"prf"`
		Words   string `json:"words"`
		Entropy b64    `json:"entropy"`
		Salt    b64    `json:"salt"`
		Wrap    struct {
			Kind       string `json:"kind"`
			Credential b64    `json:"credential"`
			IV         b64    `json:"iv"`
			Ciphertext b64    `json:"ciphertext"`
		} `json:"wrap"`
	} `json:"ways_in"`
	IdentitySeed b64    `json:"identity_seed"`
	Request      string `json:"request"`
	AgreementKey struct {
		Kty string `json:"kty"`
		Crv string `json:"crv"`
		X   b64    `json:"x"`
		Y   b64    `json:"y"`
		D   b64    `json:"d"`
	} `json:"agreement_key"`
	Values   map[string]json.RawMessage `json:"values"`
	Filled   []stored                   `json:"filled"`
	Decision confirmed                  `json:"decision"`
	Give     []struct {
		Grant   id.Grant `json:"grant"`
		Receipt string   `json:"receipt"`
		Letter  string   `json:"letter"`
		Shares  []struct {
			Grant        id.Grant    `json:"grant"`
			Document     id.Document `json:"document"`
			Version      int64       `json:"version"`
			Attribute    string      `json:"attribute"`
			EncryptedKey b64         `json:"encrypted_key"`
		} `json:"shares"`
		Withdraw b64 `json:"withdraw"`
	} `json:"give"`
	Documents  []stored `json:"documents"`
	Withdrawal struct {
		Grant   id.Grant `json:"grant"`
		Time    int64    `json:"time"`
		Entry   b64      `json:"entry"`
		Receipt string   `json:"receipt"`
	} `json:"withdrawal"`
	Refusal confirmed `json:"refusal"`
}

type stored struct {
	ID      id.Document  `json:"id"`
	Version int64        `json:"version"`
	Sealed  vault.Sealed `json:"sealed"`
}

type confirmed struct {
	Text      string `json:"text"`
	Challenge b64    `json:"challenge"`
}

type b64 []byte

func (b *b64) UnmarshalText(t []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().DecodeString(string(t))
	return err
}

var signatures = agent.New(agent.Options{})

func readGiving(t *testing.T) (giving, consent.Request) {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors/giving.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var g giving
	if err := d.Decode(&g); err != nil {
		t.Fatal(err)
	}
	if g.V != 1 || len(g.WaysIn) != 2 || len(g.Give) != 2 || len(g.Values) == 0 {
		t.Fatal("there is nothing in the vectors")
	}
	q, err := consent.OpenRequest(t.Context(), signatures, g.Request, consent.ParseRules{Audience: g.Audience, Now: time.Unix(g.Now, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return g, q
}

// A vault that the browser made opens in Go, by both ways in, and its manifest agrees.
func TestVaultOfTheWalletOpens(t *testing.T) {
	g, _ := readGiving(t)
	key := seal.VaultKey(g.VaultKey)
	for _, in := range g.WaysIn {
		w := vault.Wrap{Kind: in.Wrap.Kind, Credential: in.Wrap.Credential, IV: in.Wrap.IV, Ciphertext: in.Wrap.Ciphertext}
		ikm := in.PRF
		if w.Kind == vault.RecoveryWrap {
			ikm = in.Entropy
		}
		got, err := seal.Unwrap(seal.DeriveWrapKey(ikm, in.Salt), g.Vault, w)
		if err != nil || got != key {
			t.Errorf("%s: %v", w.Kind, err)
		}
	}
	values := 0
	for _, d := range documents(g.Filled) {
		plaintext, err := seal.OpenDocument(key, d.ID, d.Version, d.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		if d.ID == seal.ManifestID(g.Vault) {
			m, err := seal.OpenManifest(key, g.Vault, d, 1)
			if diff := m.Compare(g.Vault, documents(g.Filled)); err != nil || len(diff) > 0 {
				t.Errorf("manifest: %v %v", err, diff)
			}
			continue
		}
		a, err := seal.ParseAttribute(plaintext)
		if err != nil || !sameJSON(a.Value, g.Values[a.Name]) {
			t.Errorf("%s: %v", a.Name, err)
		}
		values++
	}
	if values != len(g.Values) {
		t.Errorf("%d values of %d", values, len(g.Values))
	}
}

// What the wallet decided stands before the operator.
func TestDecisionOfTheWalletStands(t *testing.T) {
	g, q := readGiving(t)
	now := time.Unix(g.Now, 0)
	for _, c := range []confirmed{g.Decision, g.Refusal} {
		if challenge := consent.Challenge([]byte(c.Text)); !bytes.Equal(challenge[:], c.Challenge) {
			t.Error("another challenge")
		}
		d, err := consent.ParseDecision([]byte(c.Text))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Answers(q, now); err != nil {
			t.Error(err)
		}
		if string(d.Bytes()) != c.Text {
			t.Error("Go writes another text")
		}
	}
	d, _ := consent.ParseDecision([]byte(g.Decision.Text))
	for i, given := range d.Give {
		r, err := signatures.VerifyReceipt(t.Context(), g.Give[i].Receipt)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Matches(q, given, nil); err != nil {
			t.Error(err)
		}
		entry, err := given.GrantEntry()
		if err != nil {
			t.Fatal(err)
		}
		if err := anchor.Verify(g.Chain, entry, entry.WalletKey); err != nil {
			t.Error(err)
		}
		wallet := seal.GrantWalletKey(seal.Seed(g.IdentitySeed), given.Grant).Public().(ed25519.PublicKey)
		if !bytes.Equal(entry.WalletKey[:], wallet) {
			t.Error("another wallet key")
		}
		ahead, err := anchor.ParseEntry(g.Give[i].Withdraw)
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := ahead.(anchor.Withdraw); !ok || w.HandleKey != entry.HandleKey || w.Epoch != entry.Start {
			t.Error("the withdrawal signed ahead is of another grant")
		}
		if err := anchor.Verify(g.Chain, ahead, entry.WalletKey); err != nil {
			t.Error(err)
		}
	}
}

// What the wallet gave the business can open, and nothing else.
func TestLetterOfTheWalletOpens(t *testing.T) {
	g, q := readGiving(t)
	key := &ecdsa.PrivateKey{D: new(big.Int).SetBytes(g.AgreementKey.D)}
	key.Curve, key.X, key.Y = elliptic.P256(), new(big.Int).SetBytes(g.AgreementKey.X), new(big.Int).SetBytes(g.AgreementKey.Y)
	sealed := map[id.Document]vault.Sealed{}
	for _, d := range g.Filled {
		sealed[d.ID] = d.Sealed
	}
	for _, give := range g.Give {
		plaintext, err := seal.OpenLetter(key, give.Letter)
		if err != nil {
			t.Fatal(err)
		}
		l, err := consent.ParseLetter(plaintext)
		if err != nil {
			t.Fatal(err)
		}
		r, err := signatures.VerifyReceipt(t.Context(), l.Receipt)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Stands(q, r); err != nil {
			t.Error(err)
		}
		for _, s := range give.Shares {
			release, err := sealed[s.Document].Release(give.Grant, s.EncryptedKey)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := seal.OpenRelease(seal.GrantKey(l.GrantKey), give.Grant, release)
			if err != nil {
				t.Fatal(err)
			}
			a, err := seal.ParseAttribute(opened.Plaintext)
			if err != nil || a.Name != s.Attribute || !sameJSON(a.Value, g.Values[s.Attribute]) {
				t.Errorf("%s: %v", s.Attribute, err)
			}
			if _, err := seal.OpenRelease(seal.GrantKey(g.IdentitySeed), give.Grant, release); err == nil {
				t.Error("it opens with any key")
			}
		}
	}
}

// A withdrawal that the wallet made ends its grant.
func TestWithdrawalOfTheWalletEnds(t *testing.T) {
	g, _ := readGiving(t)
	d, err := consent.ParseDecision([]byte(g.Decision.Text))
	if err != nil {
		t.Fatal(err)
	}
	for i, given := range d.Give {
		if given.Grant != g.Withdrawal.Grant {
			continue
		}
		entry, _ := given.GrantEntry()
		w, err := anchor.ParseEntry(g.Withdrawal.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if err := anchor.Verify(g.Chain, w, entry.WalletKey); err != nil || w.Handle() != entry.HandleKey {
			t.Errorf("entry: %v", err)
		}
		before, err := signatures.VerifyReceipt(t.Context(), g.Give[i].Receipt)
		if err != nil {
			t.Fatal(err)
		}
		after, err := signatures.VerifyReceipt(t.Context(), g.Withdrawal.Receipt)
		if err != nil {
			t.Fatal(err)
		}
		if err := after.Ends(before); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("no grant was withdrawn")
}

func documents(all []stored) []vault.Document {
	ds := make([]vault.Document, len(all))
	for i, s := range all {
		ds[i] = vault.Document{ID: s.ID, Version: s.Version, Sealed: compact(s.Sealed)}
	}
	return ds
}

// compact undoes the file's indentation.
func compact(s vault.Sealed) vault.Sealed {
	var b bytes.Buffer
	if json.Compact(&b, s) != nil {
		return nil
	}
	return b.Bytes()
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}
