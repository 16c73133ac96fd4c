package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// examined is a line with all that it shows by itself. What it shows beside the
// lines before it is for the trail's state to say.
type examined struct {
	n        int
	whole    bool
	hash     consent.Hash // of the line
	prev     consent.Hash // that it names
	line     Line         // nil if it does not parse
	findings []Finding
	err      error // it could not be judged

	grant      *grantFacts
	permit     *permitFacts
	message    *consent.Message
	withdrawal *withdrawalFacts
	proven     *anchor.Proven
	signer     consent.DID   // of a request
	partners   []consent.DID // that the request names

	countersignature *consent.Countersignature
	closing          *consent.Receipt
	evidence         *consent.Evidence

	said   *signed // of a grant's end
	rights *consent.RightsRequest
	reply  *consent.RightsReply
}

// signed is a document whose signature holds.
type signed struct {
	by      consent.DID
	payload []byte
}

type grantFacts struct {
	entry   anchor.Grant
	leaf    anchor.Leaf
	index   uint64
	receipt consent.Receipt
	terms   consent.Terms
	life    consent.Life
}

type permitFacts struct {
	entry    anchor.Permit
	leaf     anchor.Leaf
	document consent.PermitDocument
}

type withdrawalFacts struct {
	entry   anchor.Withdraw
	leaf    anchor.Leaf
	receipt *consent.Receipt
}

// examiner checks lines on their own. It is safe for concurrent use.
type examiner struct {
	chain      anchor.Chain
	proofs     *anchor.Verifier
	signatures consent.Signatures
	requests   *requests
	openings   *anchor.Openings // takes openings to verify them together; nil verifies each
}

// sheet is some lines that follow each other and are examined together.
type sheet struct {
	from  int // the first line's number
	lines [][]byte
	bytes int
	cut   bool // the last line has no end
}

// maxSheet and maxSheetBytes bound a sheet: from so many on, verifying more together
// gains little.
const (
	maxSheet      = 64
	maxSheetBytes = maxLine
)

func (s sheet) full() bool { return len(s.lines) >= maxSheet || s.bytes >= maxSheetBytes }

// examineSheet believes the openings until all lines are examined. If they do not hold
// together, it begins again and looks at each.
func (e *examiner) examineSheet(ctx context.Context, s sheet) []*examined {
	believing := *e
	believing.openings = new(anchor.Openings)
	all := believing.examineLines(ctx, s)
	if !believing.openings.Hold(rand.Reader) {
		all = e.examineLines(ctx, s)
	}
	return all
}

func (e *examiner) examineLines(ctx context.Context, s sheet) []*examined {
	all := make([]*examined, len(s.lines))
	for i, text := range s.lines {
		all[i] = e.examine(ctx, s.from+i, text, !s.cut || i < len(s.lines)-1)
	}
	return all
}

func (e *examiner) opens(o anchor.Opening, c anchor.Commitment, document string) bool {
	if e.openings == nil {
		return o.Verify(c, []byte(document)) == nil
	}
	e.openings.Add(o, c, []byte(document))
	return true
}

// refused tells a document that was refused from one that could not be judged: a
// DID that nobody could resolve says nothing about the business.
func (x *examined) refused(g id.Grant, k Kind, err error) {
	if consent.CodeOf(err) == "" {
		x.err = err
		return
	}
	f := x.find(k, "%v", err)
	if !g.IsZero() {
		*f = f.of(g)
	}
}

func (e *examiner) examine(ctx context.Context, n int, text []byte, whole bool) *examined {
	x := &examined{n: n, whole: whole, hash: sha256.Sum256(text)}
	if !whole {
		return x
	}
	if text == nil {
		x.find(Malformed, "%v", errLong)
		return x
	}
	var err error
	if x.line, x.prev, err = parseLine(text); err != nil {
		kind := Malformed
		if errors.Is(err, errKind) {
			kind = UnknownKind
		}
		x.find(kind, "%v", err)
		return x
	}
	switch l := x.line.(type) {
	case Request:
		e.examineRequest(ctx, x, l)
	case Grant:
		e.examineGrant(ctx, x, l)
	case Permit:
		e.examinePermit(x, l)
	case Message:
		e.examineMessage(ctx, x, l)
	case Countersignature:
		e.examineCountersignature(ctx, x, l)
	case Evidence:
		e.examineEvidence(ctx, x, l)
	case Withdrawal:
		e.examineWithdrawal(ctx, x, l)
	case Closing:
		if r, err := e.signatures.VerifyReceipt(ctx, l.Receipt); err != nil {
			x.refused(l.Grant, ReceiptSignature, err)
		} else {
			x.closing = &r
		}
	case Acknowledgement:
		e.examineSaid(ctx, x, l.Grant, l.JWS, consent.TypeAcknowledgement)
	case Deletion:
		e.examineSaid(ctx, x, l.Grant, l.JWS, consent.TypeDeletion)
	case Rights:
		if q, err := e.signatures.VerifyRights(ctx, l.JWS); err != nil {
			x.refused(id.Grant{}, RightsInvalid, err)
		} else {
			x.rights = &q
		}
	case Reply:
		e.examineReply(ctx, x, l)
	case Succession:
		if err := e.proofs.Follow(l.Step); err != nil { // known by now, if it holds
			x.find(SuccessionInvalid, "%v", err)
		}
	case Proof:
		if p, ok := e.verify(x, l.Grant, l.Proof); ok {
			x.proven = &p
		}
	}
	return x
}

