package passkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"coffer/internal/id"
	"coffer/vault"
)

// State is what a passkey's assertions have said about it so far.
type State struct {
	Cloned   bool // its counter went back once
	BackedUp bool // at the last sign-in its device said that there is a copy
	// BackupChanged: it was made without a copy and has one now, or a device came with
	// it that says of backups what cannot change. It stays said.
	BackupChanged bool
}

// kept beside go-webauthn's own record, under a name that it does not use.
const backupChanged = "cofferBackupChanged"

// StateOf reads what is on record of a passkey.
func StateOf(p vault.Passkey) State {
	var one webauthn.Credential
	var more struct {
		Changed bool `json:"cofferBackupChanged"`
	}
	if json.Unmarshal(p.Record, &one) != nil || json.Unmarshal(p.Record, &more) != nil {
		return State{}
	}
	return State{Cloned: one.Authenticator.CloneWarning, BackedUp: one.Flags.BackupState, BackupChanged: more.Changed}
}

// record is what is kept of a credential: public key, counter and flags. The
// attestation would tell which make of authenticator it is, so it goes.
func record(c *webauthn.Credential, changed bool) ([]byte, error) {
	kept := *c
	kept.Attestation = webauthn.CredentialAttestation{}
	b, err := json.Marshal(kept)
	if err != nil || !changed {
		return b, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	all[backupChanged] = json.RawMessage("true")
	return json.Marshal(all)
}

// writeBack stores what a verified assertion changed. A counter that did not move
// on means that the authenticator may have been cloned. The shopper is let in all
// the same, because there is no other door and many authenticators count badly,
// but it stays on record; so does a passkey that has got a copy since it was made.
func (c *ceremonies) writeBack(ctx context.Context, s *shopper, one *webauthn.Credential) error {
	was, state := s.before(one.ID)
	copied := !was.Flags.BackupState && one.Flags.BackupState
	b, err := record(one, state.BackupChanged || copied)
	if err != nil {
		return err
	}
	if one.Authenticator.CloneWarning && !state.Cloned {
		c.log.WarnContext(ctx, "passkey's counter went back: it may have been cloned", "vault", s.vault)
	}
	return c.store.SetRecord(ctx, s.vault, one.ID, b, c.now())
}

// changed reports whether go-webauthn refuses an assertion, whose signature it found
// good, for the backup flags alone. Its errors have no code, so a test holds the text.
func changed(err error) bool {
	var e *protocol.Error
	return errors.As(err, &e) && strings.HasPrefix(e.Details, "Backup ")
}

// refuseChanged puts on record that the passkey came with other backup flags, so that
// the shopper finds it in the list, whoever came with it.
func (c *ceremonies) refuseChanged(ctx context.Context, a *protocol.ParsedCredentialAssertionData) error {
	v := id.Vault{}
	if len(a.Response.UserHandle) == len(v) {
		v = id.Vault(a.Response.UserHandle)
	}
	s, err := c.shopper(ctx, v)
	if err != nil {
		return fmt.Errorf("%w: its vault is not to be found", ErrRefused)
	}
	was, state := s.before(a.RawID)
	c.log.WarnContext(ctx, "passkey came with other backup flags than it was made with: it may be a copy", "vault", v)
	if !state.BackupChanged {
		b, err := record(&was, true)
		if err != nil {
			return err
		}
		for _, p := range s.stored {
			if string(p.ID) == string(a.RawID) {
				if err := c.store.SetRecord(ctx, v, p.ID, b, p.Used); err != nil {
					return err
				}
			}
		}
	}
	return ErrChanged
}
