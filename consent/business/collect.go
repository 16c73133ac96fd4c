package business

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
	"coffer/vault/seal"
)

// Value is one attribute in the clear. It never prints itself.
type Value struct {
	Attribute string
	Value     json.RawMessage // a string, or what the attribute's kind says
	Updated   consent.Unix    // when the shopper last changed it
}

// String names the attribute and hides the value.
func (v Value) String() string { return v.Attribute + " (hidden)" }

// GoString is String, so that %#v tells no more.
func (v Value) GoString() string { return v.String() }

// Text is the value as a person reads it: text without its quotes, anything else
// as JSON.
func (v Value) Text() string {
	var s string
	if json.Unmarshal(v.Value, &s) == nil {
		return s
	}
	return string(v.Value)
}

// Collection is what came of one collection.
type Collection struct {
	Values  []Value
	Refused []consent.Denial // attributes that were asked for and not released
	Grant   id.Grant         // that it was collected under: the one that was named, or that took its place
}

// Collect collects attributes under a grant, or everything it names when none are
// asked for: it opens the letter when that was not done, posts the hour's permit,
// collects, and decrypts. What the grant does not name comes back in Refused;
// when nothing at all is released the error is a *consent.Denial that says why:
// withdrawn, paused, expired, not-anchored, not-covered, policy. A grant that the
// shopper changed is followed to the one that took its place. ErrNotFound when there is
// no such grant of this business. The attempt stands in the shopper's access log.
func (b *Business) Collect(ctx context.Context, g id.Grant, attributes ...string) (Collection, error) {
	return following(ctx, b, g, func(g id.Grant) (Collection, error) {
		c, err := b.collectUnder(ctx, g, attributes)
		c.Grant = g
		return c, err
	})
}

func (b *Business) collectUnder(ctx context.Context, g id.Grant, attributes []string) (Collection, error) {
	defer b.hold(g)()
	grant, letter, err := b.openLetter(ctx, g)
	if err != nil && consent.DenialOf(err) != nil && (grant.over() || grant.State == consent.StatePaused) {
		// The keys are gone, so nothing could be opened. The answer is the
		// operator's all the same: it notes the attempt for the shopper to see.
		return Collection{}, b.collectInVain(ctx, grant, attributes)
	}
	if err != nil {
		return Collection{}, err
	}
	for try := 0; ; try++ {
		if grant, err = b.ensurePermit(ctx, grant, letter); err != nil {
			return Collection{}, b.noticed(ctx, g, err)
		}
		answer, err := b.collect(ctx, g, attributes)
		if errors.Is(err, consent.NoPermit) && try == 0 {
			// The hour turned between permit and collection, or the operator's
			// clock is ahead: once more with what the clock says now.
			grant.Permit = nil
			continue
		}
		if err != nil {
			return Collection{}, b.noticed(ctx, g, err)
		}
		grant, c, err := b.keepCollection(ctx, grant, letter, answer)
		if err == nil {
			b.countersign(ctx, grant)
		}
		return c, err
	}
}

type collectAnswer struct {
	Releases []released         `json:"releases"`
	Refused  []refusedAttribute `json:"refused"`
	Log      consent.LogHead    `json:"log"`
}

type released struct {
	Attribute string          `json:"attribute"`
	Sealed    json.RawMessage `json:"sealed"`
}

type refusedAttribute struct {
	Attribute string `json:"attribute"`
	Problem   string `json:"problem"`
}

func (b *Business) collect(ctx context.Context, g id.Grant, attributes []string) (collectAnswer, error) {
	if attributes == nil {
		attributes = []string{}
	}
	var answer collectAnswer
	err := b.client.call(ctx, http.MethodPost, "/business/v1/grants/"+g.String()+"/collect", map[string][]string{"attributes": attributes}, &answer)
	if err != nil {
		err = denial(err)
		if d := consent.DenialOf(err); d != nil && d.Reason == consent.NotCovered && len(attributes) == 1 {
			d.What = attributes[0]
		}
		return answer, fmt.Errorf("collecting: %w", err)
	}
	return answer, nil
}

func (b *Business) collectInVain(ctx context.Context, grant Grant, attributes []string) error {
	_, err := b.collect(ctx, grant.ID, attributes)
	switch {
	case err == nil:
		return errors.New("collecting: the operator releases under a grant that has ended; tell the shopper and the operator")
	case consent.DenialOf(err) != nil:
		return err
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrUnreachable):
		return fmt.Errorf("collecting: %w", overDenial(grant))
	}
	return err
}

// keepCollection notes the collection and opens what was released. It returns the grant as
// it is now.
func (b *Business) keepCollection(ctx context.Context, grant Grant, letter consent.Letter, answer collectAnswer) (Grant, Collection, error) {
	var out Collection
	var names []string
	for _, r := range answer.Refused {
		out.Refused = append(out.Refused, *denialFor(r.Problem, r.Attribute))
	}
	for _, r := range answer.Releases {
		names = append(names, r.Attribute)
	}
	trail, _, err := b.ready(ctx)
	if err != nil {
		return grant, Collection{}, err
	}
	now := b.now()
	err = trail.Append(audit.Collect{
		Grant: grant.ID, Epoch: anchor.EpochAt(now), Time: consent.UnixAt(now), Attributes: names, Log: consent.Hash(answer.Log),
	})
	if err != nil {
		return grant, Collection{}, err
	}
	grant.Log = answer.Log
	for _, r := range answer.Releases {
		v, s, err := openRelease(grant, letter, r.Attribute, r.Sealed)
		if err != nil {
			return grant, Collection{}, errors.Join(fmt.Errorf("opening the release of %s: %w", r.Attribute, err), b.keepGrant(grant))
		}
		if grant.Seen == nil {
			grant.Seen = map[string]seen{}
		}
		grant.Seen[r.Attribute] = s
		out.Values = append(out.Values, v)
	}
	return grant, out, b.keepGrant(grant)
}

// openRelease opens one release. A value of another attribute, or older than one
// collected before, is an operator's fault or fraud.
func openRelease(grant Grant, letter consent.Letter, attribute string, sealed []byte) (Value, seen, error) {
	opened, err := seal.OpenRelease(seal.GrantKey(letter.GrantKey), grant.ID, sealed)
	if err != nil {
		return Value{}, seen{}, err
	}
	a, err := seal.ParseAttribute(opened.Plaintext)
	if err != nil {
		return Value{}, seen{}, err
	}
	if a.Name != attribute {
		return Value{}, seen{}, errors.New("it holds another attribute")
	}
	if last, ok := grant.Seen[attribute]; ok && last.Document == opened.Document && opened.Version < last.Version {
		return Value{}, seen{}, fmt.Errorf("it is version %d, and version %d was collected before", opened.Version, last.Version)
	}
	return Value{attribute, a.Value, consent.Unix(a.Updated)}, seen{opened.Document, opened.Version}, nil
}
