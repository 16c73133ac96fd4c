package consent

import (
	"encoding/json"
	"strings"

	"coffer/internal/id"
)

// The JWT-VC (W3C VC Data Model 1.1, § 6.3.1) around a receipt.

const (
	vcContext = "https://www.w3.org/2018/credentials/v1"
	vcType    = "VerifiableCredential"
)

type claims struct {
	Iss DID        `json:"iss"`
	Sub DID        `json:"sub"`
	Nbf Unix       `json:"nbf"`
	Jti string     `json:"jti"`
	VC  credential `json:"vc"`
}

type credential struct {
	Context []json.RawMessage `json:"@context"`
	Type    []string          `json:"type"`
	Subject Receipt           `json:"credentialSubject"`
}

// Claims is the payload of the receipt's JWT, which the pairwise key signs.
func (r Receipt) Claims() []byte {
	return write(claims{
		Iss: r.ID, Sub: r.ID, Nbf: r.Events[0].Time, Jti: r.RecordID,
		VC: credential{Context: contexts(r.first), Type: []string{vcType}, Subject: r},
	})
}

// ParseReceipt reads the payload of a receipt's JWT whose signature by signer was
// verified. Everything that names the shopper must be the signer, everything said
// twice must be said alike. Repeats, Matches and Ends hold it against more.
func ParseReceipt(payload []byte, signer DID) (Receipt, error) {
	var c claims
	if err := read(payload, MaxReceipt, &c); err != nil {
		return Receipt{}, err
	}
	r := c.VC.Subject
	first, known := readContexts(c.VC.Context)
	if !known || len(c.VC.Type) != 1 || c.VC.Type[0] != vcType {
		return Receipt{}, malformed("want a W3C credential", "vc")
	}
	if r.SchemaVersion != SchemaVersion {
		return Receipt{}, refuse(WrongVersion, "schema_version")
	}
	if len(r.Purposes) != 1 || len(r.Events) != 1 || len(r.Controllers) != 1 || len(r.Parties) != 1 {
		return Receipt{}, malformed("want one purpose, event, controller and party", "purposes")
	}
	e := r.Events[0]
	for _, d := range []DID{c.Iss, c.Sub, r.ID, r.Principal, e.Entity} {
		if d == "" || d != signer {
			return Receipt{}, refuse(WrongIssuer, "iss")
		}
	}
	if c.Jti != r.RecordID || c.Nbf != e.Time || e.Time <= 0 {
		return Receipt{}, malformed("the claims and the record differ", "jti")
	}
	if err := record(r.RecordID); err != nil {
		return Receipt{}, err
	}
	if r.Predecessor != nil {
		if err := record(*r.Predecessor); err != nil {
			return Receipt{}, err
		}
	}
	if r.Grant.IsZero() || !begins(e.State) && !closes(e.State) {
		return Receipt{}, malformed("want a grant and a known event", "events[0].event_state")
	}
	if (r.OnwardOf == nil) != (r.Partner == nil) {
		return Receipt{}, malformed("want both or none", "onward_of")
	}
	if c := r.Purposes[0].Condition; c != nil {
		if err := c.checkForm("purposes[0].condition"); err != nil {
			return Receipt{}, err
		}
	}
	r.first = first
	return r, nil
}

func record(s string) error {
	name, ok := strings.CutPrefix(s, recordPrefix)
	if _, err := id.Parse[id.Receipt](name); !ok || err != nil {
		return malformed("want "+recordPrefix+" and an id", "record_id")
	}
	return nil
}
