package consent

import (
	"crypto/ed25519"

	"coffer/anchor"
	"coffer/internal/id"
)

// Letter is the grant letter: what the wallet hands the business, encrypted to
// the request's agreement key. With it the business holds the consent, its proof,
// and the keys to use it.
type Letter struct {
	V            int            `json:"v"`
	Grant        id.Grant       `json:"grant"`
	GrantKey     Secret         `json:"grant_key"`     // AES-KW: opens the releases
	HandleSecret Secret         `json:"handle_secret"` // Ed25519 seed: signs the permits
	Receipt      string         `json:"receipt"`       // JWT
	Opening      anchor.Opening `json:"opening"`       // of the entry's commitment to the receipt
	Entry        Bytes          `json:"entry"`
	Pairwise     DID            `json:"pairwise"`      // the shopper, to this business
	AgreementKey AgreementKey   `json:"agreement_key"` // messages are encrypted to it
}

// Bytes writes the letter before it is sealed.
func (l Letter) Bytes() []byte { l.V = Version; return write(l) }

// ParseLetter reads an opened letter.
func ParseLetter(plaintext []byte) (Letter, error) {
	var l Letter
	if err := read(plaintext, maxLetter, &l); err != nil {
		return Letter{}, err
	}
	if err := version(l.V); err != nil {
		return Letter{}, err
	}
	if l.Grant.IsZero() || l.Pairwise == "" {
		return Letter{}, malformed("want a grant and a shopper", "grant")
	}
	if _, err := l.AgreementKey.Public(); err != nil {
		return Letter{}, refuse(BadKey, "agreement_key")
	}
	return l, nil
}

// HandleKey signs permits under the grant.
func (l Letter) HandleKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(l.HandleSecret[:]) }

// GrantEntry is the letter's ledger entry.
func (l Letter) GrantEntry() (anchor.Grant, error) { return Given{Entry: l.Entry}.GrantEntry() }

// Stands holds a letter against the business's own request and the receipt in it,
// whose signature was verified: the entry commits to that receipt, is of its
// length and under the handle key of the letter, and the receipt Repeats the
// request. That the entry is on the ledger is for its proof to show.
func (l Letter) Stands(q Request, r Receipt) error {
	if r.JWT == "" || r.JWT != l.Receipt || r.Grant != l.Grant || r.ID != l.Pairwise {
		return refuse(WrongReceipt, "receipt")
	}
	entry, err := l.GrantEntry()
	if err != nil {
		return err
	}
	if string(entry.HandleKey[:]) != string(l.HandleKey().Public().(ed25519.PublicKey)) {
		return refuse(BadEntry, "handle_secret")
	}
	if !r.Spans(entry) {
		return refuse(BadEntry, "entry")
	}
	if err := l.Opening.Verify(entry.Commitment, []byte(l.Receipt)); err != nil {
		return refuse(WrongOpening, "opening")
	}
	return r.Repeats(q, nil)
}
