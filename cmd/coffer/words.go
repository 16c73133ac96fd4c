package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"coffer/consent"
)

// The words in which a receipt is told to a person.

// inWords turns an IRI or a name of ours into words: its last part, taken apart at
// capitals and hyphens.
func inWords(name string) string {
	if i := strings.LastIndexAny(name, "#/"); i >= 0 && i < len(name)-1 {
		name = name[i+1:]
	}
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '-' || r == '_':
			b.WriteByte(' ')
		case i > 0 && unicode.IsUpper(r):
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	words := b.String()
	if words == "" {
		return name
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

var hoursForm = regexp.MustCompile(`^PT([0-9]{1,5})H$`)

var durationForm = regexp.MustCompile(`^P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?$`)

// duration turns an ISO 8601 duration of whole days, or of hours, into words.
func duration(iso string) string {
	if parts := hoursForm.FindStringSubmatch(iso); parts != nil && strings.Trim(parts[1], "0") != "" {
		n, _ := strconv.Atoi(parts[1]) // the form has digits only
		return listed(slices.DeleteFunc([]string{counted(n/24, "day"), counted(n%24, "hour")}, func(s string) bool { return s == "" }))
	}
	parts := durationForm.FindStringSubmatch(iso)
	if parts == nil {
		return iso
	}
	var said []string
	for i, unit := range []string{"year", "month", "week", "day"} {
		switch n := parts[i+1]; n {
		case "":
		case "1":
			said = append(said, "1 "+unit)
		default:
			said = append(said, n+" "+unit+"s")
		}
	}
	if said == nil {
		return iso
	}
	return listed(said)
}

// counted says how many there are of something, and nothing of none.
func counted(n int, unit string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// listed joins words as a sentence does.
func listed(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

func moment(u consent.Unix) string { return momentOf(u.Time()) }
func momentOf(t time.Time) string  { return t.UTC().Format("2 January 2006, 15:04 UTC") }
func basis(iri string) string {
	if strings.HasSuffix(iri, "eu/gdpr#A6-1-a") {
		return "Consent (GDPR, Article 6(1)(a))"
	}
	return inWords(iri)
}

var rightsInWords = map[string]string{
	"access":           "to know what is kept about them, and get a copy",
	"rectification":    "to have it corrected",
	"erasure":          "to have it deleted",
	"restriction":      "to have its use restricted",
	"portability":      "to take it elsewhere",
	"objection":        "to object to its use",
	"withdraw-consent": "to withdraw this consent at any time",
}

// sentence says in one sentence what a receipt records.
func sentence(r consent.Receipt) string {
	p := r.Purposes[0]
	var what []string
	for _, a := range p.Information {
		what = append(what, strings.ToLower(inWords(a.Attribute)))
	}
	var did []string
	if len(what) > 0 {
		did = append(did, "to collect "+listed(what))
	}
	if len(p.Channels) > 0 {
		did = append(did, fmt.Sprintf("to write to them, at most %d times in seven days", p.WeeklyCap))
	}
	if did == nil {
		did = []string{"nothing"}
	}
	did[0] = r.Parties[0].Name + " " + did[0]
	how := map[string]string{
		consent.EventNarrowed: "gave less than before, and allows", consent.EventShortened: "let it end earlier, and allows",
		consent.EventRenewed: "renewed it, and allows", consent.EventResumed: "resumed it after a pause, and allows",
	}[r.Events[0].State]
	if how == "" {
		how = "allowed"
	}
	return clean(fmt.Sprintf("On %s a shopper %s %s. The purpose: %s. It lasts for %s.", moment(r.Events[0].Time), how,
		listed(did), strings.ToLower(inWords(p.Purpose)), duration(r.Events[0].Validity)))
}

// ended says in a sentence what a later receipt of a grant records, and what holds since.
func ended(r consent.Receipt) (what, since string) {
	when := moment(r.Events[0].Time)
	switch state := r.Events[0].State; state {
	case consent.EventPaused:
		return "It was paused on " + when + ".", "Since then nothing more may be collected under it. When it is resumed, a new record takes its place."
	case consent.EventExpired:
		return "Its time was over on " + when + ".", "Since then nothing more may be collected under it."
	case consent.EventErased:
		return "It ended with the shopper’s vault on " + when + ".", "Since then nothing more may be collected under it."
	case consent.EventWithdrawn:
		return "It was withdrawn on " + when + ".", "Since then nothing more may be collected under it."
	default:
		return "It was " + state + " on " + when + ".", "Since then the record that follows it counts, and nothing more may be collected under this one."
	}
}

// clean takes out what would command a terminal: a receipt is a stranger's text.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
}

// wrapped breaks a text into lines of at most 78 columns, each behind the indent.
func wrapped(text, indent string) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 78 && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "\n")
	return b.String()
}
