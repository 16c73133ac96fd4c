// Package hooks brings events to the webhooks of businesses, and shows a business that
// what arrives at its webhook is from its operator. Deliveries are signed as Standard
// Webhooks (standardwebhooks.com, version 1) with a secret of operator and business.
//
// # Trust
//
// The sender believes no endpoint: its address is a stranger's word, so only public
// addresses are dialled, redirects are not followed, and of an answer nothing counts
// but its status. What it sends are ids, so an endpoint that is not the business's
// learns that some grant ended and nothing else. A business believes a delivery whose
// signature holds and which is not older than Window; whoever has the secret can wake it
// with events that did not happen, which makes it delete too much and release nothing.
package hooks

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"coffer/consent"
)

// Window is how far a delivery's time may be from the clock of who receives it.
const Window = 5 * time.Minute

const (
	keySize = 32
	prefix  = "whsec_" // of a secret in text
)

// NewKey draws the key that signs a webhook's deliveries.
func NewKey() consent.Bytes {
	key := make([]byte, keySize)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

// Secret is the text of a key: what the business keeps.
func Secret(key consent.Bytes) string { return prefix + base64.StdEncoding.EncodeToString(key) }

// ID names a delivery, the same at every attempt. It is the event's.
func ID(seq int64) string { return "event_" + strconv.FormatInt(seq, 10) }

// sign makes the headers of one attempt.
func sign(d consent.Delivery, at time.Time) (map[string]string, error) {
	w, err := standardwebhooks.NewWebhookRaw(d.Key)
	if err != nil {
		return nil, err
	}
	signature, err := w.Sign(ID(d.Seq), at, d.Body)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		standardwebhooks.HeaderWebhookID:        ID(d.Seq),
		standardwebhooks.HeaderWebhookTimestamp: strconv.FormatInt(at.Unix(), 10),
		standardwebhooks.HeaderWebhookSignature: signature,
	}, nil
}

// validSecret reports whether a secret is one that Secret writes.
func validSecret(secret string) bool {
	text, ok := strings.CutPrefix(secret, prefix)
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	return ok && err == nil && len(key) == keySize
}
