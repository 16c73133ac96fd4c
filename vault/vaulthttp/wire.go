package vaulthttp

import (
	"encoding/base64"

	"coffer/internal/httpjson"
)

// base64url is bytes as JSON carries them here: base64url without padding, in one
// spelling only.
type base64url []byte

func (b base64url) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (b *base64url) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return httpjson.Problem{Code: "invalid", Title: "Invalid request", Status: 400, Detail: "want base64url without padding"}
	}
	*b = raw
	return nil
}
