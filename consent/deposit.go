package consent

import (
	"crypto/rand"
	"time"

	"coffer/internal/id"
)

// TypeDeposit is the header type of a deposit, and of the envelope around it.
const TypeDeposit = "coffer-deposit+jwt"

// Deposit hands a shopper a record: signed by the business that hands it over, who need
// not be its issuer, and packed like a message. The shopper accepts or declines it.
type Deposit struct {
	V       int        `json:"v"`
	ID      id.Deposit `json:"id"`
	From    DID        `json:"from"`
	To      DID        `json:"to"` // the pairwise DID
	Created Unix       `json:"created_time"`
	Grant   id.Grant   `json:"grant"`
	Record  string     `json:"record"` // a JWT-VC or an SD-JWT VC, as its issuer signed it
	Nonce   Secret     `json:"nonce"`
}

// NewDeposit makes a deposit under a grant.
func NewDeposit(from, to DID, g id.Grant, record string, now time.Time) Deposit {
	d := Deposit{V: Version, ID: id.New[id.Deposit](), From: from, To: to, Created: UnixAt(now), Grant: g, Record: record}
	rand.Read(d.Nonce[:]) // never fails (crypto/rand)
	return d
}

// Payload is what the business signs as a TypeDeposit.
func (d Deposit) Payload() []byte { d.V = Version; return write(d) }

// ParseDeposit reads the payload of a deposit that signer signed. Whether its record
// holds is another question (agent.OpenRecord).
func ParseDeposit(payload []byte, signer DID) (Deposit, error) {
	var d Deposit
	if err := read(payload, MaxMessage, &d); err != nil {
		return Deposit{}, err
	}
	if err := version(d.V); err != nil {
		return Deposit{}, err
	}
	if d.From == "" || d.From != signer {
		return Deposit{}, refuse(WrongIssuer, "from")
	}
	if d.ID.IsZero() || d.Grant.IsZero() || d.Created <= 0 || d.To == "" {
		return Deposit{}, malformed("want ids, a time and one recipient", "id")
	}
	if d.Record == "" || len(d.Record) > MaxRecord {
		return Deposit{}, malformed("want a record", "record")
	}
	return d, nil
}

// DepositState is what became of a deposit.
type DepositState string

const (
	DepositWaiting  DepositState = "waiting"  // for the shopper
	DepositAccepted DepositState = "accepted" // it is in the vault, and no longer here
	DepositDeclined DepositState = "declined" // it is deleted
)
