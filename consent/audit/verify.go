package audit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"coffer/anchor"
	"coffer/consent"
)

// Outcome of a check.
type Outcome string

const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // a check before it failed, so this one could not be made
)

// Check is one step of verifying a receipt.
type Check struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail"`
}

// Sound reports whether every check passed; none is not sound.
func Sound(checks []Check) bool {
	for _, c := range checks {
		if c.Outcome != Passed {
			return false
		}
	}
	return len(checks) > 0
}

// ErrTruncated says that a file ends in the middle of what it holds.
var ErrTruncated = errors.New("the file is cut off; fetch it again")

// VerifyReceipt explains what a receipt bundle shows, step by step, against a
// validator set that the caller trusts. It needs no network. The steps are always
// the same and in the same order; Sound tells whether all passed. An error says that
// the file is no bundle at all, ErrTruncated that it was one.
func VerifyReceipt(ctx context.Context, bundle []byte, set anchor.ValidatorSet, s consent.Signatures) ([]Check, error) {
	if err := set.Validate(); err != nil {
		return nil, fmt.Errorf("reading the validator set: %w", err)
	}
	b, err := consent.ParseBundle(bundle)
	if err != nil {
		var any json.RawMessage
		cause := json.NewDecoder(strings.NewReader(string(bundle))).Decode(&any)
		if errors.Is(cause, io.ErrUnexpectedEOF) || errors.Is(cause, io.EOF) {
			return nil, fmt.Errorf("reading the receipt: after %d bytes: %w", len(bundle), ErrTruncated)
		}
		return nil, fmt.Errorf("reading the receipt: %w", err)
	}
	v := &verification{set: set}
	v.receiptSteps(ctx, b, s)
	v.entrySteps(b)
	v.proofSteps(b)
	return v.checks, nil
}

type verification struct {
	set     anchor.ValidatorSet
	checks  []Check
	receipt *consent.Receipt
	entry   *anchor.Grant
}

func (v *verification) step(name string, err error, passed string, args ...any) bool {
	c := Check{Name: name, Outcome: Passed, Detail: fmt.Sprintf(passed, args...)}
	if err != nil {
		c.Outcome, c.Detail = Failed, err.Error()
	}
	v.checks = append(v.checks, c)
	return err == nil
}

func (v *verification) skip(name, why string) {
	v.checks = append(v.checks, Check{name, Skipped, why})
}

func (v *verification) receiptSteps(ctx context.Context, b consent.Bundle, s consent.Signatures) {
	const signed, fields = "receipt signed by the shopper's pairwise key", "receipt fields (ISO/IEC TS 27560)"
	r, err := s.VerifyReceipt(ctx, b.Receipt)
	if err != nil && cutOff(b.Receipt) {
		err = fmt.Errorf("the signed receipt in the file is cut off; fetch it again: %w", err)
	}
	if !v.step(signed, err, "%s", r.ID) {
		v.skip(fields, "the signature does not hold")
		return
	}
	v.receipt = &r
	v.step(fields, missing(r), "%s %s of %s by %s", r.RecordID, r.Events[0].State, r.Purposes[0].Purpose, r.Controllers[0].Party)
}

func (v *verification) entrySteps(b consent.Bundle) {
	const parses, signature, opens, length = "ledger entry is a grant", "entry signed by the grant's wallet key", "opening fits the entry's commitment", "entry lasts as long as the receipt says"
	parsed, err := anchor.ParseEntry(b.Proof.Entry)
	if g, ok := parsed.(anchor.Grant); ok {
		v.entry = &g
	} else if err == nil {
		err = fmt.Errorf("it is a %s", parsed.Kind())
	}
	if v.entry == nil {
		v.step(parses, err, "")
		for _, name := range []string{signature, opens, length} {
			v.skip(name, "there is no such entry")
		}
		return
	}
	g := *v.entry
	v.step(parses, nil, "from %s until %s", g.Start.Time().Format("2006-01-02 15:04"), g.End.Time().Format("2006-01-02 15:04 UTC"))
	v.step(signature, anchor.Verify(v.set.Chain, g, g.WalletKey), "%s", g.WalletKey)
	v.step(opens, b.Opening.Verify(g.Commitment, []byte(b.Receipt)), "the ledger holds a commitment to exactly this receipt")
	if v.receipt == nil {
		v.skip(length, "the receipt's signature does not hold")
		return
	}
	days := v.receipt.Terms().Days
	if hours := int64(g.End) - int64(g.Start); hours != int64(days)*24 {
		err = fmt.Errorf("the receipt says %d days, the entry %d hours", days, hours)
	}
	v.step(length, err, "%d days", days)
}

