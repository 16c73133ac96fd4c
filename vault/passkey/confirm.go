package passkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"

	"coffer/internal/id"
)

// Confirm is how a shopper stands behind one decision: an assertion whose
// challenge is the decision's digest. A session is not enough for it.
type Confirm struct{ *ceremonies }

// Start begins a confirmation by one of the vault's own passkeys. The challenge is
// a digest of 32 bytes over what is confirmed.
func (c *Confirm) Start(ctx context.Context, v id.Vault, challenge []byte) (options json.RawMessage, ceremony string, err error) {
	if len(challenge) != 32 {
		return nil, "", fmt.Errorf("starting a confirmation: challenge of %d bytes, want 32", len(challenge))
	}
	s, err := c.shopper(ctx, v)
	if err != nil {
		return nil, "", fmt.Errorf("starting a confirmation: %w", err)
	}
	o, session, err := c.web.BeginLogin(s, webauthn.WithChallenge(challenge))
	if err == nil {
		options, err = json.Marshal(o.Response)
	}
	if err == nil {
		ceremony, err = c.keep(ctx, kept{Kind: "confirm", Vault: v, Session: *session})
	}
	if err != nil {
		return nil, "", fmt.Errorf("starting a confirmation: %w", err)
	}
	return options, ceremony, nil
}

// Finish verifies that one of the vault's passkeys signed that challenge, with
// user verification, in this ceremony.
func (c *Confirm) Finish(ctx context.Context, v id.Vault, ceremony string, challenge, credential []byte) error {
	if err := c.finish(ctx, v, ceremony, challenge, credential); err != nil {
		return fmt.Errorf("finishing a confirmation: %w", err)
	}
	return nil
}

func (c *Confirm) finish(ctx context.Context, v id.Vault, ceremony string, challenge, credential []byte) error {
	k, err := c.take(ctx, ceremony, "confirm")
	if err != nil {
		return err
	}
	if k.Vault != v || k.Session.Challenge != base64.RawURLEncoding.EncodeToString(challenge) {
		return ErrOver
	}
	parsed, err := assertion(credential)
	if err != nil {
		return err
	}
	s, err := c.shopper(ctx, v)
	if err != nil {
		return err
	}
	one, err := c.web.ValidateLogin(s, k.Session, parsed)
	if changed(err) {
		return c.refuseChanged(ctx, parsed)
	} else if err != nil {
		return refused(err)
	}
	return c.writeBack(ctx, s, one)
}
