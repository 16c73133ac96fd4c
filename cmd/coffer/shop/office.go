package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"coffer"
)

// officeView is the back office: everything the shop knows, on one page.
type officeView struct {
	frame
	Notice, NoticeKind                   string
	DID, Registration, Ledger, LedgerURL string
	Orders                               []officeOrder
	Grants, Reachable                    []officeGrant
	Attempts                             []officeAttempt
	Sent                                 []officeSent
	Withdrawals                          []officeWithdrawal
	Rights                               []officeRights
	Warranties                           []officeWarranty
	Subject, Text                        string // what stays in the form after a failure
}

type officeOrder struct {
	ID, Placed, State, StateLabel, DeliverTo string
	Number                                   int
}

type officeGrant struct {
	ID, Title, Order, Until, State, StateLabel string
	Number                                     int
	Attributes                                 []string
}

type officeAttempt struct {
	at                                 coffer.Unix
	When, Title, Asked, Given, Refused string
}

type officeSent struct {
	at                     coffer.Unix
	When, Subject, Outcome string
}

type officeWithdrawal struct {
	Title, Text, When string
	Number            int
}

type officeWarranty struct {
	Grant, StateLabel, When string // Grant is "" once nothing can be taken back
	Number                  int
}

func (s *Shop) office(w http.ResponseWriter, r *http.Request) {
	did := notices[r.URL.Query().Get("did")]
	s.renderOffice(w, http.StatusOK, officeView{Notice: did.text, NoticeKind: did.kind,
		Subject: "New in your size", Text: "The Meridian Low is back in green. For you 10 % off until Sunday."})
}

// notices are what may stand above the page after a redirect: a closed set, so
// that a link cannot put words there.
var notices = map[string]struct{ text, kind string }{
	"sent":      {text: "Sent. The permit is on the ledger, and the shopper has the message."},
	"collected": {text: "Collected. The attempt is listed below."},
	"refused":   {text: "Refused: nothing was released. The attempt is listed below, with the reason.", kind: "no"},
	"revoked":   {text: "Taken back. The list that says so is published; whoever asks for it learns of it."},
	"replied":   {text: "Signed and sent. Only the shopper can read it."},
}

func (s *Shop) renderOffice(w http.ResponseWriter, status int, v officeView) {
	p := s.business.Profile()
	v.frame = s.frame("Back office", "office")
	v.DID, v.Registration, v.LedgerURL = string(s.business.DID()), s.registrationNow(), p.LedgerOrigin()
	v.Ledger = "not pinned yet"
	if set, err := s.business.PinnedValidators(); err == nil {
		v.Ledger = fmt.Sprintf("%s; its validators (%d) are pinned", set.Chain, len(set.Validators))
	}
	for _, o := range s.orders.list() {
		view := s.view(o)
		line := officeOrder{ID: o.ID, Number: o.Number, Placed: view.Placed, State: view.State, StateLabel: orderStates[view.State]}
		for i, p := range view.Parts {
			if p.Address != nil {
				line.DeliverTo = strings.Join(p.Address, ", ")
			}
			s.officePart(&v, o, partOf(o, p.PurposeID), view.Parts[i])
		}
		v.Orders = append(v.Orders, line)
	}
	slices.SortStableFunc(v.Attempts, func(a, b officeAttempt) int { return int(b.at - a.at) })
	slices.SortStableFunc(v.Sent, func(a, b officeSent) int { return int(b.at - a.at) })
	v.Rights = s.officeRights()
	s.render(w, status, "office.html", v)
}

var orderStates = map[string]string{"waiting": "waiting for an answer", "expired": "not answered", "settling": "collecting", "done": "answered"}

func partOf(o order, purpose string) *part {
	i := slices.IndexFunc(o.Parts, func(p *part) bool { return p.PurposeID == purpose })
	return o.Parts[i]
}

func (s *Shop) officePart(v *officeView, o order, p *part, view partView) {
	if !p.Given {
		return
	}
	g := officeGrant{
		ID: p.Grant.String(), Title: view.Title, Order: o.ID, Number: o.Number, Until: view.Until,
		State: view.State, StateLabel: view.StateLabel, Attributes: mapped(p.Attributes, label),
	}
	v.Grants = append(v.Grants, g)
	if p.PurposeID == "marketing" {
		// A withdrawn grant stays in the list: sending under it shows the refusal.
		v.Reachable = append(v.Reachable, g)
	}
	for _, a := range p.Attempts {
		asked := strings.Join(mapped(a.Asked, label), ", ")
		if asked == "" {
			asked = "everything granted"
		}
		var refused []string
		for _, r := range a.Refused {
			refused = append(refused, strings.TrimSpace(r.Reason+" "+labelOf(r.Attribute)))
		}
		v.Attempts = append(v.Attempts, officeAttempt{a.Time, when(a.Time), view.Title, asked,
			strings.Join(mapped(a.Given, label), ", "), strings.Join(refused, ", ")})
	}
	for _, m := range p.Sent {
		v.Sent = append(v.Sent, officeSent{m.Time, when(m.Time), m.Subject, m.Outcome})
	}
	if p.Warranty != nil {
		line := officeWarranty{p.Grant.String(), warrantyStates[p.Warranty.State], when(p.Warranty.Given), o.Number}
		if p.Warranty.State == revoked {
			line.Grant = ""
		}
		v.Warranties = append(v.Warranties, line)
	}
	if p.Withdrawn > 0 {
		v.Withdrawals = append(v.Withdrawals, officeWithdrawal{view.Title, "withdrawn by the shopper; keys and collected values deleted.", when(p.Withdrawn), o.Number})
	}
}

