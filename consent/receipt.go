package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"coffer/internal/id"
)

// SchemaVersion is the DPV profile of ISO/IEC TS 27560 that a receipt follows.
const SchemaVersion = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"

const (
	recordPrefix     = "urn:coffer:receipt:"
	collectionMethod = "sealed in the shopper's browser"
	processingMethod = "collected under an hourly permit, decrypted by the business"
)

// Rights that every shopper has under the GDPR, as a receipt lists them.
var privacyRights = []string{"access", "rectification", "erasure", "restriction", "portability", "objection", "withdraw-consent"}

// Receipt is the signed record of one purpose given, or withdrawn: a consent
// record of ISO/IEC TS 27560 that repeats the request's terms, so that it can be
// read alone. It is the credentialSubject of a JWT-VC that the shopper's pairwise
// key signs.
type Receipt struct {
	ID            DID              `json:"id"`
	SchemaVersion string           `json:"schema_version"`
	RecordID      string           `json:"record_id"` // urn:coffer:receipt:<22>
	Principal     DID              `json:"pii_principal_id"`
	Grant         id.Grant         `json:"grant"`
	Predecessor   *string          `json:"predecessor"` // the record that this one ends
	PrivacyNotice string           `json:"privacy_notice"`
	Language      string           `json:"language"` // of the notice that the shopper read
	NoticeVersion string           `json:"notice_version"`
	NoticeHash    Hash             `json:"notice_hash"` // of its text
	RequestHash   Hash             `json:"request_hash"`
	Purposes      []ReceiptPurpose `json:"purposes"` // one
	Controllers   []Controllership `json:"pii_controllers"`
	Parties       []Party          `json:"parties"`
	Authority     string           `json:"authority_party"`
	PrivacyRights []string         `json:"privacy_rights"`
	Events        []Event          `json:"events"` // one

	JWT string `json:"-"` // the signed form, once it is known

	first bool // it is of the first form, without the DPV context
}

// ReceiptPurpose is what was agreed.
type ReceiptPurpose struct {
	Purpose             string      `json:"purpose"` // IRI
	PurposeID           string      `json:"purpose_id"`
	LawfulBasis         string      `json:"lawful_basis"`
	Retention           string      `json:"retention_period"`
	Information         []Agreed    `json:"pii_information"`
	Recipients          []Recipient `json:"recipient_third_parties"`
	Channels            []string    `json:"channels"`
	WeeklyCap           int         `json:"weekly_cap"`
	WithdrawalMethod    string      `json:"withdrawal_method"`
	StorageLocations    []string    `json:"storage_locations"`
	ProcessingLocations []string    `json:"processing_locations"`
	CollectionMethod    string      `json:"collection_method"`
	ProcessingMethod    string      `json:"processing_method"`
	Jurisdiction        []string    `json:"jurisdiction"`
}

// Agreed is one attribute that was given.
type Agreed struct {
	Type      string `json:"pii_type"` // IRI
	Attribute string `json:"attribute"`
	Necessity string `json:"necessity"` // required or optional
}

// Controllership names a controller among the parties.
type Controllership struct {
	Party DID `json:"party_id"`
}

