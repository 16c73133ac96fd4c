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

// Create makes passkeys.
type Create struct{ *ceremonies }

// Created is a passkey that was made. Nobody has stored it yet.
type Created struct {
	Vault   id.Vault
	New     bool // the vault is to be made with it
	Passkey vault.Passkey
}

// Start begins a passkey for the vault, or for a new one when v is zero. The
// options are PublicKeyCredentialCreationOptionsJSON (WebAuthn level 3, § 5.8.1).
func (c *Create) Start(ctx context.Context, v id.Vault) (options json.RawMessage, ceremony string, err error) {
	s := &shopper{vault: v, label: c.label()}
	k := kept{Kind: "create", Vault: v}
	if v.IsZero() {
		k.New = true
		k.Vault = id.New[id.Vault]()
		s.vault = k.Vault
	} else if s, err = c.shopper(ctx, v); err != nil {
		return nil, "", fmt.Errorf("starting a passkey: %w", err)
	}
	o, session, err := c.web.BeginRegistration(s,
		webauthn.WithExclusions(webauthn.Credentials(s.credentials).CredentialDescriptors()),
		webauthn.WithExtensions(prf(), webauthn.WithExtensionCredProps()))
	if err != nil {
		return nil, "", fmt.Errorf("starting a passkey: %w", err)
	}
	k.Session = *session
	if options, err = json.Marshal(o.Response); err == nil {
		ceremony, err = c.keep(ctx, k)
	}
	if err != nil {
		return nil, "", fmt.Errorf("starting a passkey: %w", err)
	}
	return options, ceremony, nil
}

// Finish verifies what the browser made. signedIn is the vault that asks, zero if
// none: a passkey for an existing vault is made only for its own session.
func (c *Create) Finish(ctx context.Context, signedIn id.Vault, ceremony string, credential []byte) (Created, error) {
	created, err := c.finish(ctx, signedIn, ceremony, credential)
	if err != nil {
		return Created{}, fmt.Errorf("finishing a passkey: %w", err)
	}
	return created, nil
}

func (c *Create) finish(ctx context.Context, signedIn id.Vault, ceremony string, credential []byte) (Created, error) {
	k, err := c.take(ctx, ceremony, "create")
	if err != nil {
		return Created{}, err
	}
	if !k.New && k.Vault != signedIn {
		return Created{}, ErrOver
	}
	a, err := readAnswer(credential)
	if err != nil {
		return Created{}, err
	}
	if p := a.Extensions.Props; p != nil && p.RK != nil && !*p.RK {
		return Created{}, fmt.Errorf("%w: it is not discoverable, so nobody could sign in with it", ErrRefused)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return Created{}, refused(err)
	}
	s := &shopper{vault: k.Vault}
	one, err := c.web.CreateCredential(s, k.Session, parsed)
	if err != nil {
		return Created{}, refused(err)
	}
	if len(one.ID) > vault.MaxCredential {
		return Created{}, errors.Join(ErrRefused, vault.ErrInvalid)
	}
	b, err := record(one, false)
	if err != nil {
		return Created{}, err
	}
	enabled := one.Extensions.PRFEnabled
	return Created{Vault: k.Vault, New: k.New, Passkey: vault.Passkey{
		ID: one.ID, PRF: enabled != nil && *enabled, Record: b, Created: c.now(), Used: c.now(),
	}}, nil
}
