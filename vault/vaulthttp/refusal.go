package vaulthttp

import (
	"context"
	"errors"
	"net/http"

	"coffer/internal/httpjson"
	"coffer/vault"
	"coffer/vault/passkey"
)

// refusals is the one table from errors to what the wallet hears. What is not in
// it is ours: it is logged, and the wallet hears no detail.
var refusals = []struct {
	err     error
	problem httpjson.Problem
}{
	{vault.ErrNotSignedIn, httpjson.Problem{Code: "not-signed-in", Title: "Not signed in", Status: http.StatusUnauthorized}},
	{vault.ErrNotFound, httpjson.Problem{Code: "not-found", Title: "Not found", Status: http.StatusNotFound}},
	{vault.ErrConflict, httpjson.Problem{Code: "conflict", Title: "Changed elsewhere", Status: http.StatusConflict,
		Detail: "another device changed this document; load it again"}},
	{errPairingOver, httpjson.Problem{Code: "pairing-over", Title: "Not that code, or not any more", Status: http.StatusConflict,
		Detail: "the code is another one, was used, or is too old; make another"}},
	{vault.ErrOtherKey, httpjson.Problem{Code: "other-key", Title: "The vault has another key", Status: http.StatusConflict,
		Detail: "the vault's key was changed, or is being changed; unlock it again"}},
	{vault.ErrNotFinished, httpjson.Problem{Code: "not-finished", Title: "Not finished", Status: http.StatusConflict,
		Detail: "the vault needs a second way in"}},
	{vault.ErrTooMany, httpjson.Problem{Code: "too-many", Title: "Too many", Status: http.StatusUnprocessableEntity,
		Detail: "the vault or the batch is full"}},
	{vault.ErrTooLarge, httpjson.Problem{Code: "too-large", Title: "Too large", Status: http.StatusRequestEntityTooLarge,
		Detail: "a document or an attachment is beyond its measure"}},
	{passkey.ErrPRFLeaked, httpjson.Problem{Code: "prf-leaked", Title: "The wallet sent a secret", Status: http.StatusBadRequest,
		Detail: "the answer contains PRF results, which must not leave the browser"}},
	{passkey.ErrOver, httpjson.Problem{Code: "ceremony-over", Title: "Start again", Status: http.StatusConflict,
		Detail: "this passkey ceremony is over"}},
	{passkey.ErrChanged, httpjson.Problem{Code: "passkey-changed", Title: "The passkey is not as it was made", Status: http.StatusForbidden,
		Detail: "its device says of backups what cannot change: it may be a copy"}},
	{passkey.ErrWords, httpjson.Problem{Code: "not-signed-in", Title: "Not accepted", Status: http.StatusUnauthorized}},
	{passkey.ErrRefused, httpjson.Problem{Code: "not-signed-in", Title: "Not accepted", Status: http.StatusUnauthorized}},
	{vault.ErrInvalid, httpjson.Problem{Code: "invalid", Title: "Invalid request", Status: http.StatusBadRequest,
		Detail: "the request has the right form, but cannot be meant"}},
}

// Problem is what a wallet hears about an error of the vault; known is false for what
// is our fault. Other rooms on the wallet's paths answer with it too.
func Problem(err error) (p httpjson.Problem, known bool) {
	if errors.As(err, &p) {
		return p, true
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			var c *vault.Conflict
			if errors.As(err, &c) {
				r.problem.More = map[string]any{"document": c.Document, "have": c.Have}
			}
			return r.problem, true
		}
	}
	return httpjson.Failure(err), false
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, known := Problem(err)
	if errors.Is(err, passkey.ErrRefused) {
		// The check's name, for whoever sets up an origin; nothing of the answer.
		h.Logger.InfoContext(r.Context(), "refusing a passkey", "error", err)
	} else if errors.Is(err, passkey.ErrWords) {
		h.Logger.InfoContext(r.Context(), "refusing recovery words", "error", err)
	}
	if !known && !errors.Is(err, context.Canceled) {
		h.Logger.ErrorContext(r.Context(), "answering a wallet", "method", r.Method, "error", err)
	}
	httpjson.Refuse(w, p)
}
