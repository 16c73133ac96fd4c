package passkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"coffer/internal/id"
	"coffer/vault"
)

// Get signs in. The browser offers the passkeys it has; the vault is in what the
// chosen one answers.
type Get struct{ *ceremonies }

// Start begins a sign-in. The options are PublicKeyCredentialRequestOptionsJSON
// (WebAuthn level 3, § 5.8.2).
func (g *Get) Start(ctx context.Context) (options json.RawMessage, ceremony string, err error) {
	o, session, err := g.web.BeginDiscoverableLogin(webauthn.WithAssertionExtensions(prf()))
	if err == nil {
		options, err = json.Marshal(o.Response)
	}
	if err == nil {
		ceremony, err = g.keep(ctx, kept{Kind: "get", Session: *session})
	}
	if err != nil {
		return nil, "", fmt.Errorf("starting a sign-in: %w", err)
	}
	return options, ceremony, nil
}

// Finish verifies the answer and returns whose vault it is and with which passkey.
// An unknown passkey and a wrong signature are the same ErrRefused; ErrChanged says more,
// to who has the passkey.
func (g *Get) Finish(ctx context.Context, ceremony string, credential []byte) (id.Vault, []byte, error) {
	v, passkey, err := g.finish(ctx, ceremony, credential)
	if err != nil {
		return id.Vault{}, nil, fmt.Errorf("finishing a sign-in: %w", err)
	}
	return v, passkey, nil
}

func (g *Get) finish(ctx context.Context, ceremony string, credential []byte) (v id.Vault, passkey []byte, err error) {
	k, err := g.take(ctx, ceremony, "get")
	if err != nil {
		return v, nil, err
	}
	parsed, err := assertion(credential)
	if err != nil {
		return v, nil, err
	}
	var ours error // a failure of ours, which the library would report as the client's
	who, one, err := g.web.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if len(handle) != len(v) {
			return nil, vault.ErrNotFound
		}
		s, err := g.shopper(ctx, id.Vault(handle))
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			ours = err
		}
		return s, err
	}, k.Session, parsed)
	if ours != nil {
		return v, nil, ours
	} else if errors.Is(err, vault.ErrNotFound) {
		return v, nil, ErrRefused
	} else if changed(err) {
		return v, nil, g.refuseChanged(ctx, parsed)
	} else if err != nil {
		return v, nil, refused(err)
	}
	s := who.(*shopper)
	return s.vault, one.ID, g.writeBack(ctx, s, one)
}

// assertion parses what a passkey answered.
func assertion(credential []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if _, err := readAnswer(credential); err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(credential)
	if err != nil {
		return nil, refused(err)
	}
	return parsed, nil
}
