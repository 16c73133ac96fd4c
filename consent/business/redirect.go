package business

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"coffer/internal/id"
)

// ErrReturned says that what a browser brought back is not the answer to a request of
// this business: forged, of another operator, or brought before.
var ErrReturned = errors.New("this is no answer to a request of ours")

// redirect is what a request by OAuth needs again when the browser is back.
type redirect struct {
	URI      string `json:"uri"`
	Verifier string `json:"verifier"` // PKCE (RFC 7636)
}

func newRedirect(uri string) *redirect {
	if uri == "" {
		return nil
	}
	return &redirect{URI: uri, Verifier: rand.Text() + rand.Text()} // 256 bits in 52 letters and digits
}

// push hands over a request as a pushed authorization request (RFC 9126), and returns
// where to send the browser. The code that comes back is bound to our key. The state
// names the request.
func (b *Business) push(ctx context.Context, r id.Request, file requestFile) (string, error) {
	element := map[string]any{"type": "coffer_request", "request": file.JWS}
	if len(file.Cosignatures) > 0 {
		element["cosignatures"] = file.Cosignatures
	}
	details, err := json.Marshal([]any{element})
	if err != nil {
		return "", err
	}
	challenge := sha256.Sum256([]byte(file.Redirect.Verifier))
	var answer struct {
		RequestURI string `json:"request_uri"`
	}
	err = b.client.form(ctx, "/oauth/par", url.Values{
		"response_type": {"code"}, "redirect_uri": {file.Redirect.URI}, "state": {r.String()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
		"authorization_details": {string(details)},
	}, &answer)
	if err != nil {
		return "", err
	}
	query := url.Values{"client_id": {string(b.keys.did)}, "request_uri": {answer.RequestURI}}
	return b.profile.Operator + "/oauth/authorize?" + query.Encode(), nil
}

// Returned takes what the browser of a shopper brought back to Ask.Redirect: the query
// of that address. It redeems the code, so that this browser, and no other, is known to
// be the one that answered, and returns the answer; hold its ID or Reference against the
// session that you sent away. Nothing given is an answer, too. ErrReturned for anything
// else. It works once.
func (b *Business) Returned(ctx context.Context, query url.Values) (Status, error) {
	none := func(why string) (Status, error) { return Status{}, fmt.Errorf("%w: %s", ErrReturned, why) }
	r, err := id.Parse[id.Request](query.Get("state"))
	if err != nil {
		return none("its state is none")
	}
	file, err := b.readRequest(r)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && file.Redirect == nil:
		return none("nothing was asked with this state, or it was answered before")
	case err != nil:
		return Status{}, err
	case query.Get("iss") != b.profile.Operator: // RFC 9207
		return none("it is another operator's")
	case query.Get("error") == "access_denied":
	case query.Get("error") != "":
		return none("the operator could not bring it")
	default:
		if err := b.redeem(ctx, *file.Redirect, query.Get("code")); err != nil {
			return Status{}, err
		}
	}
	file.Redirect = nil
	if err := b.folder.write(file, "requests", r.String()+".json"); err != nil {
		return Status{}, fmt.Errorf("keeping a request: %w", err)
	}
	return b.Status(ctx, r)
}

// redeem shows that the code is the operator's for this very request, whose verifier no
// other has. The tokens that it gives are let go: a business's own reach every grant of
// its.
func (b *Business) redeem(ctx context.Context, back redirect, code string) error {
	err := b.client.form(ctx, "/oauth/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back.URI}, "code_verifier": {back.Verifier},
	}, nil)
	if p, ok := errors.AsType[*Problem](err); ok && (p.Code == "invalid_grant" || p.Code == "invalid_request") {
		return fmt.Errorf("%w: %s", ErrReturned, p.Detail)
	}
	if err != nil {
		return fmt.Errorf("redeeming a code: %w", err)
	}
	return nil
}
