package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"coffer/anchor"
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

// Receipt is the signed record of one event of a grant: that it began, as given or as
// what followed another, or that it closed. It is a consent record of ISO/IEC TS 27560 that repeats the request's terms, so that it can be
// read alone. It is the credentialSubject of a JWT-VC that the shopper's pairwise
// key signs.
type Receipt struct {
	ID            DID              `json:"id"`
	SchemaVersion string           `json:"schema_version"`
	RecordID      string           `json:"record_id"` // urn:coffer:receipt:<22>
	Principal     DID              `json:"pii_principal_id"`
	Grant         id.Grant         `json:"grant"`
	Predecessor   *string          `json:"predecessor"` // the record that this one ends or follows
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
	Events        []Event          `json:"events"`              // one
	OnwardOf      *id.Grant        `json:"onward_of,omitempty"` // of a partner's: the grant to the business that asked
	Partner       *Partnership     `json:"partner,omitempty"`   // likewise, and with whom

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
	Condition           *Condition  `json:"condition,omitempty"`
}

// Partnership says of a partner's receipt under whose request it was given.
type Partnership struct {
	Role PartnerRole `json:"role"`
	With DID         `json:"party_id"` // the business that asked
	Name string      `json:"name"`
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
	Type    string `json:"type"` // controller or joint-controller
}

// Event is what happened.
type Event struct {
	Time     Unix   `json:"event_time"`
	Validity string `json:"validity_duration"` // ISO 8601
	Entity   DID    `json:"entity_id"`
	Type     string `json:"event_type"` // explicit
	State    string `json:"event_state"`
}

// Event states with which a grant begins. All but the first follow another grant's.
const (
	EventGiven     = "given"
	EventNarrowed  = string(ChangeNarrowed)
	EventShortened = string(ChangeShortened)
	EventRenewed   = string(ChangeRenewed)
	EventResumed   = string(ChangeResumed)
)

// Event states with which a grant closes; a paused one may close a second time.
const (
	EventPaused    = string(ChangePaused)
	EventWithdrawn = "withdrawn"
	EventExpired   = "expired"
	EventErased    = "erased"
)

func begins(state string) bool {
	return state == EventGiven || follows(state)
}

func follows(state string) bool {
	return state == EventNarrowed || state == EventShortened || state == EventRenewed || state == EventResumed
}

func closes(state string) bool {
	return state == EventPaused || state == EventWithdrawn || state == EventExpired || state == EventErased
}

// Terms are what the shopper chose within a request, and what names the record.
type Terms struct {
	Grant      id.Grant
	Record     id.Receipt
	Shopper    DID // pairwise
	Purpose    string
	Attributes []string
	Channels   []string
	Days       int    // of what was given; 0 for a successor
	Language   string // of the notice that was read; "" is the request's
	Time       Unix
	Hours      int      // of a successor: from its entry's start to its end
	Partner    DID      // whom it is given to; "" is the business that asks
	OnwardOf   id.Grant // of a partner: the grant to the business that asks
}

// validity is how long the terms last, as ISO 8601 has it.
func (t Terms) validity() string {
	if t.Days == 0 {
		return fmt.Sprintf("PT%dH", t.Hours)
	}
	return fmt.Sprintf("P%dD", t.Days)
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
	r := Receipt{
		ID: t.Shopper, SchemaVersion: SchemaVersion, RecordID: recordPrefix + t.Record.String(), Principal: t.Shopper, Grant: t.Grant,
		PrivacyNotice: q.Controller.PrivacyNotice, Language: t.Language, NoticeVersion: q.NoticeVersion,
		NoticeHash: HashOf(a.Text[t.Language]), RequestHash: q.Hash(),
		Purposes: []ReceiptPurpose{{
			Purpose: a.Purpose, PurposeID: a.ID, LawfulBasis: a.LawfulBasis, Retention: a.Retention,
			Information: info, Recipients: list(a.Recipients), Channels: list(t.Channels), WeeklyCap: weekly,
			WithdrawalMethod: q.Aud + "/grants/" + t.Grant.String(), StorageLocations: []string{q.Aud},
			ProcessingLocations: list(q.Jurisdictions), CollectionMethod: collectionMethod,
			ProcessingMethod: processingMethod, Jurisdiction: list(q.Jurisdictions), Condition: a.Condition,
		}},
		Controllers: []Controllership{{q.Iss}},
		Parties: []Party{{ID: q.Iss, Name: q.Controller.Name, Address: q.Controller.Address, Contact: q.Controller.Contact,
			DPO: q.Controller.DPO, Type: "controller"}},
		Authority: q.Controller.Authority, PrivacyRights: slices.Clone(privacyRights),
		Events: []Event{{Time: t.Time, Validity: t.validity(), Entity: t.Shopper, Type: "explicit", State: EventGiven}},
	}
	if t.Partner == "" && t.OnwardOf.IsZero() {
		return r, nil
	}
	return r.to(q, a, t)
}

