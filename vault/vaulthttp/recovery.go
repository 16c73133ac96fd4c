package vaulthttp

import (
	"fmt"
	"net/http"
	"net/netip"

	"coffer/internal/httpjson"
	"coffer/internal/peer"
	"coffer/vault"
	"coffer/vault/passkey"
)

// sheetJSON registers a recovery sheet with its wrap.
type sheetJSON struct {
	LocatorHash base64url `json:"locator_hash"`
	Signer      base64url `json:"signer"`
}

func (s *sheetJSON) sheet() (*vault.Sheet, error) {
	if s == nil {
		return nil, nil
	}
	if len(s.LocatorHash) != 32 {
		return nil, fmt.Errorf("locator hash of %d bytes: %w", len(s.LocatorHash), vault.ErrInvalid)
	}
	return &vault.Sheet{LocatorHash: [32]byte(s.LocatorHash), Signer: s.Signer}, nil
}

func (h *handler) startRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := h.pace(h.recoveries, w, r); err != nil {
		return err
	}
	var body struct {
		Locator base64url `json:"locator"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	if len(body.Locator) != 16 {
		return fmt.Errorf("locator of %d bytes: %w", len(body.Locator), vault.ErrInvalid)
	}
	challenge, ceremony, err := h.Passkeys.Recover.Start(r.Context(), [16]byte(body.Locator))
	if err != nil {
		return err
	}
	h.Sessions.set(w, ceremonyCookie, ceremony, passkey.Lifetime)
	httpjson.Write(w, http.StatusOK, struct {
		Challenge base64url `json:"challenge"`
	}{challenge})
	return nil
}

func (h *handler) finishRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := h.pace(h.recoveries, w, r); err != nil {
		return err
	}
	var body struct {
		Signature base64url `json:"signature"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	found, err := h.Passkeys.Recover.Finish(r.Context(), h.ceremony(w, r), body.Signature)
	if err != nil {
		return err
	}
	if err := h.Sessions.begin(w, r, found.Vault, vault.Session{Sheet: found.Sheet.LocatorHash}); err != nil {
		return err
	}
	return h.writeSession(r.Context(), w, http.StatusOK, found.Vault, nil)
}

// pace holds recoveries, or pairings, to what people need: each costs a row that is
// synced, and anybody may ask.
func (h *handler) pace(l *peer.Limiter[netip.Addr], w http.ResponseWriter, r *http.Request) error {
	if l.Admit(peer.Of(r), h.Now()) {
		return nil
	}
	w.Header().Set("Retry-After", "10")
	return httpjson.Problem{Code: "too-many", Title: "Too many tries", Status: http.StatusTooManyRequests, Detail: "wait a little, then try again"}
}
