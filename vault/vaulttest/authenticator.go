// Package vaulttest is the test kit of the vault: a software authenticator, a
// small wallet in Go, and the conformance suite of the store.
//
// # Trust
//
// None: only tests import it. The authenticator asks nobody, and the wallet keeps
// its keys in memory for tests to look at.
package vaulttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Authenticator is a passkey device with browser around it: ES256, user
// verification, discoverable credentials and PRF. Its switches make it lie.
type Authenticator struct {
	Origin string // what the browser says the page is

	NoPRF    bool // the authenticator has no PRF
	NoUV     bool // the person was not verified
	LeakPRF  bool // the wallet sends the PRF results along
	Packed   bool // attestation packed (self) instead of none
	Resident *bool
	Counting bool   // count signatures; many passkeys never do
	Syncing  bool   // its passkeys may be copied (BE)
	Copied   bool   // there is a copy (BS)
	Use      []byte // credential to use at get; nil: the newest that fits

	credentials []*credential
}

type credential struct {
	id, handle []byte
	rp         string
	key        *ecdsa.PrivateKey
	prf        [32]byte
	count      uint32
}

// NewAuthenticator returns an empty device used on pages of that origin.
func NewAuthenticator(origin string) *Authenticator { return &Authenticator{Origin: origin} }

// Clone is a copy of the device that counts on its own from here.
func (a *Authenticator) Clone() *Authenticator {
	c := *a
	c.credentials = nil
	for _, one := range a.credentials {
		twin := *one
		c.credentials = append(c.credentials, &twin)
	}
	return &c
}

// Forge is a device that names the same passkeys and has other keys.
func (a *Authenticator) Forge() *Authenticator {
	c := a.Clone()
	for _, one := range c.credentials {
		var err error
		if one.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			panic(err) // never, with crypto/rand
		}
	}
	return c
}

type creation struct {
	Challenge string
	RP        struct{ ID string }
	User      struct{ ID string }
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
	Selection struct {
		UserVerification string
		ResidentKey      string
	} `json:"authenticatorSelection"`
	Extensions extensions
}

type request struct {
	Challenge  string
	RPID       string                `json:"rpId"`
	Allow      []struct{ ID string } `json:"allowCredentials"`
	Extensions extensions
}

type extensions struct {
	PRF *struct {
		Eval struct{ First string }
	} `json:"prf"`
}

// Create answers PublicKeyCredentialCreationOptionsJSON with the wire form that
// the wallet sends. It returns the PRF output too, nil without PRF.
func (a *Authenticator) Create(options json.RawMessage) (answer json.RawMessage, prf []byte, err error) {
	var o creation
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, nil, fmt.Errorf("reading creation options: %w", err)
	}
	if o.Selection.UserVerification != "required" || o.Selection.ResidentKey != "required" {
		return nil, nil, errors.New("options do not require user verification and a resident key")
	}
	for _, x := range o.Exclude {
		if slices.ContainsFunc(a.credentials, func(c *credential) bool { return b64(c.id) == x.ID }) {
			return nil, nil, errors.New("InvalidStateError: this device has a passkey for the vault")
		}
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("reading creation options: %w", err)
	}
	c := &credential{id: make([]byte, 24), handle: handle, rp: o.RP.ID}
	rand.Read(c.id)
	rand.Read(c.prf[:])
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	a.credentials = append(a.credentials, c)

	public, err := c.key.PublicKey.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		return nil, nil, err
	}
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		return nil, nil, err
	}
	data := a.data(c, 0x40)
	data = append(data, make([]byte, 16)...) // AAGUID of nobody
	data = binary.BigEndian.AppendUint16(data, uint16(len(c.id)))
	data = append(append(data, c.id...), cose...)

	client := a.client("webauthn.create", o.Challenge)
	format, statement := "none", map[string]any{}
	if a.Packed {
		format = "packed"
		signature, err := c.sign(data, client)
		if err != nil {
			return nil, nil, err
		}
		statement = map[string]any{"alg": -7, "sig": signature}
	}
	object, err := webauthncbor.Marshal(map[string]any{"fmt": format, "attStmt": statement, "authData": data})
	if err != nil {
		return nil, nil, err
	}
	out, prf := a.extend(c, o.Extensions, true)
	resident := true
	if a.Resident != nil {
		resident = *a.Resident
	}
	out["credProps"] = map[string]any{"rk": resident}
	answer, err = json.Marshal(map[string]any{
		"id": b64(c.id), "rawId": b64(c.id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": out,
		"response":               map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(object), "transports": []string{"internal"}},
	})
	return answer, prf, err
}

// Get answers PublicKeyCredentialRequestOptionsJSON likewise.
func (a *Authenticator) Get(options json.RawMessage) (answer json.RawMessage, prf []byte, err error) {
	var o request
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, nil, fmt.Errorf("reading request options: %w", err)
	}
	var c *credential
	for _, one := range a.credentials {
		allowed := len(o.Allow) == 0
		for _, x := range o.Allow {
			allowed = allowed || x.ID == b64(one.id)
		}
		if one.rp == o.RPID && allowed && (a.Use == nil || string(a.Use) == string(one.id)) {
			c = one
		}
	}
	if c == nil {
		return nil, nil, errors.New("NotAllowedError: this device has no passkey that fits")
	}
	data, client := a.data(c, 0), a.client("webauthn.get", o.Challenge)
	signature, err := c.sign(data, client)
	if err != nil {
		return nil, nil, err
	}
	out, prf := a.extend(c, o.Extensions, false)
	answer, err = json.Marshal(map[string]any{
		"id": b64(c.id), "rawId": b64(c.id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": out,
		"response":               map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(c.handle)},
	})
	return answer, prf, err
}

// data is the fixed part of authenticator data (WebAuthn § 6.1).
func (a *Authenticator) data(c *credential, flags byte) []byte {
	flags |= 0x01 // present
	if !a.NoUV {
		flags |= 0x04
	}
	if a.Syncing {
		flags |= 0x08
	}
	if a.Copied {
		flags |= 0x10
	}
	if a.Counting {
		c.count++
	}
	rp := sha256.Sum256([]byte(c.rp))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), c.count)
}

func (a *Authenticator) client(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err) // strings only
	}
	return b
}

func (c *credential) sign(data, client []byte) ([]byte, error) {
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clone(data), hash[:]...))
	return ecdsa.SignASN1(rand.Reader, c.key, digest[:])
}

// extend evaluates the PRF as a browser does: over a digest with a prefix, so that
// a page cannot reach what other uses of hmac-secret see (WebAuthn § 10.1.4).
func (a *Authenticator) extend(c *credential, in extensions, create bool) (out map[string]any, result []byte) {
	out = map[string]any{}
	if in.PRF == nil {
		return out, nil
	}
	prf := map[string]any{}
	if create {
		prf["enabled"] = !a.NoPRF
	}
	if salt, err := base64.RawURLEncoding.DecodeString(in.PRF.Eval.First); err == nil && len(salt) > 0 && !a.NoPRF {
		hashed := sha256.Sum256(append([]byte("WebAuthn PRF\x00"), salt...))
		m := hmac.New(sha256.New, c.prf[:])
		m.Write(hashed[:])
		result = m.Sum(nil)
	}
	if a.LeakPRF {
		prf["results"] = map[string]any{"first": b64(result)}
	}
	out["prf"] = prf
	return out, result
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
