package business

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// maxLine bounds one line of a stream: one release.
const maxLine = 1 << 20

// Line is one thing that CollectAll has to tell: a release, a refusal, or how far it
// has come. It never prints a value.
type Line struct {
	Grant     id.Grant
	Attribute string          // "" when the grant is denied as a whole
	Sealed    json.RawMessage // a flattened JWE, or nil when nothing was released
	Denied    *consent.Denial // why not

	// Cursor is set on a line of its own, without a grant, when everything before it
	// was handed over: CollectAll goes on from there. Complete is true on the last.
	Cursor   string
	Complete bool

	open func() (Value, error)
}

// Open decrypts a release. It is to be called before the function that got the line
// returns: an older version than one collected before is an error.
func (l Line) Open() (Value, error) {
	if l.open == nil {
		return Value{}, errors.New("opening a line: it releases nothing")
	}
	v, err := l.open()
	if err != nil {
		return Value{}, fmt.Errorf("opening the release of %s: %w", l.Attribute, err)
	}
	return v, nil
}

// CollectAll collects what changed under all grants of a purpose since the cursor, or
// everything from the beginning if it is "". It opens letters, posts the hour's
// permits in batches, and hands over line by line; what it holds in memory does not
// grow with the number of grants. An error of each ends it. Lines after the last
// cursor that each was given come again after an interruption. A grant that is denied
// comes again when it changes, or with the cursor before it.
func (b *Business) CollectAll(ctx context.Context, purpose, cursor string, each func(Line) error) error {
	for {
		d, err := b.due(ctx, purpose, cursor)
		if err != nil {
			return err
		}
		if len(d.Grants) > 0 {
			if err := b.collectPage(ctx, purpose, cursor, d, each); err != nil {
				return err
			}
		}
		cursor = d.Cursor
		if err := each(Line{Cursor: cursor, Complete: d.Complete}); err != nil || d.Complete {
			return err
		}
	}
}

type dueAnswer struct {
	Grants []struct {
		Grant     id.Grant `json:"grant"`
		Permitted bool     `json:"permitted"`
	} `json:"grants"`
	Cursor   string `json:"cursor"`
	Complete bool   `json:"complete"`
}

func (b *Business) due(ctx context.Context, purpose, cursor string) (answer dueAnswer, err error) {
	in := map[string]any{"purpose": purpose, "cursor": cursor, "most": maxPermits}
	if err := b.client.call(ctx, http.MethodPost, "/business/v1/collect/due", in, &answer); err != nil {
		return answer, fmt.Errorf("listing what to collect: %w", err)
	}
	if !answer.Complete && answer.Cursor == cursor {
		return answer, errors.New("listing what to collect: the operator's answer leads nowhere")
	}
	return answer, nil
}

// collectPage posts the permits of a page of grants, and streams it.
func (b *Business) collectPage(ctx context.Context, purpose, cursor string, d dueAnswer, each func(Line) error) error {
	var without []id.Grant
	for _, g := range d.Grants {
		if !g.Permitted {
			without = append(without, g.Grant)
		}
	}
	// A grant that gets no permit is denied in the stream, and the reason is there.
	if err := b.Permit(ctx, without...); err != nil && (errors.Is(err, ErrUnreachable) || ctx.Err() != nil) {
		return err
	}
	page, err := b.streamPage(ctx, purpose, cursor, d.Cursor)
	if err != nil {
		return fmt.Errorf("collecting: %w", err)
	}
	for i, g := range page {
		if g.problem == string(consent.NoPermit) {
			// The hour turned on the way: once more alone.
			if page[i], err = b.collectAgain(ctx, g.grant); err != nil {
				return err
			}
		}
	}
	if err := b.trailPage(ctx, page); err != nil {
		return err
	}
	for _, g := range page {
		if err := b.handOver(ctx, g, each); err != nil {
			return err
		}
	}
	return nil
}

// gathered is what a stream brought under one grant.
type gathered struct {
	grant   id.Grant
	answer  collectAnswer
	problem string // why the grant was denied, or ""
}

