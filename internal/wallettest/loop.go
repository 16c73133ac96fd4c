package wallettest

import (
	"context"

	"coffer/consent"
	"coffer/internal/id"
)

// Loop is what the operator tells of a grant's end.
type Loop struct {
	Event           consent.Ending `json:"event"`
	Notified        consent.Unix   `json:"notified"`
	Acknowledged    consent.Unix   `json:"acknowledged"`
	Acknowledgement string         `json:"acknowledgement"`
	Stated          consent.Unix   `json:"stated"`
	Statement       string         `json:"statement"`
	Overdue         consent.Late   `json:"overdue"`
	Reason          string         `json:"reason"`
}

// Loop is nil while the grant has not ended.
func (w *Wallet) Loop(ctx context.Context, g id.Grant) (*Loop, error) {
	var answer struct {
		Loop *Loop `json:"loop"`
	}
	err := w.Do(ctx, "GET", "/grants/"+g.String()+"/loop", nil, &answer)
	return answer.Loop, err
}

// Owed is what businesses have not yet said after grants of this vault ended.
type Owed struct {
	Grant           id.Grant       `json:"grant"`
	Event           consent.Ending `json:"event"`
	Notified        consent.Unix   `json:"notified"`
	Acknowledgement string         `json:"acknowledgement"`
	AcknowledgeBy   consent.Unix   `json:"acknowledge_by"`
	StateBy         consent.Unix   `json:"state_by"`
	Overdue         consent.Late   `json:"overdue"`
}

// Owed is empty while no business owes anything.
func (w *Wallet) Owed(ctx context.Context) ([]Owed, error) {
	var answer struct {
		Loops []Owed `json:"loops"`
	}
	err := w.Do(ctx, "GET", "/loops", nil, &answer)
	return answer.Loops, err
}
