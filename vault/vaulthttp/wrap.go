package vaulthttp

import (
	"fmt"
	"net/http"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
)

type wrapJSON struct {
	Kind       string    `json:"kind"`
	Credential base64url `json:"credential,omitempty"`
	IV         base64url `json:"iv"`
	Ciphertext base64url `json:"ciphertext"`
	Ephemeral  base64url `json:"ephemeral,omitempty"` // of a wrap made by a rotation
}

func wrapsOf(in []wrapJSON) (out []vault.Wrap, err error) {
	if len(in) == 0 || len(in) > vault.MaxPasskeys+1 {
		return nil, fmt.Errorf("%d wraps: %w", len(in), vault.ErrInvalid)
	}
	for _, one := range in {
		out = append(out, vault.Wrap{Kind: one.Kind, Credential: one.Credential, IV: one.IV, Ciphertext: one.Ciphertext, Ephemeral: one.Ephemeral})
	}
	return out, nil
}

func wrapsJSON(in []vault.Wrap) []wrapJSON {
	out := []wrapJSON{}
	for _, one := range in {
		out = append(out, wrapJSON{Kind: one.Kind, Credential: one.Credential, IV: one.IV, Ciphertext: one.Ciphertext, Ephemeral: one.Ephemeral})
	}
	return out
}

func (h *handler) putWraps(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Wraps    []wrapJSON `json:"wraps"`
		Recovery *sheetJSON `json:"recovery"` // of the recovery wrap among them
		Key      *int64     `json:"key"`      // number of the vault key; a wallet from before rotations knows the first only
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	wraps, err := wrapsOf(body.Wraps)
	if err != nil {
		return err
	}
	key := int64(1)
	if body.Key != nil {
		key = *body.Key
	}
	sheet, err := body.Recovery.sheet()
	if err != nil {
		return err
	}
	if err := h.Store.PutWraps(r.Context(), v, key, wraps, sheet); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
