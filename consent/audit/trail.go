package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// Line is one line of a trail: one of the types below. FORMAT.md has the bytes.
type Line interface{ kind() string }

// Head is the first line: whose trail it is, and of which ledger.
type Head struct {
	Business consent.DID  `json:"business"`
	Chain    anchor.Chain `json:"chain_id"`
	Operator string       `json:"operator"` // origin
	Created  consent.Unix `json:"created"`
}

// Request is a request that the business made, or that names it as a partner.
type Request struct {
	JWS          string   `json:"jws"`
	Cosignatures []string `json:"cosignatures,omitempty"` // of its joint partners
}

// Grant is what a letter said, without its keys.
type Grant struct {
	Grant   id.Grant       `json:"grant"`
	Receipt string         `json:"receipt"` // JWT
	Opening anchor.Opening `json:"opening"`
	Entry   consent.Bytes  `json:"entry"`
	Proof   anchor.Proof   `json:"proof"`
}

// Permit is a permit that the business signed. It is written before the permit is
// posted, so that no opening of what is on the ledger is ever lost; the proof is nil
// then and follows in a Proof line.
type Permit struct {
	Grant    id.Grant       `json:"grant"`
	Document string         `json:"document"` // exactly what the entry commits to
	Opening  anchor.Opening `json:"opening"`
	Entry    consent.Bytes  `json:"entry"`
	Proof    *anchor.Proof  `json:"proof"`
}

// Collect is one collection: names, never values.
type Collect struct {
	Grant      id.Grant     `json:"grant"`
	Epoch      anchor.Epoch `json:"epoch"`
	Time       consent.Unix `json:"time"`
	Attributes []string     `json:"attributes"`
	Log        consent.Hash `json:"log"` // head of the grant's access log after it
}

// Message is a message that the business sent.
type Message struct {
	Grant  id.Grant    `json:"grant"`
	ID     id.Message  `json:"id"`
	JWS    string      `json:"jws"`    // its digest is in the permit's document
	Permit anchor.Leaf `json:"permit"` // that was posted for it
}

// Countersignature is the business's answer to a receipt.
type Countersignature struct {
	Grant id.Grant `json:"grant"`
	JWS   string   `json:"jws"`
}

// Evidence is what the business presented for the condition of a grant, as the operator
// took it.
type Evidence struct {
	Grant    id.Grant     `json:"grant"`
	Time     consent.Unix `json:"time"`
	Evidence string       `json:"evidence"` // a JWT-VC, or a JWS of an event
}

// Withdrawal is a withdrawal the business learned of. The receipt is "" and the
// proof nil when the operator had none yet.
type Withdrawal struct {
	Grant   id.Grant      `json:"grant"`
	Entry   consent.Bytes `json:"entry"`
	Receipt string        `json:"receipt"` // JWT
	Proof   *anchor.Proof `json:"proof"`
}

// Closing is the receipt of a grant's pause or end, if no withdrawal line has it: of an
// expiry, or of an end after a pause.
type Closing struct {
	Grant   id.Grant `json:"grant"`
	Receipt string   `json:"receipt"` // JWT
}

// Ending is a grant's end as the operator told of it. From then on the business owes an
// acknowledgement and a deletion statement.
type Ending struct {
	Grant    id.Grant       `json:"grant"`
	Event    consent.Ending `json:"event"`
	Notified consent.Unix   `json:"notified"` // since when it was there to be fetched
}

// Acknowledgement is the business's word that it knows of an end, and when the operator
// took it.
type Acknowledgement struct {
	Grant id.Grant     `json:"grant"`
	JWS   string       `json:"jws"`
	Taken consent.Unix `json:"taken"`
}

// Deletion is the business's statement of what it deleted after an end.
type Deletion struct {
	Grant id.Grant     `json:"grant"`
	JWS   string       `json:"jws"`
	Taken consent.Unix `json:"taken"`
}

// Lifted says that the operator wants nothing said of a suspension any more, because it
// is over.
type Lifted struct {
	Grant id.Grant     `json:"grant"`
	Time  consent.Unix `json:"time"`
}

// Rights is a rights request that stands, as the shopper signed it.
type Rights struct {
	Rights id.Rights    `json:"rights"`
	JWS    string       `json:"jws"`
	Sent   consent.Unix `json:"sent"` // when the operator took it
}

// Reply is one step of the business to a rights request, as it signed it.
type Reply struct {
	Rights id.Rights    `json:"rights"`
	JWS    string       `json:"jws"`
	Taken  consent.Unix `json:"taken"` // when the operator took it
}

// Forgotten says that nobody waits for an answer to a rights request any more, because
// the shopper erased the vault.
type Forgotten struct {
	Rights id.Rights    `json:"rights"`
	Time   consent.Unix `json:"time"`
}

// Proof is the proof of a permit or a withdrawal that stands before it.
type Proof struct {
	Grant id.Grant     `json:"grant"`
	Proof anchor.Proof `json:"proof"`
}

// End closes an exported trail. What comes after it is no part of the trail.
type End struct {
	Count uint64       `json:"count"`          // lines before this one
	Time  consent.Unix `json:"time,omitempty"` // of the export: what was due then is judged
}

