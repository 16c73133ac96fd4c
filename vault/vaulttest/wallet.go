package vaulttest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

// Wallet is a shopper with one browser: it does over HTTP what wallet-web does.
type Wallet struct {
	Base   string // where the routes are, as in http://127.0.0.1:1234/wallet/v1
	Client *http.Client
	Device *Authenticator

	Vault    id.Vault
	Salt     []byte
	Key      seal.VaultKey
	Number   int64 // of the key
	Seed     seal.Seed
	Recovery [32]byte // entropy of the recovery words

	// Status of the last answer.
	Status int

	// Documents as last loaded or written, the manifest not among them.
	Documents map[id.Document]vault.Document
	Manifest  int64 // newest version seen
}

// NewWallet returns a wallet that has no vault yet.
func NewWallet(base, origin string) *Wallet {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // never, with nil options
	}
	return &Wallet{Base: base, Client: &http.Client{Jar: jar}, Device: NewAuthenticator(origin), Number: 1, Documents: map[id.Document]vault.Document{}}
}

// Refused is a problem the operator answered with.
type Refused struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Have   int64  `json:"have"`
}

func (r *Refused) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Type, r.Detail) }

// Is compares by code, as in errors.Is(err, vaulttest.Code("not-found")).
func (r *Refused) Is(target error) bool {
	c, ok := target.(Code)
	return ok && r.Type == "urn:coffer:problem:"+string(c)
}

// Code is the last part of a problem's type.
type Code string

func (c Code) Error() string { return string(c) }

// Octets travel as they are, not as JSON.
type Octets []byte

// Do sends in as JSON and reads the answer into out; what is Octets goes and comes as
// it is. It returns a [*Refused] for a problem.
func (w *Wallet) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	kind := "application/json"
	if octets, ok := in.(Octets); ok {
		body, kind = bytes.NewReader(octets), "application/octet-stream"
	} else if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, w.Base+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Origin", w.Device.Origin)
	if in != nil {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := w.Client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	w.Status = answer.StatusCode
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		p := &Refused{Status: answer.StatusCode}
		_ = json.Unmarshal(b, p) // whatever else answered has no problem details
		return p
	}
	if octets, ok := out.(*Octets); ok {
		*octets = b
		return nil
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, out)
}

// Session is the operator's S.
type Session struct {
	Vault      id.Vault `json:"vault"`
	Salt       string   `json:"salt"`
	State      string   `json:"state"`
	Credential string   `json:"credential"`
	Passkeys   []struct {
		ID      string `json:"id"`
		PRF     bool   `json:"prf"`
		Created int64  `json:"created"`
		Used    int64  `json:"used"`
		Cloned  bool   `json:"cloned"`

		BackedUp      bool `json:"backed_up"`
		BackupChanged bool `json:"backup_changed"`
	} `json:"passkeys"`
	Wraps    []Wrap `json:"wraps"`
	Recovery bool   `json:"recovery"`
	Key      int64  `json:"key"`
	Next     []Wrap `json:"next"`
	Inactive *struct {
		Months int   `json:"months"`
		Days   int   `json:"days"`
		Warned int64 `json:"warned"`
	} `json:"inactive"`
}

// Wrap in JSON.
type Wrap struct {
	Kind       string `json:"kind"`
	Credential string `json:"credential,omitempty"`
	IV         string `json:"iv"`
	Ciphertext string `json:"ciphertext"`
	Ephemeral  string `json:"ephemeral,omitempty"`
}

func wrapJSON(w vault.Wrap) Wrap {
	return Wrap{Kind: w.Kind, Credential: b64(w.Credential), IV: b64(w.IV), Ciphertext: b64(w.Ciphertext), Ephemeral: b64(w.Ephemeral)}
}

// raw is the wrap that the JSON says.
func (w Wrap) raw() (out vault.Wrap, err error) {
	out.Kind = w.Kind
	for _, f := range []struct {
		text string
		to   *[]byte
	}{{w.Credential, &out.Credential}, {w.IV, &out.IV}, {w.Ciphertext, &out.Ciphertext}, {w.Ephemeral, &out.Ephemeral}} {
		if *f.to, err = base64.RawURLEncoding.DecodeString(f.text); err != nil {
			return out, err
		}
	}
	return out, nil
}

type options struct {
	PublicKey json.RawMessage `json:"public_key"`
}

type credentialBody struct {
	Credential json.RawMessage `json:"credential"`
}

// CreatePasskey runs the ceremony: signed out it makes a vault, signed in it adds
// the device's passkey.
func (w *Wallet) CreatePasskey(ctx context.Context, device *Authenticator) (s Session, prf []byte, err error) {
	var o options
	if err := w.Do(ctx, "POST", "/passkeys/create/start", struct{}{}, &o); err != nil {
		return s, nil, err
	}
	answer, prf, err := device.Create(o.PublicKey)
	if err != nil {
		return s, nil, err
	}
	return s, prf, w.Do(ctx, "POST", "/passkeys/create/finish", credentialBody{answer}, &s)
}