// proofSteps tells a proof's one answer as the steps it was found in.
func (v *verification) proofSteps(b consent.Bundle) {
	proven, err := b.Proof.Verify(v.set)
	var refused *anchor.ProofError
	if err != nil && !errors.As(err, &refused) {
		refused = &anchor.ProofError{Reason: anchor.ProofFormat, Detail: err.Error()}
	}
	hash := v.set.Hash()
	failed := false
	for _, step := range []struct {
		name    string
		reasons []anchor.ProofReason
		passed  string
	}{
		{"proof is well-formed", []anchor.ProofReason{anchor.ProofFormat}, fmt.Sprintf("%d hashes, %d bytes of signed header", len(b.Proof.Path), len(b.Proof.SignedHeader))},
		{"header is of the ledger", []anchor.ProofReason{anchor.ProofChain, anchor.ProofHeader}, fmt.Sprintf("%s, height %d of %s", v.set.Chain, proven.Height, proven.Time.UTC().Format("2006-01-02 15:04 UTC"))},
		{"header names the validator set", []anchor.ProofReason{anchor.ProofValidators}, fmt.Sprintf("%d validators, hash %s", len(v.set.Validators), base64.RawURLEncoding.EncodeToString(hash[:]))},
		{"header signed by more than two thirds", []anchor.ProofReason{anchor.ProofSignature, anchor.ProofPower}, "every vote's signature holds"},
		{"entry is in the log", []anchor.ProofReason{anchor.ProofPath}, fmt.Sprintf("index %d of %d entries", proven.Index, proven.Size)},
	} {
		switch {
		case failed:
			v.skip(step.name, "the proof does not hold")
		case refused != nil && contains(step.reasons, refused.Reason):
			failed = true
			v.step(step.name, refused, "")
		case refused != nil:
			v.step(step.name, nil, "") // numbers come from a proof that holds
		default:
			v.step(step.name, nil, "%s", step.passed)
		}
	}
	if refused != nil && !failed {
		v.step("proof", refused, "") // a reason that this program does not know
	}
}

func contains(all []anchor.ProofReason, r anchor.ProofReason) bool {
	for _, x := range all {
		if x == r {
			return true
		}
	}
	return false
}

// cutOff reports whether a JWT lacks its end: a part, or bytes of the signature.
func cutOff(jwt string) bool {
	parts := strings.Split(jwt, ".")
	if len(parts) < 3 {
		return true
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	return err != nil || len(signature) < 64
}

// missing names the mandatory fields of ISO/IEC TS 27560, and of its GDPR profile,
// that are empty.
func missing(r consent.Receipt) error {
	p, party, event := r.Purposes[0], r.Parties[0], r.Events[0]
	var none []string
	for _, f := range []struct{ name, value string }{
		{"schema_version", r.SchemaVersion}, {"record_id", r.RecordID}, {"pii_principal_id", string(r.Principal)},
		{"privacy_notice", r.PrivacyNotice}, {"language", r.Language}, {"notice_version", r.NoticeVersion},
		{"authority_party", r.Authority}, {"purpose", p.Purpose}, {"lawful_basis", p.LawfulBasis},
		{"retention_period", p.Retention}, {"withdrawal_method", p.WithdrawalMethod},
		{"collection_method", p.CollectionMethod}, {"processing_method", p.ProcessingMethod},
		{"party_id", string(party.ID)}, {"party name", party.Name}, {"party address", party.Address},
		{"party contact", party.Contact}, {"party type", party.Type}, {"validity_duration", event.Validity},
		{"entity_id", string(event.Entity)}, {"event_type", event.Type}, {"event_state", event.State},
	} {
		if f.value == "" {
			none = append(none, f.name)
		}
	}
	for _, f := range []struct {
		name string
		n    int
	}{{"privacy_rights", len(r.PrivacyRights)}, {"storage_locations", len(p.StorageLocations)},
		{"processing_locations", len(p.ProcessingLocations)}, {"jurisdiction", len(p.Jurisdiction)},
		{"pii_information or channels", len(p.Information) + len(p.Channels)}} {
		if f.n == 0 {
			none = append(none, f.name)
		}
	}
	for _, a := range p.Information {
		if a.Type == "" || a.Necessity == "" {
			none = append(none, "pii_type or necessity of "+a.Attribute)
		}
	}
	if len(none) > 0 {
		return errors.New("empty: " + strings.Join(none, ", "))
	}
	return nil
}
