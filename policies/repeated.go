package policies

import (
	"encoding/binary"
	"sync"
	"time"

	"coffer/consent"
)

// repeated remembers the rulings of one second. A business collects under many grants
// of the same terms at once, and to the rules they are the same question: a decision
// is a pure function of it.
type repeated struct {
	mu     sync.RWMutex
	second int64
	known  map[string]consent.Ruling
}

// mostRulings bounds what is remembered; beyond it a question is decided each time.
const mostRulings = 4096

func (r *repeated) get(second int64, key []byte) (ruling consent.Ruling, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.second != second {
		return ruling, false
	}
	ruling, ok = r.known[string(key)]
	return ruling, ok
}

func (r *repeated) put(second int64, key []byte, ruling consent.Ruling) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.second != second || r.known == nil {
		r.second, r.known = second, map[string]consent.Ruling{}
	}
	if len(r.known) < mostRulings {
		r.known[string(key)] = ruling
	}
}

// repeats appends to b all of a question that pose looks at, but the time. ok is false
// for a question that is not worth it or not simple enough: only collecting under a
// grant without a condition is. A test holds this against pose.
func repeats(b []byte, q consent.Question) (key []byte, ok bool) {
	g := &q.Grant
	if q.Action != consent.ActionCollect || g.Condition != nil {
		return b, false
	}
	text := func(s string) { // with its length, so that no two lists of texts are one
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	list := func(all []string) {
		b = binary.AppendUvarint(b, uint64(len(all)))
		if all == nil {
			b = append(b, 1)
		}
		for _, s := range all {
			text(s)
		}
	}
	text(string(q.Business.DID))
	text(string(q.Business.State))
	list(q.Business.Purposes)
	text(string(g.Business))
	text(g.Purpose)
	list(g.Attributes)
	list(g.Channels)
	b = binary.AppendVarint(b, int64(g.WeeklyCap))
	text(string(g.State))
	b = binary.AppendUvarint(b, uint64(g.Start))
	b = binary.AppendUvarint(b, uint64(g.End))
	if g.Minor {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	list(g.Jurisdictions)
	list(g.Destinations)
	text(q.Attribute)
	return b, true
}

// decideOnce is decide for a question that may have been asked in the same second.
func (e *Engine) decideOnce(q consent.Question) consent.Ruling {
	var room [1024]byte
	key, ok := repeats(room[:0], q)
	if !ok {
		return e.decide(e.pose(q))
	}
	second := q.Now.Unix()
	if r, known := e.repeated.get(second, key); known {
		return r
	}
	// Rules do not look beyond seconds: what is decided must not depend on which part of
	// the second the first asked in.
	q.Now = q.Now.Truncate(time.Second)
	r := e.decide(e.pose(q))
	e.repeated.put(second, key, r)
	return r
}
