package vaulthttp

import (
	"net/http"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
)

// startRotation ends every other session of the vault, for what they hold is the old key.
func (h *handler) startRotation(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Key   int64      `json:"key"`
		Wraps []wrapJSON `json:"wraps"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	wraps, err := wrapsOf(body.Wraps)
	if err != nil {
		return err
	}
	_, token, err := read(r)
	if err != nil {
		return err
	}
	if err := h.Store.BeginRotation(r.Context(), v, body.Key, wraps, token); err != nil {
		return err
	}
	return h.session(w, r)
}

func (h *handler) rekey(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Key       int64 `json:"key"`
		Documents []struct {
			ID           id.Document `json:"id"`
			Version      int64       `json:"version"`
			EncryptedKey base64url   `json:"encrypted_key"`
		} `json:"documents"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	var rs []vault.Rekeyed
	for _, d := range body.Documents {
		rs = append(rs, vault.Rekeyed{Document: d.ID, Version: d.Version, EncryptedKey: d.EncryptedKey})
	}
	if err := h.Store.Rekey(r.Context(), v, body.Key, rs); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) finishRotation(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Key int64 `json:"key"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	if err := h.Store.FinishRotation(r.Context(), v, body.Key); err != nil {
		return err
	}
	return h.session(w, r)
}
