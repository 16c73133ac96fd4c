package vaulthttp

import (
	"net/http"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
)

type documentJSON struct {
	ID      id.Document  `json:"id"`
	Version int64        `json:"version"`
	Sealed  vault.Sealed `json:"sealed"`
}

type tombstoneJSON struct {
	ID      id.Document `json:"id"`
	Version int64       `json:"version"`
}

type shareJSON struct {
	Grant        id.Grant    `json:"grant"`
	Document     id.Document `json:"document"`
	Version      int64       `json:"version"`
	Attribute    string      `json:"attribute"`
	EncryptedKey base64url   `json:"encrypted_key"`
}

func (h *handler) documents(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	docs, err := h.Store.Documents(r.Context(), v)
	if err != nil {
		return err
	}
	out := struct {
		Documents []documentJSON `json:"documents"`
	}{[]documentJSON{}}
	for _, d := range docs {
		out.Documents = append(out.Documents, documentJSON{d.ID, d.Version, d.Sealed})
	}
	httpjson.Write(w, http.StatusOK, out)
	return nil
}

func (h *handler) writeDocuments(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Puts    []documentJSON  `json:"puts"`
		Deletes []tombstoneJSON `json:"deletes"`
		Shares  []shareJSON     `json:"shares"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	var b vault.Batch
	for _, p := range body.Puts {
		b.Puts = append(b.Puts, vault.Document{ID: p.ID, Version: p.Version, Sealed: p.Sealed})
	}
	for _, d := range body.Deletes {
		b.Deletes = append(b.Deletes, vault.Tombstone{ID: d.ID, Version: d.Version})
	}
	for _, s := range body.Shares {
		b.Shares = append(b.Shares, vault.Share{
			Grant: s.Grant, Document: s.Document, Version: s.Version, Attribute: s.Attribute, EncryptedKey: s.EncryptedKey,
		})
	}
	if err := h.Store.WriteDocuments(r.Context(), v, b); err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, struct{}{})
	return nil
}
