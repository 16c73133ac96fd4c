package consent

import (
	"coffer/anchor"
)

// Bundle is a receipt with all that it takes to verify it offline against a saved
// validator set: a file that shopper, business and DPO can each keep.
type Bundle struct {
	V       int            `json:"v"`
	Receipt string         `json:"receipt"` // JWT
	Opening anchor.Opening `json:"opening"`
	Proof   anchor.Proof   `json:"proof"` // of the grant's entry

	// Countersignature is the business's JWS, "" while it has made none.
	Countersignature string `json:"countersignature,omitempty"`
	// Withdrawal is how the grant ended, nil while it has not.
	Withdrawal *BundledWithdrawal `json:"withdrawal,omitempty"`
}

// BundledWithdrawal is the end of what a bundle's receipt gave.
type BundledWithdrawal struct {
	Receipt string       `json:"receipt"` // JWT, whose predecessor is the bundle's receipt; "" when the shopper signed none
	Proof   anchor.Proof `json:"proof"`   // of the withdraw entry
}

// Bytes writes the bundle.
func (b Bundle) Bytes() []byte { b.V = Version; return write(b) }

// ParseBundle reads a bundle. It verifies nothing: that takes Signatures, the
// proof against a validator set, and Opens.
func ParseBundle(file []byte) (Bundle, error) {
	var b Bundle
	if err := read(file, 4*MaxReceipt, &b); err != nil {
		return Bundle{}, err
	}
	if err := version(b.V); err != nil {
		return Bundle{}, err
	}
	return b, nil
}

// Opens holds the bundle against the entry that its proof proved: a grant, which
// commits to this receipt.
func (b Bundle) Opens(proven anchor.Entry) error {
	g, ok := proven.(anchor.Grant)
	if !ok {
		return refuse(BadEntry, "proof")
	}
	if b.Opening.Verify(g.Commitment, []byte(b.Receipt)) != nil {
		return refuse(WrongOpening, "opening")
	}
	return nil
}
