package business

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// Deposited names a deposit, and how it stands.
type Deposited struct {
	ID    id.Deposit           `json:"id"`
	State consent.DepositState `json:"state"`
	Grant id.Grant             `json:"-"` // that it was made under: the one that was named, or that took its place
}

// handOver is deposits/<id>.json: a deposit that the operator may not have.
type handOver struct {
	V      int        `json:"v"`
	Grant  id.Grant   `json:"grant"`
	ID     id.Deposit `json:"id"`
	Sealed string     `json:"sealed"`
}

// Deposit hands the shopper of a grant a record, of this business or of another issuer:
// signed, and sealed for the shopper alone, who accepts or declines it (EventDeposited,
// EventDeclined). It takes a grant that stands, and no permit. After ErrUnreachable the
// next Poll sends it. A *consent.Denial says why the grant does not carry it; a *Problem
// of too-many that the shopper was handed enough for a day. A grant that the shopper
// changed is followed to the one that took its place.
func (b *Business) Deposit(ctx context.Context, g id.Grant, record string) (Deposited, error) {
	if _, err := b.agent.OpenRecord(ctx, record); err != nil {
		return Deposited{}, fmt.Errorf("reading the record: %w", err) // the shopper's wallet would not take it
	}
	return following(ctx, b, g, func(g id.Grant) (Deposited, error) {
		d, err := b.depositUnder(ctx, g, record)
		d.Grant = g
		return d, err
	})
}

func (b *Business) depositUnder(ctx context.Context, g id.Grant, record string) (Deposited, error) {
	defer b.hold(g)()
	_, letter, err := b.openLetter(ctx, g)
	if err != nil {
		return Deposited{}, err
	}
	d := consent.NewDeposit(b.keys.did, letter.Pairwise, g, record, b.now())
	payload := d.Payload()
	if _, err := consent.ParseDeposit(payload, b.keys.did); err != nil {
		return Deposited{}, fmt.Errorf("writing a deposit: %w", err)
	}
	jws, err := b.keys.signer.SignJWS(consent.TypeDeposit, payload)
	if err != nil {
		return Deposited{}, fmt.Errorf("signing a deposit: %w", err)
	}
	sealed, err := agent.PackDeposit(jws, letter.AgreementKey)
	if err != nil {
		return Deposited{}, fmt.Errorf("packing a deposit: %w", err)
	}
	out := handOver{1, g, d.ID, sealed}
	if err := b.folder.write(out, "deposits", d.ID.String()+".json"); err != nil {
		return Deposited{}, fmt.Errorf("keeping a deposit: %w", err)
	}
	made, err := b.handDeposit(ctx, out)
	return made, b.noticed(ctx, g, err)
}

// handDeposit gives a deposit to the operator. The file goes when the operator has it, or
// refuses it for good.
func (b *Business) handDeposit(ctx context.Context, out handOver) (Deposited, error) {
	var answer Deposited
	in := map[string]any{"id": out.ID, "sealed": out.Sealed}
	err := b.client.call(ctx, http.MethodPost, "/business/v1/grants/"+out.Grant.String()+"/deposits", in, &answer)
	if err != nil && passing(err) && !full(err) {
		return Deposited{}, fmt.Errorf("depositing: %w", err)
	}
	if err != nil {
		err = fmt.Errorf("depositing: %w", denial(err))
	}
	return answer, errors.Join(err, b.folder.remove("deposits", out.ID.String()+".json"))
}

// full reports whether the shopper was handed enough: it would be so again for a day.
func full(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Status == http.StatusTooManyRequests
}

// DepositState asks what became of a deposit. ErrNotFound when there is none, or its
// shopper erased the vault.
func (b *Business) DepositState(ctx context.Context, g id.Grant, d id.Deposit) (Deposited, error) {
	var answer Deposited
	err := b.client.call(ctx, http.MethodGet, "/business/v1/grants/"+g.String()+"/deposits/"+d.String(), nil, &answer)
	if err != nil {
		return answer, fmt.Errorf("asking for a deposit: %w", denial(err))
	}
	answer.Grant = g
	return answer, nil
}

// flushDeposits hands over what the operator may not have.
func (b *Business) flushDeposits(ctx context.Context) error {
	names, err := b.folder.names("deposits")
	if err != nil {
		return err
	}
	for _, name := range names {
		var out handOver
		if err := b.folder.read(&out, "deposits", name+".json"); err != nil {
			return err
		}
		release := b.hold(out.Grant)
		_, err := b.handDeposit(ctx, out)
		release()
		if err != nil && passing(err) {
			return err
		}
		if err != nil {
			b.log.Warn("a deposit was refused", "error", err)
		}
	}
	return nil
}
