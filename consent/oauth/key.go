package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

var (
	// ErrNoKey means that the data folder has no key for access tokens.
	ErrNoKey = errors.New("no key for access tokens here; run: cofferd init")

	// ErrKeyExists means that CreateKey found a file in its way.
	ErrKeyExists = errors.New("a key for access tokens exists here already; to use it, run: cofferd serve")
)

const pemType = "PRIVATE KEY" // PKCS #8

// CreateKey makes the operator's key for access tokens. Only init and development
// mode call it.
func CreateKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key for access tokens: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("making the key for access tokens: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("writing %s: %w", path, ErrKeyExists)
	} else if err != nil {
		return fmt.Errorf("making the key for access tokens: %w", err)
	}
	err = errors.Join(pem.Encode(f, &pem.Block{Type: pemType, Bytes: der}), f.Sync(), f.Close())
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("writing the key for access tokens: %w", err)
	}
	return nil
}

// OpenKey reads what CreateKey wrote.
func OpenKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("opening %s: %w", path, ErrNoKey)
	} else if err != nil {
		return nil, fmt.Errorf("opening the key for access tokens: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("opening %s: not a key; restore it from a backup", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("opening %s: not a key; restore it from a backup", path)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("opening %s: not a P-256 key; restore it from a backup", path)
	}
	return key, nil
}
