package business

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// Present shows the operator a record or an event that the grant hangs on: a compact
// JWS, as its issuer gave it. When it returns the operator has verified and kept it,
// and it is in the trail; until is when it stops counting, zero for good. To present it
// again changes nothing. A *consent.Denial for a grant that is over; what the operator
// does not take is a *Problem: wrong-evidence, bad-signature, expired.
func (b *Business) Present(ctx context.Context, g id.Grant, evidence string) (until time.Time, err error) {
	defer b.hold(g)()
	trail, _, err := b.ready(ctx)
	if err != nil {
		return until, err
	}
	// The grant's own line comes first in the trail.
	if _, _, err := b.openLetter(ctx, g); err != nil {
		return until, err
	}
	var answer struct {
		Until consent.Unix `json:"until"`
	}
	in := map[string]string{"evidence": evidence}
	if err := b.client.call(ctx, http.MethodPost, "/business/v1/grants/"+g.String()+"/evidence", in, &answer); err != nil {
		return until, fmt.Errorf("presenting evidence: %w", denial(err))
	}
	if err := trail.Append(audit.Evidence{Grant: g, Time: consent.UnixAt(b.now()), Evidence: evidence}); err != nil {
		return until, err
	}
	if answer.Until != 0 {
		until = answer.Until.Time()
	}
	return until, nil
}

// Happened signs, as the party that a condition names, that something happened now: for
// the business that holds the grant to present.
func (b *Business) Happened(g id.Grant, name string) (string, error) {
	return b.keys.signer.SignEvent(consent.Happened{Grant: g, Name: name, Time: consent.UnixAt(b.now())})
}

// Attest signs, as the issuer that a condition names, a record of that type about the
// grant: for the business that holds it to present. The zero time lets it count for good.
func (b *Business) Attest(g id.Grant, kind string, until time.Time) (string, error) {
	return b.keys.signer.SignRecord(agent.RecordTerms{Type: kind, Subject: consent.GrantURN(g), From: b.now(), Until: until})
}
