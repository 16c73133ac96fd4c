package consenthttp

import (
	"net/http"
	"strconv"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/hooks"
	"coffer/internal/httpjson"
)

// setWebhook answers with the secret, this once: who loses it sets the webhook again.
func (b *business) setWebhook(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Webhook string `json:"webhook"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	signer, payload, err := b.Signatures.VerifyJWS(r.Context(), body.Webhook, consent.TypeWebhook)
	if err != nil {
		return answer{}, err
	}
	if signer != by.DID {
		return answer{}, &consent.Refusal{Code: consent.WrongIssuer, At: "iss"}
	}
	hook, err := consent.ParseWebhook(payload, consent.WebhookRules{Issuer: signer, Audience: b.Origin, Now: b.Clock(), Local: b.LocalWebhooks})
	if err != nil {
		return answer{}, err
	}
	key := hooks.NewKey()
	if err := b.Store.PutWebhook(r.Context(), hook, key); err != nil {
		return answer{}, err
	}
	secret := ""
	if hook.URL != "" {
		secret = hooks.Secret(key)
	}
	return ok(map[string]any{"url": hook.URL, "secret": secret})
}

func (b *business) webhook(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	url, failures, err := b.Store.Webhook(r.Context(), by.DID)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"url": url, "failures": failures})
}

type deadEvent struct {
	Event    consentdb.Event `json:"event"`
	Attempts int             `json:"attempts"`
	Failure  consent.Failure `json:"failure"`
	GivenUp  consent.Unix    `json:"given_up"`
}

func (b *business) deadEvents(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	after, err := eventNumber(r.URL.Query().Get("after"), "after")
	if err != nil {
		return answer{}, err
	}
	found, err := b.Store.DeadDeliveries(r.Context(), by.DID, after, eventsPage)
	if err != nil {
		return answer{}, err
	}
	dead, next := []deadEvent{}, ""
	for _, d := range found {
		dead = append(dead, deadEvent{d.Event, d.Attempts, d.Failure, d.GivenUp})
	}
	if len(found) == eventsPage {
		next = strconv.FormatInt(found[eventsPage-1].Seq, 10)
	}
	return ok(map[string]any{"events": dead, "next": next})
}

// retryEvents queues given-up events again: those named, or all.
func (b *business) retryEvents(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Events []string `json:"events"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	var events []int64
	for _, text := range body.Events {
		n, err := eventNumber(text, "events")
		if err != nil {
			return answer{}, err
		}
		events = append(events, n)
	}
	n, err := b.Store.RetryDeliveries(r.Context(), by.DID, events, b.Clock())
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"retried": n})
}

// eventNumber reads an event's id, or the cursor that one is; "" is before the first.
func eventNumber(text, at string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, &consent.Refusal{Code: consent.Malformed, At: at}
	}
	return n, nil
}