func (Head) kind() string       { return "head" }
func (Request) kind() string    { return "request" }
func (Grant) kind() string      { return "grant" }
func (Permit) kind() string     { return "permit" }
func (Collect) kind() string    { return "collect" }
func (Message) kind() string    { return "message" }
func (Withdrawal) kind() string { return "withdrawal" }
func (Closing) kind() string    { return "closing" }
func (Proof) kind() string      { return "proof" }
func (End) kind() string        { return "end" }

func (Countersignature) kind() string { return "countersignature" }
func (Evidence) kind() string         { return "evidence" }

func (Ending) kind() string          { return "ending" }
func (Acknowledgement) kind() string { return "acknowledgement" }
func (Deletion) kind() string        { return "deletion" }
func (Lifted) kind() string          { return "lifted" }
func (Rights) kind() string          { return "rights" }
func (Reply) kind() string           { return "reply" }
func (Forgotten) kind() string       { return "forgotten" }

// maxLine bounds a line. The longest are requests (64 KiB) and receipts.
const maxLine = 256 << 10

// errKind says that a line is of a kind this program does not know.
var errKind = errors.New("a kind of line that this program does not know")

var errShape = errors.New("a line begins with v and kind and ends with prev")

// links chains lines by the hash of the line before, 32 zero bytes at first.
type links struct {
	prev  consent.Hash
	count uint64
}

// encode writes the next line, with its line end.
func (l *links) encode(line Line) ([]byte, error) {
	if c, ok := line.(Collect); ok && c.Attributes == nil {
		c.Attributes = []string{} // in JSON a list is never null
		line = c
	}
	body, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("writing a %s line: %w", line.kind(), err)
	}
	b := fmt.Appendf(nil, `{"v":1,"kind":%q,%s,"prev":%q}`, line.kind(), body[1:len(body)-1], l.prev)
	if len(b) > maxLine {
		return nil, fmt.Errorf("writing a %s line: %d bytes, at most %d fit", line.kind(), len(b), maxLine)
	}
	l.prev = sha256.Sum256(b)
	l.count++
	return append(b, '\n'), nil
}

// parseLine reads one line without its line end. It returns the hash of the line
// before that this one names. Every key stands once and no other does.
func parseLine(b []byte) (Line, consent.Hash, error) {
	kind, err := kindOf(b)
	if err != nil {
		return nil, consent.Hash{}, err
	}
	switch kind {
	case "head":
		return parseAs[Head](b)
	case "request":
		return parseAs[Request](b)
	case "grant":
		return parseAs[Grant](b)
	case "permit":
		return parseAs[Permit](b)
	case "collect":
		return parseAs[Collect](b)
	case "message":
		return parseAs[Message](b)
	case "countersignature":
		return parseAs[Countersignature](b)
	case "evidence":
		return parseAs[Evidence](b)
	case "withdrawal":
		return parseAs[Withdrawal](b)
	case "closing":
		return parseAs[Closing](b)
	case "ending":
		return parseAs[Ending](b)
	case "acknowledgement":
		return parseAs[Acknowledgement](b)
	case "deletion":
		return parseAs[Deletion](b)
	case "lifted":
		return parseAs[Lifted](b)
	case "rights":
		return parseAs[Rights](b)
	case "reply":
		return parseAs[Reply](b)
	case "forgotten":
		return parseAs[Forgotten](b)
	case "proof":
		return parseAs[Proof](b)
	case "complete":
		return parseAs[Complete](b)
	case "succession":
		return parseAs[Succession](b)
	case "end":
		return parseAs[End](b)
	}
	return nil, consent.Hash{}, errKind
}

// kindOf reads a line's kind where it stands: parsing the whole line for it would
// cost as much again.
func kindOf(b []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(b, []byte(`{"v":1,"kind":"`)); ok {
		if kind, _, ok := bytes.Cut(rest, []byte(`"`)); ok {
			return string(kind), nil
		}
	}
	var mark struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(b, &mark); err != nil {
		return "", errors.New("not a JSON object")
	}
	if mark.V != 1 {
		return "", fmt.Errorf("version %d, this program knows 1", mark.V)
	}
	return "", errShape
}

func parseAs[L Line](b []byte) (Line, consent.Hash, error) {
	var line L
	rest, prev, err := unlink(b, line.kind())
	if err != nil {
		return nil, prev, err
	}
	if err := consent.ParseStrict(rest, &line); err != nil {
		return nil, prev, err
	}
	return line, prev, nil
}

// unlink takes off what every line begins and ends with, and leaves an object of
// the line's own keys. A line has one spelling: v and kind come first, prev last.
func unlink(b []byte, kind string) (rest []byte, prev consent.Hash, err error) {
	front := fmt.Sprintf(`{"v":1,"kind":%q,`, kind)
	const back = `,"prev":"0123456789012345678901234567890123456789012"}`
	cut := len(b) - len(back)
	if len(b) < len(front)+len(back) || string(b[:len(front)]) != front || string(b[cut:cut+9]) != back[:9] || string(b[len(b)-2:]) != `"}` {
		return nil, prev, errShape
	}
	if err := prev.UnmarshalText(b[cut+9 : len(b)-2]); err != nil {
		return nil, prev, errors.New("prev is no hash")
	}
	rest = make([]byte, 0, cut-len(front)+2)
	rest = append(rest, '{')
	rest = append(rest, b[len(front):cut]...)
	return append(rest, '}'), prev, nil
}
