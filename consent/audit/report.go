package audit

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"coffer/anchor"
	"coffer/consent"
)

// mostFindings bounds what a report holds; the rest is counted.
const mostFindings = 10_000

// Report is what an audit found, and what it looked at to find it.
type Report struct {
	V        int          `json:"v"`
	Business consent.DID  `json:"business"`
	Chain    anchor.Chain `json:"chain_id"`
	Operator string       `json:"operator"`
	Online   bool         `json:"online"`                   // the ledger was asked for what the trail does not say
	AsOf     consent.Unix `json:"as_of"`                    // when what was due is judged; 0: nothing was, the trail does not say when it was exported
	Until    consent.Unix `json:"complete_until,omitempty"` // the trail's grants have no other entries up to then
	Counts   Counts       `json:"checked"`
	Findings []Finding    `json:"findings"`
	More     int          `json:"more_findings"` // beyond those listed

	spill Finding // where findings beyond go
}

// Counts are how much was checked. No findings mean little where these are zero.
type Counts struct {
	Lines       int `json:"lines"`
	Requests    int `json:"requests"`
	Grants      int `json:"grants"`
	Permits     int `json:"permits"`
	Collections int `json:"collections"`
	Messages    int `json:"messages"`
	Withdrawals int `json:"withdrawals"`
	Proofs      int `json:"proofs"`         // entries shown to be on the ledger
	Ledger      int `json:"ledger_entries"` // that the ledger has for the trail's grants, when online
	Unused      int `json:"unused_permits"` // for messages the trail does not show: not sent, or cut off
	Unanchored  int `json:"unanchored"`     // withdrawals that the ledger does not show yet
	Unchecked   int `json:"unchecked"`      // lines that lean on what has a finding
	Repeated    int `json:"repeated"`       // lines that say again what stands before

	Countersigned int `json:"countersignatures"`
	Closings      int `json:"closings"`   // receipts of a pause or an end that came apart
	Unfollowed    int `json:"unfollowed"` // grants that took the place of one which the trail does not have
	Evidence      int `json:"evidence"`

	Endings      int `json:"endings"` // grants of whose end the business was told
	Acknowledged int `json:"acknowledged"`
	Stated       int `json:"stated"` // what was deleted after it
	Rights       int `json:"rights"` // requests that stand
	Answered     int `json:"answered"`
	Forgotten    int `json:"forgotten"` // rights requests that went with their vault, unanswered

	Complete int `json:"complete"` // grants of which all entries are shown, up to some time
}

// Clean reports whether something was checked and nothing was found.
func (r Report) Clean() bool { return len(r.Findings) == 0 && r.More == 0 && r.Counts.Grants > 0 }

// add keeps a finding, and returns where it is kept.
func (r *Report) add(f Finding) *Finding {
	if len(r.Findings) >= mostFindings {
		r.More++
		r.spill = f
		return &r.spill
	}
	r.Findings = append(r.Findings, f)
	return &r.Findings[len(r.Findings)-1]
}

// Text is the report for a terminal.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Trail of %s\nat %s, on the ledger %s\n\n", or(r.Business, "(nobody)"), or(r.Operator, "(nowhere)"), or(r.Chain, "(none)"))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range r.Checked() {
		fmt.Fprintf(t, "%d\t  %s\n", row.N, row.What)
	}
	t.Flush()
	if r.AsOf != 0 {
		fmt.Fprintf(&b, "\nWhat was due is judged as of %s.\n", r.AsOf.Time().UTC().Format(time.RFC3339))
	}
	if r.Until != 0 {
		fmt.Fprintf(&b, "\nThese grants have no other entries on the ledger up to %s.\n", r.Until.Time().Format("2006-01-02 15:04 UTC"))
	} else if !r.Online {
		b.WriteString("\nOffline: entries on the ledger that the trail leaves out were not looked for.\n")
	}
	b.WriteString("\n" + r.Verdict() + "\n")
	for _, f := range r.Findings {
		where := "the trail"
		if f.Line > 0 {
			where = fmt.Sprintf("line %d", f.Line)
		}
		fmt.Fprintf(&b, "\n%s  %s\n  %s\n  seen: %s\n", where, f.Kind, f.Means, f.Evidence)
		if f.Grant != "" {
			fmt.Fprintf(&b, "  grant: %s\n", f.Grant)
		}
		if f.Entry != "" {
			fmt.Fprintf(&b, "  entry: %s\n", f.Entry)
		}
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "\nand %d more.\n", r.More)
	}
	return b.String()
}

// Checked is how much there was of one kind of thing, and what of it was checked.
type Checked struct {
	N    int
	What string
}

// Checked lists what was looked at; of what is rare, only what there is.
func (r Report) Checked() []Checked {
	c := r.Counts
	all := []Checked{{c.Lines, "lines, each chained to the one before"}, {c.Requests, "requests: signatures"},
		{c.Grants, "grants: receipts, openings, entries"}, {c.Permits, "permits: openings, hours, grants that were live"},
		{c.Collections, "collections: permits, attributes"}, {c.Messages, "messages: signatures, permits, digests"},
		{c.Withdrawals, "withdrawals: signatures, nothing after them"}, {c.Proofs, "entries proven to be on the ledger"}}
	if r.Online {
		all = append(all, Checked{c.Ledger, "entries that the ledger has for these grants"})
	}
	for _, row := range []Checked{{c.Closings, "receipts of a pause or an end"},
		{c.Endings, "ends of which the business was told: words and their days"}, {c.Acknowledged, "of them acknowledged"},
		{c.Stated, "of them with a statement of what was deleted"},
		{c.Rights, "rights requests: signatures, replies and their days"}, {c.Answered, "of them answered"},
		{c.Forgotten, "of them went with their vault, unanswered"},
		{c.Unfollowed, "grants in the place of one that the trail does not have"},
		{c.Unused, "permits for messages that the trail does not show"}, {c.Unanchored, "withdrawals that no proof shows on the ledger yet"},
		{c.Unchecked, "lines not checked further: what they lean on has a finding"}, {c.Repeated, "lines that repeat an earlier one"}} {
		if row.N > 0 {
			all = append(all, row)
		}
	}
	return all
}

// Verdict is the report in a sentence.
func (r Report) Verdict() string {
	switch n := len(r.Findings) + r.More; {
	case n == 1:
		return "1 finding."
	case n > 1:
		return fmt.Sprintf("%d findings.", n)
	case r.Counts.Grants == 0:
		return "Nothing was checked: the trail holds no grant. That says nothing about the business."
	}
	return "No findings."
}

func or[S ~string](s S, none string) string {
	if s == "" {
		return none
	}
	return string(s)
}
