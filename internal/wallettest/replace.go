package wallettest

import (
	"coffer/consent"
	"coffer/internal/id"
)

// ending is what ends a grant: its withdrawal and the receipt of it.
type ending struct {
	Grant   id.Grant `json:"grant"`
	Entry   string   `json:"entry"`
	Receipt string   `json:"receipt"`

	Partners []any `json:"partners,omitempty"`
	under    []id.Grant
}

func (w *Wallet) end(h Held) (ending, error) {
	jwt, err := w.closing(h, consent.EventWithdrawn, consent.UnixAt(w.Now()))
	e := ending{Grant: h.Given.Grant, Receipt: jwt}
	if h.Pause == nil { // a paused grant is off the ledger
		e.Entry = b64.EncodeToString(w.withdrawal(h).Bytes())
	}
	return e, err
}

// endings makes the ends of the grants that the answer replaces.
func (w *Wallet) endings(a *Answer, q consent.Request) error {
	var all []consent.Grant
	for g, h := range w.Held {
		if asked, ok := h.Request.Purpose(h.Given.Purpose); ok && !h.Over {
			until, err := h.Until()
			if err != nil {
				return err
			}
			state := consent.StateLive
			if h.Pause != nil {
				state = consent.StatePaused
			}
			all = append(all, consent.Grant{ID: g, Purpose: asked.Purpose, PurposeID: asked.ID, State: state, End: until})
		}
	}
	for _, r := range a.Decision.Replacements(q, all, w.Now()) {
		e, err := w.end(w.Held[r.Old])
		if err == nil {
			e.under, e.Partners, err = w.under(r.Old)
		}
		if err != nil {
			return err
		}
		a.Ends = append(a.Ends, e)
	}
	return nil
}
