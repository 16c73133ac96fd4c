package vaulttest

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"coffer/vault"
	"coffer/vault/seal"
)

// Way is a way in of which the wallet knows the public half.
type Way struct {
	Kind       string
	Credential []byte
	Public     *ecdh.PublicKey
}

// WayOf is the way in of a passkey with that PRF output, or of words with that entropy
// when there is no credential.
func (w *Wallet) WayOf(credential, ikm []byte) (Way, error) {
	key, err := seal.WayKey(ikm, w.Salt).ECDH()
	if err != nil {
		return Way{}, err
	}
	if len(credential) == 0 {
		return Way{Kind: vault.RecoveryWrap, Public: key.PublicKey()}, nil
	}
	return Way{Kind: vault.PasskeyWrap, Credential: credential, Public: key.PublicKey()}, nil
}

// StartRotation draws the next vault key and locks it with these ways in.
func (w *Wallet) StartRotation(ctx context.Context, ways ...Way) (next seal.VaultKey, err error) {
	if next, err = seal.NewKey[seal.VaultKey](rand.Reader); err != nil {
		return next, err
	}
	wraps := []Wrap{}
	for _, way := range ways {
		one, err := seal.WrapTo(rand.Reader, way.Public, w.Salt, w.Vault, way.Kind, way.Credential, next)
		if err != nil {
			return next, err
		}
		wraps = append(wraps, wrapJSON(one))
	}
	return next, w.Do(ctx, "POST", "/rotation/start", map[string]any{"key": w.Number + 1, "wraps": wraps}, nil)
}

// Rekey wraps the content keys of at most n documents, which the operator has under the
// old key, under the next one; it says how many it sent.
func (w *Wallet) Rekey(ctx context.Context, next seal.VaultKey, n int) (int, error) {
	var body struct {
		Documents []documentJSON `json:"documents"`
	}
	if err := w.Do(ctx, "GET", "/documents", nil, &body); err != nil {
		return 0, err
	}
	var sent []any
	for _, d := range body.Documents {
		h, err := d.Sealed.Header()
		if err != nil {
			return 0, err
		}
		if h.Key != w.Number || len(sent) == n {
			continue
		}
		cek, err := seal.DocumentKey(w.Key, d.Sealed)
		if err != nil {
			return 0, err
		}
		sent = append(sent, map[string]any{"id": d.ID, "version": d.Version, "encrypted_key": b64(seal.LockKey(next, cek))})
	}
	if len(sent) == 0 {
		return 0, nil
	}
	return len(sent), w.Do(ctx, "POST", "/rotation/documents", map[string]any{"key": w.Number + 1, "documents": sent}, nil)
}

// Rotate changes the vault's key from beginning to end.
func (w *Wallet) Rotate(ctx context.Context, ways ...Way) error {
	next, err := w.StartRotation(ctx, ways...)
	if err != nil {
		return err
	}
	if _, err := w.Rekey(ctx, next, vault.MaxRekeyed); err != nil {
		return err
	}
	if err := w.Do(ctx, "POST", "/rotation/finish", map[string]any{"key": w.Number + 1}, nil); err != nil {
		return err
	}
	w.Key, w.Number = next, w.Number+1
	return w.Load(ctx)
}

// Pairing is one device's side of a pairing.
type Pairing struct {
	Code       string
	mine       *ecdh.PrivateKey
	half       vault.Half
	commitment []byte
	From, To   vault.Half
}

func newPairing(code string) (*Pairing, error) {
	p := &Pairing{Code: code, half: vault.Half{Nonce: make([]byte, 32)}}
	rand.Read(p.half.Nonce)
	var err error
	if p.mine, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	p.half.Key = p.mine.PublicKey().Bytes()
	return p, nil
}

// Seen is the operator's answer about a pairing.
type Seen struct {
	Step       vault.PairingStep `json:"step"`
	Expires    int64             `json:"expires"`
	Key        string            `json:"key"`
	Nonce      string            `json:"nonce"`
	IV         string            `json:"iv"`
	Ciphertext string            `json:"ciphertext"`
}

func (s Seen) half() (h vault.Half, err error) {
	if h.Key, err = base64.RawURLEncoding.DecodeString(s.Key); err == nil {
		h.Nonce, err = base64.RawURLEncoding.DecodeString(s.Nonce)
	}
	return h, errors.Join(err, h.Check())
}

// Offer begins a pairing from the device that has the vault.
func (w *Wallet) Offer(ctx context.Context, code string) (*Pairing, error) {
	p, err := newPairing(code)
	if err != nil {
		return nil, err
	}
	p.From = p.half
	hash, commitment := vault.CodeHash(code), seal.Commitment(p.From)
	return p, w.Do(ctx, "POST", "/pairing/offer", map[string]string{"code_hash": b64(hash[:]), "commitment": b64(commitment[:])}, nil)
}

