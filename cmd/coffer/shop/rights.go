package shop

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"coffer"
)

// officeRights is a rights request as the back office shows it.
type officeRights struct {
	ID, Right, Law, About, Text, Sent, Due, Left, State, StateLabel string
	Open, Extendable                                                bool
}

var rightTitles = map[coffer.RightsKind]string{
	coffer.RightAccess: "Access", coffer.RightRectification: "Rectification", coffer.RightErasure: "Erasure",
	coffer.RightRestriction: "Restriction", coffer.RightPortability: "Portability", coffer.RightObjection: "Objection",
	coffer.RightKnow: "Know", coffer.RightDelete: "Delete", coffer.RightCorrect: "Correct", coffer.RightOptOut: "Opt-out",
}

var rightsStates = map[coffer.RightsState]string{
	coffer.RightsStateSent: "new", coffer.RightsStateAcknowledged: "acknowledged", coffer.RightsStateExtended: "extended",
	coffer.RightsStateAnswered: "answered", coffer.RightsStateOverdue: "overdue",
}

// officeRights lists what shoppers demand; none of it is logged.
func (s *Shop) officeRights() []officeRights {
	all, err := s.business.Rights()
	if err != nil {
		s.log.Error("reading rights requests", "error", err)
	}
	now, out := s.now(), []officeRights{}
	for _, c := range all {
		if !c.Stands() {
			out = append(out, officeRights{ID: c.ID.String(), Right: "Does not stand", StateLabel: c.Refused, Sent: when(c.Times.Sent)})
			continue
		}
		q, state := c.Request, c.State(now)
		line := officeRights{
			ID: c.ID.String(), Right: rightTitles[q.Right], Law: strings.ToUpper(string(q.Regime)), Text: q.Text, Sent: when(c.Times.Sent),
			Due: c.Due().Format("2 January 2006"), State: string(state), StateLabel: rightsStates[state], Open: c.Open(),
			Extendable: q.Extendable() && c.Times.Extended == 0 && state != coffer.RightsStateOverdue,
			About:      strings.Join(mapped(q.Attributes, label), ", "),
		}
		if line.About == "" {
			line.About = "everything under " + plural(len(q.Grants), "grant")
		}
		switch {
		case c.Erased:
			line.State, line.StateLabel, line.Due = "erased", "the vault is erased", ""
		case line.Open:
			line.Left = left(q.DaysLeft(c.Times, now))
		}
		out = append(out, line)
	}
	return out
}

func left(days int) string {
	switch {
	case days < 0:
		return "over since " + plural(-days, "day")
	case days == 0:
		return "today"
	}
	return plural(days, "day") + " left"
}

// replyRights acknowledges, extends or answers, as the form says.
func (s *Shop) replyRights(w http.ResponseWriter, r *http.Request) {
	name, err := coffer.ParseRights(r.PostFormValue("rights"))
	if err != nil {
		s.sorry(w, http.StatusNotFound, "No such rights request", "The shop has no such rights request.")
		return
	}
	step, outcome := coffer.RightsAnswered, coffer.RightsOutcome(r.PostFormValue("reply"))
	if outcome == "acknowledged" || outcome == "extended" {
		step, outcome = coffer.RightsStep(outcome), ""
	}
	// A browser ends lines with CRLF; consent knows \n only.
	text := strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"))
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	_, err = s.business.ReplyRights(ctx, name, step, outcome, text)
	no := ""
	switch {
	case err == nil:
	case errors.Is(err, coffer.ErrAnswered):
		no = "That was answered before; an answer is final."
	case errors.Is(err, coffer.ErrNoMoreTime):
		no = "The law gives no more time for this one. Answer it."
	case errors.Is(err, coffer.ErrNotFound):
		no = "Nobody waits for that any more: the shopper erased the vault."
	case coffer.RefusalOf(err) != nil:
		no = "Say why: an extension, and an answer that is not done, needs its reason."
	default:
		s.trouble(w, "replying to a rights request", err)
		return
	}
	if no != "" {
		s.renderOffice(w, http.StatusBadRequest, officeView{NoticeKind: "no", Notice: no})
		return
	}
	http.Redirect(w, r, "/office?did=replied#h-rights", http.StatusSeeOther)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
