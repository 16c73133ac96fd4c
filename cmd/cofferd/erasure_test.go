package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"coffer/consent"
)

// The shopper keeps a receipt of the erasure that anybody can hold against the operator's
// published key, and nothing but the shopper has it.
func TestErasureReceipt(t *testing.T) {
	w := newWorld(t)
	s, _, _ := demanding(w, w.shop())
	w.step("erase", func() error { return s.Erase(t.Context()) })
	res, err := http.Get(w.config.Origin + "/.well-known/oauth-authorization-server")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var metadata struct {
		Issuer string             `json:"issuer"`
		Keys   jose.JSONWebKeySet `json:"jwks"`
	}
	if err := json.NewDecoder(res.Body).Decode(&metadata); err != nil || len(metadata.Keys.Keys) != 1 || !metadata.Keys.Keys[0].IsPublic() {
		t.Fatalf("%+v, %v", metadata, err)
	}
	signed, err := jose.ParseSigned(s.Erasure, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if h := signed.Signatures[0].Protected; h.KeyID != metadata.Keys.Keys[0].KeyID || fmt.Sprint(h.ExtraHeaders[jose.HeaderType]) != consent.ErasureType {
		t.Errorf("signed with %q as %v", h.KeyID, h.ExtraHeaders)
	}
	payload, err := signed.Verify(metadata.Keys.Keys[0])
	var e consent.Erasure
	if err == nil {
		err = json.Unmarshal(payload, &e)
	}
	if err != nil || e.Operator != metadata.Issuer || e.Vault != s.Vault || e.Grants != 2 || e.Erased == 0 || e.V != 1 {
		t.Errorf("it says %+v, %v", e, err)
	}
	if found, _, err := w.search(map[string][]byte{"receipt": []byte(s.Erasure[len(s.Erasure)-60:])}); err != nil || len(found) > 0 {
		t.Errorf("the operator has it in %v, %v", found, err)
	}
}