// find notes a finding; the line has no facts then, and what depends on them is
// found missing.
func (x *examined) find(k Kind, format string, args ...any) *Finding {
	f := found(k, fmt.Sprintf(format, args...))
	f.Line = x.n
	x.findings = append(x.findings, f)
	return &x.findings[len(x.findings)-1]
}

func (x *examined) findOf(g id.Grant, k Kind, format string, args ...any) {
	f := x.find(k, format, args...)
	*f = f.of(g)
}

// verify checks a proof, and that the header is not from before the entry's hour.
func (e *examiner) verify(x *examined, g id.Grant, p anchor.Proof) (anchor.Proven, bool) {
	proven, err := e.proofs.Verify(p)
	if err != nil {
		x.findOf(g, ProofInvalid, "%v", err)
		return proven, false
	}
	var epoch anchor.Epoch
	switch entry := proven.Entry.(type) {
	case anchor.Grant:
		epoch = entry.Start
	case anchor.Permit:
		epoch = entry.Epoch
	case anchor.Withdraw:
		epoch = entry.Epoch
	}
	// The rule lets an entry run ahead of the ledger's clock by one hour.
	if header := anchor.EpochAt(proven.Time); header+1 < epoch {
		x.findOf(g, ProofTooOld, "the header is of hour %d, the entry of hour %d", header, epoch)
		return proven, false
	}
	return proven, true
}

func (e *examiner) examineRequest(ctx context.Context, x *examined, l Request) {
	q, err := consent.OpenRequest(ctx, e.signatures, l.JWS, consent.ParseRules{})
	if err != nil {
		x.refused(id.Grant{}, RequestInvalid, err)
		return
	}
	if err := q.Cosigned(ctx, e.signatures, l.Cosignatures); err != nil {
		x.refused(id.Grant{}, RequestInvalid, err)
		return
	}
	x.signer = q.Iss
	for _, a := range q.Purposes {
		for _, p := range a.Partners {
			x.partners = append(x.partners, p.DID)
		}
	}
}

func (e *examiner) examineGrant(ctx context.Context, x *examined, l Grant) {
	parsed, err := anchor.ParseEntry(l.Entry)
	if err != nil {
		x.findOf(l.Grant, EntryMismatch, "%v", err)
		return
	}
	entry, ok := parsed.(anchor.Grant)
	if !ok {
		x.findOf(l.Grant, EntryMismatch, "the entry is a %s, want a grant", parsed.Kind())
		return
	}
	facts := &grantFacts{entry: entry, leaf: anchor.HashLeaf(l.Entry)}
	if proven, ok := e.verify(x, l.Grant, l.Proof); ok {
		if !bytes.Equal(l.Proof.Entry, l.Entry) {
			x.findOf(l.Grant, EntryMismatch, "the proof is of the entry %s, the line has %s", proven.Entry.Leaf(), facts.leaf)
		}
		facts.index = proven.Index
	}
	if !e.opens(l.Opening, entry.Commitment, l.Receipt) {
		x.findOf(l.Grant, OpeningMismatch, "the entry %s does not commit to this receipt", facts.leaf)
	}
	facts.receipt, err = e.signatures.VerifyReceipt(ctx, l.Receipt)
	if err != nil {
		x.refused(l.Grant, ReceiptSignature, err)
		return
	}
	facts.terms = facts.receipt.Terms()
	e.examineReceipt(x, l, facts)
	if len(x.findings) == 0 {
		facts.life = facts.receipt.Life()
		x.grant = facts
	}
}

func (e *examiner) examineReceipt(x *examined, l Grant, facts *grantFacts) {
	r := facts.receipt
	if r.Grant != l.Grant {
		x.findOf(l.Grant, ReceiptMismatch, "the receipt is of the grant %s", r.Grant)
	}
	if !r.Spans(facts.entry) {
		x.findOf(l.Grant, ReceiptMismatch, "the receipt says %d hours, the entry %d", r.Lasts(), int64(facts.entry.End)-int64(facts.entry.Start))
	}
	q, ok, err := e.requests.get(r.RequestHash)
	if err != nil || !ok {
		x.findOf(l.Grant, ReceiptNoRequest, "no request with the hash %s", r.RequestHash)
		return
	}
	if err := r.Repeats(q, nil); err != nil {
		kind := ReceiptMismatch
		if errors.Is(err, consent.WiderThanRequest) {
			kind = ReceiptWider
		}
		x.findOf(l.Grant, kind, "%v", err)
	}
}