// Join uses a code on the other device.
func (w *Wallet) Join(ctx context.Context, code string) (*Pairing, error) {
	p, err := newPairing(code)
	if err != nil {
		return nil, err
	}
	p.To = p.half
	var body struct {
		Commitment string `json:"commitment"`
	}
	err = w.Do(ctx, "POST", "/pairing/join", map[string]string{"code": code, "key": b64(p.To.Key), "nonce": b64(p.To.Nonce)}, &body)
	if err == nil {
		p.commitment, err = base64.RawURLEncoding.DecodeString(body.Commitment)
	}
	return p, err
}

// Reveal opens the commitment to who has joined.
func (w *Wallet) Reveal(ctx context.Context, p *Pairing) error {
	var s Seen
	if err := w.Do(ctx, "GET", "/pairing/offered", nil, &s); err != nil {
		return err
	}
	var err error
	if p.To, err = s.half(); err != nil {
		return err
	}
	return w.Do(ctx, "POST", "/pairing/reveal", map[string]string{"key": b64(p.From.Key), "nonce": b64(p.From.Nonce)}, nil)
}

// Compare is the other device's look at what was revealed; it holds it to the commitment.
func (w *Wallet) Compare(ctx context.Context, p *Pairing) error {
	var s Seen
	if err := w.Do(ctx, "GET", "/pairing/joined", nil, &s); err != nil {
		return err
	}
	var err error
	if p.From, err = s.half(); err != nil {
		return err
	}
	if c := seal.Commitment(p.From); string(c[:]) != string(p.commitment) {
		return errors.New("another half was revealed than committed to")
	}
	return nil
}

// SealKey leaves the vault key for the other device.
func (w *Wallet) SealKey(ctx context.Context, p *Pairing) error {
	k, err := seal.PairingKey(p.mine, p.From, p.To)
	if err != nil {
		return err
	}
	iv, ciphertext, err := seal.SealPairing(rand.Reader, k, w.Vault, w.Number, w.Key)
	if err != nil {
		return err
	}
	return w.Do(ctx, "POST", "/pairing/seal", map[string]string{"iv": b64(iv), "ciphertext": b64(ciphertext)}, nil)
}

// Take opens what was sealed, signs in and loads the vault.
func (w *Wallet) Take(ctx context.Context, p *Pairing) (s Session, err error) {
	var seen Seen
	if err := w.Do(ctx, "GET", "/pairing/joined", nil, &seen); err != nil {
		return s, err
	}
	k, err := seal.PairingKey(p.mine, p.From, p.To)
	if err != nil {
		return s, err
	}
	iv, err := base64.RawURLEncoding.DecodeString(seen.IV)
	if err != nil {
		return s, err
	}
	ciphertext, err := base64.RawURLEncoding.DecodeString(seen.Ciphertext)
	if err != nil {
		return s, err
	}
	v, number, key, err := seal.OpenPairing(k, iv, ciphertext)
	if err != nil {
		return s, err
	}
	if err := w.Do(ctx, "POST", "/pairing/take", struct{}{}, &s); err != nil {
		return s, err
	}
	if s.Vault != v || s.Key != number {
		return s, fmt.Errorf("signed in to another vault, or key %d instead of %d", s.Key, number)
	}
	w.Vault, w.Key, w.Number = v, key, number
	if w.Salt, err = base64.RawURLEncoding.DecodeString(s.Salt); err != nil {
		return s, err
	}
	return s, w.Load(ctx)
}

// Phrase is what the device shows.
func (p *Pairing) Phrase() [3]int { return seal.Phrase(p.From, p.To) }

// Pair brings this vault to another wallet, from the code to the open vault.
func (w *Wallet) Pair(ctx context.Context, other *Wallet, code string) error {
	here, err := w.Offer(ctx, code)
	if err != nil {
		return err
	}
	there, err := other.Join(ctx, code)
	if err != nil {
		return err
	}
	if err := errors.Join(w.Reveal(ctx, here), other.Compare(ctx, there)); err != nil {
		return err
	}
	if here.Phrase() != there.Phrase() {
		return errors.New("the two show other words")
	}
	if err := w.SealKey(ctx, here); err != nil {
		return err
	}
	_, err = other.Take(ctx, there)
	return err
}

// Resume signs in with the words of the wallet's sheet, and finishes a rotation that
// somebody left.
func (w *Wallet) Resume(ctx context.Context) (s Session, err error) {
	if s, err = w.signInByWords(ctx); err != nil {
		return s, err
	}
	if len(s.Next) > 0 {
		if err := w.unlock(s, vault.RecoveryWrap, "", w.Recovery[:]); err != nil {
			return s, err
		}
		after := s
		after.Wraps = s.Next
		next := *w
		if err := next.unlock(after, vault.RecoveryWrap, "", w.Recovery[:]); err != nil {
			return s, err
		}
		if _, err := w.Rekey(ctx, next.Key, vault.MaxRekeyed); err != nil {
			return s, err
		}
		if err := w.Do(ctx, "POST", "/rotation/finish", map[string]any{"key": s.Key + 1}, &s); err != nil {
			return s, err
		}
	}
	return s, w.open(ctx, s, vault.RecoveryWrap, "", w.Recovery[:])
}
