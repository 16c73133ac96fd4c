package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"coffer/internal/id"
	"coffer/vault"
)

// ErrRolledBack means that the operator served an older manifest than the wallet
// has seen.
var ErrRolledBack = errors.New("the vault was rolled back: its manifest is older than the one seen last")

// Manifest lists every other document of the vault. It is a document itself, with
// the vault's id, and changes with every batch.
type Manifest struct {
	Version   int64
	Documents map[id.Document]Listed

	// Before are the hashes of the manifests before it, the newest first: two that do
	// not name each other are of a vault that was shown to two wallets as two.
	Before [][32]byte
}

// Listed is one document as the manifest knows it.
type Listed struct {
	Version int64
	Hash    [32]byte
	Label
}

// Label says what a document is, so that one that is hidden can still be named. A
// manifest of an older wallet has none.
type Label struct {
	Kind string `json:"kind,omitempty"`
	Name string `json:"name,omitempty"` // of an attribute, a business, a file
	At   int64  `json:"at,omitempty"`   // unix seconds
}

type manifestContent struct {
	V         int                            `json:"v"`
	Kind      string                         `json:"kind"`
	Documents map[id.Document]listedDocument `json:"documents"`
	Before    []string                       `json:"before,omitempty"`
}

type listedDocument struct {
	Version int64  `json:"ver"`
	Hash    string `json:"hash"`
	Label
}

// ManifestID is the id that a vault's manifest has as a document.
func ManifestID(v id.Vault) id.Document { return id.Document(v) }

// List makes the next manifest: after is the version it replaces, 0 for none.
func List(after int64, documents []vault.Document) (Manifest, error) {
	m := Manifest{Version: after + 1, Documents: make(map[id.Document]Listed, len(documents))}
	for _, d := range documents {
		hash, err := ContentHash(d.Sealed)
		if err != nil {
			return Manifest{}, err
		}
		m.Documents[d.ID] = Listed{Version: d.Version, Hash: hash}
	}
	return m, nil
}

// Seal makes the document that is stored.
func (m Manifest) Seal(rand io.Reader, k VaultKey, v id.Vault) (vault.Document, error) {
	c := manifestContent{V: 1, Kind: "manifest", Documents: make(map[id.Document]listedDocument, len(m.Documents))}
	for d, l := range m.Documents {
		c.Documents[d] = listedDocument{Version: l.Version, Hash: b64(l.Hash[:]), Label: l.Label}
	}
	for _, hash := range m.Before {
		c.Before = append(c.Before, b64(hash[:]))
	}
	plaintext, err := json.Marshal(c)
	if err != nil {
		return vault.Document{}, fmt.Errorf("sealing the manifest: %w", err)
	}
	s, err := SealDocument(rand, k, ManifestID(v), m.Version, plaintext)
	return vault.Document{ID: ManifestID(v), Version: m.Version, Sealed: s}, err
}

// OpenManifest opens the stored manifest. seen is the newest version this wallet
// ever saw; an older one is ErrRolledBack.
func OpenManifest(k VaultKey, v id.Vault, d vault.Document, seen int64) (Manifest, error) {
	plaintext, err := OpenDocument(k, ManifestID(v), d.Version, d.Sealed)
	if err != nil {
		return Manifest{}, err
	}
	if d.Version < seen {
		return Manifest{}, ErrRolledBack
	}
	var c manifestContent
	if err := strictly(plaintext, &c); err != nil {
		return Manifest{}, fmt.Errorf("reading the manifest: %w", err)
	}
	if c.V != 1 || c.Kind != "manifest" {
		return Manifest{}, errors.New("reading the manifest: it is a document of another kind or version")
	}
	m := Manifest{Version: d.Version, Documents: make(map[id.Document]Listed, len(c.Documents))}
	for d, l := range c.Documents {
		hash, err := digest(l.Hash)
		if err != nil {
			return Manifest{}, err
		}
		m.Documents[d] = Listed{Version: l.Version, Hash: hash, Label: l.Label}
	}
	for _, text := range c.Before {
		hash, err := digest(text)
		if err != nil {
			return Manifest{}, err
		}
		m.Before = append(m.Before, hash)
	}
	return m, nil
}

func digest(text string) (h [32]byte, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(h) {
		return h, errors.New("reading the manifest: a hash is not 32 bytes of base64url")
	}
	return [32]byte(b), nil
}

// Difference is one document that is not as the manifest says.
type Difference struct {
	Document id.Document
	What     string // "missing", "unlisted", "older", "different"
}

// Compare names every document that is not as the manifest says, in the order of
// their ids. The manifest itself may be among the documents.
func (m Manifest) Compare(v id.Vault, documents []vault.Document) (ds []Difference) {
	found := make(map[id.Document]bool, len(documents))
	for _, d := range documents {
		if d.ID == ManifestID(v) {
			continue
		}
		found[d.ID] = true
		l, listed := m.Documents[d.ID]
		hash, err := ContentHash(d.Sealed)
		switch {
		case !listed:
			ds = append(ds, Difference{d.ID, "unlisted"})
		case d.Version < l.Version:
			ds = append(ds, Difference{d.ID, "older"})
		case err != nil || d.Version != l.Version || hash != l.Hash:
			ds = append(ds, Difference{d.ID, "different"})
		}
	}
	for d := range m.Documents {
		if !found[d] {
			ds = append(ds, Difference{d, "missing"})
		}
	}
	slices.SortFunc(ds, func(a, b Difference) int { return bytes.Compare(a.Document[:], b.Document[:]) })
	return ds
}