// to makes the receipt one of a partner: it is the controller, and the data goes to it
// and to nobody else.
func (r Receipt) to(q Request, a Asked, t Terms) (Receipt, error) {
	p, ok := a.Partner(t.Partner)
	if !ok {
		return Receipt{}, refuse(WiderThanRequest, "partner")
	}
	if t.OnwardOf.IsZero() || t.OnwardOf == t.Grant {
		return Receipt{}, refuse(WrongReceipt, "onward_of")
	}
	kind := "controller"
	if p.Role == Joint {
		kind = "joint-controller"
	}
	r.OnwardOf, r.Partner = &t.OnwardOf, &Partnership{Role: p.Role, With: q.Iss, Name: q.Controller.Name}
	r.Controllers = []Controllership{{p.DID}}
	r.Parties = []Party{{ID: p.DID, Name: p.Name, Address: p.Address, Contact: p.Contact, Type: kind}}
	r.Purposes[0].Recipients, r.Purposes[0].ProcessingLocations = []Recipient{}, []string{p.Country}
	return r, nil
}

// Successor is the receipt of the grant that follows the one which this receipt, or
// the pause that it records, is about. The terms say Hours, not Days.
func (r Receipt) Successor(q Request, kind ChangeKind, t Terms, c Catalogue) (Receipt, error) {
	t.Language, t.Days = r.Language, 0
	next, err := NewReceipt(q, t, c)
	if err != nil {
		return Receipt{}, err
	}
	before := r.RecordID
	next.Predecessor, next.Events[0].State = &before, string(kind)
	return next, nil
}

// Withdrawal is the receipt that ends this one.
func (r Receipt) Withdrawal(record id.Receipt, at Unix) Receipt {
	return r.Closing(record, EventWithdrawn, at)
}

// Closing is the receipt of the grant's pause or end.
func (r Receipt) Closing(record id.Receipt, state string, at Unix) Receipt {
	before := r.RecordID
	r.RecordID, r.Predecessor, r.JWT = recordPrefix+record.String(), &before, ""
	r.first = false
	r.Events = []Event{{Time: at, Validity: r.Events[0].Validity, Entity: r.ID, Type: "explicit", State: state}}
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
	if n, _ := fmt.Sscanf(e.Validity, "P%dD", &t.Days); n == 0 {
		fmt.Sscanf(e.Validity, "PT%dH", &t.Hours)
	}
	for _, a := range p.Information {
		t.Attributes = append(t.Attributes, a.Attribute)
	}
	if r.OnwardOf != nil {
		t.Partner, t.OnwardOf = r.Controllers[0].Party, *r.OnwardOf
	}
	return t
}

// Began reports whether a grant began with the receipt.
func (r Receipt) Began() bool { return begins(r.Events[0].State) }

// Lasts is how many hours the receipt's grant lasts, from its entry's start.
func (r Receipt) Lasts() int {
	t := r.Terms()
	return t.Days*24 + t.Hours
}

// Spans reports whether the ledger entry is of the length that the receipt's grant
// needs: the days that were given, or the smallest length that reaches a successor's
// end.
func (r Receipt) Spans(entry anchor.Grant) bool {
	return entry.End >= entry.Start && int(entry.End-entry.Start) == DaysFor(r.Lasts())*24
}

// Until is when the receipt's grant ends, the entry being its own.
func (r Receipt) Until(entry anchor.Grant) anchor.Epoch {
	return entry.Start + anchor.Epoch(max(r.Lasts(), 0))
}

