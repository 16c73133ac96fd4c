package vaulthttp

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/passkey"
)

// credentialJSON is what a browser answers; vault/passkey reads it.
type credentialJSON struct {
	Credential json.RawMessage `json:"credential"`
}

func (h *handler) startCreate(w http.ResponseWriter, r *http.Request) error {
	if err := httpjson.Read(w, r, &struct{}{}); err != nil {
		return err
	}
	v, err := h.Sessions.Vault(r) // zero when signed out: a new vault
	if err != nil && !errors.Is(err, vault.ErrNotSignedIn) {
		return err
	}
	options, ceremony, err := h.Passkeys.Create.Start(r.Context(), v)
	if err != nil {
		return err
	}
	h.writeOptions(w, options, ceremony)
	return nil
}

func (h *handler) finishCreate(w http.ResponseWriter, r *http.Request) error {
	var body credentialJSON
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	signedIn, err := h.Sessions.Vault(r)
	if err != nil && !errors.Is(err, vault.ErrNotSignedIn) {
		return err
	}
	c, err := h.Passkeys.Create.Finish(r.Context(), signedIn, h.ceremony(w, r), body.Credential)
	if errors.Is(err, passkey.ErrRefused) {
		h.Logger.InfoContext(r.Context(), "refusing a passkey", "error", err)
		return vault.ErrInvalid // nobody signs in here: it is not a 401
	} else if err != nil {
		return err
	}
	if c.New {
		salt := make([]byte, 32)
		rand.Read(salt)
		n := vault.Vault{ID: c.Vault, Salt: salt, State: vault.Opening, Created: h.Now()}
		err = h.Store.Create(r.Context(), n, c.Passkey)
	} else {
		err = h.Store.AddPasskey(r.Context(), c.Vault, c.Passkey)
	}
	if err != nil {
		return err
	}
	// A passkey that was just made is as good as a sign-in with it.
	if err := h.Sessions.begin(w, r, c.Vault, vault.Session{Credential: c.Passkey.ID}); err != nil {
		return err
	}
	return h.writeSession(r.Context(), w, http.StatusCreated, c.Vault, c.Passkey.ID)
}

func (h *handler) startGet(w http.ResponseWriter, r *http.Request) error {
	if err := httpjson.Read(w, r, &struct{}{}); err != nil {
		return err
	}
	options, ceremony, err := h.Passkeys.Get.Start(r.Context())
	if err != nil {
		return err
	}
	h.writeOptions(w, options, ceremony)
	return nil
}

func (h *handler) finishGet(w http.ResponseWriter, r *http.Request) error {
	var body credentialJSON
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	v, credential, err := h.Passkeys.Get.Finish(r.Context(), h.ceremony(w, r), body.Credential)
	if err != nil {
		return err
	}
	if err := h.Sessions.begin(w, r, v, vault.Session{Credential: credential}); err != nil {
		return err
	}
	return h.writeSession(r.Context(), w, http.StatusOK, v, credential)
}

func (h *handler) finishVault(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	if err := httpjson.Read(w, r, &struct{}{}); err != nil {
		return err
	}
	if err := h.Store.Finish(r.Context(), v); err != nil {
		return err
	}
	return h.session(w, r)
}

// removePasskey needs no more than a session, which could as well add one. It ends
// the session that asks, if that began with the removed passkey.
func (h *handler) removePasskey(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var credential base64url
	if err := credential.UnmarshalText([]byte(mux.Vars(r)["id"])); err != nil {
		return vault.ErrNotFound
	}
	if err := h.Store.RemovePasskey(r.Context(), v, credential); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) writeOptions(w http.ResponseWriter, options json.RawMessage, ceremony string) {
	h.Sessions.set(w, ceremonyCookie, ceremony, passkey.Lifetime)
	httpjson.Write(w, http.StatusOK, struct {
		PublicKey json.RawMessage `json:"public_key"`
	}{options})
}

// ceremony takes the ceremony's id from its cookie, which is of no use afterwards.
func (h *handler) ceremony(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(ceremonyCookie)
	if err != nil {
		return ""
	}
	h.Sessions.set(w, ceremonyCookie, "", -time.Second)
	return c.Value
}
