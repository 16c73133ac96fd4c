package business

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// AsPartner is this business as another one's request names it.
func (b *Business) AsPartner(role consent.PartnerRole, country string, attributes ...string) consent.Partner {
	p := b.profile
	return consent.Partner{DID: b.keys.did, Name: p.Name, Address: p.Address, Contact: p.Contact, Country: country,
		AgreementKey: b.keys.agreementKey(), Role: role, Attributes: attributes}
}

// Draft is a signed request on its way between the businesses that ask jointly: each
// joint partner adds its co-signature, then the first one sends it.
type Draft struct {
	V            int      `json:"v"`
	Request      string   `json:"request"` // JWS
	Cosignatures []string `json:"cosignatures"`
}

// ReadDraft reads a draft from a file. An unknown or missing key is an error.
func ReadDraft(path string) (Draft, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Draft{}, err
	}
	var d Draft
	if err := consent.ParseStrict(text, &d); err != nil {
		return Draft{}, fmt.Errorf("reading %s: %w", path, err)
	}
	if d.V != 1 {
		return Draft{}, fmt.Errorf("reading %s: version %d, this program knows 1", path, d.V)
	}
	return d, nil
}

// Write writes the draft to a file, whole or not at all.
func (d Draft) Write(path string) error {
	d.V = 1
	if d.Cosignatures == nil {
		d.Cosignatures = []string{}
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// Cosign puts this business's co-signature to a draft, and returns what it signed. The
// request must be good now, for our operator, and name us as a joint partner with our
// own key; what it asks in our name we must have registered. Signing twice changes
// nothing.
func (b *Business) Cosign(ctx context.Context, d Draft) (Draft, consent.Request, error) {
	q, err := consent.OpenRequest(ctx, b.agent, d.Request, consent.ParseRules{Audience: b.profile.Operator, Now: b.now()})
	if err != nil {
		return d, q, fmt.Errorf("checking the request: %w", err)
	}
	if !slices.Contains(q.Joint(), b.keys.did) {
		return d, q, errors.New("the request does not name this business as a joint partner")
	}
	if err := b.rightlyNamed(q); err != nil {
		return d, q, err
	}
	for _, a := range q.For(b.keys.did) {
		if !slices.Contains(b.profile.Purposes, a.Purpose) {
			return d, q, fmt.Errorf("checking the request: %w", &consent.Refusal{Code: consent.UnregisteredPurpose, At: a.ID})
		}
	}
	for _, jws := range d.Cosignatures {
		if c, err := consent.OpenCosignature(ctx, b.agent, q, jws); err != nil {
			return d, q, fmt.Errorf("checking a co-signature: %w", err)
		} else if c.Iss == b.keys.did {
			return d, q, nil
		}
	}
	jws, err := b.keys.signer.SignJWS(consent.TypeCosignature, consent.NewCosignature(q, b.keys.did).Payload())
	if err != nil {
		return d, q, fmt.Errorf("co-signing: %w", err)
	}
	d.Cosignatures = append(slices.Clone(d.Cosignatures), jws)
	return d, q, nil
}

// rightlyNamed holds what a request says of us as a partner against what is so.
func (b *Business) rightlyNamed(q consent.Request) error {
	for _, a := range q.Purposes {
		p, ok := a.Partner(b.keys.did)
		if key, own := p.AgreementKey, b.keys.agreementKey(); ok && (!slices.Equal(key.X, own.X) || !slices.Equal(key.Y, own.Y)) {
			return fmt.Errorf("the request names another agreement key of ours for %s; its letters would not open", a.ID)
		}
	}
	return nil
}

// heldRequest is the request that a grant of ours was given under: our own, or one that
// names us as a partner. That one comes from the operator the first time, and goes into
// folder and trail before anything that leans on it.
func (b *Business) heldRequest(ctx context.Context, r id.Request) (consent.Request, error) {
	file, err := b.readRequest(r)
	if err == nil && !file.Partner {
		return b.ownRequest(ctx, r)
	}
	if err == nil {
		return b.sharedRequest(ctx, r, file.JWS, file.Cosignatures)
	}
	if !errors.Is(err, ErrNotFound) {
		return consent.Request{}, err
	}
	var answer struct {
		Status       RequestState `json:"status"`
		Request      string       `json:"request"`
		Cosignatures []string     `json:"cosignatures"`
	}
	if err := b.client.call(ctx, http.MethodGet, "/business/v1/requests/"+r.String(), nil, &answer); err != nil {
		return consent.Request{}, fmt.Errorf("reading a request: %w", denial(err))
	}
	q, err := b.sharedRequest(ctx, r, answer.Request, answer.Cosignatures)
	if err != nil {
		return q, err
	}
	trail, _, err := b.ready(ctx)
	if err != nil {
		return q, err
	}
	if err := trail.Append(audit.Request{JWS: q.JWS, Cosignatures: answer.Cosignatures}); err != nil {
		return q, err
	}
	file = requestFile{V: 1, JWS: q.JWS, State: answer.Status, Partner: true, Cosignatures: answer.Cosignatures}
	if err := b.folder.write(file, "requests", r.String()+".json"); err != nil {
		return q, fmt.Errorf("keeping a request: %w", err)
	}
	return q, nil
}

// sharedRequest verifies a request of another business that names us.
func (b *Business) sharedRequest(ctx context.Context, r id.Request, jws string, cosignatures []string) (consent.Request, error) {
	q, err := consent.OpenRequest(ctx, b.agent, jws, consent.ParseRules{Audience: b.profile.Operator})
	if err != nil {
		return q, err
	}
	if q.ID != r || !q.Names(b.keys.did) {
		return q, errors.New("it does not name this business as a partner")
	}
	if err := q.Cosigned(ctx, b.agent, cosignatures); err != nil {
		return q, err
	}
	return q, b.rightlyNamed(q)
}
