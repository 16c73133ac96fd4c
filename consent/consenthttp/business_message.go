package consenthttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

type messageBodyJSON struct {
	ID     id.Message `json:"id"`
	Grant  id.Grant   `json:"grant"`
	Sealed string     `json:"sealed"`
	Permit struct {
		Entry    consent.Bytes   `json:"entry"`
		Document string          `json:"document"`
		Opening  json.RawMessage `json:"opening"`
	} `json:"permit"`
}

// send delivers a message: permit first, then the inbox. Sending it again after an
// error or a lost answer delivers it once.
func (b *business) send(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body messageBodyJSON
	if err := httpjson.ReadMax(w, r, &body, messageBody); err != nil {
		return answer{}, err
	}
	if err := b.within(r.Context(), body.Grant); err != nil {
		return answer{}, err
	}
	m, err := b.readMessage(body)
	if err != nil {
		return answer{}, err
	}
	m.Business = by.DID
	now := b.Clock()
	taken, err := b.Store.TakeMessage(r.Context(), m, now, func(by consent.Business, g consent.Grant, sent int, zone *time.Location) error {
		return consent.Denied(b.Policy.Decide(consent.Question{
			Action: consent.ActionMessage, Business: by, Grant: g, Channel: m.Channel, SentLast7Days: sent, Now: now, Zone: zone,
		}))
	})
	if err != nil {
		return answer{}, err
	}
	leaf := taken.Permit.Leaf()
	if taken.State == consentdb.MessageAnchoring {
		err := b.Ledger.Append(r.Context(), taken.Permit)
		if refused, ok := errors.AsType[*anchor.Refusal](err); ok {
			return answer{}, errors.Join(refused, b.Store.DropMessage(r.Context(), taken))
		} else if err != nil {
			return answer{}, err
		}
		if err := b.Store.Deliver(r.Context(), taken, now); err != nil {
			return answer{}, err
		}
	}
	return created(map[string]any{"id": taken.ID, "leaf": leaf})
}

// readMessage holds a message against its permit: the permit's commitment opens to a
// document that permits this message, under this grant, in this hour.
func (b *business) readMessage(body messageBodyJSON) (m consentdb.Message, err error) {
	if body.ID.IsZero() || body.Sealed == "" || len(body.Sealed) > consent.MaxPacked {
		return m, &consent.Refusal{Code: consent.Malformed, At: "sealed"}
	}
	entry, err := parse[anchor.Permit](body.Permit.Entry, "permit.entry")
	if err != nil {
		return m, err
	}
	if err := b.signed(entry, anchor.WalletKey{}, "permit.entry"); err != nil {
		return m, err
	}
	var opening anchor.Opening
	if err := json.Unmarshal(body.Permit.Opening, &opening); err != nil {
		return m, &consent.Refusal{Code: consent.Malformed, At: "permit.opening"}
	}
	if err := opening.Verify(entry.Commitment, []byte(body.Permit.Document)); err != nil {
		return m, &consent.Refusal{Code: consent.WrongOpening, At: "permit.opening"}
	}
	document, err := consent.ParsePermit([]byte(body.Permit.Document))
	if err != nil {
		return m, err
	}
	if document.Kind != consent.PermitMessage || document.Grant != body.Grant || document.Message != body.ID || document.Epoch != entry.Epoch {
		return m, &consent.Refusal{Code: consent.BadEntry, At: "permit.document"}
	}
	canonical, err := json.Marshal(opening)
	if err != nil {
		return m, err
	}
	return consentdb.Message{
		ID: body.ID, Grant: body.Grant, Channel: document.Channel, Sealed: body.Sealed,
		Permit: entry, Document: body.Permit.Document, Opening: string(canonical),
	}, nil
}
