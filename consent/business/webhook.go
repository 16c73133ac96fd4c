package business

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"coffer/consent"
	"coffer/consent/hooks"
)

// maxEvent bounds what is read of a delivery.
const maxEvent = 16 << 10

// webhookFile is webhook.json. Whoever has the secret can speak as the operator to the
// webhook, and nowhere else.
type webhookFile struct {
	V      int    `json:"v"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// SetWebhook tells the operator where the business wants to be told of its events, and
// keeps the secret that signs them; "" ends it. Events from now on are delivered there,
// at least once each; Poll still gets every one.
func (b *Business) SetWebhook(ctx context.Context, url string) error {
	var answer struct {
		Secret string `json:"secret"`
	}
	for ahead := range consent.Unix(3) {
		w := consent.Webhook{Iss: b.keys.did, Aud: b.profile.Operator, Iat: consent.UnixAt(b.now()) + ahead, URL: url}
		jws, err := b.keys.signer.SignJWS(consent.TypeWebhook, w.Payload())
		if err != nil {
			return fmt.Errorf("signing the webhook: %w", err)
		}
		err = b.client.call(ctx, http.MethodPut, "/business/v1/webhook", map[string]string{"webhook": jws}, &answer)
		// Webhooks are told apart by the second, as cards are; an answer that was lost
		// took its secret with it.
		if p, ok := errors.AsType[*Problem](err); ok && p.Code == "stale" && ahead < 2 {
			continue
		}
		if err != nil {
			return fmt.Errorf("setting the webhook: %w", err)
		}
		break
	}
	b.hooking.Lock()
	defer b.hooking.Unlock()
	b.receiver = nil
	if url == "" {
		return b.folder.remove("webhook.json")
	}
	if err := b.folder.write(webhookFile{1, url, answer.Secret}, "webhook.json"); err != nil {
		return fmt.Errorf("keeping the webhook: %w", err)
	}
	return nil
}

// Webhook is where the business is told, or "".
func (b *Business) Webhook() (string, error) {
	var file webhookFile
	err := b.folder.read(&file, "webhook.json")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return file.URL, err
}

func (b *Business) webhookReceiver() (*hooks.Receiver, error) {
	b.hooking.Lock()
	defer b.hooking.Unlock()
	if b.receiver != nil {
		return b.receiver, nil
	}
	var file webhookFile
	if err := b.folder.read(&file, "webhook.json"); errors.Is(err, fs.ErrNotExist) {
		return nil, hooks.ErrSignature // nobody was given a secret
	} else if err != nil {
		return nil, err
	}
	r, err := hooks.NewReceiver(file.Secret, b.now)
	b.receiver = r
	return r, err
}

// Receive takes a delivery: if it is the operator's it acts on the event as Poll does,
// and tells the handler. A delivery that was acted on before is no error. What the next
// Poll gets is told again. Errors of who is not the operator are hooks.ErrSignature and
// hooks.ErrWindow.
func (b *Business) Receive(ctx context.Context, header http.Header, body []byte, handle Handler) error {
	r, err := b.webhookReceiver()
	if err != nil {
		return fmt.Errorf("receiving an event: %w", err)
	}
	name, again, err := r.Verify(header, body)
	if err != nil || again {
		return err
	}
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return errors.New("receiving an event: not the JSON that was expected")
	}
	b.polling.Lock() // one event at a time, whichever way it came
	defer b.polling.Unlock()
	if err := b.take(ctx, e, handle); err != nil {
		return err
	}
	r.Done(name)
	return nil
}

// take does the business's part of an event and tells the handler. An error means that
// it has to come again; one that would never pass is logged.
func (b *Business) take(ctx context.Context, e Event, handle Handler) error {
	err := b.act(ctx, e)
	if err == nil && handle != nil {
		err = handle(ctx, e)
	}
	if err != nil && comesAgain(ctx, err) {
		return err
	}
	if err != nil {
		b.log.Error("handling an event", "type", e.Type, "grant", e.Grant, "error", err)
	}
	return nil
}

// WebhookHandler serves the webhook: 204 when an event was taken, 401 to whoever is not
// the operator, 503 when the operator should try again.
func (b *Business) WebhookHandler(handle Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNoContent
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
		switch {
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			status = http.StatusMethodNotAllowed
		case err != nil:
			status = http.StatusBadRequest
		default:
			if err = b.Receive(r.Context(), r.Header, body, handle); errors.Is(err, hooks.ErrSignature) || errors.Is(err, hooks.ErrWindow) {
				status = http.StatusUnauthorized
				b.log.Warn("a delivery was refused", "error", err)
			} else if err != nil {
				status = http.StatusServiceUnavailable
				b.log.Warn("an event has to come again", "error", err)
			}
		}
		w.WriteHeader(status)
	})
}

// DeadEvent is an event that the operator gave up delivering.
type DeadEvent struct {
	Event
	ID       string
	Attempts int
	Failure  consent.Failure
	GivenUp  consent.Unix
}

// DeadEvents lists what the operator gave up delivering to the webhook, the oldest
// hundred. Poll has them all the same.
func (b *Business) DeadEvents(ctx context.Context) ([]DeadEvent, error) {
	var answer struct {
		Events []struct {
			Event    json.RawMessage `json:"event"`
			Attempts int             `json:"attempts"`
			Failure  consent.Failure `json:"failure"`
			GivenUp  consent.Unix    `json:"given_up"`
		} `json:"events"`
	}
	if err := b.client.call(ctx, http.MethodGet, "/business/v1/webhook/dead", nil, &answer); err != nil {
		return nil, fmt.Errorf("listing dead deliveries: %w", err)
	}
	var out []DeadEvent
	for _, d := range answer.Events {
		dead := DeadEvent{Attempts: d.Attempts, Failure: d.Failure, GivenUp: d.GivenUp}
		var name struct {
			ID string `json:"id"`
		}
		if err := errors.Join(json.Unmarshal(d.Event, &dead.Event), json.Unmarshal(d.Event, &name)); err != nil {
			return nil, errors.New("listing dead deliveries: not the JSON that was expected")
		}
		dead.ID = name.ID
		out = append(out, dead)
	}
	return out, nil
}

// RetryEvents asks the operator to deliver again what it gave up: the events named, or
// all.
func (b *Business) RetryEvents(ctx context.Context, events ...string) (n int, err error) {
	if events == nil {
		events = []string{}
	}
	var answer struct {
		Retried int `json:"retried"`
	}
	err = b.client.call(ctx, http.MethodPost, "/business/v1/webhook/retry", map[string][]string{"events": events}, &answer)
	if err != nil {
		return 0, fmt.Errorf("retrying deliveries: %w", err)
	}
	return answer.Retried, nil
}
