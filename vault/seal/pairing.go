package seal

import (
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"coffer/internal/id"
	"coffer/vault"
)

// Commitment fixes the first device's half before it sees the other's.
func Commitment(from vault.Half) [32]byte {
	return sha256.Sum256([]byte("coffer/v1 pairing commitment\x00" + string(from.Key) + string(from.Nonce)))
}

// Phrase is what both devices show: the places of its words on the BIP-39 list. 33
// bits, and whoever stands in between gets one try, before he knows them.
func Phrase(from, to vault.Half) (words [3]int) {
	h := sha256.Sum256([]byte("coffer/v1 pairing phrase\x00" + transcript(from, to)))
	bits := binary.BigEndian.Uint64(h[:])
	for i := range words {
		words[i] = int(bits >> (64 - 11*(i+1)) & 2047)
	}
	return words
}

// PairingKey is what both devices agree on.
func PairingKey(mine *ecdh.PrivateKey, from, to vault.Half) (WrapKey, error) {
	their := from.Key
	if string(their) == string(mine.PublicKey().Bytes()) {
		their = to.Key
	}
	other, err := ecdh.P256().NewPublicKey(their)
	if err != nil {
		return WrapKey{}, fmt.Errorf("agreeing on a key: %w", err)
	}
	shared, err := mine.ECDH(other)
	if err != nil {
		return WrapKey{}, fmt.Errorf("agreeing on a key: %w", err)
	}
	salt := sha256.Sum256([]byte(transcript(from, to)))
	return WrapKey(derive(shared, salt[:], "coffer/v1 pairing key", 32)), nil
}

func transcript(from, to vault.Half) string {
	return string(from.Key) + string(from.Nonce) + string(to.Key) + string(to.Nonce)
}

// SealPairing hands the vault key to the other device.
func SealPairing(rand io.Reader, k WrapKey, v id.Vault, number int64, key VaultKey) (iv, ciphertext []byte, err error) {
	iv = make([]byte, 12)
	if _, err := io.ReadFull(rand, iv); err != nil {
		return nil, nil, fmt.Errorf("sealing a pairing: %w", err)
	}
	secret := append(binary.BigEndian.AppendUint32(append([]byte{}, v[:]...), uint32(number)), key[:]...)
	return iv, gcm(k).Seal(nil, iv, secret, []byte("coffer/v1 pairing")), nil
}

// OpenPairing is SealPairing undone.
func OpenPairing(k WrapKey, iv, ciphertext []byte) (v id.Vault, number int64, key VaultKey, err error) {
	if len(iv) != 12 {
		return v, 0, key, ErrOpen
	}
	b, err := gcm(k).Open(nil, iv, ciphertext, []byte("coffer/v1 pairing"))
	if err != nil || len(b) != vault.PairingSecret {
		return v, 0, key, ErrOpen
	}
	return id.Vault(b[:16]), int64(binary.BigEndian.Uint32(b[16:20])), VaultKey(b[20:]), nil
}
