package shop

import (
	"context"
	"io"
	"net/http"
	"time"

	"coffer"
)

// warranty is what the shop attested for an order, and what became of it. What it says is
// with the shopper alone.
type warranty struct {
	Record  string           `json:"record"`
	Deposit coffer.DepositID `json:"deposit"`
	State   string           `json:"state"` // of the deposit, or revoked
	Given   coffer.Unix      `json:"given"`
}

// revoked is the state of a warranty that the shop took back.
const revoked = "revoked"

// WarrantyType names the record, for whoever is shown one.
func (s *Shop) WarrantyType() string { return s.url + "/records/warranty" }

// makeWarranty hands the shopper of an order a warranty, to keep with their Coffer.
func (s *Shop) makeWarranty(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("order")
	g, err := coffer.ParseGrant(r.PostFormValue("grant"))
	o, oerr := s.orders.get(name)
	if err != nil || oerr != nil || o.part(g) == nil || o.part(g).Warranty != nil {
		s.sorry(w, http.StatusNotFound, "No such order", "There is nothing to make a warranty for, or there is one already.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	now := s.now()
	issued, record, err := s.business.IssueRecord(ctx, g, coffer.RecordTerms{
		Type: s.WarrantyType(), Until: now.AddDate(2, 0, 0),
		Claims: map[string]any{
			"product": "Meridian Low, size " + o.Size, "order": o.Number, "serial": "ML-" + issuedFor(o),
			"bought": now.Format(time.DateOnly), "guaranteed_until": now.AddDate(2, 0, 0).Format(time.DateOnly),
		},
	})
	if err != nil {
		s.trouble(w, "issuing a warranty", err)
		return
	}
	made, err := s.business.Deposit(ctx, g, record)
	if err != nil {
		s.trouble(w, "depositing a warranty", err)
		return
	}
	err = s.orders.change(name, func(o *order) {
		if p := o.part(g); p != nil {
			p.Warranty = &warranty{Record: issued.ID, Deposit: made.ID, State: string(made.State), Given: issued.Issued}
		}
	})
	if err != nil {
		s.trouble(w, "keeping a warranty", err)
		return
	}
	http.Redirect(w, r, "/orders/"+name, http.StatusSeeOther)
}

// issuedFor is a serial number of the shoes.
func issuedFor(o order) string { return o.Placed.Time().UTC().Format("060102-150405") }

// takeBack revokes the warranty of an order; whoever asks the list learns of it.
func (s *Shop) takeBack(w http.ResponseWriter, r *http.Request) {
	g, err := coffer.ParseGrant(r.PostFormValue("grant"))
	o, ok := s.orders.byGrant(g)
	if err != nil || !ok || o.part(g).Warranty == nil {
		s.sorry(w, http.StatusNotFound, "No such warranty", "The shop gave none there.")
		return
	}
	if err := s.business.RevokeRecord(o.part(g).Warranty.Record); err != nil {
		s.trouble(w, "revoking a warranty", err)
		return
	}
	if err := s.orders.change(o.ID, func(o *order) { o.part(g).Warranty.State = revoked }); err != nil {
		s.trouble(w, "keeping a revocation", err)
		return
	}
	http.Redirect(w, r, "/office?did=revoked#h-warranties", http.StatusSeeOther)
}

// answeredDeposit notes what the shopper did with a warranty.
func (s *Shop) answeredDeposit(e coffer.Event) error {
	o, ok := s.orders.byGrant(e.Grant)
	if !ok {
		return nil
	}
	return s.orders.change(o.ID, func(o *order) {
		p := o.part(e.Grant)
		if p.Warranty == nil || p.Warranty.Deposit != e.Deposit || p.Warranty.State == revoked {
			return
		}
		p.Warranty.State = string(coffer.DepositAccepted)
		if e.Type == coffer.EventDeclined {
			p.Warranty.State = string(coffer.DepositDeclined)
		}
	})
}

// statusList publishes which warranties were taken back. Anyone may read it, from any
// page: it says nothing of whose they were.
func (s *Shop) statusList(w http.ResponseWriter, r *http.Request) {
	list, err := s.business.StatusList()
	if err != nil {
		s.trouble(w, "signing the status list", err)
		return
	}
	w.Header().Set("Content-Type", "application/jwt")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = io.WriteString(w, list)
}

var warrantyStates = map[string]string{
	string(coffer.DepositWaiting):  "waits in your Coffer's inbox",
	string(coffer.DepositAccepted): "is in your Coffer",
	string(coffer.DepositDeclined): "was declined",
	revoked:                        "was taken back by the shop",
}
