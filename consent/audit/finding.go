package audit

import (
	"coffer/anchor"
	"coffer/internal/id"
)

// Kind says what is wrong. The set is closed; meaning has a sentence for each.
type Kind string

// Of the file.
const (
	BrokenChain Kind = "broken-chain"
	NoHead      Kind = "no-head"
	MissingEnd  Kind = "missing-end"
	WrongCount  Kind = "wrong-count"
	AfterEnd    Kind = "after-end"
	Malformed   Kind = "malformed"
	UnknownKind Kind = "unknown-kind"
	WrongChain  Kind = "wrong-chain"
)

// Of the ledger.
const (
	ProofInvalid      Kind = "proof-invalid"
	ProofTooOld       Kind = "proof-too-old"
	Unproven          Kind = "unproven"
	NotOnLedger       Kind = "not-on-ledger"
	Unexplained       Kind = "unexplained"
	UnknownWithdrawal Kind = "unknown-withdrawal"
	Incomplete        Kind = "incomplete"
	NotShown          Kind = "not-shown-complete"
	SuccessionInvalid Kind = "succession-invalid"
	EntryMismatch     Kind = "entry-mismatch"
	EntrySignature    Kind = "entry-signature"
	OpeningMismatch   Kind = "opening-mismatch"
)

// Of what was agreed.
const (
	RequestInvalid   Kind = "request-invalid"
	ReceiptSignature Kind = "receipt-signature"
	ReceiptNoRequest Kind = "receipt-without-request"
	ReceiptWider     Kind = "receipt-wider"
	ReceiptMismatch  Kind = "receipt-mismatch"

	CountersignatureInvalid Kind = "countersignature-invalid"
	EvidenceInvalid         Kind = "evidence-invalid"
)

// Of what was done.
const (
	NoGrant         Kind = "no-grant"
	NotLive         Kind = "not-live"
	WrongEpoch      Kind = "wrong-epoch"
	NotCovered      Kind = "not-covered"
	OverCap         Kind = "over-cap"
	NoPermit        Kind = "no-permit"
	Unmet           Kind = "condition-unmet"
	MessageInvalid  Kind = "message-invalid"
	MessageMismatch Kind = "message-mismatch"
)

// Of what was owed: to the shopper after an end, and to who demands a right.
const (
	StatementInvalid       Kind = "statement-invalid"
	AcknowledgementLate    Kind = "acknowledgement-late"
	AcknowledgementMissing Kind = "acknowledgement-missing"
	DeletionLate           Kind = "deletion-late"
	DeletionMissing        Kind = "deletion-missing"

	RightsInvalid Kind = "rights-invalid"
	ReplyInvalid  Kind = "reply-invalid"
	AnswerLate    Kind = "answer-late"
	AnswerMissing Kind = "answer-missing"
)

// meaning says what each kind of finding means, to a DPO.
var meaning = map[Kind]string{
	BrokenChain: "the line before was changed, removed or moved after this one was written",
	NoHead:      "the trail does not begin with who it is of: its beginning is missing",
	MissingEnd:  "the trail has no end line: its last lines may be missing, or it was not exported",
	WrongCount:  "the end line counts other lines than there are: lines were removed or added",
	AfterEnd:    "something follows the end of the trail; it was not audited",
	Malformed:   "the line is not in the format, so nothing it says was checked",
	UnknownKind: "the line is of a kind that this program does not know, so it was not checked; use a newer program",
	WrongChain:  "the trail says it is of another ledger than the validators that it was audited with",

	ProofInvalid:      "the proof does not show that the entry is on the ledger",
	ProofTooOld:       "the proof is from before the entry could be on the ledger",
	Unproven:          "nothing shows that the entry is on the ledger; audit online, or export the trail with proofs",
	NotOnLedger:       "the entry is not on the ledger: what it permits was done without a permit",
	Unexplained:       "the ledger has a permit of this business that its trail does not: something was done or sent that the trail hides",
	UnknownWithdrawal: "the shopper withdrew, and the trail does not say so: the business did not notice, or hides it",
	Incomplete:        "the ledger has other entries under this grant than the trail shows: something was done or sent that the trail hides",
	NotShown:          "nothing shows that the trail has all entries under this grant, as it does for others: something may be hidden; audit online",
	SuccessionInvalid: "the trail says that other validators sign the ledger, and those before did not agree to it: proofs by them show nothing",
	EntryMismatch:     "the line's ledger entry is not the one that its other parts speak of",
	EntrySignature:    "the entry is not signed by the key that must sign it",
	OpeningMismatch:   "the ledger's entry commits to another document than the trail shows",

	RequestInvalid:   "the request is not a well-formed one signed by this business",
	ReceiptSignature: "the receipt is not signed by the shopper's pairwise key",
	ReceiptNoRequest: "the trail has no request that this receipt could answer",
	ReceiptWider:     "the receipt gives more than the request asked",
	ReceiptMismatch:  "the receipt does not say what the request, the grant or the earlier receipt says",

	CountersignatureInvalid: "the counter-signature is not this business's, or not of the receipt that the trail shows",

	EvidenceInvalid: "the evidence is not what the grant's condition names, by whom it names, about this grant",

	NoGrant:         "the trail has no valid grant of this name before this line",
	NotLive:         "the grant had not begun, was over or was withdrawn",
	WrongEpoch:      "it was for another hour than the one it was used in",
	NotCovered:      "the grant does not cover the attribute or the channel",
	OverCap:         "more messages in seven days than the shopper allowed",
	Unmet:           "the grant was used before what it hangs on came true, after that was over, or more often than it may be",
	NoPermit:        "it was done without a permit on the ledger",
	MessageInvalid:  "the message is not a well-formed one signed by this business",
	MessageMismatch: "the message is not the one that its permit was posted for",

	StatementInvalid:       "what the business said of a grant's end is not well-formed and signed by it, or not about that end",
	AcknowledgementLate:    "the business said that it knows of the end later than three days after it was told",
	AcknowledgementMissing: "three days after it was told of the end the business had not said that it knows",
	DeletionLate:           "the business stated what it deleted later than the month that the law gives",
	DeletionMissing:        "a month after the end the business had not stated what it deleted; ask what it still has",

	RightsInvalid: "the rights request is not a well-formed one to this business, or not by the shopper behind the grants that it names",
	ReplyInvalid:  "the reply is not a well-formed one signed by this business, or answers another rights request",
	AnswerLate:    "the answer came after the day by which the law wanted it",
	AnswerMissing: "the day by which the law wants an answer is over, and there is none",
}

// Finding is one discrepancy, with what is needed to look at it again.
type Finding struct {
	Kind     Kind   `json:"kind"`
	Line     int    `json:"line"`            // from 1; 0: of the trail as a whole
	Grant    string `json:"grant,omitempty"` // id
	Entry    string `json:"entry,omitempty"` // leaf
	Evidence string `json:"evidence"`
	Means    string `json:"means"`
}

// Means is the sentence that explains the kind.
func (k Kind) Means() string { return meaning[k] }

func found(k Kind, evidence string) Finding {
	return Finding{Kind: k, Evidence: evidence, Means: meaning[k]}
}

func (f Finding) of(g id.Grant) Finding          { f.Grant = g.String(); return f }
func (f Finding) about(leaf anchor.Leaf) Finding { f.Entry = leaf.String(); return f }
