package vaulthttp

import (
	"net/http"
	"strconv"

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
	httpjson.WriteText(w, http.StatusOK, documentsText(docs))
	return nil
}

// documentsText writes what json.Marshal would, but copies each document as it is stored:
// encoding/json would go over the ciphertext twice.
func documentsText(docs []vault.Document) []byte {
	size := 32
	for _, d := range docs {
		size += len(d.Sealed) + 96
	}
	b := append(make([]byte, 0, size), `{"documents":[`...)
	for i, d := range docs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"id":"`...), d.ID.String()...), `","version":`...)
		b = append(strconv.AppendInt(b, d.Version, 10), `,"sealed":`...)
		b = append(append(b, d.Sealed...), '}')
	}
	return append(b, "]}\n"...)
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
