package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

func newKey[T ~[32]byte](t testing.TB) T {
	t.Helper()
	k, err := seal.NewKey[T](rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t testing.TB, k seal.VaultKey, d id.Document, version int64, content string) vault.Document {
	t.Helper()
	s, err := seal.SealDocument(rand.Reader, k, d, version, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return vault.Document{ID: d, Version: version, Sealed: s}
}

func TestDocument(t *testing.T) {
	k, d := newKey[seal.VaultKey](t), id.New[id.Document]()
	doc := sealed(t, k, d, 3, `{"v":1}`)
	got, err := seal.OpenDocument(k, d, 3, doc.Sealed)
	if err != nil || string(got) != `{"v":1}` {
		t.Fatalf("got %q, %v", got, err)
	}
	if h, err := doc.Sealed.Header(); err != nil || h.Document != d || h.Version != 3 {
		t.Fatalf("the operator reads header %+v, %v", h, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"rolled back": func() ([]byte, error) { return seal.OpenDocument(k, d, 4, doc.Sealed) },
		"swapped":     func() ([]byte, error) { return seal.OpenDocument(k, id.New[id.Document](), 3, doc.Sealed) },
		"other vault": func() ([]byte, error) { return seal.OpenDocument(newKey[seal.VaultKey](t), d, 3, doc.Sealed) },
		"relabelled":  func() ([]byte, error) { return seal.OpenDocument(k, d, 4, relabel(t, doc.Sealed, d, 4)) },
		"nothing":     func() ([]byte, error) { return seal.OpenDocument(k, d, 3, nil) },
		"cut short":   func() ([]byte, error) { return seal.OpenDocument(k, d, 3, doc.Sealed[:len(doc.Sealed)-9]) },
		"tag of another": func() ([]byte, error) {
			return seal.OpenDocument(k, d, 3, graft(t, doc.Sealed, sealed(t, k, d, 3, `{}`).Sealed))
		},
	} {
		if got, err := open(); err != seal.ErrOpen || got != nil {
			t.Errorf("%s: %q, %v; want ErrOpen and no reason", name, got, err)
		}
	}
}

// relabel writes another header onto a sealed document, as an operator could.
func relabel(t testing.TB, s vault.Sealed, d id.Document, version int64) vault.Sealed {
	t.Helper()
	return change(t, s, func(j map[string]any) {
		h, err := json.Marshal(vault.Header{Enc: "A256GCM", Type: "coffer-doc+json", Document: d, Version: version})
		if err != nil {
			t.Fatal(err)
		}
		j["protected"] = b64(h)
	})
}

func graft(t testing.TB, s, from vault.Sealed) vault.Sealed {
	t.Helper()
	var other map[string]any
	if err := json.Unmarshal(from, &other); err != nil {
		t.Fatal(err)
	}
	return change(t, s, func(j map[string]any) { j["tag"] = other["tag"] })
}

func change(t testing.TB, s vault.Sealed, f func(map[string]any)) vault.Sealed {
	t.Helper()
	var j map[string]any
	if err := json.Unmarshal(s, &j); err != nil {
		t.Fatal(err)
	}
	f(j)
	out, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryVersionHasAKeyOfItsOwn(t *testing.T) {
	k, d := newKey[seal.VaultKey](t), id.New[id.Document]()
	one, err := seal.DocumentKey(k, sealed(t, k, d, 1, `{}`).Sealed)
	if err != nil {
		t.Fatal(err)
	}
	two, err := seal.DocumentKey(k, sealed(t, k, d, 2, `{}`).Sealed)
	if err != nil || one == two {
		t.Fatalf("two versions share a content key (%v)", err)
	}
}

// Sizes say little: everything short looks alike.
func TestShortValuesLookAlike(t *testing.T) {
	k := newKey[seal.VaultKey](t)
	size := len(sealed(t, k, id.New[id.Document](), 1, `{"value":"41"}`).Sealed)
	for _, v := range []string{"someone.with.a.long.name@mail.example", strings.Repeat("x", 200)} {
		if got := len(sealed(t, k, id.New[id.Document](), 1, fmt.Sprintf(`{"value":%q}`, v)).Sealed); got != size {
			t.Errorf("%d characters: %d bytes, want %d as for two", len(v), got, size)
		}
	}
}

func TestPadme(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 1<<30).Draw(t, "n")
		p := seal.Padme(n)
		if p < n || float64(p) > float64(n)*1.12 || seal.Padme(p) != p {
			t.Fatalf("Padme(%d) = %d", n, p)
		}
		if q := seal.Padme(n + 1); q < p {
			t.Fatalf("Padme falls from %d to %d at %d", p, q, n+1)
		}
	})
}

func TestWrap(t *testing.T) {
	k, key, v := newKey[seal.WrapKey](t), newKey[seal.VaultKey](t), id.New[id.Vault]()
	credential := []byte("a credential's id")
	w, err := seal.Wrap(rand.Reader, k, v, vault.PasskeyWrap, credential, key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.Unwrap(k, v, w); err != nil || got != key {
		t.Fatalf("unwrapping: %v", err)
	}
	other := w
	other.Credential = []byte("another one")
	recovery := w
	recovery.Kind, recovery.Credential = vault.RecoveryWrap, nil
	for name, f := range map[string]func() (seal.VaultKey, error){
		"other key":        func() (seal.VaultKey, error) { return seal.Unwrap(newKey[seal.WrapKey](t), v, w) },
		"other vault":      func() (seal.VaultKey, error) { return seal.Unwrap(k, id.New[id.Vault](), w) },
		"other credential": func() (seal.VaultKey, error) { return seal.Unwrap(k, v, other) },
		"other way in":     func() (seal.VaultKey, error) { return seal.Unwrap(k, v, recovery) },
		"nothing":          func() (seal.VaultKey, error) { return seal.Unwrap(k, v, vault.Wrap{}) },
	} {
		if _, err := f(); err != seal.ErrOpen {
			t.Errorf("%s: %v, want ErrOpen", name, err)
		}
	}
}

func TestRelease(t *testing.T) {
	k, grantKey := newKey[seal.VaultKey](t), newKey[seal.GrantKey](t)
	g, d := id.New[id.Grant](), id.New[id.Document]()
	doc := sealed(t, k, d, 7, `{"v":1,"kind":"attribute","name":"email","value":"x@y.example","updated":1}`)
	cek, err := seal.DocumentKey(k, doc.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	share := seal.Share(grantKey, cek)
	release, err := doc.Sealed.Release(g, share) // what the operator does
	if err != nil {
		t.Fatal(err)
	}
	got, err := seal.OpenRelease(grantKey, g, release)
	if err != nil || got.Document != d || got.Version != 7 {
		t.Fatalf("got %+v, %v", got, err)
	}
	a, err := seal.ParseAttribute(got.Plaintext)
	if err != nil || a.Name != "email" || string(a.Value) != `"x@y.example"` {
		t.Fatalf("got %+v, %v", a, err)
	}
	newer := sealed(t, k, d, 8, `{}`)
	stale, err := newer.Sealed.Release(g, share)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() (seal.Opened, error){
		"other grant's key": func() (seal.Opened, error) { return seal.OpenRelease(newKey[seal.GrantKey](t), g, release) },
		"other grant":       func() (seal.Opened, error) { return seal.OpenRelease(grantKey, id.New[id.Grant](), release) },
		"next version":      func() (seal.Opened, error) { return seal.OpenRelease(grantKey, g, stale) },
		"the document":      func() (seal.Opened, error) { return seal.OpenRelease(grantKey, g, doc.Sealed) },
	} {
		if got, err := f(); err != seal.ErrOpen || got.Plaintext != nil {
			t.Errorf("%s: %v, want ErrOpen", name, err)
		}
	}
}

func TestParseAttribute(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"v":1,"kind":"presentation","name":"warranty","value":"x~","updated":1,"request":"r","purpose":"care"}`: true,
		`{"v":1,"kind":"presentation","name":"warranty","value":"x~","updated":1,"request":"r"}`:                  false,
		`{"v":1,"kind":"presentation","name":"warranty","value":"x~","updated":1}`:                                false,
		`{"v":1,"kind":"attribute","name":"email","value":"x","updated":1,"purpose":"care"}`:                      false,
		`{"v":1,"kind":"record","name":"warranty","value":"x~","updated":1}`:                                      false,
	} {
		if _, err := seal.ParseAttribute([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLetter(t *testing.T) {
	business := seal.AgreementKey(newKey[seal.Seed](t), "a key like any other")
	letter, err := seal.SealLetter(&business.PublicKey, []byte(`{"v":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.OpenLetter(business, letter); err != nil || string(got) != `{"v":1}` {
		t.Fatalf("got %q, %v", got, err)
	}
	other := seal.AgreementKey(newKey[seal.Seed](t), "another")
	for name, try := range map[string]func() ([]byte, error){
		"other key": func() ([]byte, error) { return seal.OpenLetter(other, letter) },
		"changed":   func() ([]byte, error) { return seal.OpenLetter(business, letter[:len(letter)-4]+"AAAA") },
		"nothing":   func() ([]byte, error) { return seal.OpenLetter(business, "") },
	} {
		if got, err := try(); err != seal.ErrOpen || got != nil {
			t.Errorf("%s: %q, %v; want ErrOpen", name, got, err)
		}
	}
}

// Two businesses that compare what they hold find nothing in common.
func TestPairwiseKeysDiffer(t *testing.T) {
	s := newKey[seal.Seed](t)
	if seal.PairwiseDID(s, "did:web:a.example") == seal.PairwiseDID(s, "did:web:b.example") {
		t.Error("one DID for two businesses")
	}
	if seal.PairwiseDID(s, "did:web:a.example") != seal.PairwiseDID(s, "did:web:a.example") {
		t.Error("two DIDs for one business")
	}
	if !strings.HasPrefix(seal.PairwiseDID(s, "x"), "did:key:z6Mk") {
		t.Error("an Ed25519 did:key begins with z6Mk")
	}
	if seal.AgreementKey(s, "did:web:a.example").Equal(seal.AgreementKey(s, "did:web:b.example")) {
		t.Error("one agreement key for two businesses")
	}
	g := id.New[id.Grant]()
	if bytes.Equal(seal.GrantWalletKey(s, g).Public().(ed25519.PublicKey), seal.GrantWalletKey(s, id.New[id.Grant]()).Public().(ed25519.PublicKey)) {
		t.Error("one wallet key for two grants")
	}
}

func TestManifest(t *testing.T) {
	k, v := newKey[seal.VaultKey](t), id.New[id.Vault]()
	docs := []vault.Document{}
	for range 4 {
		docs = append(docs, sealed(t, k, id.New[id.Document](), 2, `{}`))
	}
	m, err := seal.List(6, docs)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := m.Seal(rand.Reader, k, v)
	if err != nil || stored.Version != 7 {
		t.Fatalf("stored as version %d, %v", stored.Version, err)
	}
	if _, err := seal.OpenManifest(k, v, stored, 8); !errors.Is(err, seal.ErrRolledBack) {
		t.Errorf("older than seen: %v, want ErrRolledBack", err)
	}
	got, err := seal.OpenManifest(k, v, stored, 7)
	if err != nil {
		t.Fatal(err)
	}
	if ds := got.Compare(v, append(docs, stored)); len(ds) != 0 {
		t.Errorf("an honest operator differs: %v", ds)
	}

	extra := sealed(t, k, id.New[id.Document](), 1, `{}`)
	older := sealed(t, k, docs[1].ID, 1, `{}`)
	resealed := sealed(t, k, docs[2].ID, 2, `{"changed":true}`)
	want := map[id.Document]string{docs[0].ID: "missing", docs[1].ID: "older", docs[2].ID: "different", extra.ID: "unlisted"}
	ds := got.Compare(v, []vault.Document{older, resealed, docs[3], extra, stored})
	for _, d := range ds {
		if want[d.Document] != d.What {
			t.Errorf("%s is %s, want %q", d.Document, d.What, want[d.Document])
		}
	}
	if len(ds) != len(want) {
		t.Errorf("%d differences, want %d", len(ds), len(want))
	}
}

func TestKeysNeverPrint(t *testing.T) {
	k := newKey[seal.VaultKey](t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("opened", "key", k)
	printed := log.String() + fmt.Sprintf("%v %+v %#v %x %s %d", k, k, k, k, k, k) + fmt.Sprintf("%v", struct{ K seal.VaultKey }{k})
	if strings.Contains(printed, fmt.Sprintf("%x", k[:4])) || strings.Contains(printed, fmt.Sprint(k[0], " ", k[1])) || !strings.Contains(printed, "(secret)") {
		t.Fatalf("printed %s", printed)
	}
	if _, err := json.Marshal(k); err == nil {
		t.Error("a key became JSON by accident")
	}
}

func BenchmarkSeal(b *testing.B) {
	k, d := newKey[seal.VaultKey](b), id.New[id.Document]()
	for b.Loop() {
		sealed(b, k, d, 1, `{"v":1,"kind":"attribute","name":"email","value":"x@y.example","updated":1}`)
	}
}

func BenchmarkOpenRelease(b *testing.B) {
	k, gk, g, d := newKey[seal.VaultKey](b), newKey[seal.GrantKey](b), id.New[id.Grant](), id.New[id.Document]()
	doc := sealed(b, k, d, 1, `{"v":1,"kind":"attribute","name":"email","value":"x@y.example","updated":1}`)
	cek, err := seal.DocumentKey(k, doc.Sealed)
	if err != nil {
		b.Fatal(err)
	}
	r, err := doc.Sealed.Release(g, seal.Share(gk, cek))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := seal.OpenRelease(gk, g, r); err != nil {
			b.Fatal(err)
		}
	}
}
