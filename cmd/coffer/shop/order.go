package shop

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"coffer"
)

// order is one pair of shoes and what its shopper answered.
type order struct {
	V       int              `json:"v"`
	ID      string           `json:"id"` // unguessable: whoever has it sees the page
	Number  int              `json:"number"`
	Size    string           `json:"size"`
	Placed  coffer.Unix      `json:"placed"`
	Request coffer.RequestID `json:"request"`
	Link    string           `json:"link"`
	Expires coffer.Unix      `json:"expires"`
	Parts   []*part          `json:"parts,omitempty"` // one for each purpose, once answered
}

// part is the answer to one purpose and what was done under it.
type part struct {
	PurposeID  string                     `json:"purpose_id"`
	Given      bool                       `json:"given"`
	Grant      coffer.GrantID             `json:"grant,omitzero"`
	State      coffer.State               `json:"state,omitempty"`
	End        coffer.Epoch               `json:"end,omitempty"`
	Attributes []string                   `json:"attributes,omitempty"` // what the grant names
	Values     map[string]json.RawMessage `json:"values,omitempty"`     // deleted on withdrawal
	Collected  bool                       `json:"collected,omitempty"`
	Attempts   []attempt                  `json:"attempts,omitempty"`
	Sent       []sent                     `json:"sent,omitempty"`
	Withdrawn  coffer.Unix                `json:"withdrawn,omitempty"`
	Warranty   *warranty                  `json:"warranty,omitempty"`
}

// lastRefused reports whether the last attempt to collect got nothing at all.
func (p *part) lastRefused() bool {
	return p != nil && len(p.Attempts) > 0 && len(p.Attempts[len(p.Attempts)-1].Given) == 0
}

// attempt is one collection, as the back office lists it.
type attempt struct {
	Time    coffer.Unix `json:"time"`
	Asked   []string    `json:"asked,omitempty"` // none: everything granted
	Given   []string    `json:"given,omitempty"`
	Refused []refusal   `json:"refused,omitempty"`
}

type refusal struct {
	Attribute string `json:"attribute,omitempty"`
	Reason    string `json:"reason"`
}

type sent struct {
	Time    coffer.Unix `json:"time"`
	Subject string      `json:"subject"`
	Outcome string      `json:"outcome"`
}

// live reports whether something may still be done under the part's grant.
func (p *part) live(now time.Time) bool {
	return p.Given && p.State == coffer.StateLive && coffer.EpochAt(now) < p.End
}

// settled reports whether nothing more is to be waited for.
func (p *part) settled() bool {
	return !p.Given || p.Collected || p.State == coffer.StatePaused || p.State == coffer.StateWithdrawn || p.State == coffer.StateTerminated || p.State == coffer.StateErased
}

func (o *order) state(now time.Time) string {
	if o.Parts == nil {
		if now.Unix() >= int64(o.Expires) {
			return "expired"
		}
		return "waiting"
	}
	for _, p := range o.Parts {
		if !p.settled() {
			return "settling"
		}
	}
	return "done"
}

func (o *order) part(g coffer.GrantID) *part {
	i := slices.IndexFunc(o.Parts, func(p *part) bool { return p.Given && p.Grant == g })
	if i < 0 {
		return nil
	}
	return o.Parts[i]
}

// stamp changes whenever the order does.
func (o *order) stamp(now time.Time) string {
	b, _ := json.Marshal(o)
	sum := sha256.Sum256(append(b, o.state(now)...))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

var errNoOrder = errors.New("no such order")

// orders are the files in a folder, one each.
type orders struct {
	dir string
	mu  sync.Mutex
	all map[string]*order
}

func openOrders(dir string) (*orders, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	all := map[string]*order{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var o order
		if err := json.Unmarshal(b, &o); err != nil || o.ID+".json" != filepath.Base(name) || o.V != 1 {
			return nil, fmt.Errorf("reading %s: not an order of this shop; move the file away", name)
		}
		all[o.ID] = &o
	}
	return &orders{dir: dir, all: all}, nil
}

// add numbers the order and keeps it.
func (s *orders) add(o order) (order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.Number = 1001 + len(s.all)
	if err := s.save(&o); err != nil {
		return order{}, err
	}
	s.all[o.ID] = &o
	return o.clone(), nil
}

// get returns a copy.
func (s *orders) get(name string) (order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.all[name]
	if !ok {
		return order{}, errNoOrder
	}
	return o.clone(), nil
}

// list returns copies, the newest first.
func (s *orders) list() []order {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]order, 0, len(s.all))
	for _, o := range s.all {
		out = append(out, o.clone())
	}
	slices.SortFunc(out, func(a, b order) int { return b.Number - a.Number })
	return out
}

// change applies f to an order; what f did is on disk when change returns, or
// not done at all.
func (s *orders) change(name string, f func(*order)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.all[name]
	if !ok {
		return errNoOrder
	}
	o := old.clone()
	f(&o)
	if err := s.save(&o); err != nil {
		return err
	}
	s.all[name] = &o
	return nil
}

// byGrant finds the order that a grant belongs to.
func (s *orders) byGrant(g coffer.GrantID) (order, bool) {
	for _, o := range s.list() {
		if o.part(g) != nil {
			return o, true
		}
	}
	return order{}, false
}

func (s *orders) save(o *order) error {
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, o.ID+".json")
	tmp := strings.TrimSuffix(path, ".json") + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func (o *order) clone() order {
	b, err := json.Marshal(o)
	if err != nil {
		panic("shop: copying an order: " + err.Error()) // strings, numbers and lists only
	}
	var c order
	if err := json.Unmarshal(b, &c); err != nil {
		panic("shop: copying an order: " + err.Error())
	}
	return c
}
