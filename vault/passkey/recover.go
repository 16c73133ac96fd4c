package passkey

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"coffer/internal/id"
	"coffer/vault"
)

// Recover signs in with the words of a recovery sheet, for a shopper whose passkeys
// are all lost. It is a ceremony like the others, without WebAuthn: whoever has the
// sheet is believed, as the sheet says.
type Recover struct{ *ceremonies }

// Start gives the challenge to sign for the sheet with that locator. It does not
// look for the sheet: whether there is one cannot be told from the answer.
func (c *Recover) Start(ctx context.Context, locator [16]byte) (challenge []byte, ceremony string, err error) {
	challenge = make([]byte, 32)
	rand.Read(challenge)
	hash := vault.LocatorHash(locator)
	if ceremony, err = c.keep(ctx, kept{Kind: "recover", LocatorHash: hash[:], Challenge: challenge}); err != nil {
		return nil, "", fmt.Errorf("starting a recovery: %w", err)
	}
	return challenge, ceremony, nil
}

// Finish verifies the signature and returns whose sheet it is, as it stands now. No
// such sheet, a replaced one and a wrong signature are the same ErrWords.
func (c *Recover) Finish(ctx context.Context, ceremony string, signature []byte) (vault.Registered, error) {
	r, err := c.finish(ctx, ceremony, signature)
	if err != nil {
		return vault.Registered{}, fmt.Errorf("finishing a recovery: %w", err)
	}
	return r, nil
}

func (c *Recover) finish(ctx context.Context, ceremony string, signature []byte) (none vault.Registered, err error) {
	k, err := c.take(ctx, ceremony, "recover")
	if err != nil {
		return none, err
	}
	if len(k.LocatorHash) != 32 {
		return none, errors.New("reading a ceremony: recovery without a locator")
	}
	sheets, err := c.store.Sheets(ctx, [32]byte(k.LocatorHash))
	if err != nil {
		return none, err
	}
	if len(sheets) == 0 {
		sheets = nobody // verify all the same: it must not take less time
	}
	for _, r := range sheets {
		if r.Sheet.Signed(c.origin, k.Challenge, signature) && r.Vault != (id.Vault{}) {
			return r, nil
		}
	}
	return none, fmt.Errorf("%w: no sheet with that locator signed this", ErrWords)
}

// nobody is the sheet of no vault. Nobody has its key.
var nobody = func() []vault.Registered {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // never, with crypto/rand
	}
	return []vault.Registered{{Sheet: vault.Sheet{Signer: public}}}
}()
