package consent

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Webhook says where a business wants to be told of its events, signed (TypeWebhook).
type Webhook struct {
	V   int    `json:"v"`
	Iss DID    `json:"iss"`
	Aud string `json:"aud"` // the operator's origin
	Iat Unix   `json:"iat"` // the newest counts
	URL string `json:"url"` // empty: nowhere any more
}

// WebhookRules are what a webhook is held against.
type WebhookRules struct {
	Issuer   DID
	Audience string
	Now      time.Time
	// Local admits http and https on the operator's own machine. Dangerous outside
	// development: a business could reach what only the operator should.
	Local bool
}

// Payload is what the business signs.
func (w Webhook) Payload() []byte { w.V = Version; return write(w) }

// ParseWebhook reads the payload of a webhook whose signature was verified.
func ParseWebhook(payload []byte, rules WebhookRules) (Webhook, error) {
	var w Webhook
	if err := read(payload, maxStatement, &w); err != nil {
		return Webhook{}, err
	}
	if err := version(w.V); err != nil {
		return Webhook{}, err
	}
	if w.Iss == "" || w.Iss != rules.Issuer {
		return Webhook{}, refuse(WrongIssuer, "iss")
	}
	if w.Aud != rules.Audience {
		return Webhook{}, refuse(WrongAudience, "aud")
	}
	if err := fresh(w.Iat, w.Iat+Unix((2*Skew).Seconds()), rules.Now); err != nil {
		return Webhook{}, err
	}
	if w.URL != "" && reachable(w.URL, rules.Local) != nil {
		return Webhook{}, refuse(BadURL, "url")
	}
	return w, nil
}

// reachable checks what can be seen in a URL. Where its name leads is seen when it is
// dialled.
func reachable(s string, onThisMachine bool) error {
	u, err := url.Parse(s)
	if err != nil || len(s) > 500 || u.String() != s || u.Hostname() == "" || u.User != nil || u.Opaque != "" || strings.Contains(s, "#") {
		return errors.New("want https://host/path")
	}
	if local(u.Hostname()) {
		if onThisMachine && (u.Scheme == "https" || u.Scheme == "http") {
			return nil
		}
		return errors.New("want a public host")
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Scheme != "https" {
		return errors.New("want https and a name") // no certificate is for an address of one's own choice
	}
	return nil
}
