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
	Why     string  `json:"why"`             // it is checked
	Means   string  `json:"means,omitempty"` // for who holds the file, when it did not pass
}

// Verified is a receipt with what was found. Receipt and all after it are nil unless
// the step that shows them passed.
type Verified struct {
	Bundle        consent.Bundle
	Checks        []Check
	Receipt       *consent.Receipt
	Entry         *anchor.Grant // as the file has it; Proven shows that the ledger has it
	Proven        *anchor.Proven
	Countersigned *consent.Countersignature
	Ended         *consent.Receipt // the receipt of the withdrawal, the pause, or the grant that took its place
	EndProven     *anchor.Proven
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

// VerifyReceipt is Verify, for who wants the checks alone.
func VerifyReceipt(ctx context.Context, bundle []byte, set anchor.ValidatorSet, s consent.Signatures) ([]Check, error) {
	v, err := Verify(ctx, bundle, set, s)
	return v.Checks, err
}

// Verify explains what a receipt bundle shows, step by step, against a validator set
// that the caller trusts, and those that it made way for since. It needs no network. The steps are always the same and in
// the same order; a counter-signature and a withdrawal add theirs when the file has
// one. Sound tells whether all passed. An error says that the file is no bundle at
// all, ErrTruncated that it was one.
func Verify(ctx context.Context, bundle []byte, set anchor.ValidatorSet, s consent.Signatures, since ...anchor.Step) (Verified, error) {
	if err := set.Validate(); err != nil {
		return Verified{}, fmt.Errorf("reading the validator set: %w", err)
	}
	proofs := anchor.NewVerifier(set)
	if err := proofs.Follow(since...); err != nil {
		return Verified{}, fmt.Errorf("reading the succession of validators: %w", err)
	}
	b, err := consent.ParseBundle(bundle)
	if err != nil {
		var any json.RawMessage
		cause := json.NewDecoder(strings.NewReader(string(bundle))).Decode(&any)
		if errors.Is(cause, io.ErrUnexpectedEOF) || errors.Is(cause, io.EOF) {
			return Verified{}, fmt.Errorf("reading the receipt: after %d bytes: %w", len(bundle), ErrTruncated)
		}
		return Verified{}, fmt.Errorf("reading the receipt: %w", err)
	}
	v := &verification{set: set, proofs: proofs, Verified: Verified{Bundle: b}}
	v.receiptSteps(ctx, b, s)
	v.entrySteps(b)
	v.proofSteps(b)
	if b.Countersignature != "" {
		v.countersignatureStep(ctx, b, s)
	}
	if b.Withdrawal != nil {
		v.withdrawalSteps(ctx, *b.Withdrawal, s)
	}
	return v.Verified, nil
}

type verification struct {
	Verified
	set    anchor.ValidatorSet
	proofs *anchor.Verifier
}

func (v *verification) step(name string, err error, passed string, args ...any) bool {
	c := Check{Name: name, Outcome: Passed, Detail: fmt.Sprintf(passed, args...), Why: explanations[name].why}
	if err != nil {
		c.Outcome, c.Detail, c.Means = Failed, err.Error(), explanations[name].broken
	}
	v.Checks = append(v.Checks, c)
	return err == nil
}

func (v *verification) skip(name, why string) {
	v.Checks = append(v.Checks, Check{name, Skipped, why, explanations[name].why, notLooked})
}

func (v *verification) receiptSteps(ctx context.Context, b consent.Bundle, s consent.Signatures) {
	r, err := s.VerifyReceipt(ctx, b.Receipt)
	if err == nil && !r.Began() {
		err = fmt.Errorf("it says that a grant is %s; give the receipt with which the grant began, with this one in it", r.Events[0].State)
	}
	if err != nil && cutOff(b.Receipt) {
		err = fmt.Errorf("the signed receipt in the file is cut off; fetch it again: %w", err)
	}
	if !v.step(stepSigned, err, "%s", r.ID) {
		v.skip(stepFields, "the signature does not hold")
		return
	}
	v.Receipt = &r
	v.step(stepFields, missing(r), "%s %s of %s by %s", r.RecordID, r.Events[0].State, r.Purposes[0].Purpose, r.Controllers[0].Party)
}

func (v *verification) entrySteps(b consent.Bundle) {
	parsed, err := anchor.ParseEntry(b.Proof.Entry)
	if g, ok := parsed.(anchor.Grant); ok {
		v.Entry = &g
	} else if err == nil {
		err = fmt.Errorf("it is a %s", parsed.Kind())
	}
	if v.Entry == nil {
		v.step(stepGrant, err, "")
		for _, name := range []string{stepWallet, stepOpens, stepLength} {
			v.skip(name, "there is no such entry")
		}
		return
	}
	g := *v.Entry
	v.step(stepGrant, nil, "from %s until %s", g.Start.Time().Format("2006-01-02 15:04"), g.End.Time().Format("2006-01-02 15:04 UTC"))
	v.step(stepWallet, anchor.Verify(v.set.Chain, g, g.WalletKey), "%s", g.WalletKey)
	v.step(stepOpens, b.Opening.Verify(g.Commitment, []byte(b.Receipt)), "the ledger holds a commitment to exactly this receipt")
	if v.Receipt == nil {
		v.skip(stepLength, "the receipt's signature does not hold")
		return
	}
	if !v.Receipt.Spans(g) {
		err = fmt.Errorf("the receipt says %d hours, the entry %d", v.Receipt.Lasts(), int64(g.End)-int64(g.Start))
	}
	if v.Receipt.Lasts()%24 == 0 {
		v.step(stepLength, err, "%d days", v.Receipt.Lasts()/24)
		return
	}
	v.step(stepLength, err, "%d hours, until %s", v.Receipt.Lasts(), v.Receipt.Until(g).Time().Format("2006-01-02 15:04 UTC"))
}

// proofSteps tells a proof's one answer as the steps it was found in.
func (v *verification) proofSteps(b consent.Bundle) {
	proven, err := v.proofs.Verify(b.Proof)
	var refused *anchor.ProofError
	if err != nil && !errors.As(err, &refused) {
		refused = &anchor.ProofError{Reason: anchor.ProofFormat, Detail: err.Error()}
	}
	if err == nil {
		v.Proven = &proven
	}
	hash := v.set.Hash()
	failed := false
	for _, step := range []struct {
		name    string
		reasons []anchor.ProofReason
		passed  string
	}{
		{stepProof, []anchor.ProofReason{anchor.ProofFormat}, fmt.Sprintf("%d hashes, %d bytes of signed header", len(b.Proof.Path), len(b.Proof.SignedHeader))},
		{stepLedger, []anchor.ProofReason{anchor.ProofChain, anchor.ProofHeader}, fmt.Sprintf("%s, height %d of %s", v.set.Chain, proven.Height, proven.Time.UTC().Format("2006-01-02 15:04 UTC"))},
		{stepNames, []anchor.ProofReason{anchor.ProofValidators}, fmt.Sprintf("%d validators, hash %s", len(v.set.Validators), base64.RawURLEncoding.EncodeToString(hash[:]))},
		{stepThirds, []anchor.ProofReason{anchor.ProofSignature, anchor.ProofPower}, "every vote's signature holds"},
		{stepLog, []anchor.ProofReason{anchor.ProofPath}, fmt.Sprintf("index %d of %d entries", proven.Index, proven.Size)},
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
		v.step(stepUnknown, refused, "") // a reason that this program does not know
	}
}

func (v *verification) countersignatureStep(ctx context.Context, b consent.Bundle, s consent.Signatures) {
	if v.Receipt == nil {
		v.skip(stepCounter, "the receipt's signature does not hold")
		return
	}
	c, err := consent.OpenCountersignature(ctx, s, b.Countersignature, *v.Receipt)
	if v.step(stepCounter, err, "%s on %s", c.Iss, c.Time.Time().Format("2006-01-02 15:04 UTC")) {
		v.Countersigned = &c
	}
}

func (v *verification) withdrawalSteps(ctx context.Context, w consent.BundledWithdrawal, s consent.Signatures) {
	if w.Receipt != "" {
		v.endReceiptSteps(ctx, w.Receipt, s)
	}
	if v.Entry == nil {
		v.skip(stepEndEntry, "there is no grant that it could end")
		v.skip(stepEndLog, "there is no grant that it could end")
		return
	}
	parsed, err := anchor.ParseEntry(w.Proof.Entry)
	end, ok := parsed.(anchor.Withdraw)
	switch {
	case err == nil && !ok:
		err = fmt.Errorf("the entry is a %s", parsed.Kind())
	case err == nil && end.HandleKey != v.Entry.HandleKey:
		err = errors.New("the entry is of another grant")
	case err == nil:
		err = anchor.Verify(v.set.Chain, end, v.Entry.WalletKey)
	}
	ours := v.step(stepEndEntry, err, "valid from %s", end.Epoch.Time().Format("2006-01-02 15:04 UTC"))
	proven, err := v.proofs.Verify(w.Proof)
	if v.step(stepEndLog, err, "index %d of %d entries, %s", proven.Index, proven.Size, proven.Time.UTC().Format("2006-01-02 15:04 UTC")) && ours {
		v.EndProven = &proven
	}
}

// endReceiptSteps hold the chain of receipts: the second names the first as its
// predecessor.
func (v *verification) endReceiptSteps(ctx context.Context, jwt string, s consent.Signatures) {
	if v.Receipt == nil {
		v.skip(stepEndSign, "the receipt's signature does not hold")
		v.skip(stepEnds, "the receipt's signature does not hold")
		return
	}
	end, err := s.VerifyReceipt(ctx, jwt)
	if err == nil && end.ID != v.Receipt.ID {
		err = errors.New("another shopper signed it")
	}
	if !v.step(stepEndSign, err, "%s", end.ID) {
		v.skip(stepEnds, "the signature does not hold")
		return
	}
	follows := end.Closes(*v.Receipt, end.Events[0].State)
	if end.Began() {
		follows = end.Follows(*v.Receipt)
	}
	if v.step(stepEnds, follows, "%s, %s on %s", end.RecordID, end.Events[0].State, end.Events[0].Time.Time().Format("2006-01-02 15:04 UTC")) {
		v.Ended = &end
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
