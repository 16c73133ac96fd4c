package vaulthttp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/passkey"
)

// SessionLifetime is how long a sign-in lasts, used or not.
const SessionLifetime = 12 * time.Hour

const (
	sessionCookie  = "coffer_session"
	ceremonyCookie = "coffer_ceremony"
	pairingCookie  = "coffer_pairing"
	cookiePath     = "/wallet/"
)

// Sessions tells who is signed in. A session is a random token in a cookie; the
// store has only its SHA-256, so that who reads the database cannot act as anybody.
// The cookie names the vault too, since every key of the store begins with it.
type Sessions struct {
	store  Store
	secure bool
	now    func() time.Time
}

// NewSessions returns the sessions kept in the store. now may be nil.
func NewSessions(store Store, origin string, now func() time.Time) *Sessions {
	if now == nil {
		now = time.Now
	}
	return &Sessions{store: store, secure: secure(origin), now: now}
}

// Vault returns the vault that the request is signed in to, or ErrNotSignedIn.
func (s *Sessions) Vault(r *http.Request) (id.Vault, error) {
	v, _, err := s.session(r)
	return v, err
}

func (s *Sessions) session(r *http.Request) (id.Vault, vault.Session, error) {
	v, hash, err := read(r)
	if err != nil {
		return id.Vault{}, vault.Session{}, err
	}
	n, err := s.store.Session(r.Context(), v, hash, s.now())
	if err != nil {
		return id.Vault{}, vault.Session{}, err
	}
	return v, n, nil
}

// read takes vault and token from the session's cookie.
func read(r *http.Request) (v id.Vault, hash [32]byte, err error) {
	return readCookie(r, sessionCookie)
}

func readCookie(r *http.Request, name string) (v id.Vault, hash [32]byte, err error) {
	c, err := r.Cookie(name)
	if err != nil {
		return v, hash, vault.ErrNotSignedIn
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(c.Value)
	if err != nil || len(b) != len(v)+32 {
		return v, hash, vault.ErrNotSignedIn
	}
	return id.Vault(b[:len(v)]), sha256.Sum256(b[len(v):]), nil
}

// begin signs in to the vault, and out of what the browser was signed in to.
// n says with what; the rest of it is made here.
func (s *Sessions) begin(w http.ResponseWriter, r *http.Request, v id.Vault, n vault.Session) error {
	return s.beginBy(w, r, v, n, func(n vault.Session) error { return s.store.AddSession(r.Context(), v, n) })
}

// beginBy is begin where something else adds the session to the store.
func (s *Sessions) beginBy(w http.ResponseWriter, r *http.Request, v id.Vault, n vault.Session, add func(vault.Session) error) error {
	if err := s.end(r); err != nil {
		return err
	}
	var token [32]byte
	rand.Read(token[:])
	n.TokenHash, n.Expires = sha256.Sum256(token[:]), s.now().Add(SessionLifetime)
	if err := add(n); err != nil {
		return err
	}
	s.set(w, sessionCookie, base64.RawURLEncoding.EncodeToString(append(v[:], token[:]...)), SessionLifetime)
	return nil
}

// end signs out in the store.
func (s *Sessions) end(r *http.Request) error {
	v, hash, err := read(r)
	if err != nil {
		return nil // nothing to end
	}
	return s.store.EndSession(r.Context(), v, hash)
}

// set writes a cookie of ours; lifetime < 0 deletes it.
func (s *Sessions) set(w http.ResponseWriter, name, value string, lifetime time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: cookiePath, MaxAge: int(lifetime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.secure,
	})
}

func (h *handler) session(w http.ResponseWriter, r *http.Request) error {
	v, n, err := h.Sessions.session(r)
	if err != nil {
		return err
	}
	return h.writeSession(r.Context(), w, http.StatusOK, v, n.Credential)
}

func (h *handler) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := httpjson.Read(w, r, &struct{}{}); err != nil {
		return err
	}
	if err := h.Sessions.end(r); err != nil {
		return err
	}
	h.Sessions.set(w, sessionCookie, "", -time.Second)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sessionJSON is S of the contract: what a wallet needs to get in.
type sessionJSON struct {
	Vault      id.Vault      `json:"vault"`
	Salt       base64url     `json:"salt"`
	State      vault.State   `json:"state"`
	Credential base64url     `json:"credential"` // the passkey used; empty for words
	Passkeys   []passkeyJSON `json:"passkeys"`
	Wraps      []wrapJSON    `json:"wraps"`
	Recovery   bool          `json:"recovery"`           // the words of the sheet sign in
	Key        int64         `json:"key"`                // number of the vault key
	Next       []wrapJSON    `json:"next"`               // wraps of the key that a rotation goes to; empty if none has begun
	Inactive   *inactiveJSON `json:"inactive,omitempty"` // where vaults are erased that nobody signs in to
}

// inactiveJSON is what becomes of the vault if nobody signs in, and whether it nearly did.
type inactiveJSON struct {
	Months int   `json:"months"` // without a sign-in until a warning
	Days   int   `json:"days"`   // from then until the vault is erased
	Warned int64 `json:"warned"` // when it was, before the sign-in that kept it; 0 for not
}

type passkeyJSON struct {
	ID      base64url `json:"id"`
	PRF     bool      `json:"prf"`
	Created int64     `json:"created"`
	Used    int64     `json:"used"`   // last; 0 for not since this is kept
	Cloned  bool      `json:"cloned"` // its counter went back once
	// There is a copy, as its device said last; and that was not so when it was made.
	BackedUp      bool `json:"backed_up"`
	BackupChanged bool `json:"backup_changed"`
}

func (h *handler) writeSession(ctx context.Context, w http.ResponseWriter, status int, v id.Vault, credential []byte) error {
	k, err := h.Store.Keyring(ctx, v)
	if errors.Is(err, vault.ErrNotFound) {
		return vault.ErrNotSignedIn // erased meanwhile
	} else if err != nil {
		return err
	}
	s := sessionJSON{Vault: k.Vault.ID, Salt: k.Vault.Salt, State: k.Vault.State, Credential: credential,
		Passkeys: []passkeyJSON{}, Wraps: wrapsJSON(k.Wraps), Recovery: k.Recovery, Key: k.Vault.Key, Next: wrapsJSON(k.Next)}
	if h.Retention.On() {
		s.Inactive = &inactiveJSON{Months: h.Retention.Months, Days: h.Retention.Days}
		if !k.Vault.Warned.IsZero() {
			s.Inactive.Warned = k.Vault.Warned.Unix()
		}
	}
	for _, p := range k.Passkeys {
		one, state := passkeyJSON{ID: p.ID, PRF: p.PRF, Created: p.Created.Unix()}, passkey.StateOf(p)
		if !p.Used.IsZero() {
			one.Used = p.Used.Unix()
		}
		one.Cloned, one.BackedUp, one.BackupChanged = state.Cloned, state.BackedUp, state.BackupChanged
		s.Passkeys = append(s.Passkeys, one)
	}
	httpjson.Write(w, status, s)
	return nil
}
