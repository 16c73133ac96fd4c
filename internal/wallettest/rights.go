package wallettest

import (
	"context"
	"crypto/rand"
	"fmt"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// Demand is what a shopper demands of the business behind grants.
type Demand struct {
	Regime     consent.Regime
	Right      consent.RightsKind
	Grants     []id.Grant
	Attributes []string
	Text       string
}

// Demanded is a rights request as it was sent.
type Demanded struct {
	consent.RightsRequest
	Sealed string
}

// Prepare makes and seals a rights request, and sends nothing.
func (w *Wallet) PrepareRights(d Demand) (Demanded, error) {
	h, ours := w.Held[d.Grants[0]]
	if !ours {
		return Demanded{}, fmt.Errorf("a demand about a grant that this wallet did not give")
	}
	business := string(h.Business())
	pairwise, err := agent.NewSigner(seal.PairwiseKey(w.Seed, business))
	if err != nil {
		return Demanded{}, err
	}
	agreement, err := w.agreement(h.Business())
	if err != nil {
		return Demanded{}, err
	}
	q := consent.RightsRequest{V: 1, ID: id.New[id.Rights](), Iss: pairwise.DID, Aud: h.Business(), Operator: w.Origin, Time: consent.UnixAt(w.Now()),
		Regime: d.Regime, Right: d.Right, Grants: d.Grants, Attributes: d.Attributes, Text: d.Text, AgreementKey: consent.NewAgreementKey(agreement.PublicKey())}
	rand.Read(q.Nonce[:])
	if q, err = pairwise.SignRights(q); err != nil {
		return Demanded{}, err
	}
	to := h.Request
	to.AgreementKey = h.AgreementKey()
	sealed, err := w.SealRights(to, q.JWS)
	return Demanded{q, sealed}, err
}

// SealRights seals a signed rights request, or what passes for one, to the business of
// a request.
func (w *Wallet) SealRights(to consent.Request, jws string) (string, error) {
	key, err := to.AgreementKey.Public()
	if err != nil {
		return "", err
	}
	public, err := ecdsaPublic(key)
	if err != nil {
		return "", err
	}
	return seal.SealEnvelope(public, consent.TypeSealedRights, []byte(jws))
}

// SendRights hands a rights request to the operator, with the wallet's own sealed copy.
func (w *Wallet) SendRights(ctx context.Context, d Demanded) error {
	own := fmt.Appendf(nil, `{"v":1,"kind":"rights","rights":%q,"business":%q,"business_name":%q,"jws":%q}`, d.ID, d.Aud, w.Held[d.Grants[0]].Request.Controller.Name, d.JWS)
	puts, err := w.Puts(map[id.Document][]byte{id.New[id.Document](): own})
	if err != nil {
		return err
	}
	err = w.Do(ctx, "POST", "/rights", map[string]any{"rights": d.ID, "business": d.Aud, "grants": d.Grants, "sealed": d.Sealed,
		"documents": map[string]any{"puts": vaulttest.PutsJSON(puts)}}, nil)
	if err == nil {
		w.Accepted(puts)
	}
	return err
}

// Demand prepares and sends in one go.
func (w *Wallet) Demand(ctx context.Context, d Demand) (Demanded, error) {
	made, err := w.PrepareRights(d)
	if err != nil {
		return made, err
	}
	return made, w.SendRights(ctx, made)
}

// Rights is a rights request as the operator tells of it.
type Rights struct {
	Rights  id.Rights    `json:"rights"`
	Sent    consent.Unix `json:"sent"`
	Replies []struct {
		Step     consent.RightsStep `json:"step"`
		Sealed   string             `json:"sealed"`
		Received consent.Unix       `json:"received"`
	} `json:"replies"`
}

// Times are when the operator took the request and each step.
func (r Rights) Times() consent.RightsTimes {
	t := consent.RightsTimes{Sent: r.Sent}
	for _, reply := range r.Replies {
		switch reply.Step {
		case consent.RightsAcknowledged:
			t.Acknowledged = reply.Received
		case consent.RightsExtended:
			t.Extended = reply.Received
		case consent.RightsAnswered:
			t.Answered = reply.Received
		}
	}
	return t
}

// Replies reads a rights request back, opens each reply, and verifies all that the
// pages do.
func (w *Wallet) Replies(ctx context.Context, d Demanded) (Rights, []consent.RightsReply, error) {
	var r Rights
	if err := w.Do(ctx, "GET", "/rights/"+d.ID.String(), nil, &r); err != nil {
		return r, nil, err
	}
	var all []consent.RightsReply
	for _, sealed := range r.Replies {
		jws, err := seal.OpenEnvelope(seal.AgreementKey(w.Seed, string(d.Aud)), consent.TypeSealedRights, sealed.Sealed)
		if err != nil {
			return r, nil, err
		}
		reply, err := agent.New(agent.Options{}).VerifyReply(ctx, string(jws))
		if err == nil {
			err = reply.Answers(d.RightsRequest)
		}
		if err == nil && reply.Step != sealed.Step {
			err = fmt.Errorf("the operator calls a reply %s that says %s", sealed.Step, reply.Step)
		}
		if err != nil {
			return r, nil, err
		}
		all = append(all, reply)
	}
	return r, all, nil
}
