package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"

	"coffer/internal/id"
	"coffer/vault"
)

// Wrap locks the vault key under one way in: a passkey, named by its credential,
// or recovery, which has none.
func Wrap(rand io.Reader, k WrapKey, v id.Vault, kind string, credential []byte, key VaultKey) (vault.Wrap, error) {
	w := vault.Wrap{Kind: kind, Credential: credential, IV: make([]byte, 12)}
	if _, err := io.ReadFull(rand, w.IV); err != nil {
		return vault.Wrap{}, fmt.Errorf("wrapping the vault key: %w", err)
	}
	w.Ciphertext = gcm(k).Seal(nil, w.IV, key[:], wrapped(v, w))
	if err := w.Check(); err != nil {
		return vault.Wrap{}, fmt.Errorf("wrapping the vault key: %w", err)
	}
	return w, nil
}

// Unwrap is Wrap undone.
func Unwrap(k WrapKey, v id.Vault, w vault.Wrap) (VaultKey, error) {
	if w.Check() != nil {
		return VaultKey{}, ErrOpen
	}
	b, err := gcm(k).Open(nil, w.IV, w.Ciphertext, wrapped(v, w))
	if err != nil {
		return VaultKey{}, ErrOpen
	}
	return VaultKey(b), nil
}

// wrapped is the associated data: which vault, which way in.
func wrapped(v id.Vault, w vault.Wrap) []byte {
	way := w.Credential
	if w.Kind == vault.RecoveryWrap {
		way = []byte("recovery")
	}
	return append(append([]byte{}, v[:]...), way...)
}

func gcm[K any](k Key[K]) cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // only for other sizes than 16, 24, 32
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
