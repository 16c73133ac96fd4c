package seal_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

// A vault as full as it may be still has a manifest that the operator takes.
func TestManifestOfAFullVault(t *testing.T) {
	m := seal.Manifest{Version: 1 << 40, Documents: map[id.Document]seal.Listed{}, Before: make([][32]byte, 32)}
	for i := range vault.MaxDocuments {
		m.Documents[id.New[id.Document]()] = seal.Listed{Version: 1000, Label: seal.Label{Kind: "attachment", Name: fmt.Sprintf("%040d", i), At: 1763720000}}
	}
	d, err := m.Seal(rand.Reader, seal.VaultKey{1}, id.Vault{2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sealed.Header(); err != nil {
		t.Errorf("%d documents: %v", vault.MaxDocuments, err)
	}
	back, err := seal.OpenManifest(seal.VaultKey{1}, id.Vault{2}, d, 0)
	if err != nil || len(back.Documents) != vault.MaxDocuments || len(back.Before) != 32 {
		t.Fatalf("%d documents after %d: %v", len(back.Documents), len(back.Before), err)
	}
	for _, l := range back.Documents {
		if l.At != 1763720000 || !strings.HasPrefix(l.Name, "000") {
			t.Fatalf("a label came back as %+v", l.Label)
		}
	}
}
