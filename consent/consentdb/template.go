package consentdb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// MaxTemplates is how many templates one business may have.
const MaxTemplates = 256

// NotNext says that a template's version is not the one that follows. Versions never
// change: what is registered stays as it is.
type NotNext struct{ Next int }

func (e *NotNext) Error() string {
	return fmt.Sprintf("versions of a template follow one another and never change; register version %d", e.Next)
}

// Registered is what registering a version of a template says of it.
type Registered struct {
	Differences []consent.Difference // to the version before; none for the first
	Older       int                  // grants that stand under older versions
	Behind      int                  // those of them that need consent anew
}

// PutTemplate keeps a verified template. Doing it again changes nothing and answers the
// same. *NotNext; ErrTooMany.
func (s *Store) PutTemplate(ctx context.Context, t consent.Template, now time.Time) (out Registered, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		all, err := versions(ctx, q, t.Iss, t.Name)
		if err != nil {
			return err
		}
		switch last := len(all); {
		case t.Version <= last && all[t.Version-1].JWS == t.JWS:
			all = all[:t.Version]
		case t.Version != last+1:
			return &NotNext{last + 1}
		default:
			if err := firstOf(ctx, q, t); err != nil {
				return err
			}
			hash := t.Hash()
			err := q.PutTemplate(ctx, consentsql.PutTemplateParams{Business: t.Iss, Name: t.Name, Version: int64(t.Version), Hash: hash[:], Jws: t.JWS, Received: now.Unix()})
			if err != nil {
				return err
			}
			all = append(all, t)
		}
		out = Registered{}
		if t.Version > 1 {
			out.Differences = consent.Differences(all[t.Version-2].Asks(), t.Asks())
		}
		out.Older, out.Behind, err = standing(ctx, q, all, now)
		return err
	})
	return out, wrap("keeping a template", err)
}

// firstOf refuses one more template than a business may have.
func firstOf(ctx context.Context, q *consentsql.Queries, t consent.Template) error {
	if t.Version > 1 {
		return nil
	}
	names, err := q.TemplateNames(ctx, t.Iss)
	if err == nil && len(names) >= MaxTemplates {
		err = ErrTooMany
	}
	return err
}

// Templates are a business's templates by name, with the number of their latest versions.
func (s *Store) Templates(ctx context.Context, business consent.DID) (latest map[string]int, err error) {
	latest = map[string]int{}
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.TemplateNames(ctx, business)
		for _, row := range rows {
			latest[row.Name] = int(row.Latest)
		}
		return err
	})
	return latest, wrap("listing templates", err)
}

// TemplateVersions are all versions of a business's template, the first one first.
// consent.ErrNotFound if there is none.
func (s *Store) TemplateVersions(ctx context.Context, business consent.DID, name string) (all []consent.Template, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		all, err = versions(ctx, q, business, name)
		if err == nil && len(all) == 0 {
			err = consent.ErrNotFound
		}
		return err
	})
	return all, wrap("reading a template", err)
}

func versions(ctx context.Context, q *consentsql.Queries, business consent.DID, name string) (all []consent.Template, err error) {
	rows, err := q.TemplateVersions(ctx, consentsql.TemplateVersionsParams{Business: business, Name: name})
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		t, err := templateOf(row)
		if err == nil && t.Version != i+1 {
			err = errors.New("reading a stored template: a version is missing; run: cofferd fsck")
		}
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// templateOf reads a kept template: its signature was verified when it came.
func templateOf(row consentsql.Template) (consent.Template, error) {
	var payload []byte
	if parts := strings.Split(row.Jws, "."); len(parts) == 3 {
		payload, _ = base64.RawURLEncoding.DecodeString(parts[1]) // what it is not, ParseTemplate says
	}
	t, err := consent.ParseTemplate(payload, consent.ParseRules{Issuer: row.Business})
	if err != nil {
		return t, fmt.Errorf("reading a stored template: %w; run: cofferd fsck", err)
	}
	t.JWS = row.Jws
	return t, nil
}

// standing counts the grants under versions before the last of all, and those of them
// that the last one asks materially more of.
func standing(ctx context.Context, q *consentsql.Queries, all []consent.Template, now time.Time) (older, behind int, err error) {
	last := all[len(all)-1]
	rows, err := q.StandingByVersion(ctx, consentsql.StandingByVersionParams{Business: last.Iss, Name: last.Name, Now: int64(anchor.EpochAt(now))})
	for _, row := range rows {
		if int(row.Version) >= last.Version {
			continue
		}
		older += int(row.Grants)
		if needsAsking(all, int(row.Version), row.PurposeID) {
			behind += int(row.Grants)
		}
	}
	return older, behind, err
}

// needsAsking reports whether a grant of a purpose under a version of a template needs
// consent anew to be held under the last one. A purpose that is asked no more does not.
func needsAsking(all []consent.Template, version int, purpose string) bool {
	if version < 1 || version > len(all) {
		return false
	}
	next := all[len(all)-1].Asks().Only(purpose)
	return len(next.Purposes) > 0 && consent.IsMaterial(consent.Differences(all[version-1].Asks().Only(purpose), next))
}

// Behind is one grant that the latest version of its template asks materially more of.
type Behind struct {
	Grant   id.Grant
	Request id.Request // that it answers; grants of one request are of one shopper
	Purpose string     // the request's name for it
	Version int        // of the template, under which it stands
	Asked   *Request   // the newest request by the latest version that would replace it; nil if there is none
}

// Behind lists the grants that need consent anew, by id, from behind after; at most most
// are looked at. next is where to go on, zero at the end.
func (s *Store) Behind(ctx context.Context, business consent.DID, name string, after id.Grant, most int, now time.Time) (list []Behind, next id.Grant, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		all, err := versions(ctx, q, business, name)
		if err == nil && len(all) == 0 {
			err = consent.ErrNotFound
		}
		if err != nil {
			return err
		}
		rows, err := q.StandingUnder(ctx, consentsql.StandingUnderParams{
			Business: business, Name: name, Latest: int64(len(all)), Now: int64(anchor.EpochAt(now)), After: after, Most: int32(most),
		})
		for _, row := range rows {
			if !needsAsking(all, int(row.Version), row.PurposeID) {
				continue
			}
			b := Behind{Grant: row.GrantID, Request: row.RequestID, Purpose: row.PurposeID, Version: int(row.Version)}
			if b.Asked, err = askedAgain(ctx, q, row.GrantID, name, len(all)); err != nil {
				return err
			}
			list = append(list, b)
		}
		if len(rows) == most {
			next = rows[most-1].GrantID
		}
		return err
	})
	return list, next, wrap("looking for grants behind", err)
}

func askedAgain(ctx context.Context, q *consentsql.Queries, g id.Grant, name string, latest int) (*Request, error) {
	row, err := one(q.AskedAgain(ctx, consentsql.AskedAgainParams{GrantID: g, Name: name, Latest: int64(latest)}))
	if err == consent.ErrNotFound {
		return nil, nil
	}
	return &Request{ID: row.RequestID, Expires: consent.Unix(row.Expires), Answered: row.Answered}, err
}
