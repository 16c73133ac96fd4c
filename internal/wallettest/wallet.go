// Package wallettest is a shopper with a wallet, in Go: vaulttest's wallet, which has
// keys and documents, with consent on top. It speaks the same bytes to the same
// routes as the pages do, so that the whole journey can be walked without a browser,
// and so that a test can do what a dishonest wallet would.
//
// # Trust
//
// Only tests import it.
package wallettest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// Wallet is one shopper's browser. Its fields are open so that tests can lie.
type Wallet struct {
	*vaulttest.Wallet
	Origin string
	Now    func() time.Time

	Ledger anchor.ValidatorSet
	Named  map[string]id.Document // attributes by name
	Held   map[id.Grant]Held      // what it knows of its grants

	Erasure string // the operator's receipt that it erased the vault

	Returned string // where the operator sent the browser after the last decision
}

// New is a browser that has not been to the operator yet.
func New(origin string) *Wallet {
	w := &Wallet{Wallet: vaulttest.NewWallet(origin+"/wallet/v1", origin), Origin: origin, Now: time.Now,
		Named: map[string]id.Document{}, Held: map[id.Grant]Held{}}
	w.Client.Timeout = time.Minute
	return w
}

// Open makes a vault with two ways in, and pins the ledger it meets.
func (w *Wallet) Open(ctx context.Context) (err error) {
	if err := w.SignUp(ctx); err != nil {
		return err
	}
	ledger := &anchorhttp.Client{Origin: w.Origin, HTTP: &http.Client{Timeout: time.Minute}}
	w.Ledger, err = ledger.Validators(ctx)
	return err
}

var b64 = base64.RawURLEncoding

type options struct {
	PublicKey json.RawMessage `json:"public_key"`
	Ceremony  string          `json:"ceremony"`
}

// share is a share on the wire. In a decision its grant stands above it.
type share struct {
	Grant        *id.Grant   `json:"grant,omitempty"`
	Document     id.Document `json:"document"`
	Version      int64       `json:"version"`
	Attribute    string      `json:"attribute"`
	EncryptedKey string      `json:"encrypted_key"`
}

// Set seals an attribute, new or changed, and shares it again with every live grant
// that names it.
func (w *Wallet) Set(ctx context.Context, name string, value any) error {
	return w.set(ctx, name, value, "")
}

// Derive seals an attribute that is computed from another.
func (w *Wallet) Derive(ctx context.Context, name, from string, value any) error {
	return w.set(ctx, name, value, from)
}

func (w *Wallet) set(ctx context.Context, name string, value any, from string) error {
	v, err := json.Marshal(value)
	if err != nil {
		return err
	}
	content, err := json.Marshal(seal.Attribute{V: 1, Kind: "attribute", Name: name, Value: v, Updated: w.Now().Unix(), DerivedFrom: from})
	if err != nil {
		return err
	}
	d, known := w.Named[name]
	if !known {
		d = id.New[id.Document]()
		w.Named[name] = d
	}
	puts, err := w.Puts(map[id.Document][]byte{d: content})
	if err != nil {
		return err
	}
	shares := []share{}
	for _, h := range w.sharing(d) {
		s, err := w.share(h, puts[0])
		if err != nil {
			return err
		}
		shares = append(shares, s)
	}
	err = w.Do(ctx, "POST", "/documents", map[string]any{"puts": vaulttest.PutsJSON(puts), "shares": shares}, nil)
	if err == nil {
		w.Accepted(puts)
	}
	return err
}

// Stored holds what the operator has against the manifest, as an unlock does.
func (w *Wallet) Stored(ctx context.Context) error {
	known := w.Documents
	if err := w.Load(ctx); err != nil {
		return err
	}
	for d, one := range known {
		if w.Documents[d].Version != one.Version {
			return fmt.Errorf("a document is at version %d, want %d", w.Documents[d].Version, one.Version)
		}
	}
	return nil
}

// nameOf is the attribute that a document holds.
func (w *Wallet) nameOf(d id.Document) string {
	for name, named := range w.Named {
		if named == d {
			return name
		}
	}
	return ""
}

// share wraps a document's content key for the business of one grant.
func (w *Wallet) share(h Held, d vault.Document) (share, error) {
	cek, err := seal.DocumentKey(w.Key, d.Sealed)
	if err != nil {
		return share{}, err
	}
	return share{Grant: &h.Given.Grant, Document: d.ID, Version: d.Version, Attribute: w.nameOf(d.ID),
		EncryptedKey: b64.EncodeToString(seal.Share(h.Key, cek))}, nil
}
