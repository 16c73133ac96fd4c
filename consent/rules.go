package consent

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// The rules that several documents share.

var (
	nameForm      = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	languageForm  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	countryForm   = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`) // ISO 3166-1 or -2
	retentionForm = regexp.MustCompile(`^P([0-9]{1,4}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,4}D)?$`)
	versionForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)
)

// Days that a grant may last; the ledger knows no other lengths.
var Days = [...]int{1, 7, 31, 90, 365}

func lasts(days int) bool {
	for _, d := range Days {
		if d == days {
			return true
		}
	}
	return false
}

func version(v int) error {
	if v != Version {
		return refuse(WrongVersion, "v")
	}
	return nil
}

// fresh holds a document made at iat and good until exp against the clock.
func fresh(iat, exp Unix, now time.Time) error {
	switch at := UnixAt(now); {
	case iat <= 0 || exp <= iat || exp > 1<<40:
		return malformed("want 0 < iat < exp", "exp")
	case iat > at+Unix(Skew.Seconds()):
		return refuse(NotYet, "iat")
	case at >= exp:
		return refuse(Expired, "exp")
	}
	return nil
}

// said reports whether someone wrote something readable of at most max bytes.
func said(s string, max int) bool {
	return strings.TrimSpace(s) != "" && len(s) <= max && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n'
	})
}

// once refuses a list that names something twice.
func once[S ~string](at string, list []S) error {
	seen := map[S]bool{}
	for i, s := range list {
		if seen[s] {
			return refuse(Duplicate, nth(at, i))
		}
		seen[s] = true
	}
	return nil
}

func iri(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(s) > 200 || u.String() != s {
		return errors.New("want an https IRI")
	}
	return nil
}

// origin is scheme://host of an http or https URL. Plain http is for machines of
// one's own: browsers treat localhost as secure.
func origin(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || len(s) > 2000 || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", errors.New("want an http(s) URL")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && local(u.Hostname())) {
		return "", errors.New("want an https URL")
	}
	return fmt.Sprintf("%s://%s", u.Scheme, strings.ToLower(u.Host)), nil
}

func local(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
