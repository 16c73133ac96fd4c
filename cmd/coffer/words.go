package main

import (
	"fmt"
	"regexp"
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

var durationForm = regexp.MustCompile(`^P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?$`)

// duration turns an ISO 8601 duration of whole days into words.
func duration(iso string) string {
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
	return clean(fmt.Sprintf("On %s a shopper allowed %s %s. The purpose: %s. It lasts for %s.", moment(r.Events[0].Time), r.Parties[0].Name,
		listed(did), strings.ToLower(inWords(p.Purpose)), duration(r.Events[0].Validity)))
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
