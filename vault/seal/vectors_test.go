package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

var update = flag.Bool("update", false, "write the vectors that Go and TypeScript share")

const vectorDir = "../testdata/vectors"

// The vectors are JSON files {"v":1,"cases":[…]}. A case that is about opening
// says under "expect" whether it opens or is refused.
type file[C any] struct {
	V     int `json:"v"`
	Cases []C `json:"cases"`
}

type keysCase struct {
	Name     string `json:"name"`
	IKM      string `json:"ikm"`
	Salt     string `json:"salt"`
	KEK      string `json:"kek"`
	Seed     string `json:"seed"`
	Business string `json:"business"`
	Pairwise struct {
		Seed   string `json:"seed"`
		Public string `json:"public"`
		DID    string `json:"did"`
	} `json:"pairwise"`
	Agreement jwk `json:"agreement"`
	Grant     struct {
		ID     string `json:"id"`
		Seed   string `json:"seed"`
		Public string `json:"public"`
	} `json:"grant"`
}

type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	D   string `json:"d"`
}

type wrapCase struct {
	Name       string `json:"name"`
	Expect     string `json:"expect"`
	KEK        string `json:"kek"`
	Vault      string `json:"vault"`
	Kind       string `json:"kind"`
	Credential string `json:"credential"`
	IV         string `json:"iv"`
	Ciphertext string `json:"ciphertext"`
	VaultKey   string `json:"vault_key,omitempty"`
}

type documentCase struct {
	Name        string          `json:"name"`
	Expect      string          `json:"expect"`
	VaultKey    string          `json:"vault_key"`
	Document    string          `json:"document"`
	Version     int64           `json:"version"`
	Sealed      json.RawMessage `json:"sealed"`
	Plaintext   string          `json:"plaintext,omitempty"` // without padding
	CEK         string          `json:"cek,omitempty"`
	ContentHash string          `json:"content_hash,omitempty"`
}

type manifestCase struct {
	Name      string `json:"name"`
	Expect    string `json:"expect"` // "opens", "rolled-back", "refused"
	VaultKey  string `json:"vault_key"`
	Vault     string `json:"vault"`
	Seen      int64  `json:"seen"`
	Documents []struct {
		ID      string          `json:"id"`
		Version int64           `json:"version"`
		Sealed  json.RawMessage `json:"sealed"`
	} `json:"documents"` // as served, the manifest among them
	Differences []difference `json:"differences"`
}

type difference struct {
	Document string `json:"document"`
	What     string `json:"what"`
}

type shareCase struct {
	Name         string          `json:"name"`
	Expect       string          `json:"expect"`
	Grant        string          `json:"grant"`
	GrantKey     string          `json:"grant_key"`
	CEK          string          `json:"cek,omitempty"`
	EncryptedKey string          `json:"encrypted_key,omitempty"`
	Release      json.RawMessage `json:"release"`
	Document     string          `json:"document,omitempty"`
	Version      int64           `json:"version,omitempty"`
	Plaintext    string          `json:"plaintext,omitempty"`
}

type letterCase struct {
	Name      string `json:"name"`
	Expect    string `json:"expect"`
	Key       jwk    `json:"key"` // the business's
	Letter    string `json:"letter"`
	Plaintext string `json:"plaintext,omitempty"`
}

type padmeCase struct {
	Length int `json:"length"`
	Padded int `json:"padded"`
}

// stream is the "randomness" of the vectors: SHA-256 of a label and a counter.
type stream struct {
	label string
	n     uint64
	left  []byte
}

func (s *stream) Read(p []byte) (int, error) {
	for i := range p {
		if len(s.left) == 0 {
			sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("coffer/v1 test vectors "+s.label), s.n))
			s.left, s.n = sum[:], s.n+1
		}
		p[i], s.left = s.left[0], s.left[1:]
	}
	return len(p), nil
}

