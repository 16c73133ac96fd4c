package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// RecordForm is how a record is written.
type RecordForm string

const (
	RecordInParts RecordForm = "sd-jwt" // the shopper chooses what of it to show, and alone can show it
	RecordWhole   RecordForm = "jwt-vc" // it is shown whole
)

// RecordTerms are what a business attests to a shopper.
type RecordTerms struct {
	Type   string         // IRI, as the business says it in its documentation
	Claims map[string]any // by name
	Until  time.Time      // the zero time: for good
	Form   RecordForm     // "" is RecordInParts
	// Final records cannot be taken back. Others name a place in the status list, which
	// is to be published; see StatusList.
	Final bool
}

// Issued is records/<id>.json: what the business remembers of a record that it issued. What
// the record says is not kept.
type Issued struct {
	V       int          `json:"v"`
	ID      string       `json:"id"`
	Type    string       `json:"type"`
	Grant   id.Grant     `json:"grant"` // of the shopper to whom it was issued
	Index   *int         `json:"index"` // in the status list; null: it cannot be taken back
	Issued  consent.Unix `json:"issued"`
	Until   consent.Unix `json:"until"`   // 0: for good
	Revoked consent.Unix `json:"revoked"` // 0: it stands
}

// ErrFinal says that a record cannot be taken back.
var ErrFinal = errors.New("the record was issued for good")

// statusPath is where the list is published, under the profile's URL.
const statusPath = "/records/status"

// statusFor is how long a published list is believed.
const statusFor = 7 * 24 * time.Hour

// StatusURL is the address that records name, and where StatusList is to be published.
func (b *Business) StatusURL() string { return strings.TrimSuffix(b.profile.URL, "/") + statusPath }

// IssueRecord signs a record about the shopper of a grant, for Deposit. It opens the
// grant's letter if that was not done. Nobody but this shopper can present one in parts.
func (b *Business) IssueRecord(ctx context.Context, g id.Grant, t RecordTerms) (Issued, string, error) {
	defer b.hold(g)()
	_, letter, err := b.openLetter(ctx, g)
	if err != nil {
		return Issued{}, "", err
	}
	b.issuing.Lock()
	defer b.issuing.Unlock()
	now := b.now()
	made := Issued{V: 1, ID: consent.NewNonce().String(), Type: t.Type, Grant: g, Issued: consent.UnixAt(now)}
	terms := agent.RecordTerms{ID: "urn:coffer:record:" + made.ID, Type: t.Type, Subject: string(letter.Pairwise), From: now, Until: t.Until, Claims: t.Claims}
	if !t.Until.IsZero() {
		made.Until = consent.UnixAt(t.Until)
	}
	if !t.Final {
		index, err := b.freeStatus()
		if err != nil {
			return Issued{}, "", err
		}
		made.Index, terms.Status = &index, &consent.StatusEntry{Purpose: consent.StatusRevocation, List: b.StatusURL(), Index: index}
	}
	text, err := b.signRecord(terms, t.Form, letter.Pairwise)
	if err != nil {
		return Issued{}, "", err
	}
	if err := b.folder.write(made, "records", made.ID+".json"); err != nil {
		return Issued{}, "", fmt.Errorf("keeping a record: %w", err)
	}
	return made, text, nil
}

func (b *Business) signRecord(t agent.RecordTerms, form RecordForm, shopper consent.DID) (string, error) {
	switch form {
	case RecordWhole:
		return b.keys.signer.SignRecord(t)
	case RecordInParts, "":
		holder, err := agent.HolderOf(shopper)
		if err != nil {
			return "", err
		}
		return b.keys.signer.SignSDRecord(t, &holder)
	}
	return "", fmt.Errorf("issuing a record: want %s or %s", RecordInParts, RecordWhole)
}

// freeStatus is a place of the list that no record has. It is drawn, so that it tells
// neither when nor after whom a record was issued.
func (b *Business) freeStatus() (int, error) {
	all, err := b.Records()
	if err != nil {
		return 0, err
	}
	taken := map[int]bool{}
	for _, r := range all {
		if r.Index != nil {
			taken[*r.Index] = true
		}
	}
	if len(taken) > consent.MinStatuses/2 {
		return 0, errors.New("issuing a record: the status list is full; issue it as final")
	}
	for {
		if n := rand.IntN(consent.MinStatuses); !taken[n] {
			return n, nil
		}
	}
}