// Party is someone who takes part.
type Party struct {
	ID      DID    `json:"party_id"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Contact string `json:"contact"`
	DPO     string `json:"dpo"`
	Type    string `json:"type"` // controller
}

// Event is what happened.
type Event struct {
	Time     Unix   `json:"event_time"`
	Validity string `json:"validity_duration"` // ISO 8601
	Entity   DID    `json:"entity_id"`
	Type     string `json:"event_type"`  // explicit
	State    string `json:"event_state"` // given or withdrawn
}

// Event states.
const (
	EventGiven     = "given"
	EventWithdrawn = "withdrawn"
)

// Terms are what the shopper chose within a request, and what names the record.
type Terms struct {
	Grant      id.Grant
	Record     id.Receipt
	Shopper    DID // pairwise
	Purpose    string
	Attributes []string
	Channels   []string
	Days       int
	Language   string // of the notice that was read; "" is the request's
	Time       Unix
}

// NewReceipt makes the receipt of one purpose given. The catalogue names the
// attributes' types; without one they stay "".
func NewReceipt(q Request, t Terms, c Catalogue) (Receipt, error) {
	if t.Language == "" {
		t.Language = q.Language
	}
	a, ok := q.Purpose(t.Purpose)
	if !ok {
		return Receipt{}, refuse(WiderThanRequest, "purpose")
	}
	if a.Text[t.Language] == "" {
		return Receipt{}, refuse(NoText, "language")
	}
	info := make([]Agreed, len(t.Attributes))
	for i, name := range t.Attributes {
		info[i] = Agreed{Attribute: name, Necessity: "optional"}
		if slices.Contains(a.Required, name) {
			info[i].Necessity = "required"
		}
		if c != nil {
			attribute, ok := c.Attribute(name)
			if !ok {
				return Receipt{}, refuse(UnknownAttribute, name)
			}
			info[i].Type = attribute.IRI
		}
	}
	weekly := a.WeeklyCap
	if len(t.Channels) == 0 {
		weekly = 0
	}
	return Receipt{
		ID: t.Shopper, SchemaVersion: SchemaVersion, RecordID: recordPrefix + t.Record.String(), Principal: t.Shopper, Grant: t.Grant,
		PrivacyNotice: q.Controller.PrivacyNotice, Language: t.Language, NoticeVersion: q.NoticeVersion,
		NoticeHash: HashOf(a.Text[t.Language]), RequestHash: q.Hash(),
		Purposes: []ReceiptPurpose{{
			Purpose: a.Purpose, PurposeID: a.ID, LawfulBasis: a.LawfulBasis, Retention: a.Retention,
			Information: info, Recipients: list(a.Recipients), Channels: list(t.Channels), WeeklyCap: weekly,
			WithdrawalMethod: q.Aud + "/grants/" + t.Grant.String(), StorageLocations: []string{q.Aud},
			ProcessingLocations: list(q.Jurisdictions), CollectionMethod: collectionMethod,
			ProcessingMethod: processingMethod, Jurisdiction: list(q.Jurisdictions),
		}},
		Controllers: []Controllership{{q.Iss}},
		Parties: []Party{{ID: q.Iss, Name: q.Controller.Name, Address: q.Controller.Address, Contact: q.Controller.Contact,
			DPO: q.Controller.DPO, Type: "controller"}},
		Authority: q.Controller.Authority, PrivacyRights: slices.Clone(privacyRights),
		Events: []Event{{Time: t.Time, Validity: fmt.Sprintf("P%dD", t.Days), Entity: t.Shopper, Type: "explicit", State: EventGiven}},
	}, nil
}

// Withdrawal is the receipt that ends this one.
func (r Receipt) Withdrawal(record id.Receipt, at Unix) Receipt {
	before := r.RecordID
	r.RecordID, r.Predecessor, r.JWT = recordPrefix+record.String(), &before, ""
	r.first = false
	r.Events = []Event{{Time: at, Validity: r.Events[0].Validity, Entity: r.ID, Type: "explicit", State: EventWithdrawn}}
	return r
}

// whole reports whether the receipt has the parts that ParseReceipt wants; one
// built in memory may not.
func (r Receipt) whole() bool { return len(r.Purposes) == 1 && len(r.Events) == 1 }

// Terms are what the receipt says was chosen. The receipt must be a parsed one.
func (r Receipt) Terms() Terms {
	p, e := r.Purposes[0], r.Events[0] // ParseReceipt wants one of each
	t := Terms{Grant: r.Grant, Shopper: r.ID, Purpose: p.PurposeID, Channels: p.Channels, Language: r.Language, Time: e.Time}
	t.Record, _ = id.Parse[id.Receipt](strings.TrimPrefix(r.RecordID, recordPrefix))
	fmt.Sscanf(e.Validity, "P%dD", &t.Days)
	for _, a := range p.Information {
		t.Attributes = append(t.Attributes, a.Attribute)
	}
	return t
}

// Repeats holds the receipt of something given against the request: it must be,
// to the letter, what NewReceipt makes of the request and the receipt's own
// terms, and these must be within the request. Without a catalogue the IRIs of
// attribute types are taken as they are.
func (r Receipt) Repeats(q Request, c Catalogue) error {
	if !r.whole() || r.Events[0].State != EventGiven || r.Predecessor != nil {
		return refuse(WrongReceipt, "events[0].event_state")
	}
	t := r.Terms()
	g := Given{Grant: t.Grant, Purpose: t.Purpose, Attributes: t.Attributes, Channels: t.Channels, Days: t.Days}
	if _, ok := q.Purpose(t.Purpose); !ok {
		return refuse(WiderThanRequest, "purposes[0].purpose_id")
	}
	if err := g.within(q, "receipt"); err != nil {
		return err
	}
	want, err := NewReceipt(q, t, c)
	if err != nil {
		return err
	}
	if c == nil {
		for i := range want.Purposes[0].Information {
			want.Purposes[0].Information[i].Type = r.Purposes[0].Information[i].Type
		}
	}
	if at := difference(r, want); at != "" {
		return refuse(WrongReceipt, at)
	}
	return nil
}

// Matches holds the receipt against what a decision gave: it is the receipt that
// the decision names, says the same terms, and Repeats the request. Its JWT must
// be set.
func (r Receipt) Matches(q Request, g Given, c Catalogue) error {
	if r.JWT == "" || HashOf(r.JWT) != g.ReceiptHash {
		return refuse(WrongReceipt, "receipt_hash")
	}
	t := r.Terms()
	if t.Grant != g.Grant {
		return refuse(WrongReceipt, "grant")
	}
	if t.Purpose != g.Purpose || t.Days != g.Days || !sameSet(t.Attributes, g.Attributes) || !sameSet(t.Channels, g.Channels) {
		return refuse(WrongReceipt, "purposes[0]")
	}
	return r.Repeats(q, c)
}

// Ends holds the receipt of a withdrawal against the receipt that it ends.
func (r Receipt) Ends(given Receipt) error {
	if !r.whole() || !given.whole() || r.Events[0].State != EventWithdrawn || r.Predecessor == nil || r.Events[0].Time < given.Events[0].Time {
		return refuse(WrongReceipt, "events[0]")
	}
	if at := difference(r, given.Withdrawal(r.Terms().Record, r.Events[0].Time)); at != "" {
		return refuse(WrongReceipt, at)
	}
	return nil
}

// difference names the first key in which two receipts differ, "" if in none.
func difference(a, b Receipt) string {
	var x, y map[string]json.RawMessage
	json.Unmarshal(write(a), &x) // what write made can be read
	json.Unmarshal(write(b), &y)
	for _, key := range slices.Sorted(maps.Keys(x)) {
		if !bytes.Equal(x[key], y[key]) {
			return key
		}
	}
	return ""
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
