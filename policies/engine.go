// Package policies decides what may happen under a grant: a few Cedar rules that a
// DPO can read (floor.cedar, coffer.cedar, an operator's own), their schema, and the
// catalogue of attributes and purposes they speak of (catalogue.json). FORMAT.md
// describes the files.
//
// A decision is a pure function of the question: no clock, no store, no network.
// The rules are checked against the schema when they are loaded, and what a question
// turns into is checked against it before every decision, because Cedar skips a
// forbid that errors. Whatever errs all the same denies.
//
// # Trust
//
// The operator's gate asks this package before it stores a grant, hands out a
// release or delivers a message. It sees names of attributes and purposes, states
// and times; never a value. An operator's own rules can only forbid: they lift nothing
// of what is shipped. Whoever can change the rules in an operator's build can let that
// operator do anything that the shopper's keys and the ledger's rule still allow; the
// version in every ruling tells which rules decided.
package policies

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"coffer/consent"
)

// Reasons that are no rule of a file.
var (
	// NothingPermits is the reason when no rule speaks for or against.
	NothingPermits = consent.Reason{ID: "R00-nothing-permits", Title: "No rule permits this"}
	// NotAQuestion is the reason when a question does not fit the schema.
	NotAQuestion = consent.Reason{ID: "R00-not-a-question", Title: "The question does not fit the schema of the rules"}
)

// Engine answers questions by a fixed set of rules. It is safe for concurrent use.
type Engine struct {
	rules      rules
	rulesFor   map[cedar.EntityUID]rules // by action: those that can speak to it
	reasons    map[cedar.PolicyID]consent.Reason
	check      *validate.Validator
	purposes   cedar.EntityMap
	businesses *businesses
	sets       *sets
	repeated   *repeated
	catalogue  *Catalogue
	version    string
}

var _ consent.Policy = (*Engine)(nil)

// New is the engine with the rules and the catalogue that this program was built
// with, and an operator's own rules beside them.
func New(operator ...File) (*Engine, error) {
	c, err := ShippedCatalogue()
	if err != nil {
		return nil, err
	}
	return Load(c, Shipped(), operator...)
}

// Load reads rules in Cedar's language: first those that may permit, then an
// operator's, which may only forbid, so that no operator can lift anything. Every rule
// must fit the schema and have an @id of its own and a @title, which is what a denial
// is explained with. Errors name file and line and say what to do.
func Load(c *Catalogue, shipped []File, operator ...File) (*Engine, error) {
	schema, err := resolvedSchema()
	if err != nil {
		return nil, err
	}
	check := validate.New(schema)
	if len(shipped) == 0 {
		return nil, errors.New("reading the rules: there are none that permit anything")
	}
	e := &Engine{reasons: map[cedar.PolicyID]consent.Reason{}, check: check, purposes: cedar.EntityMap{}, businesses: &businesses{check: check.Entity}, sets: &sets{}, repeated: &repeated{}, catalogue: c}
	for i, f := range slices.Concat(shipped, operator) {
		operators := i >= len(shipped)
		if operators && slices.ContainsFunc(shipped, func(s File) bool { return s.Name == f.Name }) {
			return nil, fmt.Errorf("reading the rules: %s: %w", f.Name, errShippedName)
		}
		if e.rules, err = e.rules.read(f, operators, schema, check); err != nil {
			return nil, err
		}
	}
	e.rulesFor = e.rules.byAction()
	for _, r := range e.rules {
		e.reasons[cedar.PolicyID(r.ID)] = r.Reason
	}
	for _, p := range c.purposes {
		entity := purposeEntity(c.byIRI[p.IRI])
		if err := check.Entity(entity); err != nil {
			return nil, fmt.Errorf("checking purpose %s against the schema: %w", p.IRI, err)
		}
		e.purposes[entity.UID] = entity
	}
	e.version = version(c, slices.Concat(shipped, operator))
	if len(operator) > 0 {
		if err := e.rehearse(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// version hashes everything a decision follows from besides the question, each part
// with its length in front so that no two sets of parts hash alike. The names of files
// decide nothing but are shown, so they count too.
func version(c *Catalogue, files []File) string {
	h := sha256.New()
	add := func(part []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	add(schemaText)
	add(c.text)
	for _, f := range files {
		add([]byte(f.Name))
		add(f.Text)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Version is the hash of the rules, also the operator's, the schema and the catalogue.
func (e *Engine) Version() string { return e.version }

// Catalogue is the one the rules speak of.
func (e *Engine) Catalogue() *Catalogue { return e.catalogue }

// Rules lists the rules in the order they are written, the operator's last.
func (e *Engine) Rules() []Rule {
	var out []Rule
	for _, r := range e.rules {
		out = append(out, r.Rule)
	}
	return out
}

// Decide answers a question. An empty attribute means all that the grant covers.
// Reasons are sorted by id; a denial has at least one. If a message is denied for some
// hours of the shopper's day only, the ruling says when they are over.
func (e *Engine) Decide(q consent.Question) consent.Ruling {
	r := e.decideOnce(q)
	if !r.Allow && q.Zone != nil && q.Action == consent.ActionMessage {
		r.Again = e.again(q)
	}
	return r
}

// again asks the same question at the beginning of each hour of the shopper's day to
// come, and returns the first that allows it; zero if none does.
func (e *Engine) again(q consent.Question) time.Time {
	local := q.Now.In(q.Zone)
	begun := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	for hour := range time.Duration(24) {
		q.Now = local.Add((hour+1)*time.Hour - begun)
		if e.decide(e.pose(q)).Allow {
			return q.Now.UTC()
		}
	}
	return time.Time{}
}

func (e *Engine) decide(entities posed, request cedar.Request) consent.Ruling {
	if err := e.validate(entities, request); err != nil {
		return e.deny(NotAQuestion)
	}
	decision, diagnostic := cedar.Authorize(e.rulesFor[request.Action], entities, request)
	if len(diagnostic.Errors) > 0 {
		// A rule that errs is skipped by Cedar. If it was a forbid, nobody knows what
		// it would have said: all rules that erred are named, and the answer is no.
		var erred []consent.Reason
		for _, d := range diagnostic.Errors {
			erred = append(erred, consent.Reason{ID: string(d.PolicyID), Title: e.reasons[d.PolicyID].Title + " (could not be decided)"})
		}
		return e.deny(erred...)
	}
	reasons := make([]consent.Reason, 0, len(diagnostic.Reasons))
	for _, r := range diagnostic.Reasons {
		reasons = append(reasons, e.reasons[r.PolicyID])
	}
	if decision != cedar.Allow {
		if len(reasons) == 0 {
			reasons = append(reasons, NothingPermits)
		}
		return e.deny(reasons...)
	}
	return consent.Ruling{Allow: true, Reasons: inOrder(reasons), Version: e.version}
}

func (e *Engine) deny(reasons ...consent.Reason) consent.Ruling {
	return consent.Ruling{Reasons: inOrder(reasons), Version: e.version}
}

func inOrder(reasons []consent.Reason) []consent.Reason {
	slices.SortFunc(reasons, func(a, b consent.Reason) int { return strings.Compare(a.ID, b.ID) })
	return reasons
}
