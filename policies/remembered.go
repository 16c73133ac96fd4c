package policies

import (
	"slices"
	"strings"
	"sync"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"coffer/consent"
)

// sets remembers the sets of names that come again and again: grants of one kind of
// request have the same attributes.
type sets struct {
	mu    sync.RWMutex
	known map[string]types.Set
}

// Beyond these bounds a set is made anew, or everything is forgotten.
const (
	mostSets   = 4096
	longestSet = 512 // bytes of its names
)

func (s *sets) of(names []string) types.Set {
	if len(names) == 0 {
		return noNames
	}
	var room [longestSet]byte
	key := room[:0]
	for _, name := range names {
		if len(key)+len(name)+1 > longestSet {
			return stringSet(names)
		}
		key = append(append(key, name...), 0)
		if strings.IndexByte(name, 0) >= 0 {
			return stringSet(names) // its key could be another set's
		}
	}
	s.mu.RLock()
	set, ok := s.known[string(key)]
	s.mu.RUnlock()
	if ok {
		return set
	}
	set = stringSet(names)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostSets {
		s.known = map[string]types.Set{}
	}
	s.known[string(key)] = set
	return set
}

var noNames = stringSet(nil)

// businesses remembers the entities of the businesses that ask again and again: to
// make one costs as much as all rules together.
type businesses struct {
	check func(cedar.Entity) error
	mu    sync.RWMutex
	known map[consent.DID]knownBusiness
}

type knownBusiness struct {
	active   bool
	purposes []string
	entity   cedar.Entity
	err      error
}

// mostBusinesses bounds what is remembered; beyond it everything is forgotten.
const mostBusinesses = 4096

// entity is the business as it stands in the question: what is remembered counts
// only while state and purposes are the same.
func (b *businesses) entity(of consent.Business) (cedar.Entity, error) {
	active := of.State == consent.BusinessActive
	b.mu.RLock()
	k, ok := b.known[of.DID]
	b.mu.RUnlock()
	if ok && k.active == active && slices.Equal(k.purposes, of.Purposes) {
		return k.entity, k.err
	}
	k = knownBusiness{active: active, purposes: slices.Clone(of.Purposes)}
	k.entity = cedar.Entity{UID: uid("Business", of.DID), Attributes: types.NewRecord(types.RecordMap{
		"active":   types.Boolean(active),
		"purposes": purposeSet(of.Purposes),
	})}
	k.err = b.check(k.entity)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) >= mostBusinesses {
		b.known = map[consent.DID]knownBusiness{}
	}
	b.known[of.DID] = k
	return k.entity, k.err
}
