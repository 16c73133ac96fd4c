package business

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"coffer/consent"
	"coffer/consent/agent"

	jose "github.com/go-jose/go-jose/v4"
)

// keys are what a business is: the signing key makes its DID (did:key), letters
// are encrypted to the agreement key. Losing the file loses the identity and
// every letter not yet opened; whoever reads it can act as the business.
type keys struct {
	did       consent.DID
	signer    agent.Signer
	signing   *ecdsa.PrivateKey
	agreement *ecdsa.PrivateKey
}

// keysFile is keys.json.
type keysFile struct {
	V         int             `json:"v"`
	DID       consent.DID     `json:"did"` // derived; here so that a person finds it
	Signing   jose.JSONWebKey `json:"signing"`
	Agreement jose.JSONWebKey `json:"agreement"`
}

func (k keys) String() string       { return "keys of " + string(k.did) }
func (k keys) GoString() string     { return k.String() }
func (k keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func newKeys() (keys, error) {
	signing, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keys{}, err
	}
	agreement, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keys{}, err
	}
	return keysOf(signing, agreement)
}

func keysOf(signing *ecdsa.PrivateKey, agreement *ecdsa.PrivateKey) (keys, error) {
	signer, err := agent.NewSigner(signing)
	if err != nil {
		return keys{}, err
	}
	return keys{did: signer.DID, signer: signer, signing: signing, agreement: agreement}, nil
}

func (k keys) write(f folder) error {
	return f.write(keysFile{
		V: 1, DID: k.did,
		Signing:   jose.JSONWebKey{Key: k.signing, Use: "sig", Algorithm: "ES256"},
		Agreement: jose.JSONWebKey{Key: k.agreement, Use: "enc"},
	}, "keys.json")
}

func readKeys(f folder) (keys, error) {
	var file keysFile
	if err := f.read(&file, "keys.json"); err != nil {
		return keys{}, err
	}
	if file.V != 1 {
		return keys{}, fmt.Errorf("reading keys.json: version %d, this program knows 1; install a newer coffer", file.V)
	}
	signing, ok := file.Signing.Key.(*ecdsa.PrivateKey)
	agreement, ok2 := file.Agreement.Key.(*ecdsa.PrivateKey)
	if !ok || !ok2 || signing.Curve != elliptic.P256() || agreement.Curve != elliptic.P256() {
		return keys{}, errors.New("reading keys.json: want two private keys on P-256")
	}
	k, err := keysOf(signing, agreement)
	if err != nil {
		return keys{}, fmt.Errorf("reading keys.json: %w", err)
	}
	if k.did != file.DID {
		return keys{}, errors.New("reading keys.json: the DID in it is not that of the signing key")
	}
	return k, nil
}

func (k keys) agreementKey() consent.AgreementKey {
	public, err := k.agreement.PublicKey.ECDH()
	if err != nil {
		panic("business: the agreement key is not on P-256: " + err.Error()) // readKeys and newKeys allow no other
	}
	return consent.NewAgreementKey(public)
}

// assertion is the business's proof to the token endpoint (RFC 7523): good once,
// for two minutes, at this operator.
func (k keys) assertion(audience string, now time.Time) (string, error) {
	payload, err := json.Marshal(map[string]any{
		"iss": k.did, "sub": k.did, "aud": audience, "jti": consent.NewNonce(),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	return k.signer.SignJWS(consent.TypeAssertion, payload)
}
