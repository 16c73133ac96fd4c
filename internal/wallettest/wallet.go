// Package wallettest is a shopper with a wallet, in Go: it speaks the same bytes to
// the same routes as the pages do, so that the whole journey can be walked without a
// browser, and so that a test can do what a dishonest wallet would.
//
// # Trust
//
// Only tests import it.
package wallettest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// Wallet is one shopper's browser. Its fields are open so that tests can lie.
type Wallet struct {
	Origin string
	HTTP   *http.Client
	Device *vaulttest.Authenticator
	Now    func() time.Time

	Vault     id.Vault
	Salt      []byte
	Key       seal.VaultKey
	Seed      seal.Seed
	Recovery  []byte // the entropy behind the 24 words
	Ledger    anchor.ValidatorSet
	Documents map[id.Document]vault.Document // as stored, without the manifest
	Manifest  int64                          // newest version seen
	Named     map[string]id.Document         // attributes by name
	Held      map[id.Grant]Held              // what it knows of its grants
}

// Problem is a refusal by the operator (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Type, p.Detail) }

// Is compares by code, as in errors.Is(err, wallettest.Code("not-found")).
func (p *Problem) Is(target error) bool {
	c, ok := target.(Code)
	return ok && p.Type == "urn:coffer:problem:"+string(c)
}

// Code is the last part of a problem's type.
type Code string

func (c Code) Error() string { return string(c) }

// New is a browser that has not been to the operator yet.
func New(origin string) *Wallet {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &Wallet{
		Origin: origin, HTTP: &http.Client{Jar: jar, Timeout: time.Minute}, Now: time.Now,
		Device:    vaulttest.NewAuthenticator(origin),
		Documents: map[id.Document]vault.Document{}, Named: map[string]id.Document{}, Held: map[id.Grant]Held{},
	}
}

// Do sends one request to the operator and reads the answer into out, if not nil.
func (w *Wallet) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, w.Origin+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Origin", w.Origin)
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.HTTP.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		p := &Problem{Status: resp.StatusCode}
		if err := json.Unmarshal(b, p); err != nil {
			return fmt.Errorf("%s %s: %d without a problem document", method, path, resp.StatusCode)
		}
		return p
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

type options struct {
	PublicKey json.RawMessage `json:"public_key"`
	Ceremony  string          `json:"ceremony"`
}

type session struct {
	Vault      id.Vault `json:"vault"`
	Salt       string   `json:"salt"`
	State      string   `json:"state"`
	Credential string   `json:"credential"`
	Wraps      []wrap   `json:"wraps"`
}

type wrap struct {
	Kind       string `json:"kind"`
	Credential string `json:"credential,omitempty"`
	IV         string `json:"iv"`
	Ciphertext string `json:"ciphertext"`
}

var b64 = base64.RawURLEncoding

// Open makes a vault: passkey, two ways in, identity, ledger pinned.
func (w *Wallet) Open(ctx context.Context) error {
	var o options
	if err := w.Do(ctx, "POST", "/wallet/v1/passkeys/create/start", struct{}{}, &o); err != nil {
		return err
	}
	answer, prf, err := w.Device.Create(o.PublicKey)
	if err != nil {
		return err
	}
	var s session
	if err := w.Do(ctx, "POST", "/wallet/v1/passkeys/create/finish", map[string]any{"credential": answer}, &s); err != nil {
		return err
	}
	w.Vault = s.Vault
	if w.Salt, err = b64.DecodeString(s.Salt); err != nil {
		return err
	}
	if w.Key, err = seal.NewKey[seal.VaultKey](rand.Reader); err != nil {
		return err
	}
	if w.Seed, err = seal.NewKey[seal.Seed](rand.Reader); err != nil {
		return err
	}
	w.Recovery = make([]byte, 32)
	rand.Read(w.Recovery)
	credential, err := b64.DecodeString(s.Credential)
	if err != nil {
		return err
	}
	var wraps []wrap
	for _, way := range []struct {
		ikm        []byte
		kind       string
		credential []byte
	}{{prf, vault.PasskeyWrap, credential}, {w.Recovery, vault.RecoveryWrap, nil}} {
		if way.ikm == nil {
			continue // a passkey without PRF
		}
		locked, err := seal.Wrap(rand.Reader, seal.DeriveWrapKey(way.ikm, w.Salt), w.Vault, way.kind, way.credential, w.Key)
		if err != nil {
			return err
		}
		wraps = append(wraps, wrap{locked.Kind, b64.EncodeToString(locked.Credential), b64.EncodeToString(locked.IV), b64.EncodeToString(locked.Ciphertext)})
	}
	if err := w.Do(ctx, "PUT", "/wallet/v1/wraps", map[string]any{"wraps": wraps}, nil); err != nil {
		return err
	}
	if err := w.Do(ctx, "POST", "/wallet/v1/vault/finish", struct{}{}, nil); err != nil {
		return err
	}
	if err := w.Do(ctx, "GET", "/ledger/v1/validators", nil, &w.Ledger); err != nil {
		return err
	}
	hash := w.Ledger.Hash()
	identity, err := json.Marshal(map[string]any{"v": 1, "kind": "identity", "seed": b64.EncodeToString(w.Seed[:]),
		"ledger": map[string]string{"chain_id": string(w.Ledger.Chain), "validators_hash": b64.EncodeToString(hash[:])}})
	if err != nil {
		return err
	}
	return w.Write(ctx, Change{ID: id.New[id.Document](), Plaintext: identity})
}

