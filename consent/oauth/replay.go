package oauth

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"coffer/consent"
)

// proofLife is how long a proof can be shown again after it was taken: it may come
// from ProofWindow ahead, and is old ProofWindow later.
const proofLife = 2*ProofWindow + time.Second

// maxUsed bounds the memory of used proofs, of about 30 bytes each: 16,000 a second.
// Whoever comes when it is full is turned away, and nobody is let in twice.
const maxUsed = 2 << 20

var errManyProofs = errors.New("too many DPoP proofs are remembered; lower business_rate")

// memory is where a daemon that is alone on its database remembers used proofs: on no
// disk, since a proof from before its start is of no use to anyone. See Options.Alone.
type memory struct {
	max int

	mu        sync.Mutex
	since     time.Time // when now began
	now, then map[[16]byte]struct{}
}

// use notes a proof by the digest of its key and jti. first is false if it was used before.
func (m *memory) use(name consent.Hash, now time.Time) (first bool, err error) {
	key := [16]byte(name[:16])
	m.mu.Lock()
	defer m.mu.Unlock()
	// Whatever was remembered in then is over one life later, when now takes its place.
	if m.now == nil || now.Sub(m.since) >= proofLife {
		m.now, m.then, m.since = map[[16]byte]struct{}{}, m.now, now
	}
	if _, used := m.now[key]; used {
		return false, nil
	}
	if _, used := m.then[key]; used {
		return false, nil
	}
	if len(m.now) >= m.max {
		return false, errManyProofs
	}
	m.now[key] = struct{}{}
	return true, nil
}

// use remembers a proof, which is good once. Nil is no proof.
func (s *Server) use(ctx context.Context, p *proof) (err error) {
	if p == nil {
		return nil
	}
	var first bool
	if s.o.Alone {
		first, err = s.used.use(p.name, s.o.Clock())
	} else {
		first, err = s.o.Store.UseProof(ctx, p.name, p.expires)
	}
	if err == nil && !first {
		err = badProof("used before")
	}
	return err
}

// wantsNonce reports whether proofs must carry a nonce of ours. A daemon that is alone
// has forgotten what was used before it started. Until all of that is old it takes only
// proofs with a nonce of its own, which it made since.
func (s *Server) wantsNonce(now time.Time) bool {
	return s.o.Nonce || s.o.Alone && now.Sub(s.began) < proofLife
}

// handNonce gives a client the nonce for its next proof, while one is wanted.
func (s *Server) handNonce(w http.ResponseWriter) {
	if now := s.o.Clock(); s.wantsNonce(now) {
		w.Header().Set("DPoP-Nonce", s.nonce(now))
	}
}
