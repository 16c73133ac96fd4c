package seal

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"math/big"

	"coffer/internal/id"
)

// derive is HKDF-SHA-256 (RFC 5869).
func derive(ikm, salt []byte, info string, n int) []byte {
	b, err := hkdf.Key(sha256.New, ikm, salt, info, n)
	if err != nil {
		panic(err) // only for n > 8160
	}
	return b
}

// DeriveWrapKey turns a way in (a passkey's PRF output, or the entropy of the
// recovery words) into the key that locks the vault key.
func DeriveWrapKey(ikm, vaultSalt []byte) WrapKey {
	return WrapKey(derive(ikm, vaultSalt, "coffer/v1 kek", 32))
}

// RecoveryLocator is how the operator finds the vault of a recovery sheet: 16 bytes
// from the entropy of its words, from which neither is computed back.
func RecoveryLocator(entropy []byte) [16]byte {
	return [16]byte(derive(entropy, nil, "coffer/v1 recovery locator", 16))
}

// RecoverySigner signs in with a recovery sheet.
func RecoverySigner(entropy []byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(entropy, nil, "coffer/v1 recovery signer", ed25519.SeedSize))
}

// PairwiseKey is who the shopper is towards one business.
func PairwiseKey(s Seed, business string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(s[:], nil, "coffer/v1 pairwise"+business, ed25519.SeedSize))
}

// PairwiseDID is the same as the business sees it, a did:key.
func PairwiseDID(s Seed, business string) string {
	return DIDKey(PairwiseKey(s, business).Public().(ed25519.PublicKey))
}

// AgreementKey is what one business encrypts its messages to the shopper to.
func AgreementKey(s Seed, business string) *ecdsa.PrivateKey {
	return p256(derive(s[:], nil, "coffer/v1 agreement"+business, 48))
}

// GrantWalletKey signs one grant's ledger entries.
func GrantWalletKey(s Seed, g id.Grant) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(s[:], nil, "coffer/v1 grant"+string(g[:]), ed25519.SeedSize))
}

// DIDKey writes an Ed25519 key as a did:key (multicodec 0xed, base58btc).
func DIDKey(public ed25519.PublicKey) string {
	return "did:key:z" + base58(append([]byte{0xed, 0x01}, public...))
}

func base58(b []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	var out []byte
	x, base, digit := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int)
	for x.Sign() > 0 {
		x.DivMod(x, base, digit)
		out = append(out, alphabet[digit.Int64()])
	}
	for _, c := range b {
		if c != 0 {
			break
		}
		out = append(out, alphabet[0])
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}
