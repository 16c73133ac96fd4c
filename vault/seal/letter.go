package seal

import (
	"crypto/ecdsa"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

const letterType = "coffer-letter+json"

// SealLetter seals a grant letter to the agreement key of a business's request:
// compact JWE, ECDH-ES+A256KW on P-256, A256GCM. What a letter says is consent's.
func SealLetter(to *ecdsa.PublicKey, letter []byte) (string, error) {
	e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES_A256KW, Key: to},
		(&jose.EncrypterOptions{}).WithType(letterType))
	if err != nil {
		return "", fmt.Errorf("sealing a letter: %w", err)
	}
	j, err := e.Encrypt(letter)
	if err != nil {
		return "", fmt.Errorf("sealing a letter: %w", err)
	}
	return j.CompactSerialize()
}

// OpenLetter is SealLetter undone.
func OpenLetter(key *ecdsa.PrivateKey, letter string) ([]byte, error) {
	j, err := jose.ParseEncryptedCompact(letter, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, ErrOpen
	}
	if typ, ok := j.Header.ExtraHeaders[jose.HeaderType].(string); !ok || typ != letterType {
		return nil, ErrOpen
	}
	plaintext, err := j.Decrypt(key)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
