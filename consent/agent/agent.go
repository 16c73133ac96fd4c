// Package agent tells who signed: it resolves DIDs, verifies requests, cards,
// messages and receipts, and packs messages for a shopper's key. It is the only
// door to aries-framework-go, which does the resolving, the credentials and the
// packing. The formats are in consent's FORMAT.md.
//
// # Trust
//
// A did:key is its own proof. A did:web is whoever controls that host's TLS name
// now, and the answer is believed for as long as it is kept (Options.Keep): a
// business that rotates a stolen key is exposed that long. If this package were
// wrong, a business could ask as another, or a receipt could be forged against a
// shopper; no value could be read. What a stranger names is fetched only from
// public addresses, in bounded size and time. aries is archived upstream: every
// header is checked here before it sees a byte, it never chooses an algorithm, a
// panic in it is an error, and what it logs goes nowhere, since it logs bodies.
package agent

import (
	"net/http"
	"sync"
	"time"

	"github.com/hyperledger/aries-framework-go/pkg/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/key"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/web"

	"coffer/consent"
)

// Options configure an Agent. The zero value is for production.
type Options struct {
	// HTTP fetches did:web documents. Nil is a client that reaches public
	// addresses only. Its answers are bounded and its redirects refused anyway.
	HTTP *http.Client
	// Keep is how long a did:web document is believed; 0 is five minutes.
	Keep time.Duration
	// Local admits status lists on the machine's own localhost, over plain http too.
	// Dangerous outside development: strangers name the address.
	Local bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Agent implements consent.Signatures. It is safe for concurrent use.
type Agent struct {
	registry *vdr.Registry
	http     *http.Client
	keep     time.Duration
	local    bool
	now      func() time.Time

	mu   sync.Mutex
	docs map[consent.DID]known // of did:web

	texts map[string]text // what was published, by address
}

var _ consent.Signatures = (*Agent)(nil)

// New makes an agent. It opens nothing.
func New(o Options) *Agent {
	a := &Agent{
		registry: vdr.New(vdr.WithVDR(key.New()), vdr.WithVDR(web.New())),
		http:     bounded(o.HTTP, o.Local), keep: o.Keep, local: o.Local, now: o.Now,
		docs: map[consent.DID]known{}, texts: map[string]text{},
	}
	if a.keep == 0 {
		a.keep = 5 * time.Minute
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}