// Change is one document to be sealed anew, with the shares it then needs.
type Change struct {
	ID        id.Document
	Plaintext []byte
	Shares    []vault.Share
}

type put struct {
	ID      id.Document  `json:"id"`
	Version int64        `json:"version"`
	Sealed  vault.Sealed `json:"sealed"`
}

type share struct {
	Grant        *id.Grant   `json:"grant,omitempty"`
	Document     id.Document `json:"document"`
	Version      int64       `json:"version"`
	Attribute    string      `json:"attribute"`
	EncryptedKey string      `json:"encrypted_key"`
}

// Seal makes the next version of each document and of the manifest.
func (w *Wallet) Seal(changes ...Change) ([]put, []vault.Document, error) {
	next := maps.Clone(w.Documents)
	var puts []put
	var sealed []vault.Document
	for _, c := range changes {
		version := next[c.ID].Version + 1
		s, err := seal.SealDocument(rand.Reader, w.Key, c.ID, version, c.Plaintext)
		if err != nil {
			return nil, nil, err
		}
		d := vault.Document{ID: c.ID, Version: version, Sealed: s}
		next[c.ID] = d
		sealed = append(sealed, d)
		puts = append(puts, put{d.ID, d.Version, d.Sealed})
	}
	m, err := seal.List(w.Manifest, slices.Collect(maps.Values(next)))
	if err != nil {
		return nil, nil, err
	}
	d, err := m.Seal(rand.Reader, w.Key, w.Vault)
	if err != nil {
		return nil, nil, err
	}
	return append(puts, put{d.ID, d.Version, d.Sealed}), sealed, nil
}

// Kept notes what the operator accepted.
func (w *Wallet) Kept(sealed []vault.Document) {
	for _, d := range sealed {
		w.Documents[d.ID] = d
	}
	w.Manifest++
}

// Write seals and stores documents, re-sharing those that live grants name.
func (w *Wallet) Write(ctx context.Context, changes ...Change) error {
	puts, sealed, err := w.Seal(changes...)
	if err != nil {
		return err
	}
	shares := []share{}
	for i, c := range changes {
		for _, g := range w.sharing(c.ID) {
			s, err := w.share(g, sealed[i])
			if err != nil {
				return err
			}
			shares = append(shares, s)
		}
	}
	err = w.Do(ctx, "POST", "/wallet/v1/documents", map[string]any{"puts": puts, "deletes": []any{}, "shares": shares}, nil)
	if err == nil {
		w.Kept(sealed)
	}
	return err
}

// Set seals an attribute, new or changed.
func (w *Wallet) Set(ctx context.Context, name string, value any) error {
	return w.Write(ctx, w.attribute(name, value, ""))
}

// Derive seals an attribute that is computed from another.
func (w *Wallet) Derive(ctx context.Context, name, from string, value any) error {
	return w.Write(ctx, w.attribute(name, value, from))
}

func (w *Wallet) attribute(name string, value any, from string) Change {
	v, err := json.Marshal(value)
	if err != nil {
		panic(err) // a test's own value
	}
	content, err := json.Marshal(seal.Attribute{V: 1, Kind: "attribute", Name: name, Value: v, Updated: w.Now().Unix(), DerivedFrom: from})
	if err != nil {
		panic(err)
	}
	d, known := w.Named[name]
	if !known {
		d = id.New[id.Document]()
		w.Named[name] = d
	}
	return Change{ID: d, Plaintext: content}
}

// Stored fetches what the operator holds and opens all of it, as an unlock does.
func (w *Wallet) Stored(ctx context.Context) ([]vault.Document, []seal.Difference, error) {
	var answer struct {
		Documents []put `json:"documents"`
	}
	if err := w.Do(ctx, "GET", "/wallet/v1/documents", nil, &answer); err != nil {
		return nil, nil, err
	}
	var documents []vault.Document
	var manifest vault.Document
	for _, p := range answer.Documents {
		d := vault.Document{ID: p.ID, Version: p.Version, Sealed: p.Sealed}
		documents = append(documents, d)
		if p.ID == seal.ManifestID(w.Vault) {
			manifest = d
		}
	}
	m, err := seal.OpenManifest(w.Key, w.Vault, manifest, w.Manifest)
	if err != nil {
		return nil, nil, err
	}
	return documents, m.Compare(w.Vault, documents), nil
}
