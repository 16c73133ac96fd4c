package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"coffer/consent"
)

// requests keeps the requests of the trail in a temporary file: a receipt may
// answer any of them, and all of them would not fit into memory. They hold nothing
// about shoppers.
type requests struct {
	mu   sync.RWMutex
	file *os.File
	size int64
	at   map[consent.Hash]span

	parsed map[consent.Hash]consent.Request // the last few that were asked for
}

// mostParsed bounds what is kept parsed: most grants answer one of a few requests.
const mostParsed = 64

type span struct {
	from int64
	n    int32
}

func newRequests() (*requests, error) {
	f, err := os.CreateTemp("", "coffer-audit-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file for requests: %w", err)
	}
	return &requests{file: f, at: map[consent.Hash]span{}, parsed: map[consent.Hash]consent.Request{}}, nil
}

func (r *requests) close() {
	r.file.Close()
	os.Remove(r.file.Name())
}

func (r *requests) put(jws string) error {
	hash := consent.HashOf(jws)
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.at[hash]; known {
		return nil
	}
	if _, err := r.file.WriteAt([]byte(jws), r.size); err != nil {
		return fmt.Errorf("keeping a request: %w", err)
	}
	r.at[hash] = span{r.size, int32(len(jws))}
	r.size += int64(len(jws))
	return nil
}

// get is the request with this hash. Its signature is not checked again: that was
// done, or found wanting, at the request's own line.
func (r *requests) get(hash consent.Hash) (q consent.Request, ok bool, err error) {
	r.mu.RLock()
	s, ok := r.at[hash]
	q, parsed := r.parsed[hash]
	r.mu.RUnlock()
	if !ok || parsed {
		return q, parsed, nil
	}
	b := make([]byte, s.n)
	if _, err := r.file.ReadAt(b, s.from); err != nil {
		return q, false, fmt.Errorf("reading a request: %w", err)
	}
	parts := strings.Split(string(b), ".")
	if len(parts) != 3 {
		return q, false, errors.New("no JWS")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return q, false, errors.New("no JWS")
	}
	if q, err = consent.ParseRequest(payload, consent.ParseRules{}); err != nil {
		return q, false, err
	}
	q.JWS = string(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.parsed) >= mostParsed {
		clear(r.parsed)
	}
	r.parsed[hash] = q
	return q, true, nil
}

// keep puts a line away if it is a request, and learns of new validators: what stands
// right behind may lean on it.
func (e *examiner) keep(line []byte) error {
	if bytes.HasPrefix(line, []byte(`{"v":1,"kind":"succession",`)) {
		if parsed, _, err := parseLine(line); err == nil {
			_ = e.proofs.Follow(parsed.(Succession).Step) // examine says what is wrong with it
		}
		return nil
	}
	if !bytes.HasPrefix(line, []byte(`{"v":1,"kind":"request",`)) {
		return nil
	}
	if parsed, _, err := parseLine(line); err == nil {
		return e.requests.put(parsed.(Request).JWS)
	}
	return nil // its own line says what is wrong with it
}
