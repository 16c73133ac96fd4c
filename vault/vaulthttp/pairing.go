package vaulthttp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/vault"
)

// errPairingOver is what both devices hear of a pairing that is not to be gone on with:
// why, would tell a stranger which codes there are.
var errPairingOver = errors.New("pairing is over")

// pairingJSON is a pairing as one of the two devices sees it: only what the other has
// handed over so far.
type pairingJSON struct {
	Step       vault.PairingStep `json:"step"`
	Expires    int64             `json:"expires"`
	Key        base64url         `json:"key"`
	Nonce      base64url         `json:"nonce"`
	IV         base64url         `json:"iv"`
	Ciphertext base64url         `json:"ciphertext"`
}

type halfJSON struct {
	Key   base64url `json:"key"`
	Nonce base64url `json:"nonce"`
}

func (h *handler) offerPairing(w http.ResponseWriter, r *http.Request) error {
	v, n, err := h.Sessions.session(r)
	if err != nil {
		return err
	}
	var body struct {
		CodeHash   base64url `json:"code_hash"`
		Commitment base64url `json:"commitment"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	if len(body.CodeHash) != 32 || len(body.Commitment) != 32 {
		return fmt.Errorf("offer of %d and %d bytes: %w", len(body.CodeHash), len(body.Commitment), vault.ErrInvalid)
	}
	p := vault.Pairing{Vault: v, CodeHash: [32]byte(body.CodeHash), Commitment: body.Commitment, Expires: h.Now().Add(vault.PairingLifetime)}
	if err := h.Store.OfferPairing(r.Context(), p, n); err != nil {
		return err
	}
	httpjson.Write(w, http.StatusCreated, struct {
		Expires int64 `json:"expires"`
	}{p.Expires.Unix()})
	return nil
}

func (h *handler) offeredPairing(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	p, err := h.Store.Pairing(r.Context(), v, h.Now())
	if err != nil {
		return over(err)
	}
	httpjson.Write(w, http.StatusOK, pairingJSON{Step: p.Step, Expires: p.Expires.Unix(), Key: p.To.Key, Nonce: p.To.Nonce})
	return nil
}

func (h *handler) revealPairing(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body halfJSON
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	if err := h.Store.RevealPairing(r.Context(), v, vault.Half{Key: body.Key, Nonce: body.Nonce}, h.Now()); err != nil {
		return over(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) sealPairing(v id.Vault, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		IV         base64url `json:"iv"`
		Ciphertext base64url `json:"ciphertext"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	if err := h.Store.SealPairing(r.Context(), v, body.IV, body.Ciphertext, h.Now()); err != nil {
		return over(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// joinPairing is for the device that has no vault yet. It comes back with a ticket in a
// cookie, of which the store has the SHA-256, as of a session.
func (h *handler) joinPairing(w http.ResponseWriter, r *http.Request) error {
	if err := h.pace(h.pairings, w, r); err != nil {
		return err
	}
	var body struct {
		Code  string    `json:"code"`
		Key   base64url `json:"key"`
		Nonce base64url `json:"nonce"`
	}
	if err := httpjson.Read(w, r, &body); err != nil {
		return err
	}
	var ticket [32]byte
	rand.Read(ticket[:])
	p, err := h.Store.JoinPairing(r.Context(), vault.CodeHash(body.Code), sha256.Sum256(ticket[:]), vault.Half{Key: body.Key, Nonce: body.Nonce}, h.Now())
	if err != nil {
		return over(err)
	}
	h.Sessions.set(w, pairingCookie, base64.RawURLEncoding.EncodeToString(append(p.Vault[:], ticket[:]...)), vault.PairingLifetime)
	httpjson.Write(w, http.StatusOK, struct {
		Commitment base64url `json:"commitment"`
		Expires    int64     `json:"expires"`
	}{p.Commitment, p.Expires.Unix()})
	return nil
}

// ticket returns the pairing whose ticket the request has.
func (h *handler) ticket(r *http.Request) (p vault.Pairing, ticket [32]byte, err error) {
	v, ticket, err := readCookie(r, pairingCookie)
	if err != nil {
		return p, ticket, errPairingOver
	}
	if p, err = h.Store.Pairing(r.Context(), v, h.Now()); err != nil {
		return p, ticket, over(err)
	}
	if subtle.ConstantTimeCompare(p.TicketHash[:], ticket[:]) != 1 {
		return vault.Pairing{}, ticket, errPairingOver
	}
	return p, ticket, nil
}

func (h *handler) joinedPairing(w http.ResponseWriter, r *http.Request) error {
	p, _, err := h.ticket(r)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, pairingJSON{Step: p.Step, Expires: p.Expires.Unix(), Key: p.From.Key, Nonce: p.From.Nonce, IV: p.IV, Ciphertext: p.Ciphertext})
	return nil
}

// takePairing signs in to the vault, but for a device that is signed in to it already:
// that one came for the key alone.
func (h *handler) takePairing(w http.ResponseWriter, r *http.Request) error {
	if err := httpjson.Read(w, r, &struct{}{}); err != nil {
		return err
	}
	p, ticket, err := h.ticket(r)
	if err != nil {
		return err
	}
	here, session, err := h.Sessions.session(r)
	if err != nil && !errors.Is(err, vault.ErrNotSignedIn) {
		return err
	}
	if err == nil && here == p.Vault {
		if err := h.Store.TakePairing(r.Context(), p.Vault, ticket, nil, h.Now()); err != nil {
			return over(err)
		}
	} else {
		session = vault.Session{}
		err := h.Sessions.beginBy(w, r, p.Vault, session, func(n vault.Session) error {
			return h.Store.TakePairing(r.Context(), p.Vault, ticket, &n, h.Now())
		})
		if err != nil {
			return over(err)
		}
	}
	h.Sessions.set(w, pairingCookie, "", -time.Second)
	return h.writeSession(r.Context(), w, http.StatusOK, p.Vault, session.Credential)
}

// endPairing is for either device. It does nothing for anybody else.
func (h *handler) endPairing(w http.ResponseWriter, r *http.Request) error {
	if err := httpjson.Read(w, r, &struct{}{}); err != nil {
		return err
	}
	if p, _, err := h.ticket(r); err == nil {
		h.Sessions.set(w, pairingCookie, "", -time.Second)
		if err := h.Store.EndPairing(r.Context(), p.Vault); err != nil {
			return err
		}
	} else if !errors.Is(err, errPairingOver) {
		return err
	} else if v, err := h.Sessions.Vault(r); err == nil {
		if err := h.Store.EndPairing(r.Context(), v); err != nil {
			return err
		}
	} else if !errors.Is(err, vault.ErrNotSignedIn) {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// over says of a pairing that is not there, or not at that step, that it is over.
func over(err error) error {
	if errors.Is(err, vault.ErrNotFound) {
		return errPairingOver
	}
	return err
}
