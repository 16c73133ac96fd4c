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
}

func (h *handler) putWraps(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Wraps    []wrapJSON `json:"wraps"`
		Recovery *sheetJSON `json:"recovery"` // of the recovery wrap among them
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	if len(body.Wraps) == 0 || len(body.Wraps) > vault.MaxPasskeys+1 {
		return fmt.Errorf("%d wraps: %w", len(body.Wraps), vault.ErrInvalid)
	}
	var wraps []vault.Wrap
	for _, one := range body.Wraps {
		wraps = append(wraps, vault.Wrap{Kind: one.Kind, Credential: one.Credential, IV: one.IV, Ciphertext: one.Ciphertext})
	}
	sheet, err := body.Recovery.sheet()
	if err != nil {
		return err
	}
	if err := h.Store.PutWraps(r.Context(), v, wraps, sheet); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