func labelOf(attribute string) string {
	if attribute == "" {
		return ""
	}
	return "(" + label(attribute) + ")"
}

// officeCollect collects everything granted once more.
func (s *Shop) officeCollect(w http.ResponseWriter, r *http.Request) {
	g, err := coffer.ParseGrant(r.PostFormValue("grant"))
	o, ok := s.orders.byGrant(g)
	if err != nil || !ok {
		s.sorry(w, http.StatusNotFound, "No such grant", "The shop holds no such grant.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	if err := s.collect(ctx, o.ID, g); err != nil {
		s.trouble(w, "collecting", err)
		return
	}
	did := "collected"
	if o, ok = s.orders.byGrant(g); ok && o.part(g).lastRefused() {
		did = "refused"
	}
	http.Redirect(w, r, "/office?did="+did+"#h-attempts", http.StatusSeeOther)
}

// offer sends a message under a marketing grant.
func (s *Shop) offer(w http.ResponseWriter, r *http.Request) {
	g, err := coffer.ParseGrant(r.PostFormValue("grant"))
	o, ok := s.orders.byGrant(g)
	if err != nil || !ok {
		s.sorry(w, http.StatusNotFound, "No such grant", "The shop holds no such grant.")
		return
	}
	// Forms end lines with CRLF (HTML § 4.10.21.4); a message has lines, not a carriage.
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	subject, body := strings.TrimSpace(r.PostFormValue("subject")), strings.TrimSpace(lines.Replace(r.PostFormValue("text")))
	if subject == "" || body == "" || len(subject) > 120 || len(body) > 4000 {
		s.renderOffice(w, http.StatusBadRequest, officeView{NoticeKind: "no", Notice: "Write a subject and a text.", Subject: subject, Text: body})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	_, err = s.business.Send(ctx, g, subject, body)
	outcome := "delivered"
	denied := coffer.DenialOf(err)
	switch {
	case denied != nil:
		outcome = "refused: " + denied.Error()
	case errors.Is(err, coffer.ErrNotFound):
		outcome = "refused: not found"
	case coffer.RefusalOf(err) != nil:
		s.renderOffice(w, http.StatusBadRequest, officeView{NoticeKind: "no", Subject: subject, Text: body,
			Notice: "Not sent: a message is plain text, without control characters."})
		return
	case err != nil:
		s.trouble(w, "sending an offer", err)
		return
	}
	err = s.orders.change(o.ID, func(o *order) {
		p := o.part(g)
		p.Sent = append(p.Sent, sent{Time: coffer.UnixAt(s.now()), Subject: subject, Outcome: outcome})
		if denied != nil && denied.Reason == coffer.Withdrawn {
			p.forget(coffer.StateWithdrawn, coffer.UnixAt(s.now()))
		}
	})
	if err != nil {
		s.trouble(w, "keeping what was sent", err)
		return
	}
	if denied != nil {
		s.renderOffice(w, http.StatusForbidden, officeView{NoticeKind: "no", Subject: subject, Text: body,
			Notice: "Not sent. The operator refused it: " + denied.Error() + "."})
		return
	}
	http.Redirect(w, r, "/office?did=sent#h-offer", http.StatusSeeOther)
}

// trail hands the DPO the trail, closed with its end line.
func (s *Shop) trail(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="trail.ndjson"`)
	if err := s.business.ExportTrail(r.Context(), w); err != nil {
		// Half a trail has no end line, and an audit says so.
		s.log.Error("exporting the trail", "error", err)
	}
}

func (s *Shop) validators(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	set, err := s.business.Validators(ctx)
	if err != nil {
		s.trouble(w, "reading the validator set", err)
		return
	}
	b, err := set.MarshalJSON()
	if err != nil {
		s.trouble(w, "writing the validator set", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="validators.json"`)
	_, _ = w.Write(append(b, '\n'))
}