func TestVectors(t *testing.T) {
	compare(t, "keys", keyVectors(t), checkKeys)
	compare(t, "wrap", wrapVectors(t), checkWrap)
	compare(t, "document", documentVectors(t), checkDocument)
	compare(t, "manifest", manifestVectors(t), checkManifest)
	compare(t, "share", shareVectors(t), checkShare)
	compare(t, "letter", letterVectors(t), checkLetter)
	compare(t, "attachment", attachmentVectors(t), checkAttachment)
	compare(t, "padme", padmeVectors(), func(t *testing.T, c padmeCase) string {
		if got := seal.Padme(c.Length); got != c.Padded {
			t.Errorf("Padme(%d) = %d, want %d", c.Length, got, c.Padded)
		}
		return ""
	})
}

// compare holds the file to what this code makes, and this code to the file.
func compare[C any](t *testing.T, name string, cases []C, check func(*testing.T, C) (expect string)) {
	t.Run(name, func(t *testing.T) {
		path := filepath.Join(vectorDir, name+".json")
		want, err := json.MarshalIndent(file[C]{1, cases}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v; run: go test ./vault/seal -run Vectors -update", err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what this code makes", path)
		}
		var f file[C]
		if err := json.Unmarshal(have, &f); err != nil || f.V != 1 || len(f.Cases) == 0 {
			t.Fatalf("%s: version %d, %d cases, %v", path, f.V, len(f.Cases), err)
		}
		outcomes := map[string]int{}
		for _, c := range f.Cases {
			outcomes[check(t, c)]++
		}
		if outcomes[""] == 0 && (outcomes["opens"] == 0 || len(outcomes) < 2) {
			t.Errorf("%s has outcomes %v, want some that open and some that do not", path, outcomes)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func raw(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key[T ~[32]byte](t *testing.T, s string) T { return T(raw(t, s)) }

func draw[T ~[16]byte](r io.Reader) (v T) {
	var b [16]byte
	must(io.ReadFull(r, b[:]))
	return T(b)
}

func toJWK(k *ecdsa.PrivateKey) jwk {
	public := must(k.PublicKey.Bytes())
	return jwk{Kty: "EC", Crv: "P-256", X: b64(public[1:33]), Y: b64(public[33:]), D: b64(must(k.Bytes()))}
}

func fromJWK(t *testing.T, j jwk) *ecdsa.PrivateKey {
	return must(ecdsa.ParseRawPrivateKey(elliptic.P256(), raw(t, j.D)))
}

func keyVectors(t *testing.T) (out []keysCase) {
	for _, business := range []string{"did:web:shop.example", "did:key:zDnaeucDGfhXHoJVqot3p21RuupNJ2fZrs8Lb1GV83VnSo2jR", "did:web:größe.example"} {
		r := &stream{label: "keys " + business}
		ikm, salt, seed := must(seal.NewKey[[32]byte](r)), must(seal.NewKey[[32]byte](r)), must(seal.NewKey[seal.Seed](r))
		kek := seal.DeriveWrapKey(ikm[:], salt[:])
		c := keysCase{Name: business, IKM: b64(ikm[:]), Salt: b64(salt[:]), KEK: b64(kek[:]), Seed: b64(seed[:]), Business: business}
		p := seal.PairwiseKey(seed, business)
		c.Pairwise.Seed, c.Pairwise.Public, c.Pairwise.DID = b64(p.Seed()), b64(p.Public().(ed25519.PublicKey)), seal.PairwiseDID(seed, business)
		c.Agreement = toJWK(seal.AgreementKey(seed, business))
		g := draw[id.Grant](r)
		w := seal.GrantWalletKey(seed, g)
		c.Grant.ID, c.Grant.Seed, c.Grant.Public = g.String(), b64(w.Seed()), b64(w.Public().(ed25519.PublicKey))
		out = append(out, c)
	}
	return out
}

func checkKeys(t *testing.T, c keysCase) string {
	kek := seal.DeriveWrapKey(raw(t, c.IKM), raw(t, c.Salt))
	seed := key[seal.Seed](t, c.Seed)
	g := must(id.Parse[id.Grant](c.Grant.ID))
	if b64(kek[:]) != c.KEK || seal.PairwiseDID(seed, c.Business) != c.Pairwise.DID ||
		toJWK(seal.AgreementKey(seed, c.Business)) != c.Agreement || b64(seal.GrantWalletKey(seed, g).Seed()) != c.Grant.Seed {
		t.Errorf("%s: derived other keys", c.Name)
	}
	return ""
}

func wrapVectors(t *testing.T) (out []wrapCase) {
	r := &stream{label: "wrap"}
	kek, vk, v := must(seal.NewKey[seal.WrapKey](r)), must(seal.NewKey[seal.VaultKey](r)), draw[id.Vault](r)
	add := func(name, expect string, v id.Vault, k seal.WrapKey, w vault.Wrap) {
		c := wrapCase{Name: name, Expect: expect, KEK: b64(k[:]), Vault: v.String(), Kind: w.Kind,
			Credential: b64(w.Credential), IV: b64(w.IV), Ciphertext: b64(w.Ciphertext)}
		if expect == "opens" {
			c.VaultKey = b64(vk[:])
		}
		out = append(out, c)
	}
	p := must(seal.Wrap(r, kek, v, vault.PasskeyWrap, []byte("credential-0001"), vk))
	add("passkey", "opens", v, kek, p)
	recovery := must(seal.Wrap(r, kek, v, vault.RecoveryWrap, nil, vk))
	add("recovery", "opens", v, kek, recovery)
	add("another vault", "refused", draw[id.Vault](r), kek, p)
	add("another key", "refused", v, must(seal.NewKey[seal.WrapKey](r)), p)
	moved := p
	moved.Credential = []byte("credential-0002")
	add("another credential", "refused", v, kek, moved)
	flipped := recovery
	flipped.Ciphertext = append([]byte{}, recovery.Ciphertext...)
	flipped.Ciphertext[0] ^= 1
	add("one bit changed", "refused", v, kek, flipped)
	return out
}

func checkWrap(t *testing.T, c wrapCase) string {
	w := vault.Wrap{Kind: c.Kind, Credential: raw(t, c.Credential), IV: raw(t, c.IV), Ciphertext: raw(t, c.Ciphertext)}
	got, err := seal.Unwrap(key[seal.WrapKey](t, c.KEK), must(id.Parse[id.Vault](c.Vault)), w)
	if (err == nil) != (c.Expect == "opens") || err == nil && b64(got[:]) != c.VaultKey {
		t.Errorf("%s: %v, want it %s", c.Name, err, c.Expect)
	}
	return c.Expect
}

func documentVectors(t *testing.T) (out []documentCase) {
	r := &stream{label: "document"}
	k, d := must(seal.NewKey[seal.VaultKey](r)), draw[id.Document](r)
	add := func(name, expect string, k seal.VaultKey, d id.Document, version int64, s vault.Sealed, plaintext string) {
		c := documentCase{Name: name, Expect: expect, VaultKey: b64(k[:]), Document: d.String(), Version: version, Sealed: json.RawMessage(s)}
		if expect == "opens" {
			cek, hash := must(seal.DocumentKey(k, s)), must(seal.ContentHash(s))
			c.Plaintext, c.CEK, c.ContentHash = plaintext, b64(cek[:]), b64(hash[:])
		}
		out = append(out, c)
	}
	for _, p := range []struct{ name, content string }{
		{"text attribute", `{"v":1,"kind":"attribute","name":"email","value":"anna@mail.example","updated":1763720000}`},
		{"address", `{"v":1,"kind":"attribute","name":"postal-address","value":{"street":"Lange Straße 1","postcode":"10115","city":"Berlin","country":"DE"},"updated":1763720000}`},
		{"derived attribute", `{"v":1,"kind":"attribute","name":"age-over-18","value":true,"updated":1763720000,"derived_from":"birth-date"}`},
		{"longer than the smallest padding", `{"v":1,"kind":"attribute","name":"product-preference","value":"` + string(bytes.Repeat([]byte("tea "), 90)) + `","updated":1763720000}`},
	} {
		add(p.name, "opens", k, d, 3, must(seal.SealDocument(r, k, d, 3, []byte(p.content))), p.content)
	}
	s := must(seal.SealDocument(r, k, d, 3, []byte(`{}`)))
	older := must(seal.SealDocument(r, k, d, 2, []byte(`{}`)))
	other := draw[id.Document](r)
	swapped := must(seal.SealDocument(r, k, other, 3, []byte(`{}`)))
	add("rolled back to an older version", "refused", k, d, 3, older, "")
	add("swapped with another document", "refused", k, d, 3, swapped, "")
	add("another vault's key", "refused", must(seal.NewKey[seal.VaultKey](r)), d, 3, s, "")
	add("older version under a new header", "refused", k, d, 3, relabel(t, older, d, 3), "")
	add("tag of another version", "refused", k, d, 3, graft(t, s, older), "")
	add("another tag in capitals", "refused", k, d, 3, change(t, s, func(j map[string]any) { j["Tag"] = j["tag"] }), "")
	add("two recipients", "refused", k, d, 3, change(t, s, func(j map[string]any) {
		j["recipients"] = append(j["recipients"].([]any), j["recipients"].([]any)[0])
	}), "")
	return out
}

func checkDocument(t *testing.T, c documentCase) string {
	k, d := key[seal.VaultKey](t, c.VaultKey), must(id.Parse[id.Document](c.Document))
	got, err := seal.OpenDocument(k, d, c.Version, vault.Sealed(c.Sealed))
	if (err == nil) != (c.Expect == "opens") || string(got) != c.Plaintext {
		t.Errorf("%s: %q, %v; want it %s", c.Name, got, err, c.Expect)
	}
	if err == nil {
		if hash := must(seal.ContentHash(vault.Sealed(c.Sealed))); b64(hash[:]) != c.ContentHash {
			t.Errorf("%s: another content hash", c.Name)
		}
	}
	return c.Expect
}

func manifestVectors(t *testing.T) (out []manifestCase) {
	r := &stream{label: "manifest"}
	k, v := must(seal.NewKey[seal.VaultKey](r)), draw[id.Vault](r)
	put := func(d id.Document, version int64, content string) vault.Document {
		return vault.Document{ID: d, Version: version, Sealed: must(seal.SealDocument(r, k, d, version, []byte(content)))}
	}
	var docs []vault.Document
	for range 3 {
		docs = append(docs, put(draw[id.Document](r), 2, `{}`))
	}
	manifest := must(must(seal.List(4, docs)).Seal(r, k, v))
	add := func(name, expect string, seen int64, k seal.VaultKey, ds []difference, served ...vault.Document) {
		c := manifestCase{Name: name, Expect: expect, VaultKey: b64(k[:]), Vault: v.String(), Seen: seen, Differences: ds}
		if ds == nil {
			c.Differences = []difference{}
		}
		for _, d := range served {
			c.Documents = append(c.Documents, struct {
				ID      string          `json:"id"`
				Version int64           `json:"version"`
				Sealed  json.RawMessage `json:"sealed"`
			}{d.ID.String(), d.Version, json.RawMessage(d.Sealed)})
		}
		out = append(out, c)
	}
	add("honest", "opens", 5, k, nil, docs[0], manifest, docs[1], docs[2])
	labelled := must(seal.List(4, docs))
	one := labelled.Documents[docs[0].ID]
	one.Label = seal.Label{Kind: "attribute", Name: "shoe-size", At: 1763720000}
	labelled.Documents[docs[0].ID], labelled.Before = one, [][32]byte{{1}, {2}}
	add("never seen before", "opens", 0, k, nil, manifest, docs[0], docs[1], docs[2])
	add("one missing", "opens", 5, k, []difference{{docs[1].ID.String(), "missing"}}, docs[0], docs[2], manifest)
	unlisted := put(draw[id.Document](r), 1, `{}`)
	add("one unlisted", "opens", 5, k, []difference{{unlisted.ID.String(), "unlisted"}}, docs[0], docs[1], docs[2], unlisted, manifest)
	add("one older", "opens", 5, k, []difference{{docs[2].ID.String(), "older"}}, docs[0], docs[1], put(docs[2].ID, 1, `{}`), manifest)
	add("one different", "opens", 5, k, []difference{{docs[0].ID.String(), "different"}}, put(docs[0].ID, 2, `{"x":1}`), docs[1], docs[2], manifest)
	add("with labels and what was before", "opens", 5, k, nil, docs[0], docs[1], docs[2], must(labelled.Seal(&stream{label: "labelled"}, k, v)))
	add("the whole vault rolled back", "rolled-back", 6, k, nil, docs[0], docs[1], docs[2], manifest)
	add("sealed by somebody else", "refused", 0, must(seal.NewKey[seal.VaultKey](r)), nil, docs[0], docs[1], docs[2], manifest)
	return out
}

func checkManifest(t *testing.T, c manifestCase) string {
	v := must(id.Parse[id.Vault](c.Vault))
	var served []vault.Document
	var manifest vault.Document
	for _, d := range c.Documents {
		one := vault.Document{ID: must(id.Parse[id.Document](d.ID)), Version: d.Version, Sealed: vault.Sealed(d.Sealed)}
		if one.ID == seal.ManifestID(v) {
			manifest = one
		}
		served = append(served, one)
	}
	m, err := seal.OpenManifest(key[seal.VaultKey](t, c.VaultKey), v, manifest, c.Seen)
	want := map[string]error{"opens": nil, "rolled-back": seal.ErrRolledBack, "refused": seal.ErrOpen}[c.Expect]
	if err != want {
		t.Errorf("%s: %v, want %v", c.Name, err, want)
	}
	if err == nil {
		got := []difference{}
		for _, d := range m.Compare(v, served) {
			got = append(got, difference{d.Document.String(), d.What})
		}
		if !bytes.Equal(must(json.Marshal(got)), must(json.Marshal(c.Differences))) {
			t.Errorf("%s: differences %v, want %v", c.Name, got, c.Differences)
		}
	}
	return c.Expect
}

func shareVectors(t *testing.T) (out []shareCase) {
	r := &stream{label: "share"}
	k, gk := must(seal.NewKey[seal.VaultKey](r)), must(seal.NewKey[seal.GrantKey](r))
	g, d := draw[id.Grant](r), draw[id.Document](r)
	content := `{"v":1,"kind":"attribute","name":"shoe-size","value":"41","updated":1763720000}`
	s := must(seal.SealDocument(r, k, d, 2, []byte(content)))
	cek := must(seal.DocumentKey(k, s))
	encrypted := seal.Share(gk, cek)
	release := must(s.Release(g, encrypted))
	out = append(out, shareCase{Name: "release", Expect: "opens", Grant: g.String(), GrantKey: b64(gk[:]), CEK: b64(cek[:]),
		EncryptedKey: b64(encrypted), Release: json.RawMessage(release), Document: d.String(), Version: 2, Plaintext: content})
	refuse := func(name string, g id.Grant, gk seal.GrantKey, release vault.Sealed) {
		out = append(out, shareCase{Name: name, Expect: "refused", Grant: g.String(), GrantKey: b64(gk[:]), Release: json.RawMessage(release)})
	}
	refuse("another grant's key", g, must(seal.NewKey[seal.GrantKey](r)), release)
	refuse("another grant", draw[id.Grant](r), gk, release)
	newer := must(seal.SealDocument(r, k, d, 3, []byte(content)))
	refuse("share of an older version", g, gk, must(newer.Release(g, encrypted)))
	refuse("newer version under the old header", g, gk, change(t, must(newer.Release(g, encrypted)), func(j map[string]any) {
		var old map[string]any
		must(0, json.Unmarshal(release, &old))
		j["protected"] = old["protected"]
	}))
	refuse("another header in capitals", g, gk, change(t, release, func(j map[string]any) {
		var other map[string]any
		must(0, json.Unmarshal(newer, &other))
		j["Protected"] = other["protected"]
	}))
	return out
}

func checkShare(t *testing.T, c shareCase) string {
	g, gk := must(id.Parse[id.Grant](c.Grant)), key[seal.GrantKey](t, c.GrantKey)
	got, err := seal.OpenRelease(gk, g, vault.Sealed(c.Release))
	if (err == nil) != (c.Expect == "opens") {
		t.Errorf("%s: %v, want it %s", c.Name, err, c.Expect)
	}
	if err == nil && (string(got.Plaintext) != c.Plaintext || got.Document.String() != c.Document || got.Version != c.Version ||
		b64(seal.Share(gk, key[seal.ContentKey](t, c.CEK))) != c.EncryptedKey) {
		t.Errorf("%s: opened something else", c.Name)
	}
	return c.Expect
}

func letterVectors(t *testing.T) []letterCase {
	r := &stream{label: "letter"}
	business := seal.AgreementKey(must(seal.NewKey[seal.Seed](r)), "business")
	other := seal.AgreementKey(must(seal.NewKey[seal.Seed](r)), "other")
	content := `{"v":1,"grant":"` + draw[id.Grant](r).String() + `","note":"any JSON"}`
	letter := fixedLetter(r, business, "coffer-letter+json", content)
	return []letterCase{
		{"letter", "opens", toJWK(business), letter, content},
		{"another business's key", "refused", toJWK(other), letter, ""},
		{"no letter", "refused", toJWK(business), fixedLetter(r, business, "JWT", content), ""},
		{"cut short", "refused", toJWK(business), letter[:len(letter)-5], ""},
	}
}

// fixedLetter is SealLetter with randomness given, which go-jose does not take.
func fixedLetter(r io.Reader, to *ecdsa.PrivateKey, typ, content string) string {
	ephemeral := seal.AgreementKey(must(seal.NewKey[seal.Seed](r)), "ephemeral")
	cek, iv := must(seal.NewKey[[32]byte](r)), must(seal.NewKey[[32]byte](r))
	public := toJWK(ephemeral)
	header := b64(must(json.Marshal(map[string]any{
		"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "typ": typ,
		"epk": map[string]string{"kty": "EC", "crv": "P-256", "x": public.X, "y": public.Y},
	})))
	kek := josecipher.DeriveECDHES("ECDH-ES+A256KW", nil, nil, ephemeral, &to.PublicKey, 32)
	encrypted := must(josecipher.KeyWrap(must(aes.NewCipher(kek)), cek[:]))
	out := must(cipher.NewGCM(must(aes.NewCipher(cek[:])))).Seal(nil, iv[:12], []byte(content), []byte(header))
	n := len(out) - 16
	return header + "." + b64(encrypted) + "." + b64(iv[:12]) + "." + b64(out[:n]) + "." + b64(out[n:])
}

func checkLetter(t *testing.T, c letterCase) string {
	got, err := seal.OpenLetter(fromJWK(t, c.Key), c.Letter)
	if (err == nil) != (c.Expect == "opens") || string(got) != c.Plaintext {
		t.Errorf("%s: %q, %v; want it %s", c.Name, got, err, c.Expect)
	}
	return c.Expect
}

func padmeVectors() (out []padmeCase) {
	for _, n := range []int{0, 1, 2, 3, 9, 255, 256, 257, 271, 272, 273, 511, 512, 1000, 1024, 1025, 4097, 65535, 65537, 1 << 20, 1<<20 + 1} {
		out = append(out, padmeCase{n, seal.Padme(n)})
	}
	return out
}
