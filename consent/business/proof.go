package business

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// prover makes DPoP proofs (RFC 9449) with the business's signing key: every access
// token is bound to that key, and whoever steals one has no use for it.
type prover struct{ signer jose.Signer }

func newProver(key *ecdsa.PrivateKey) (prover, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	return prover{signer}, err
}

// proofClaims are those of RFC 9449 section 4.2.
type proofClaims struct {
	JTI   string `json:"jti"`
	HTM   string `json:"htm"`
	HTU   string `json:"htu"`
	IAT   int64  `json:"iat"`
	ATH   string `json:"ath,omitempty"`
	Nonce string `json:"nonce,omitempty"`
}

// proof is good for one request: method and address without a query, the token that
// goes with it ("" when one is being asked for), and the operator's newest nonce.
func (p prover) proof(method, address, token, nonce string, now time.Time) (string, error) {
	c := proofClaims{JTI: rand.Text(), HTM: method, HTU: address, IAT: now.Unix(), Nonce: nonce}
	if token != "" {
		digest := sha256.Sum256([]byte(token))
		c.ATH = base64.RawURLEncoding.EncodeToString(digest[:])
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	signed, err := p.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a DPoP proof: %w", err)
	}
	return signed.CompactSerialize()
}
