package consenthttp

import (
	"encoding/json"
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

type walletMessage struct {
	ID       id.Message   `json:"id"`
	Grant    id.Grant     `json:"grant"`
	Business party        `json:"business"`
	Received consent.Unix `json:"received"`
	Sealed   string       `json:"sealed"`
	Permit   permitJSON   `json:"permit"`
	Read     bool         `json:"read"`
}

type permitJSON struct {
	Entry    consent.Bytes   `json:"entry"`
	Document string          `json:"document"`
	Opening  json.RawMessage `json:"opening"`
}

func (wt *wallet) inbox(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	found, err := wt.Store.Inbox(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	names, out := wt.names(), []walletMessage{}
	for _, m := range found {
		by, err := names.of(r.Context(), m.Business)
		if err != nil {
			return answer{}, err
		}
		out = append(out, walletMessage{
			ID: m.ID, Grant: m.Grant, Business: by, Received: m.Received, Sealed: m.Sealed, Read: m.State == consentdb.MessageRead,
			Permit: permitJSON{Entry: m.Permit.Bytes(), Document: m.Document, Opening: json.RawMessage(m.Opening)},
		})
	}
	return ok(map[string]any{"messages": out})
}

func (wt *wallet) messageProof(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Message](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	m, err := wt.Store.Message(r.Context(), v, name)
	if err != nil {
		return answer{}, err
	}
	return wt.prove(r.Context(), m.Permit.Leaf())
}

func (wt *wallet) readMessage(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Message](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, wt.Store.MarkRead(r.Context(), v, name)
}

func (wt *wallet) deleteMessage(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Message](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, wt.Store.DeleteMessage(r.Context(), v, name)
}