// Repeats holds the receipt of a grant that began against the request: it must be,
// to the letter, what NewReceipt makes of the request and the receipt's own
// terms, and these must be within the request; a successor may be as wide as the
// request, since Follows holds it to what went before. Without a catalogue the IRIs of
// attribute types are taken as they are.
func (r Receipt) Repeats(q Request, c Catalogue) error {
	if !r.whole() || !begins(r.Events[0].State) || follows(r.Events[0].State) != (r.Predecessor != nil) {
		return refuse(WrongReceipt, "events[0].event_state")
	}
	t := r.Terms()
	if follows(r.Events[0].State) == (t.Days != 0) || DaysFor(r.Lasts()) == 0 || t.Days != 0 && !lasts(t.Days) {
		return refuse(WrongReceipt, "events[0].validity_duration")
	}
	g := Given{Grant: t.Grant, Purpose: t.Purpose, Attributes: t.Attributes, Channels: t.Channels, Days: (r.Lasts() + 23) / 24, Partner: t.Partner}
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
	want.Predecessor, want.Events[0].State = r.Predecessor, r.Events[0].State
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

// Follows holds a successor's receipt against the one that it follows: that of the
// grant before, or of its pause. Same shopper, request, purpose and notice, another
// grant, no attribute and no channel more, and what the event says. When each ends
// only the entries tell.
func (r Receipt) Follows(before Receipt) error {
	if !r.whole() || !before.whole() || r.Predecessor == nil || *r.Predecessor != before.RecordID || r.Events[0].Time < before.Events[0].Time {
		return refuse(WrongReceipt, "predecessor")
	}
	state := r.Events[0].State
	if resumes := state == EventResumed; !follows(state) || resumes != (before.Events[0].State == EventPaused) || !resumes && !begins(before.Events[0].State) {
		return refuse(WrongReceipt, "events[0].event_state")
	}
	next, old := r.Terms(), before.Terms()
	switch {
	case r.ID != before.ID:
		return refuse(WrongReceipt, "id")
	case r.Grant == before.Grant:
		return refuse(WrongReceipt, "grant")
	case r.RequestHash != before.RequestHash || next.Purpose != old.Purpose || r.NoticeHash != before.NoticeHash || r.Language != before.Language:
		return refuse(WrongReceipt, "request_hash")
	}
	rights := rightsOf("", next.Attributes, next.Channels, 0)
	if _, beyond := rights.Beyond(rightsOf("", old.Attributes, old.Channels, 0)); beyond {
		return refuse(WiderThanGrant, "purposes[0]")
	}
	for _, agreed := range r.Purposes[0].Information {
		if !slices.Contains(before.Purposes[0].Information, agreed) {
			return refuse(WrongReceipt, "purposes[0].pii_information")
		}
	}
	fewer := len(rights) < len(old.Attributes)+len(old.Channels)
	if state == EventNarrowed && !fewer || (state == EventShortened || state == EventResumed) && fewer {
		return refuse(WrongReceipt, "purposes[0]")
	}
	return nil
}

// Records holds the receipt that came with a change against it, against the receipt
// that went before (of a paused grant that of its pause) and against the request. Its
// JWT must be set.
func (r Receipt) Records(ch Change, before Receipt, q Request, c Catalogue) error {
	if ch.Next == nil {
		return r.Closes(before, EventPaused)
	}
	if r.JWT == "" || HashOf(r.JWT) != ch.Next.ReceiptHash {
		return refuse(WrongReceipt, "receipt_hash")
	}
	t := r.Terms()
	if t.Grant != ch.Next.Grant {
		return refuse(WrongReceipt, "grant")
	}
	entry, err := ch.Next.GrantEntry()
	if err != nil {
		return err
	}
	if r.Events[0].State != string(ch.Kind) || r.Until(entry) != ch.Next.Until || !sameSet(t.Attributes, ch.Next.Attributes) || !sameSet(t.Channels, ch.Next.Channels) {
		return refuse(WrongReceipt, "purposes[0]")
	}
	if err := r.Follows(before); err != nil {
		return err
	}
	return r.Repeats(q, c)
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
	if r.Events[0].State != EventGiven {
		return refuse(WrongReceipt, "events[0].event_state")
	}
	if t.Partner != g.Partner {
		return refuse(WrongReceipt, "partner")
	}
	if t.Purpose != g.Purpose || t.Days != g.Days || !sameSet(t.Attributes, g.Attributes) || !sameSet(t.Channels, g.Channels) {
		return refuse(WrongReceipt, "purposes[0]")
	}
	return r.Repeats(q, c)
}

// Under holds a partner's receipt against the grant that it is given under, and any
// other against being none.
func (r Receipt) Under(first id.Grant) error {
	if first.IsZero() != (r.OnwardOf == nil) || r.OnwardOf != nil && *r.OnwardOf != first {
		return refuse(WrongReceipt, "onward_of")
	}
	return nil
}

// Ends holds the receipt of a withdrawal against the receipt that it ends.
func (r Receipt) Ends(given Receipt) error { return r.Closes(given, EventWithdrawn) }

// Closes holds the receipt of a pause or an end against the receipt before it: that of
// the grant's beginning, or of its pause.
func (r Receipt) Closes(before Receipt, state string) error {
	if !r.whole() || !before.whole() || r.Events[0].State != state || !closes(state) || r.Predecessor == nil || r.Events[0].Time < before.Events[0].Time {
		return refuse(WrongReceipt, "events[0]")
	}
	if was := before.Events[0].State; !begins(was) && (was != EventPaused || state == EventPaused) {
		return refuse(WrongReceipt, "predecessor")
	}
	if at := difference(r, before.Closing(r.Terms().Record, state, r.Events[0].Time)); at != "" {
		return refuse(WrongReceipt, at)
	}
	return nil
}

// Lasting is the hash of what stays the same in every receipt of one grant: all but the
// record and its event.
func (r Receipt) Lasting() Hash {
	r.RecordID, r.Predecessor, r.Events, r.JWT = "", nil, nil, ""
	return HashOf(write(r))
}

// Life is what a receipt says of its grant, short: enough to hold the next receipt of
// its line against it without keeping the whole.
type Life struct {
	Grant      id.Grant
	Shopper    DID
	Record     string
	State      string // the event
	Time       Unix
	Request    Hash
	Notice     Hash
	Purpose    string
	Attributes []string
	Channels   []string
	lasting    Hash
	validity   string
}

// Life is the receipt, short. The receipt must be a parsed one.
func (r Receipt) Life() Life {
	t := r.Terms()
	return Life{Grant: r.Grant, Shopper: r.ID, Record: r.RecordID, State: r.Events[0].State, Time: r.Events[0].Time, Request: r.RequestHash,
		Notice: r.NoticeHash, Purpose: t.Purpose, Attributes: t.Attributes, Channels: t.Channels, lasting: r.Lasting(), validity: r.Events[0].Validity}
}

// Next holds the receipt after a grant's newest one against it: of the grant's pause or
// end, or of the grant that follows it. It asks what Closes and Follows ask, as far as
// a Life can tell.
func (l Life) Next(r Receipt) error {
	next := r.Life()
	if !r.whole() || r.Predecessor == nil || *r.Predecessor != l.Record || next.Time < l.Time || next.Shopper != l.Shopper {
		return refuse(WrongReceipt, "predecessor")
	}
	if closes(next.State) {
		if next.Grant != l.Grant || next.lasting != l.lasting || next.validity != l.validity || !begins(l.State) && (l.State != EventPaused || next.State == EventPaused) {
			return refuse(WrongReceipt, "events[0]")
		}
		return nil
	}
	if resumes := next.State == EventResumed; !follows(next.State) || next.Grant == l.Grant || resumes != (l.State == EventPaused) || !resumes && !begins(l.State) {
		return refuse(WrongReceipt, "events[0].event_state")
	}
	if next.Request != l.Request || next.Notice != l.Notice || next.Purpose != l.Purpose {
		return refuse(WrongReceipt, "request_hash")
	}
	if len(Dropped(next.Attributes, l.Attributes))+len(Dropped(next.Channels, l.Channels)) > 0 {
		return refuse(WiderThanGrant, "purposes[0]")
	}
	return nil
}

// difference names the first key in which two receipts differ, "" if in none.
func difference(a, b Receipt) string {
	one, other := write(a), write(b)
	if bytes.Equal(one, other) {
		return ""
	}
	var x, y map[string]json.RawMessage
	json.Unmarshal(one, &x) // what write made can be read
	json.Unmarshal(other, &y)
	for key := range y {
		if _, both := x[key]; !both { // one that may be left out
			x[key] = nil
		}
	}
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
