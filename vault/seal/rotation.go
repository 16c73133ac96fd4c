package seal

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"io"
	"math/big"

	"coffer/internal/id"
	"coffer/vault"
)

// WayKey is the key pair of a way in. Its public half lies sealed in the vault, so that
// a rotation can lock the next vault key with a way in that is elsewhere.
func WayKey(ikm, vaultSalt []byte) *ecdsa.PrivateKey {
	return p256(derive(ikm, vaultSalt, "coffer/v1 way", 48))
}

// p256 reduces 48 bytes to a key, so that the bias is below 2^-128 (FIPS 186-5 A.2.1).
func p256(b []byte) *ecdsa.PrivateKey {
	x := new(big.Int).SetBytes(b)
	n := elliptic.P256().Params().N
	d := x.Mod(x, new(big.Int).Sub(n, big.NewInt(1)))
	d.Add(d, big.NewInt(1))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	if err != nil {
		panic(err) // d is in [1, n-1]
	}
	return key
}

// WrapTo locks the vault key for a way in of which only the public half is here.
func WrapTo(rand io.Reader, way *ecdh.PublicKey, vaultSalt []byte, v id.Vault, kind string, credential []byte, key VaultKey) (vault.Wrap, error) {
	drawn := make([]byte, 48)
	if _, err := io.ReadFull(rand, drawn); err != nil {
		return vault.Wrap{}, fmt.Errorf("wrapping the vault key: %w", err)
	}
	ephemeral, err := p256(drawn).ECDH()
	if err != nil {
		return vault.Wrap{}, fmt.Errorf("wrapping the vault key: %w", err)
	}
	shared, err := ephemeral.ECDH(way)
	if err != nil {
		return vault.Wrap{}, fmt.Errorf("wrapping the vault key: %w", err)
	}
	w, err := Wrap(rand, wrapKeyTo(shared, vaultSalt, ephemeral.PublicKey().Bytes(), way.Bytes()), v, kind, credential, key)
	w.Ephemeral = ephemeral.PublicKey().Bytes()
	return w, err
}

// UnwrapWay opens a wrap of either sort with what the way in gives.
func UnwrapWay(ikm, vaultSalt []byte, v id.Vault, w vault.Wrap) (VaultKey, error) {
	if len(w.Ephemeral) == 0 {
		return Unwrap(DeriveWrapKey(ikm, vaultSalt), v, w)
	}
	way, err := WayKey(ikm, vaultSalt).ECDH()
	if err != nil {
		return VaultKey{}, ErrOpen
	}
	ephemeral, err := ecdh.P256().NewPublicKey(w.Ephemeral)
	if err != nil {
		return VaultKey{}, ErrOpen
	}
	shared, err := way.ECDH(ephemeral)
	if err != nil {
		return VaultKey{}, ErrOpen
	}
	return Unwrap(wrapKeyTo(shared, vaultSalt, w.Ephemeral, way.PublicKey().Bytes()), v, w)
}

func wrapKeyTo(shared, vaultSalt, ephemeral, way []byte) WrapKey {
	return WrapKey(derive(shared, vaultSalt, "coffer/v1 kek to"+string(ephemeral)+string(way), 32))
}

// LockKey wraps a content key under a vault key: a document's encrypted_key.
func LockKey(k VaultKey, cek ContentKey) []byte { return wrapKey(k, cek) }

// Rekey wraps a document's content key under the next vault key, which has this number.
func Rekey(from, to VaultKey, number int64, s vault.Sealed) (vault.Sealed, error) {
	cek, err := DocumentKey(from, s)
	if err != nil {
		return nil, err
	}
	return s.Rekey(number, wrapKey(to, cek))
}
