package consent

import "time"

// Delivery is one event on its way to one business's webhook.
type Delivery struct {
	Business DID
	Seq      int64  // of the event, for its business
	URL      string // where to
	Key      Bytes  // signs it (HMAC-SHA-256)
	Body     []byte // what is sent: the event, ids only
	Queued   Unix
	Attempts int // made so far, of this event
	Failures int // of the webhook, whichever event, since its last success
}

// DueWebhook is a webhook for which a delivery is due.
type DueWebhook struct {
	Business DID
	Failures int // since its last success
}

// FailedAttempt is what a failed attempt changes.
type FailedAttempt struct {
	Why      Failure
	Again    time.Time // when this event is tried again
	Hold     time.Time // before which nothing of this webhook is
	GiveUp   time.Time // what was queued at or before this moment is given up; zero for nothing
	Happened time.Time
}

// Failure is why a delivery failed. The set is closed: what an endpoint answers is
// never kept.
type Failure string

const (
	FailedUnreachable Failure = "unreachable" // no connection, no TLS, no name
	FailedForbidden   Failure = "forbidden"   // its name leads to an address that is not public
	FailedTimeout     Failure = "timeout"
	FailedRefused     Failure = "refused" // an answer other than 2xx
	FailedGone        Failure = "gone"    // 410: it wants no more
)
