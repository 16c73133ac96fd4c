package hooks

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

var (
	// ErrSignature means that a delivery is not from who has the secret, or was changed.
	ErrSignature = errors.New("the delivery's signature does not hold")

	// ErrWindow means that a delivery is too old, or from the future.
	ErrWindow = errors.New("the delivery's time is too far from now; if this goes on, set the clock")
)

// Receiver tells a business's operator from strangers. It is safe for concurrent use.
type Receiver struct {
	hook *standardwebhooks.Webhook
	now  func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time // delivery → when it can be forgotten
}

// NewReceiver makes the receiver of a webhook's secret.
func NewReceiver(secret string, now func() time.Time) (*Receiver, error) {
	if !validSecret(secret) {
		return nil, errors.New("reading a webhook's secret: want whsec_ and 32 bytes in base64")
	}
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, errors.New("reading a webhook's secret: want whsec_ and base64")
	}
	return &Receiver{hook: hook, now: now, seen: map[string]time.Time{}}, nil
}

// Verify checks a delivery and returns what it is named. again is true for one that was
// Done before: it is answered with success and nothing more. Errors are ErrSignature and
// ErrWindow.
func (r *Receiver) Verify(header http.Header, body []byte) (name string, again bool, err error) {
	for _, key := range []string{standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature} {
		if len(header.Values(key)) != 1 {
			return "", false, fmt.Errorf("%w: want one %s", ErrSignature, key)
		}
	}
	// The library's own window uses the machine's clock; ours is handed in.
	if r.hook.VerifyIgnoringTimestamp(body, header) != nil {
		return "", false, ErrSignature
	}
	seconds, err := strconv.ParseInt(header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return "", false, ErrSignature
	}
	now := r.now()
	if off := now.Sub(time.Unix(seconds, 0)); off > Window || off < -Window {
		return "", false, ErrWindow
	}
	name = header.Get(standardwebhooks.HeaderWebhookID)
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, until := range r.seen {
		if now.After(until) {
			delete(r.seen, old)
		}
	}
	_, again = r.seen[name]
	return name, again, nil
}

// Done remembers that a delivery was acted on, for as long as the same bytes could come
// again. One that was not is acted on when it comes again.
func (r *Receiver) Done(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[name] = r.now().Add(2 * Window)
}
