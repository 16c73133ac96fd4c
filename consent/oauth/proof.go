package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"coffer/consent"
)

const (
	// ProofWindow is how far a proof's iat may be from our clock, either way.
	ProofWindow = time.Minute
	// nonceLife is how long a server nonce is handed out; it is taken twice as long.
	nonceLife = 5 * time.Minute
	maxProof  = 4 << 10
	proofType = "dpop+jwt"
)

// proofAlgorithms are what a DPoP key may sign with.
var proofAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA}

// proofError says why a DPoP proof is refused: invalid_dpop_proof or use_dpop_nonce.
type proofError struct{ code, detail string }

func (e *proofError) Error() string { return e.code + ": " + e.detail }

func badProof(detail string) error { return &proofError{"invalid_dpop_proof", detail} }

// proof is a DPoP proof that holds, and that nobody has remembered yet.
type proof struct {
	key     string // thumbprint (RFC 7638)
	name    consent.Hash
	expires time.Time
}

type proofClaims struct {
	JTI   string       `json:"jti"`
	HTM   string       `json:"htm"`
	HTU   string       `json:"htu"`
	IAT   consent.Unix `json:"iat"`
	ATH   string       `json:"ath"`
	Nonce string       `json:"nonce"`
}

// readProof checks the DPoP proof of a request (RFC 9449 section 4.3), which is for
// the access token when there is one. It returns nil when there is no proof at all.
func (s *Server) readProof(r *http.Request, token string) (*proof, error) {
	header := r.Header["Dpop"]
	if len(header) == 0 {
		return nil, nil
	}
	if len(header) != 1 || len(header[0]) > maxProof {
		return nil, badProof("want one proof of at most 4 KiB")
	}
	key, payload, err := s.proofKeys.open(header[0])
	if err != nil {
		return nil, err
	}
	var c proofClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, badProof("its claims are of another form")
	}
	now := s.o.Clock()
	switch age := now.Sub(c.IAT.Time()); {
	case c.JTI == "" || len(c.JTI) > 128:
		return nil, badProof("want a jti of 1 to 128 bytes")
	case c.HTM != r.Method:
		return nil, badProof("htm is another method")
	case !s.isHere(c.HTU, r.URL):
		return nil, badProof("htu is another address")
	case age > ProofWindow || age < -ProofWindow:
		return nil, badProof("iat is not now; check the clock")
	case token != "" && !same(c.ATH, digest(token)):
		return nil, badProof("ath is of another token")
	case s.wantsNonce(now) && !s.isNonce(c.Nonce, now):
		return nil, &proofError{"use_dpop_nonce", "use the nonce of the DPoP-Nonce header"}
	}
	return &proof{key: key, name: consent.HashOf(key + " " + c.JTI), expires: c.IAT.Time().Add(ProofWindow + time.Second)}, nil
}

// openProof verifies a proof by the key that it carries, and returns the key.
func openProof(compact string) (key proofKey, payload []byte, err error) {
	signed, err := jose.ParseSignedCompact(compact, proofAlgorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return key, nil, badProof("want a compact JWS of ES256 or EdDSA")
	}
	header := signed.Signatures[0].Protected
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != proofType {
		return key, nil, badProof("want typ " + proofType)
	}
	jwk := header.JSONWebKey
	if jwk == nil || !jwk.Valid() || len(jwk.Certificates) > 0 || jwk.CertificatesURL != nil {
		return key, nil, badProof("want a public key as jwk")
	}
	switch k := jwk.Key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() || header.Algorithm != string(jose.ES256) {
			return key, nil, badProof("want a P-256 key for ES256")
		}
	case ed25519.PublicKey:
		if header.Algorithm != string(jose.EdDSA) {
			return key, nil, badProof("want ES256 for this key")
		}
	default:
		return key, nil, badProof("want a public P-256 or Ed25519 key")
	}
	if payload, err = signed.Verify(jwk.Key); err != nil {
		return key, nil, badProof("not signed by its key")
	}
	thumb, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return key, nil, badProof("want a public key as jwk")
	}
	return proofKey{jwk.Key, base64.RawURLEncoding.EncodeToString(thumb)}, payload, nil
}

// isHere compares an htu with the address of the request, without query and fragment,
// after the normalization of RFC 3986 sections 6.2.2 and 6.2.3.
func (s *Server) isHere(htu string, here *url.URL) bool {
	if htu == s.o.Origin+here.EscapedPath() { // nearly always
		return true
	}
	u, err := url.Parse(htu)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https":
		host = strings.TrimSuffix(host, ":443")
	case u.Scheme == "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme+"://"+host == s.o.Origin && u.Path == here.Path
}

// nonce is the server nonce of a moment: kept by none, and the same at every daemon with
// this key, unless the daemon is alone: then no other start of it knows it either.
func (s *Server) nonce(at time.Time) string {
	period := at.Unix() / int64(nonceLife.Seconds())
	if n := s.newest.Load(); n != nil && n.period == period {
		return n.text
	}
	m := hmac.New(sha256.New, s.nonceKey)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(period)))
	n := &nonce{period, base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])}
	s.newest.Store(n)
	return n.text
}

// nonce is the one of a period, kept because every answer hands it out.
type nonce struct {
	period int64
	text   string
}

func (s *Server) isNonce(nonce string, now time.Time) bool {
	return same(nonce, s.nonce(now)) || same(nonce, s.nonce(now.Add(-nonceLife)))
}

// digest is a text's SHA-256 as OAuth writes it (ath, S256).
func digest(text string) string { return consent.HashOf(text).String() }

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
