package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"coffer/consent"
)

// maxJWS bounds what is parsed at all.
const maxJWS = 64 << 10

// header is all that a signed header of ours may hold: no crit, no b64, no jwk, no
// x5c and no jku can slip in.
type header struct {
	Alg string `json:"alg"`
	Typ string `json:"typ,omitempty"`
	Kid string `json:"kid,omitempty"` // what a record's holder signs has none
}

func refuse(at string, cause error) error {
	if errors.Is(cause, consent.ErrUnreachable) {
		return cause // passing, and no word about the signature
	}
	return &consent.Refusal{Code: consent.BadSignature, At: at, Cause: cause}
}

// open takes a compact JWS apart and checks its header against what is expected,
// before any key is looked for.
func open(compact, alg, typ string, kid bool) (header, []byte, error) {
	if len(compact) > maxJWS {
		return header{}, nil, refuse("", errors.New("too long"))
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return header{}, nil, refuse("", errors.New("want a compact JWS"))
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		// The decoder skips line ends; one signature has one spelling here.
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(p); err != nil || len(p) == 0 || strings.ContainsAny(p, "\r\n") {
			return header{}, nil, refuse("", errors.New("want base64url"))
		}
	}
	var h header
	if err := consent.ParseStrict(raw[0], &h); err != nil {
		return header{}, nil, refuse("header", err)
	}
	if kid != (h.Kid != "") {
		return header{}, nil, refuse("header.kid", errors.New("want a kid, or none where the key is known"))
	}
	if h.Alg != alg {
		return header{}, nil, refuse("header.alg", errors.New("want "+alg))
	}
	// OAuth clients leave it out of their assertions (RFC 7523 names none), and no
	// other ES256 signature of ours comes without.
	if h.Typ != typ && !(h.Typ == "" && typ == consent.TypeAssertion && alg == "ES256") {
		return header{}, nil, refuse("header.typ", errors.New("want "+typ))
	}
	return h, raw[1], nil
}

// VerifyJWS verifies an ES256 signature by a key that its DID lists; see
// consent.Signatures. It returns a *consent.Refusal of BadSignature or WrongIssuer,
// or consent.ErrUnreachable when a did:web does not answer.
func (a *Agent) VerifyJWS(_ context.Context, compact, typ string) (consent.DID, []byte, error) {
	h, payload, err := open(compact, "ES256", typ, true)
	if err != nil {
		return "", nil, err
	}
	signer, public, err := a.keyOf(h.Kid)
	if err != nil {
		return "", nil, refuse("header.kid", err)
	}
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return "", nil, refuse("header.kid", errors.New("want a P-256 key"))
	}
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return "", nil, refuse("", errors.New("want a compact JWS"))
	}
	verified, err := signed.Verify(key)
	if err != nil || string(verified) != string(payload) {
		return "", nil, refuse("signature", errors.New("does not fit"))
	}
	var said struct {
		Iss *consent.DID `json:"iss"`
	}
	if err := json.Unmarshal(payload, &said); err == nil && said.Iss != nil && *said.Iss != signer {
		return "", nil, &consent.Refusal{Code: consent.WrongIssuer, At: "iss"}
	}
	return signer, payload, nil
}
