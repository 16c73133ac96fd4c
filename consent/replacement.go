package consent

import (
	"slices"
	"time"

	"coffer/internal/id"
)

// ReplaceMode says what becomes of the grants that a request replaces.
type ReplaceMode string

const (
	// ReplaceMerge lets a purpose that is given take the place of the grants of the same
	// name and purpose. Grants whose purpose is refused, or not asked, stay as they are.
	ReplaceMerge ReplaceMode = "merge"
	// ReplaceAll leaves nothing but what is given now: once anything is, the other grants
	// end as if the shopper had withdrawn them. Who gives nothing changes nothing.
	ReplaceAll ReplaceMode = "replace"
)

// MaxReplaced is how many grants one request may replace.
const MaxReplaced = 32

// Replaces names the grants that a request is to take the place of. They are of one
// shopper, whom it is shown to without a link; nobody else may answer.
type Replaces struct {
	Mode   ReplaceMode `json:"mode"`
	Grants []id.Grant  `json:"grants"`
}

func (r *Replaces) check(at string) error {
	if r == nil {
		return nil
	}
	if r.Mode != ReplaceMerge && r.Mode != ReplaceAll {
		return malformed("want merge or replace", at+".mode")
	}
	if n := len(r.Grants); n == 0 || n > MaxReplaced {
		return malformed("want 1 to 32", at+".grants")
	}
	for i, g := range r.Grants {
		if g.IsZero() {
			return malformed("zero id", nth(at+".grants", i))
		}
		if slices.Contains(r.Grants[:i], g) {
			return refuse(Duplicate, nth(at+".grants", i))
		}
	}
	return nil
}

// Kind is how a grant ends whose place another takes by a request of this mode.
func (m ReplaceMode) Kind() ChangeKind {
	if m == ReplaceAll {
		return ChangeReplaced
	}
	return ChangeMerged
}

// Replacement is what becomes of one grant that a request replaces.
type Replacement struct {
	Old  id.Grant
	Next id.Grant // takes its place; zero: it ends as if the shopper had withdrawn it
}

// Replacements are what the decision makes of the grants that its request replaces, in
// the request's order; of those only which stand at the moment are among all. A grant of
// the same name whose purpose became another has no successor: it was not given for
// that. A decision that gives nothing leaves every grant as it is.
func (d Decision) Replacements(q Request, all []Grant, at time.Time) (out []Replacement) {
	if q.Replaces == nil || len(d.Give) == 0 {
		return nil
	}
	for _, old := range q.Replaces.Grants {
		i := slices.IndexFunc(all, func(g Grant) bool { return g.ID == old })
		if i < 0 || !all[i].Stands(at) {
			continue
		}
		asked, _ := q.Purpose(all[i].PurposeID)
		next, given := d.First(all[i].PurposeID)
		switch {
		case given && asked.Purpose == all[i].Purpose:
			out = append(out, Replacement{old, next.Grant})
		case given || q.Replaces.Mode == ReplaceAll:
			out = append(out, Replacement{Old: old})
		}
	}
	return out
}
