package passkey

import (
	"bytes"
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
	stored      []vault.Passkey // the same, in the same order
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
		s.credentials, s.stored = append(s.credentials, one), append(s.stored, p)
	}
	return s, nil
}

// before returns what was stored of a credential when the ceremony was verified.
func (s *shopper) before(credential []byte) (webauthn.Credential, State) {
	for i, one := range s.credentials {
		if bytes.Equal(one.ID, credential) {
			return one, StateOf(s.stored[i])
		}
	}
	return webauthn.Credential{}, State{}
}

func (c *ceremonies) label() string { return "Vault, " + c.now().UTC().Format("2 Jan 2006") }
