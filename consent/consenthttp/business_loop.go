package consenthttp

import (
	"net/http"

	"coffer/consent"
	"coffer/internal/httpjson"
)

// The statements of the withdrawal loop are signed, and the signature is all that lets
// one in: a business that was suspended gets no token, and owes them all the same.
const (
	statementRate  = 200
	statementBurst = 2000
	statementBody  = 64 << 10
)

func (b *business) acknowledge(w http.ResponseWriter, r *http.Request) (answer, error) {
	payload, jws, rules, err := b.statement(w, r, "acknowledgement", consent.TypeAcknowledgement)
	if err != nil {
		return answer{}, err
	}
	a, err := consent.ParseAcknowledgement(payload, rules)
	if err != nil {
		return answer{}, err
	}
	taken, err := b.Store.Acknowledge(r.Context(), a, jws, rules.Now)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"grant": a.Grant, "taken": taken})
}

func (b *business) stateDeletion(w http.ResponseWriter, r *http.Request) (answer, error) {
	payload, jws, rules, err := b.statement(w, r, "statement", consent.TypeDeletion)
	if err != nil {
		return answer{}, err
	}
	d, err := consent.ParseDeletion(payload, rules)
	if err != nil {
		return answer{}, err
	}
	taken, err := b.Store.PutDeletion(r.Context(), d, jws, rules.Now)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"grant": d.Grant, "taken": taken})
}

// statement reads {"<key>": "<JWS>"} and verifies who signed it: a business that has
// registered, in whatever state.
func (b *business) statement(w http.ResponseWriter, r *http.Request, key, typ string) (payload []byte, jws string, rules consent.StatementRules, err error) {
	if !b.stating.Allow() {
		w.Header().Set("Retry-After", "1")
		return nil, "", rules, errTooMany
	}
	body := map[string]string{}
	if err := httpjson.ReadMax(w, r, &body, statementBody); err != nil {
		return nil, "", rules, err
	}
	jws, given := body[key]
	if !given || len(body) != 1 {
		return nil, "", rules, &consent.Refusal{Code: consent.Malformed, At: key}
	}
	signer, payload, err := b.Signatures.VerifyJWS(r.Context(), jws, typ)
	if err != nil {
		return nil, "", rules, err
	}
	if _, err := b.Store.Business(r.Context(), signer); err != nil {
		return nil, "", rules, err
	}
	return payload, jws, consent.StatementRules{Issuer: signer, Audience: b.Origin, Now: b.Clock()}, nil
}
