package audit

import (
	"errors"
	"fmt"
	"io"

	"coffer/consent"
	"coffer/internal/id"
)

// ErrNoGrant says that a trail has no line of the grant that was asked for.
var ErrNoGrant = errors.New("the trail has no such grant")

// FindBundle gathers one grant's receipt from a trail, with its opening and proof,
// its counter-signature, and its withdrawal once that is proved. It verifies
// nothing: VerifyReceipt does. Lines that do not parse are passed over.
func FindBundle(trail io.Reader, g id.Grant) (consent.Bundle, error) {
	b := consent.Bundle{V: consent.Version}
	var end *Withdrawal
	err := eachLine(trail, func(_ int, line []byte, whole bool) error {
		if !whole || line == nil {
			return nil
		}
		parsed, _, err := parseLine(line)
		if err != nil {
			return nil
		}
		switch l := parsed.(type) {
		case Grant:
			if l.Grant == g {
				b.Receipt, b.Opening, b.Proof = l.Receipt, l.Opening, l.Proof
			}
		case Countersignature:
			if l.Grant == g && b.Countersignature == "" { // the first stands
				b.Countersignature = l.JWS
			}
		case Withdrawal:
			if l.Grant == g {
				end = &l
			}
		case Proof:
			if end != nil && l.Grant == g && string(l.Proof.Entry) == string(end.Entry) {
				end.Proof = &l.Proof
			}
		}
		return nil
	})
	if err != nil {
		return b, fmt.Errorf("reading the trail: %w", err)
	}
	if b.Receipt == "" {
		return b, ErrNoGrant
	}
	if end != nil && end.Proof != nil {
		b.Withdrawal = &consent.BundledWithdrawal{Receipt: end.Receipt, Proof: *end.Proof}
	}
	return b, nil
}
