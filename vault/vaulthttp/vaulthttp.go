// Package vaulthttp is the wallet's way to its vault over HTTP: passkeys, recovery,
// sessions, wraps, pairing, rotation, documents and what is attached to them, all under
// /wallet/v1.
//
// # Trust
//
// A request is believed to be a vault's when it carries that vault's session
// cookie, which no script can read and no other site can send, and for changes
// only when the browser says that the operator's own page makes it. What is
// believed of a body is its shape. A compromise here costs what package vault
// says, for the vaults that are signed in; nothing here can open a document.
package vaulthttp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/internal/peer"
	"coffer/vault"
	"coffer/vault/passkey"
)

// Store is what the routes need of vaultdb.Store.
type Store interface {
	Create(context.Context, vault.Vault, vault.Passkey) error
	Keyring(context.Context, id.Vault) (vault.Keyring, error)
	AddPasskey(context.Context, id.Vault, vault.Passkey) error
	RemovePasskey(ctx context.Context, v id.Vault, credential []byte) error
	PutWraps(ctx context.Context, v id.Vault, key int64, wraps []vault.Wrap, sheet *vault.Sheet) error
	Finish(context.Context, id.Vault) error
	Documents(context.Context, id.Vault) ([]vault.Document, error)
	WriteDocuments(context.Context, id.Vault, vault.Batch) error
	PutChunk(context.Context, id.Vault, vault.Chunk) error
	Attached(context.Context, id.Vault, id.Document) (vault.Attached, error)
	Chunk(ctx context.Context, v id.Vault, d id.Document, place int64) (vault.SealedChunk, error)
	DropAttachment(context.Context, id.Vault, id.Document) error
	AddSession(context.Context, id.Vault, vault.Session) error
	Session(ctx context.Context, v id.Vault, tokenHash [32]byte, now time.Time) (vault.Session, error)
	EndSession(ctx context.Context, v id.Vault, tokenHash [32]byte) error
	BeginRotation(ctx context.Context, v id.Vault, key int64, wraps []vault.Wrap, tokenHash [32]byte) error
	Rekey(ctx context.Context, v id.Vault, key int64, rs []vault.Rekeyed) error
	FinishRotation(ctx context.Context, v id.Vault, key int64) error
	OfferPairing(context.Context, vault.Pairing, vault.Session) error
	Pairing(ctx context.Context, v id.Vault, now time.Time) (vault.Pairing, error)
	JoinPairing(ctx context.Context, codeHash, ticketHash [32]byte, to vault.Half, now time.Time) (vault.Pairing, error)
	RevealPairing(ctx context.Context, v id.Vault, from vault.Half, now time.Time) error
	SealPairing(ctx context.Context, v id.Vault, iv, ciphertext []byte, now time.Time) error
	TakePairing(ctx context.Context, v id.Vault, ticketHash [32]byte, n *vault.Session, now time.Time) error
	EndPairing(context.Context, id.Vault) error
}

// Options of the routes.
type Options struct {
	Store    Store
	Passkeys *passkey.Passkeys
	Sessions *Sessions

	// Retention is told to wallets: what becomes of vaults that nobody signs in to.
	Retention vault.Retention

	// Origin of the wallet's pages.
	Origin string

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default
}

// Routes adds the vault's routes to r, which serves /wallet/v1.
func Routes(r *mux.Router, o Options) error {
	if err := httpjson.CheckOrigin(o.Origin); err != nil {
		return fmt.Errorf("adding the vault's routes: %w", err)
	}
	h := &handler{Options: o, recoveries: newLimiter(), pairings: newLimiter()}
	if h.Now == nil {
		h.Now = time.Now
	}
	if h.Logger == nil {
		h.Logger = slog.Default()
	}
	same := httpjson.SameOrigin(o.Origin)
	add := func(method, path string, f func(http.ResponseWriter, *http.Request) error) {
		r.Methods(method).Path(path).Handler(same(h.answer(f)))
	}
	add("POST", "/passkeys/create/start", h.startCreate)
	add("POST", "/passkeys/create/finish", h.finishCreate)
	add("POST", "/passkeys/get/start", h.startGet)
	add("POST", "/passkeys/get/finish", h.finishGet)
	add("DELETE", "/passkeys/{id}", h.signedIn(h.removePasskey))
	add("POST", "/recovery/start", h.startRecovery)
	add("POST", "/recovery/finish", h.finishRecovery)
	add("GET", "/session", h.session)
	add("POST", "/session/end", h.endSession)
	add("PUT", "/wraps", h.signedIn(h.putWraps))
	add("POST", "/vault/finish", h.signedIn(h.finishVault))
	add("POST", "/rotation/start", h.signedIn(h.startRotation))
	add("POST", "/rotation/documents", h.signedIn(h.rekey))
	add("POST", "/rotation/finish", h.signedIn(h.finishRotation))
	add("POST", "/pairing/offer", h.offerPairing)
	add("GET", "/pairing/offered", h.signedIn(h.offeredPairing))
	add("POST", "/pairing/reveal", h.signedIn(h.revealPairing))
	add("POST", "/pairing/seal", h.signedIn(h.sealPairing))
	add("POST", "/pairing/join", h.joinPairing)
	add("GET", "/pairing/joined", h.joinedPairing)
	add("POST", "/pairing/take", h.takePairing)
	add("POST", "/pairing/end", h.endPairing)
	add("GET", "/documents", h.signedIn(h.documents))
	add("POST", "/documents", h.signedIn(h.writeDocuments))
	add("GET", "/attachments/{document}", h.signedIn(h.attached))
	add("DELETE", "/attachments/{document}", h.signedIn(h.dropAttachment))
	add("GET", "/attachments/{document}/{place}", h.signedIn(h.chunk))
	add("PUT", "/attachments/{document}/{place}", h.signedIn(h.putChunk))
	return nil
}

type handler struct {
	Options
	recoveries, pairings *peer.Limiter[netip.Addr]
}

// answer turns a handler's error into a refusal.
func (h *handler) answer(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			h.refuse(w, r, err)
		}
	})
}

// signedIn hands the session's vault to f: authority comes first.
func (h *handler) signedIn(f func(id.Vault, http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := h.Sessions.Vault(r)
		if err != nil {
			return err
		}
		return f(v, w, r)
	}
}

// secure reports whether cookies may travel over TLS only: everywhere but in
// development on localhost.
func secure(origin string) bool { return strings.HasPrefix(origin, "https://") }
