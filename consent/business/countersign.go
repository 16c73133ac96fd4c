package business

import (
	"context"
	"fmt"
	"net/http"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
)

// countersigned is how far a counter-signature has come.
type countersigned struct {
	JWS     string `json:"jws"`
	InTrail bool   `json:"in_trail"`
	Posted  bool   `json:"posted"` // the operator has it
}

// countersign answers the receipt of a grant that was collected under for the first
// time: signed once, then in the trail, then with the operator. What it does not
// reach now it reaches after the next collection; the values are there all the same.
func (b *Business) countersign(ctx context.Context, grant Grant) {
	if grant.Countersigned != nil && grant.Countersigned.Posted {
		return
	}
	if err := b.countersignNow(ctx, grant); err != nil {
		b.log.Warn("a receipt is not counter-signed yet", "grant", grant.ID, "error", err)
	}
}

func (b *Business) countersignNow(ctx context.Context, grant Grant) error {
	receipt, err := agent.VerifyReceipt(grant.Receipt)
	if err != nil {
		return err
	}
	if grant.Countersigned == nil {
		c := consent.NewCountersignature(receipt, consent.UnixAt(b.now()))
		jws, err := b.keys.signer.SignJWS(consent.TypeCountersignature, c.Payload())
		if err != nil {
			return fmt.Errorf("counter-signing: %w", err)
		}
		grant.Countersigned = &countersigned{JWS: jws}
		if err := b.keepGrant(grant); err != nil {
			return err
		}
	}
	done := *grant.Countersigned
	grant.Countersigned = &done
	if !done.InTrail {
		trail, _, err := b.ready(ctx)
		if err != nil {
			return err
		}
		if err := trail.Append(audit.Countersignature{Grant: grant.ID, JWS: done.JWS}); err != nil {
			return err
		}
		done.InTrail = true
		if err := b.keepGrant(grant); err != nil {
			return err
		}
	}
	in := map[string]string{"countersignature": done.JWS}
	if err := b.client.call(ctx, http.MethodPost, "/business/v1/grants/"+grant.ID.String()+"/countersignature", in, nil); err != nil {
		return fmt.Errorf("handing over a counter-signature: %w", denial(err))
	}
	done.Posted = true
	return b.keepGrant(grant)
}
