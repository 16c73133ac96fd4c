package seal

import (
	"crypto/ecdsa"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// SealEnvelope seals to a P-256 key: compact JWE, ECDH-ES+A256KW, A256GCM. typ stands
// in the header, so that one kind of content never passes for another; OpenEnvelope
// wants the same.
func SealEnvelope(to *ecdsa.PublicKey, typ string, content []byte) (string, error) {
	e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES_A256KW, Key: to},
		(&jose.EncrypterOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("sealing an envelope: %w", err)
	}
	j, err := e.Encrypt(content)
	if err != nil {
		return "", fmt.Errorf("sealing an envelope: %w", err)
	}
	return j.CompactSerialize()
}

// OpenEnvelope is SealEnvelope undone. ErrOpen explains nothing.
func OpenEnvelope(key *ecdsa.PrivateKey, typ, sealed string) ([]byte, error) {
	j, err := jose.ParseEncryptedCompact(sealed, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, ErrOpen
	}
	if have, ok := j.Header.ExtraHeaders[jose.HeaderType].(string); !ok || have != typ {
		return nil, ErrOpen
	}
	plaintext, err := j.Decrypt(key)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
