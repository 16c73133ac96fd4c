package anchortest

import (
	"context"

	"coffer/anchor"
)

var _ anchor.Membership = (*Memory)(nil)

// Succeed lets others sign the ledger from the next header on; those who signed it agree.
func (m *Memory) Succeed(next Signers) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.time = m.now().UTC()
	m.steps = append(m.steps, m.signers.Step(m.height+1, m.time, anchor.AppHash(m.head().Root, m.head().Size, m.state), next))
	m.signers, m.height = next, m.height+1
}

// Usurp lets others sign it whom nobody named.
func (m *Memory) Usurp(next Signers) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.signers, m.height = next, m.height+1
}

// Succession implements anchor.Membership.
func (m *Memory) Succession(ctx context.Context, from [32]byte) ([]anchor.Step, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return nil, err
	}
	first := m.signers.Set.Hash()
	if len(m.steps) > 0 {
		signed, err := anchor.ParseSignedHeader(m.steps[0].SignedHeader)
		if err != nil {
			panic(err) // Step made it
		}
		first = [32]byte(signed.Header.ValidatorsHash)
	}
	if from == first {
		return m.steps, nil
	}
	for i, step := range m.steps {
		if step.Next.Hash() == from {
			return m.steps[i+1:], nil
		}
	}
	return nil, anchor.ErrNotFound
}

// Registers implements anchor.Membership: a Memory has none.
func (m *Memory) Registers(context.Context) ([]anchor.Register, error) {
	return nil, anchor.ErrNotFound
}

// Motions implements anchor.Membership: nobody votes on anything.
func (m *Memory) Motions(context.Context) (map[anchor.Leaf]anchor.Motion, error) { return nil, nil }

// Vote implements anchor.Membership: no ballot counts.
func (m *Memory) Vote(context.Context, anchor.Ballot) error { return anchor.ErrNotFound }

// Foundation implements anchor.Membership: nobody begins from a Memory.
func (m *Memory) Foundation(context.Context, int64) (anchor.Foundation, error) {
	return anchor.Foundation{}, anchor.ErrNotFound
}
