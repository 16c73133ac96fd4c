package oauth

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// jwk is the operator's public key, named by its thumbprint (RFC 7638).
func (s *Server) jwk() (jose.JSONWebKey, error) {
	key := jose.JSONWebKey{Key: s.o.Key.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return key, fmt.Errorf("naming the operator's key: %w", err)
	}
	key.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	return key, nil
}

// Sign signs a statement of the operator's as a JWS of that type. The public key is in
// its header, and in the metadata, which says whose it is.
func (s *Server) Sign(typ string, claims any) (string, error) {
	key, err := s.jwk()
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("signing a statement: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("jwk", key).WithHeader("kid", key.KeyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.o.Key}, options)
	if err != nil {
		return "", fmt.Errorf("signing a statement: %w", err)
	}
	signed, err := signer.Sign(b)
	if err != nil {
		return "", fmt.Errorf("signing a statement: %w", err)
	}
	return signed.CompactSerialize()
}