// Records returns every record that the business issued, in no order.
func (b *Business) Records() (all []Issued, err error) {
	names, err := b.folder.names("records")
	for _, name := range names {
		var r Issued
		if err := b.folder.read(&r, "records", name+".json"); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, err
}

// RevokeRecord takes a record back, for good: publish the StatusList then. Again changes
// nothing. ErrNotFound for one that this business did not issue, ErrFinal for one that it
// cannot take back.
func (b *Business) RevokeRecord(record string) error {
	b.issuing.Lock()
	defer b.issuing.Unlock()
	if _, err := id.Parse[id.Document](record); err != nil { // of 16 bytes, like an id; never a path
		return fmt.Errorf("revoking a record: %w", ErrNotFound)
	}
	var r Issued
	err := b.folder.read(&r, "records", record+".json")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("revoking a record: %w", ErrNotFound)
	case err != nil:
		return err
	case r.Index == nil:
		return fmt.Errorf("revoking a record: %w", ErrFinal)
	case r.Revoked != 0:
		return nil
	}
	r.Revoked = consent.UnixAt(b.now())
	return b.folder.write(r, "records", record+".json")
}

// CheckRecord verifies a record that somebody showed: that its issuer signed it, that it
// counts now and was not taken back. For nonce (of a request of this business; "" for
// none) one that names its holder must be presented by that holder to this business. The
// errors are refusals: bad-signature, expired, not-yet, revoked, bad-status,
// wrong-binding; ErrUnreachable when its issuer's list cannot be had.
func (b *Business) CheckRecord(ctx context.Context, text, nonce string) (consent.Record, error) {
	if nonce != "" {
		return b.agent.OpenPresentation(ctx, text, consent.BindingRules{Audience: b.keys.did, Nonce: nonce, Now: b.now()})
	}
	r, err := b.agent.OpenRecord(ctx, text)
	if err == nil {
		err = r.At(b.now())
	}
	if err == nil {
		err = b.agent.CheckStatus(ctx, r)
	}
	return r, err
}

// CheckShown verifies the record that a shopper showed under a grant, as Collect brought
// it: as CheckRecord does for the grant's own request, and that it is of the type that the
// purpose asked for and shows the claims that it needs (wrong-evidence, missing-required).
// Whether its Issuer is one to believe is for the caller to say. ErrNotFound for a value
// that is no record, or under no grant of this business.
func (b *Business) CheckShown(ctx context.Context, g id.Grant, v Value) (consent.Record, error) {
	grant, err := b.Grant(g)
	if err != nil {
		return consent.Record{}, err
	}
	file, err := b.readRequest(grant.Request)
	if err != nil {
		return consent.Record{}, err
	}
	q, err := consent.ReadRequest(file.JWS)
	if err != nil {
		return consent.Record{}, fmt.Errorf("reading a kept request: %w", err)
	}
	asked, _ := q.Purpose(grant.PurposeID)
	wanted, ok := asked.Records[v.Attribute]
	if !ok {
		return consent.Record{}, fmt.Errorf("checking a record: %w", ErrNotFound)
	}
	r, err := b.CheckRecord(ctx, v.Text(), q.Nonce.String())
	if err == nil {
		err = wanted.Met(r)
	}
	return r, err
}

// StatusList signs the list of what was revoked, as it stands now, for the world to read
// at StatusURL. It counts for a week: publish it again at least every few days.
func (b *Business) StatusList() (string, error) {
	all, err := b.Records()
	if err != nil {
		return "", err
	}
	now := b.now()
	l := consent.NewStatusList(b.StatusURL(), b.keys.did, consent.StatusRevocation)
	l.From, l.Until = consent.UnixAt(now), consent.UnixAt(now.Add(statusFor))
	for _, r := range all {
		if r.Index != nil && r.Revoked != 0 {
			l.Put(*r.Index, true)
		}
	}
	return b.keys.signer.SignStatusList(l)
}