// GetPasskey signs in with the device.
func (w *Wallet) GetPasskey(ctx context.Context, device *Authenticator) (s Session, prf []byte, err error) {
	var o options
	if err := w.Do(ctx, "POST", "/passkeys/get/start", struct{}{}, &o); err != nil {
		return s, nil, err
	}
	answer, prf, err := device.Get(o.PublicKey)
	if err != nil {
		return s, nil, err
	}
	return s, prf, w.Do(ctx, "POST", "/passkeys/get/finish", credentialBody{answer}, &s)
}

// SignUp makes a vault with a passkey and a recovery sheet, and seals the identity
// in it.
func (w *Wallet) SignUp(ctx context.Context) error {
	s, prf, err := w.CreatePasskey(ctx, w.Device)
	if err != nil {
		return fmt.Errorf("creating a passkey: %w", err)
	}
	w.Vault = s.Vault
	if w.Salt, err = base64.RawURLEncoding.DecodeString(s.Salt); err != nil {
		return err
	}
	if w.Key, err = seal.NewKey[seal.VaultKey](rand.Reader); err != nil {
		return err
	}
	if w.Seed, err = seal.NewKey[seal.Seed](rand.Reader); err != nil {
		return err
	}
	rand.Read(w.Recovery[:])
	wraps := []Wrap{}
	recovery, err := w.Wrap(vault.RecoveryWrap, nil, w.Recovery[:])
	if err != nil {
		return err
	}
	wraps = append(wraps, recovery)
	if prf != nil {
		credential, err := base64.RawURLEncoding.DecodeString(s.Credential)
		if err != nil {
			return err
		}
		one, err := w.Wrap(vault.PasskeyWrap, credential, prf)
		if err != nil {
			return err
		}
		wraps = append(wraps, one)
	}
	if err := w.Do(ctx, "PUT", "/wraps", map[string]any{"wraps": wraps, "recovery": SheetOf(w.Recovery[:])}, nil); err != nil {
		return fmt.Errorf("storing wraps: %w", err)
	}
	if err := w.Do(ctx, "POST", "/vault/finish", struct{}{}, &s); err != nil {
		return fmt.Errorf("finishing the vault: %w", err)
	}
	identity, err := json.Marshal(seal.Identity{V: 1, Kind: "identity", Seed: b64(w.Seed[:])})
	if err != nil {
		return err
	}
	_, err = w.Put(ctx, id.New[id.Document](), identity)
	return err
}

// Wrap locks the vault key under one way in.
func (w *Wallet) Wrap(kind string, credential, ikm []byte) (Wrap, error) {
	one, err := seal.Wrap(rand.Reader, seal.DeriveWrapKey(ikm, w.Salt), w.Vault, kind, credential, w.Key)
	return wrapJSON(one), err
}

// Sheet registers a recovery sheet, in JSON.
type Sheet struct {
	LocatorHash string `json:"locator_hash"`
	Signer      string `json:"signer"`
}

// SheetOf is what a wallet registers of the words with that entropy.
func SheetOf(entropy []byte) Sheet {
	hash := vault.LocatorHash(seal.RecoveryLocator(entropy))
	return Sheet{LocatorHash: b64(hash[:]), Signer: b64(seal.RecoverySigner(entropy).Public().(ed25519.PublicKey))}
}

// StartRecovery asks for the challenge of the words with that entropy.
func (w *Wallet) StartRecovery(ctx context.Context, entropy []byte) (challenge []byte, err error) {
	locator := seal.RecoveryLocator(entropy)
	var body struct {
		Challenge string `json:"challenge"`
	}
	if err := w.Do(ctx, "POST", "/recovery/start", map[string]any{"locator": b64(locator[:])}, &body); err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.DecodeString(body.Challenge)
}

// FinishRecovery signs in with a signature over the challenge.
func (w *Wallet) FinishRecovery(ctx context.Context, signature []byte) (s Session, err error) {
	return s, w.Do(ctx, "POST", "/recovery/finish", map[string]any{"signature": b64(signature)}, &s)
}

// Recover signs in with the words of the wallet's sheet alone and opens the vault.
func (w *Wallet) Recover(ctx context.Context) (Session, error) {
	s, err := w.signInByWords(ctx)
	if err != nil {
		return s, err
	}
	return s, w.open(ctx, s, vault.RecoveryWrap, "", w.Recovery[:])
}

func (w *Wallet) signInByWords(ctx context.Context) (Session, error) {
	challenge, err := w.StartRecovery(ctx, w.Recovery[:])
	if err != nil {
		return Session{}, err
	}
	signature := ed25519.Sign(seal.RecoverySigner(w.Recovery[:]), vault.RecoveryMessage(w.Device.Origin, challenge))
	return w.FinishRecovery(ctx, signature)
}

// SignIn opens the vault with the device, as a browser that was never here.
func (w *Wallet) SignIn(ctx context.Context) error {
	s, prf, err := w.GetPasskey(ctx, w.Device)
	if err != nil {
		return err
	}
	return w.open(ctx, s, vault.PasskeyWrap, s.Credential, prf)
}

