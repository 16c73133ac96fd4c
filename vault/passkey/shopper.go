package passkey

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"

	"coffer/internal/id"
	"coffer/vault"
)

// shopper is a vault as go-webauthn sees one. It has no name: what the browser
// shows tells two vaults on one device apart by their day.
type shopper struct {
	vault       id.Vault
	label       string
	credentials []webauthn.Credential
}

func (s *shopper) WebAuthnID() []byte                         { return s.vault[:] }
func (s *shopper) WebAuthnName() string                       { return s.label }
func (s *shopper) WebAuthnDisplayName() string                { return s.label }
func (s *shopper) WebAuthnCredentials() []webauthn.Credential { return s.credentials }

// shopper loads the vault's passkeys; ErrNotFound if it has none.
func (c *ceremonies) shopper(ctx context.Context, v id.Vault) (*shopper, error) {
	passkeys, err := c.store.Passkeys(ctx, v)
	if err != nil {
		return nil, err
	}
	s := &shopper{vault: v, label: c.label()}
	for _, p := range passkeys {
		var one webauthn.Credential
		if err := json.Unmarshal(p.Record, &one); err != nil {
			return nil, fmt.Errorf("reading a passkey's record: %w", err)
		}
		s.credentials = append(s.credentials, one)
	}
	return s, nil
}

func (c *ceremonies) label() string { return "Vault, " + c.now().UTC().Format("2 Jan 2006") }

// record is what is kept of a credential: public key, counter and flags. The
// attestation would tell which make of authenticator it is, so it goes.
func record(c *webauthn.Credential) ([]byte, error) {
	kept := *c
	kept.Attestation = webauthn.CredentialAttestation{}
	return json.Marshal(kept)
}

// writeBack stores what a verified assertion changed. A counter that did not move
// on means that the authenticator may have been cloned. The shopper is let in all
// the same, because there is no other door and many authenticators count badly,
// but it stays on record.
func (c *ceremonies) writeBack(ctx context.Context, v id.Vault, one *webauthn.Credential) error {
	b, err := record(one)
	if err != nil {
		return err
	}
	if one.Authenticator.CloneWarning {
		c.log.WarnContext(ctx, "passkey's counter went back: it may have been cloned", "vault", v)
	}
	return c.store.SetRecord(ctx, v, one.ID, b)
}

// Cloned reports whether a passkey's counter ever went back.
func Cloned(p vault.Passkey) bool {
	var one webauthn.Credential
	return json.Unmarshal(p.Record, &one) == nil && one.Authenticator.CloneWarning
}