func (e *examiner) examinePermit(x *examined, l Permit) {
	parsed, err := anchor.ParseEntry(l.Entry)
	if err != nil {
		x.findOf(l.Grant, EntryMismatch, "%v", err)
		return
	}
	entry, ok := parsed.(anchor.Permit)
	if !ok {
		x.findOf(l.Grant, EntryMismatch, "the entry is a %s, want a permit", parsed.Kind())
		return
	}
	facts := &permitFacts{entry: entry, leaf: anchor.HashLeaf(l.Entry)}
	if !e.opens(l.Opening, entry.Commitment, l.Document) {
		x.findOf(l.Grant, OpeningMismatch, "the entry %s does not commit to this document", facts.leaf)
	}
	if facts.document, err = consent.ParsePermit([]byte(l.Document)); err != nil {
		x.findOf(l.Grant, Malformed, "the permit's document: %v", err)
		return
	}
	if facts.document.Grant != l.Grant {
		x.findOf(l.Grant, EntryMismatch, "the document is of the grant %s", facts.document.Grant)
	}
	if facts.document.Epoch != entry.Epoch {
		x.findOf(l.Grant, WrongEpoch, "the document says hour %d, the entry %d", facts.document.Epoch, entry.Epoch)
	}
	e.examineAnchored(x, l.Grant, entry, facts.leaf, l.Entry, l.Proof)
	if len(x.findings) == 0 {
		x.permit = facts
	}
}

// examineAnchored checks the proof of a permit, or its signature while there is no
// proof: what is on the ledger was checked by those who signed the header.
func (e *examiner) examineAnchored(x *examined, g id.Grant, entry anchor.Entry, leaf anchor.Leaf, text []byte, p *anchor.Proof) {
	if p == nil {
		if entry.Kind() == anchor.KindPermit && anchor.Verify(e.chain, entry, anchor.WalletKey{}) != nil {
			x.findOf(g, EntrySignature, "the permit %s is not signed by its handle key", leaf)
		}
		return
	}
	proven, ok := e.verify(x, g, *p)
	if !ok {
		return
	}
	if !bytes.Equal(p.Entry, text) {
		x.findOf(g, EntryMismatch, "the proof is of the entry %s, the line has %s", proven.Entry.Leaf(), leaf)
		return
	}
	x.proven = &proven
}

func (e *examiner) examineMessage(ctx context.Context, x *examined, l Message) {
	signer, payload, err := e.signatures.VerifyJWS(ctx, l.JWS, consent.TypeMessage)
	if err != nil {
		x.refused(l.Grant, MessageInvalid, err)
		return
	}
	m, err := consent.ParseMessage(payload, signer)
	if err != nil {
		x.findOf(l.Grant, MessageInvalid, "%v", err)
		return
	}
	if m.Body.Grant != l.Grant || m.ID != l.ID {
		x.findOf(l.Grant, MessageMismatch, "the signed message is %s under the grant %s, the line says %s", m.ID, m.Body.Grant, l.ID)
		return
	}
	x.message = &m
}

func (e *examiner) examineCountersignature(ctx context.Context, x *examined, l Countersignature) {
	signer, payload, err := e.signatures.VerifyJWS(ctx, l.JWS, consent.TypeCountersignature)
	if err != nil {
		x.refused(l.Grant, CountersignatureInvalid, err)
		return
	}
	c, err := consent.ParseCountersignature(payload, signer)
	if err != nil {
		x.findOf(l.Grant, CountersignatureInvalid, "%v", err)
		return
	}
	x.countersignature = &c
}

func (e *examiner) examineEvidence(ctx context.Context, x *examined, l Evidence) {
	shown, err := consent.ReadEvidence(ctx, e.signatures, l.Evidence)
	if err != nil {
		x.refused(l.Grant, EvidenceInvalid, err)
		return
	}
	x.evidence = &shown
}

func (e *examiner) examineWithdrawal(ctx context.Context, x *examined, l Withdrawal) {
	parsed, err := anchor.ParseEntry(l.Entry)
	if err != nil {
		x.findOf(l.Grant, EntryMismatch, "%v", err)
		return
	}
	entry, ok := parsed.(anchor.Withdraw)
	if !ok {
		x.findOf(l.Grant, EntryMismatch, "the entry is a %s, want a withdrawal", parsed.Kind())
		return
	}
	facts := &withdrawalFacts{entry: entry, leaf: anchor.HashLeaf(l.Entry)}
	if l.Receipt != "" {
		r, err := e.signatures.VerifyReceipt(ctx, l.Receipt)
		if err != nil {
			x.refused(l.Grant, ReceiptSignature, err)
			return
		}
		facts.receipt = &r
	}
	e.examineAnchored(x, l.Grant, entry, facts.leaf, l.Entry, l.Proof)
	if len(x.findings) == 0 {
		x.withdrawal = facts
	}
}