// open unlocks the vault key with one way in and loads everything.
func (w *Wallet) open(ctx context.Context, s Session, kind, credential string, ikm []byte) error {
	if err := w.unlock(s, kind, credential, ikm); err != nil {
		return err
	}
	return w.Load(ctx)
}

func (w *Wallet) unlock(s Session, kind, credential string, ikm []byte) (err error) {
	if w.Salt, err = base64.RawURLEncoding.DecodeString(s.Salt); err != nil {
		return err
	}
	w.Vault, w.Number = s.Vault, s.Key
	for _, one := range s.Wraps {
		if one.Kind != kind || one.Credential != credential {
			continue
		}
		wrap, err := one.raw()
		if err != nil {
			return err
		}
		if w.Key, err = seal.UnwrapWay(ikm, w.Salt, w.Vault, wrap); err != nil {
			return fmt.Errorf("unwrapping the vault key: %w", err)
		}
		return nil
	}
	return errors.New("the vault has no wrap for this way in")
}

type documentJSON struct {
	ID      id.Document  `json:"id"`
	Version int64        `json:"version"`
	Sealed  vault.Sealed `json:"sealed"`
}

// Load fetches everything and holds it against the manifest.
func (w *Wallet) Load(ctx context.Context) error {
	var body struct {
		Documents []documentJSON `json:"documents"`
	}
	if err := w.Do(ctx, "GET", "/documents", nil, &body); err != nil {
		return err
	}
	w.Documents = map[id.Document]vault.Document{}
	var all []vault.Document
	var manifest vault.Document
	for _, d := range body.Documents {
		one := vault.Document{ID: d.ID, Version: d.Version, Sealed: d.Sealed}
		all = append(all, one)
		if one.ID == seal.ManifestID(w.Vault) {
			manifest = one
		} else {
			w.Documents[one.ID] = one
		}
	}
	m, err := seal.OpenManifest(w.Key, w.Vault, manifest, w.Manifest)
	if err != nil {
		return fmt.Errorf("opening the manifest: %w", err)
	}
	if ds := m.Compare(w.Vault, all); len(ds) > 0 {
		return fmt.Errorf("documents differ from the manifest: %d, the first is %s", len(ds), ds[0].What)
	}
	w.Manifest = m.Version
	return nil
}

// Puts seals contents as the next versions of their documents, and the manifest
// that belongs to them: the batch as POST /documents takes it under "puts".
func (w *Wallet) Puts(contents map[id.Document][]byte) ([]vault.Document, error) {
	next := map[id.Document]vault.Document{}
	for d, one := range w.Documents {
		next[d] = one
	}
	var puts []vault.Document
	for d, content := range contents {
		version := w.Documents[d].Version + 1
		s, err := seal.SealDocument(rand.Reader, w.Key, d, version, content)
		if err == nil {
			s, err = seal.Rekey(w.Key, w.Key, w.Number, s) // names the key
		}
		if err != nil {
			return nil, err
		}
		next[d] = vault.Document{ID: d, Version: version, Sealed: s}
		puts = append(puts, next[d])
	}
	var all []vault.Document
	for _, d := range next {
		all = append(all, d)
	}
	m, err := seal.List(w.Manifest, all)
	if err != nil {
		return nil, err
	}
	manifest, err := m.Seal(rand.Reader, w.Key, w.Vault)
	if err == nil {
		manifest.Sealed, err = seal.Rekey(w.Key, w.Key, w.Number, manifest.Sealed)
	}
	return append(puts, manifest), err
}

// Accepted takes note that the operator took the puts.
func (w *Wallet) Accepted(puts []vault.Document) {
	for _, d := range puts {
		if d.ID == seal.ManifestID(w.Vault) {
			w.Manifest = d.Version
		} else {
			w.Documents[d.ID] = d
		}
	}
}

// Put seals and stores one document.
func (w *Wallet) Put(ctx context.Context, d id.Document, content []byte) (vault.Document, error) {
	puts, err := w.Puts(map[id.Document][]byte{d: content})
	if err != nil {
		return vault.Document{}, err
	}
	if err := w.Do(ctx, "POST", "/documents", map[string]any{"puts": PutsJSON(puts)}, nil); err != nil {
		return vault.Document{}, fmt.Errorf("storing a document: %w", err)
	}
	w.Accepted(puts)
	return w.Documents[d], nil
}

// PutAttribute seals and stores one attribute as a new document.
func (w *Wallet) PutAttribute(ctx context.Context, name string, value any) (vault.Document, error) {
	v, err := json.Marshal(value)
	if err != nil {
		return vault.Document{}, err
	}
	content, err := json.Marshal(seal.Attribute{V: 1, Kind: "attribute", Name: name, Value: v, Updated: 1763720000})
	if err != nil {
		return vault.Document{}, err
	}
	return w.Put(ctx, id.New[id.Document](), content)
}

// PutsJSON is puts as the routes take them.
func PutsJSON(puts []vault.Document) (out []any) {
	for _, d := range puts {
		out = append(out, documentJSON{d.ID, d.Version, d.Sealed})
	}
	return out
}