// streamPage reads the lines of one page's grants, which the cursors bound. A stream
// that ends early is ErrUnreachable.
func (b *Business) streamPage(ctx context.Context, purpose, cursor, until string) (page []gathered, err error) {
	in := map[string]string{"purpose": purpose, "cursor": cursor, "until": until}
	err = b.client.stream(ctx, "/business/v1/collect/stream", in, func(body io.Reader) error {
		page = nil // an attempt that was cut is repeated
		lines := bufio.NewScanner(body)
		lines.Buffer(make([]byte, 64<<10), maxLine)
		var g gathered
		for lines.Scan() {
			var l streamLine
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				return errors.New("reading the operator's stream: not the JSON that was expected")
			}
			switch l.Kind {
			case "release":
				g.answer.Releases = append(g.answer.Releases, released{l.Attribute, l.Sealed})
				g.grant = l.Grant
				continue
			case "grant", "denied":
				g.grant, g.problem, g.answer.Refused, g.answer.Log = l.Grant, l.Problem, l.Refused, l.Log
				page = append(page, g)
				g = gathered{}
			case "end":
				if l.Problem != "" {
					return &Problem{Code: l.Problem, Title: "the stream was stopped", Status: http.StatusServiceUnavailable}
				}
				return nil
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return fmt.Errorf("%w: the stream was cut", ErrUnreachable)
	})
	return page, err
}

type streamLine struct {
	Kind      string             `json:"kind"`
	Grant     id.Grant           `json:"grant"`
	Attribute string             `json:"attribute"`
	Sealed    json.RawMessage    `json:"sealed"`
	Refused   []refusedAttribute `json:"refused"`
	Problem   string             `json:"problem"`
	Log       consent.LogHead    `json:"log"`
}

// collectAgain is Collect for one grant, without opening what comes.
func (b *Business) collectAgain(ctx context.Context, g id.Grant) (gathered, error) {
	defer b.hold(g)()
	out := gathered{grant: g}
	grant, letter, err := b.openLetter(ctx, g)
	if err == nil {
		if grant.Permit != nil && grant.Permit.Epoch != anchor.EpochAt(b.now()) {
			grant.Permit = nil
		}
		_, err = b.ensurePermit(ctx, grant, letter)
	}
	if err == nil {
		out.answer, err = b.collect(ctx, g, nil)
	}
	if d := consent.DenialOf(err); d != nil {
		out.problem, err = string(d.Reason), nil
	}
	return out, err
}

// trailPage notes the collections of a page together: one write to the disk.
func (b *Business) trailPage(ctx context.Context, page []gathered) error {
	trail, _, err := b.ready(ctx)
	if err != nil {
		return err
	}
	now := b.now()
	var lines []audit.Line
	for _, g := range page {
		if g.problem != "" {
			continue
		}
		var names []string
		for _, r := range g.answer.Releases {
			names = append(names, r.Attribute)
		}
		lines = append(lines, audit.Collect{
			Grant: g.grant, Epoch: anchor.EpochAt(now), Time: consent.UnixAt(now), Attributes: names, Log: consent.Hash(g.answer.Log),
		})
	}
	if len(lines) == 0 {
		return nil
	}
	return trail.Append(lines...)
}

// handOver gives one grant's lines to each, and keeps what was learned of it.
func (b *Business) handOver(ctx context.Context, g gathered, each func(Line) error) error {
	defer b.hold(g.grant)()
	if g.problem != "" {
		return each(Line{Grant: g.grant, Denied: denialFor(g.problem, "")})
	}
	grant, letter, err := b.openLetter(ctx, g.grant)
	if err != nil {
		if d := consent.DenialOf(err); d != nil { // it ended a moment ago
			return each(Line{Grant: g.grant, Denied: d})
		}
		return err
	}
	grant.Log = g.answer.Log
	for _, r := range g.answer.Releases {
		l := Line{Grant: g.grant, Attribute: r.Attribute, Sealed: r.Sealed, open: func() (Value, error) {
			v, s, err := openRelease(grant, letter, r.Attribute, r.Sealed)
			if err == nil {
				if grant.Seen == nil {
					grant.Seen = map[string]seen{}
				}
				grant.Seen[r.Attribute] = s
			}
			return v, err
		}}
		if err := each(l); err != nil {
			return errors.Join(err, b.keepGrant(grant))
		}
	}
	for _, r := range g.answer.Refused {
		if err := each(Line{Grant: g.grant, Attribute: r.Attribute, Denied: denialFor(r.Problem, r.Attribute)}); err != nil {
			return errors.Join(err, b.keepGrant(grant))
		}
	}
	if err := b.keepGrant(grant); err != nil {
		return err
	}
	b.countersign(ctx, grant)
	return nil
}

func denialFor(problem, attribute string) *consent.Denial {
	reason, ok := denials[problem]
	if !ok {
		reason = consent.DenialReason(problem)
	}
	return &consent.Denial{Reason: reason, What: attribute}
}
