package vaulthttp

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
)

// document is the document of the path; what cannot be one is not found.
func document(r *http.Request) (id.Document, error) {
	d, err := id.Parse[id.Document](mux.Vars(r)["document"])
	if err != nil {
		return d, vault.ErrNotFound
	}
	return d, nil
}

// number reads a small number in its one spelling.
func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 16)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}

// attached says which chunks are here: what an upload goes on from, and what a
// wallet asks before it puts the document.
func (h *handler) attached(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	d, err := document(r)
	if err != nil {
		return err
	}
	a, err := h.Store.Attached(r.Context(), v, d)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, struct {
		Chunks int64   `json:"chunks"`
		Have   []int64 `json:"have"`
	}{a.Count, append([]int64{}, a.Have...)})
	return nil
}

func (h *handler) dropAttachment(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	d, err := document(r)
	if err != nil {
		return err
	}
	if err := h.Store.DropAttachment(r.Context(), v, d); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) chunk(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	d, err := document(r)
	if err != nil {
		return err
	}
	place, ok := number(mux.Vars(r)["place"])
	if !ok {
		return vault.ErrNotFound
	}
	c, err := h.Store.Chunk(r.Context(), v, d, place)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(c)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(c) // the client left; nothing to tell it
	return nil
}

// putChunk stores one chunk; memory is bounded by its size. ?of= says how many the
// attachment has.
func (h *handler) putChunk(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	d, err := document(r)
	if err != nil {
		return err
	}
	place, ok := number(mux.Vars(r)["place"])
	count, known := number(r.URL.Query().Get("of"))
	if !ok || !known || r.Header.Get("Content-Type") != "application/octet-stream" {
		return vault.ErrInvalid
	}
	sealed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, vault.ChunkSize+vault.ChunkOverhead))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return vault.ErrTooLarge
	} else if err != nil {
		return vault.ErrInvalid
	}
	if err := h.Store.PutChunk(r.Context(), v, vault.Chunk{Document: d, Place: place, Count: count, Sealed: sealed}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
