// Package passkey holds the WebAuthn ceremonies: creating a passkey for a vault,
// signing in with one, and confirming one decision with one. It is the only door
// to go-webauthn. Signing in with the words of a recovery sheet is a ceremony here,
// too.
//
// Every ceremony has a start, which gives options for the browser and a random id,
// and a finish, which takes the id once: a ceremony is over when its finish was
// tried, whatever came of it, and after [Lifetime].
//
// # Trust
//
// The browser and the authenticator are trusted to have asked the person (user
// verification is required) and to name the page's origin. The server requests
// the PRF extension so that the wallet gets its key from it, but must never learn
// the result: an answer that contains one is refused, and the wallet that sent it
// is broken. Who signs with a recovery sheet's key is trusted to have the sheet,
// whoever that is. What a compromise here costs is who may read ciphertext and write in
// a vault's name; it opens nothing.
package passkey

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"coffer/internal/id"
	"coffer/vault"
)

// Lifetime of a ceremony: as long as a person may take to find the other device.
const Lifetime = 5 * time.Minute

var (
	// ErrOver means that the ceremony was finished before, is too old, never
	// began, or is another kind of ceremony.
	ErrOver = errors.New("ceremony is over; start again")

	// ErrRefused means that the answer does not verify.
	ErrRefused = errors.New("passkey is refused")

	// ErrWords means that recovery words do not sign in: they are no vault's sheet, or
	// not any more, or signed something else.
	ErrWords = errors.New("recovery words are refused")

	// ErrChanged means that a passkey signed rightly, and its device says of backups
	// what cannot change: it may be a copy. It does not sign in.
	ErrChanged = errors.New("passkey is not as it was made")

	// ErrPRFLeaked means that the wallet sent what only it may know. Its key
	// must be considered known to whoever read the request.
	ErrPRFLeaked = errors.New("answer contains PRF results, which must not leave the browser")
)

// Store is what the ceremonies need of vaultdb.Store.
type Store interface {
	KeepCeremony(context.Context, vault.Ceremony) error
	TakeCeremony(ctx context.Context, hash [32]byte) (vault.Ceremony, error)
	Passkeys(context.Context, id.Vault) ([]vault.Passkey, error)
	SetRecord(ctx context.Context, v id.Vault, credential, record []byte, used time.Time) error
	Sheets(ctx context.Context, locatorHash [32]byte) ([]vault.Registered, error)
}

// Options of the ceremonies.
type Options struct {
	Store Store

	// Origin of the wallet's pages. Its host is the RP ID, to which every passkey
	// and its PRF are bound for good.
	Origin string

	// Name of the operator, as the browser shows it beside the passkey.
	Name string

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default
}

// Passkeys are the ceremonies: three with a passkey, and one without, for who has
// none left.
type Passkeys struct {
	Create  *Create
	Get     *Get
	Confirm *Confirm
	Recover *Recover
}

// New returns the ceremonies of one operator.
func New(o Options) (*Passkeys, error) {
	u, err := url.Parse(o.Origin)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("preparing passkeys: origin %q has no host", o.Origin)
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: Lifetime, TimeoutUVD: Lifetime}
	w, err := webauthn.New(&webauthn.Config{
		RPID:          u.Hostname(),
		RPDisplayName: o.Name,
		RPOrigins:     []string{o.Origin},
		// Which make of authenticator a shopper has is none of our business.
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification:   protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing passkeys: %w", err)
	}
	c := &ceremonies{web: w, origin: o.Origin, store: o.Store, now: o.Now, log: o.Logger}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	return &Passkeys{Create: &Create{c}, Get: &Get{c}, Confirm: &Confirm{c}, Recover: &Recover{c}}, nil
}

type ceremonies struct {
	web    *webauthn.WebAuthn
	origin string
	store  Store
	now    func() time.Time
	log    *slog.Logger
}

// kept is a ceremony between start and finish.
type kept struct {
	Kind    string               `json:"kind"`
	Vault   id.Vault             `json:"vault"` // zero for get
	New     bool                 `json:"new"`   // create: the vault does not exist yet
	Session webauthn.SessionData `json:"session"`

	// Of a recovery, which has no WebAuthn session.
	LocatorHash []byte `json:"locator_hash,omitempty"`
	Challenge   []byte `json:"challenge,omitempty"`
}

// keep stores the ceremony and returns the id that the browser must bring back.
func (c *ceremonies) keep(ctx context.Context, k kept) (string, error) {
	var b [32]byte
	rand.Read(b[:])
	data, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	err = c.store.KeepCeremony(ctx, vault.Ceremony{Hash: sha256.Sum256(b[:]), Vault: k.Vault, Data: data, Expires: c.now().Add(Lifetime)})
	return base64.RawURLEncoding.EncodeToString(b[:]), err
}

// take returns the ceremony with that id once.
func (c *ceremonies) take(ctx context.Context, ceremony, kind string) (k kept, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(ceremony)
	if err != nil || len(b) != 32 {
		return k, ErrOver
	}
	t, err := c.store.TakeCeremony(ctx, sha256.Sum256(b))
	if errors.Is(err, vault.ErrNotFound) {
		return k, ErrOver
	} else if err != nil {
		return k, err
	}
	if err := json.Unmarshal(t.Data, &k); err != nil {
		return k, fmt.Errorf("reading a ceremony: %w", err)
	}
	if k.Kind != kind || !c.now().Before(t.Expires) {
		return k, ErrOver
	}
	return k, nil
}

// prf asks for the extension. Only the wallet learns what it evaluates to.
func prf() webauthn.ExtensionOption {
	return webauthn.WithExtensionPRF(protocol.PRFValues{First: []byte(vault.PRFInput)})
}

// refused keeps of go-webauthn's error what names the check that failed, and
// leaves out what was sent.
func refused(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%w: %s", ErrRefused, e.Details)
	}
	return ErrRefused
}
