package consentdb_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/policies"
)

// The simulation of docs: LINKAGE.md says who the insider is and what the rows mean.
//
//	go test ./consent/consentdb -run Linkage -v
const (
	retailers = 20
	shoppers  = 500 // each with a grant at two of them: 1,000 grants in use a day
	dayBegins = 7   // shoppers do things from 7 to 23 o'clock
	dayHours  = 16
	reaction  = time.Minute // mean time until a retailer that is told at once collects
)

// observed is one entry as a member of the ledger sees it come.
type observed struct {
	at      time.Time
	place   int // in the log
	shopper int // what the insider wants to know
	shop    int // shown by a submitter that is one retailer's own
}

// stamped is a ledger that remembers when it was given what.
type stamped struct {
	anchor.Ledger
	now func() time.Time
	mu  sync.Mutex
	log []seenEntry
}

type seenEntry struct {
	handle anchor.Handle
	kind   anchor.Kind
	at     time.Time
}

func (l *stamped) Append(ctx context.Context, entries ...anchor.Entry) error {
	l.mu.Lock()
	for _, e := range entries {
		l.log = append(l.log, seenEntry{e.Handle(), e.Kind(), l.now()})
	}
	l.mu.Unlock()
	return l.Ledger.Append(ctx, entries...)
}

// guess is how likely the insider, which sees one of a shopper's two entries in its own
// records, names the other: it takes one of the k that it finds nearest. Chances, not
// throws, so that 1,000 of them say something.
func guess(seen []observed, k int, distance func(own, other observed) float64, may func(own, other observed) bool) float64 {
	sum, n := 0.0, 0
	type candidate struct {
		distance float64
		right    bool
	}
	for _, own := range seen {
		var all []candidate
		for _, other := range seen {
			if other.shop != own.shop && may(own, other) {
				all = append(all, candidate{distance(own, other), other.shopper == own.shopper})
			}
		}
		slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
		n++
		if all = all[:min(k, len(all))]; slices.ContainsFunc(all, func(c candidate) bool { return c.right }) {
			sum += 1 / float64(len(all))
		}
	}
	return sum / float64(n)
}

func byTime(own, other observed) float64 { return math.Abs(float64(own.at.Sub(other.at))) }
func byPlace(own, other observed) float64 {
	return math.Abs(float64(own.place - other.place))
}
func anyone(observed, observed) bool { return true }

// best is the insider's best way to guess where time and place are all there is.
func best(seen []observed) (p float64, how string) {
	hour := func(n int) func(own, other observed) bool {
		return func(own, other observed) bool {
			return int(anchor.EpochAt(other.at))-int(anchor.EpochAt(own.at)) == n
		}
	}
	try := func(name string, q float64) {
		if q > p {
			p, how = q, name
		}
	}
	for _, k := range []int{8, 32} {
		try(fmt.Sprintf("one of the %d nearest in the log", k), guess(seen, k, byPlace, anyone))
		try(fmt.Sprintf("one of the %d nearest in time", k), guess(seen, k, byTime, anyone))
	}
	for _, n := range []int{-1, 0, 1} {
		try(fmt.Sprintf("any of the same hour %+d", n), guess(seen, math.MaxInt, byTime, hour(n)))
	}
	return p, how
}

type market struct {
	*scene
	ledger *stamped
	shops  []*consenttest.Shop
	held   []holding
	of     map[anchor.Handle]int // place in held
	draw   *mrand.Rand
}

type holding struct {
	*consenttest.Held
	shopper, shop int
}

// newMarket gives the grants, on the day before.
func newMarket(t testing.TB) *market {
	s := newScene(t)
	catalogue, err := policies.ShippedCatalogue()
	s.do(err)
	m := &market{scene: s, of: map[anchor.Handle]int{}, draw: mrand.New(mrand.NewPCG(20, 1000))}
	m.ledger = &stamped{Ledger: s.ledger, now: s.clock.Now}
	for range retailers {
		shop := consenttest.NewShop(s.clock.Now)
		s.register(shop)
		m.shops = append(m.shops, shop)
	}
	for i := range shoppers {
		p := consenttest.NewShopper(s.clock.Now, catalogue)
		p.Move(t, s.vaults)
		for _, shop := range m.draw.Perm(retailers)[:2] {
			q := m.shops[shop].Request()
			s.do(s.store.PutRequest(t.Context(), q, s.clock.Now()))
			a := p.Decide(q, consenttest.Choice{"delivery": {"name", "postal-address"}})
			s.do(s.store.Decide(t.Context(), p.Stored(a)))
			m.of[a.Held[0].Entry.HandleKey] = len(m.held)
			m.held = append(m.held, holding{a.Held[0], i, shop})
		}
	}
	m.drain()
	return m
}

// seen are the entries of a kind that came since, with what only the truth knows.
func (m *market) seen(kind anchor.Kind, since int) (all []observed) {
	for place, e := range m.ledger.log {
		if i, ours := m.of[e.handle]; ours && place >= since && e.kind == kind {
			all = append(all, observed{e.at, place, m.held[i].shopper, m.held[i].shop})
		}
	}
	return all
}

func (m *market) day(hours float64) time.Time {
	return m.clock.Now().Truncate(24 * time.Hour).Add(24*time.Hour + time.Duration(hours*float64(time.Hour)))
}

func (m *market) until(t time.Time) {
	if d := t.Sub(m.clock.Now()); d > 0 {
		m.clock.Add(d)
	}
}

func (m *market) permit(h holding, epoch anchor.Epoch) consentdb.Permit {
	c, opening, err := anchor.CommitHMAC(rand.Reader, []byte("permit"))
	m.do(err)
	entry := anchor.Permit{Scheme: opening.Scheme, Epoch: epoch, Commitment: c}.Sign(consenttest.Chain, h.Handle)
	return consentdb.Permit{Grant: h.Grant, Kind: consent.PermitCollect, Entry: entry}
}

// Two retailers hold the same shopper's address. She changes it, and both collect: one
// of them wants to know which entry is the other's.
func TestLinkage(t *testing.T) {
	m := newMarket(t)
	type collecting struct {
		at time.Time
		h  holding
	}
	var atOnce, hourly []collecting
	changes := make([]time.Time, shoppers)
	for i := range changes {
		changes[i] = m.day(dayBegins + dayHours*m.draw.Float64())
	}
	minute := make([]time.Duration, retailers) // at which each runs its hourly job
	for i := range minute {
		minute[i] = time.Duration(m.draw.Float64() * float64(time.Hour))
	}
	for _, h := range m.held {
		changed := changes[h.shopper]
		atOnce = append(atOnce, collecting{changed.Add(time.Duration(m.draw.ExpFloat64() * float64(reaction))), h})
		job := changed.Truncate(time.Hour).Add(minute[h.shop])
		if job.Before(changed) {
			job = job.Add(time.Hour)
		}
		hourly = append(hourly, collecting{job, h})
	}
	inTime := func(a, b collecting) int { return a.at.Compare(b.at) }
	slices.SortFunc(atOnce, inTime)
	slices.SortFunc(hourly, inTime)

	// Permits that are posted when they are needed.
	for _, c := range atOnce {
		m.until(c.at)
		taken, err := m.store.TakePermits(t.Context(), m.shops[c.h.shop].DID, []consentdb.Permit{m.permit(c.h, anchor.EpochAt(c.at))}, c.at)
		m.do(err)
		m.do(m.ledger.Append(t.Context(), taken[0].Entry))
		m.do(m.store.AnchorPermits(t.Context(), taken))
	}
	exact := m.seen(anchor.KindPermit, 0)
	// Who sees the submitter asks for each other retailer; the one with the entry is right.
	visible := guessVisible(exact)
	neutral := guess(exact, 1, byTime, anyone)

	// The next day the same with the defaults: permits wait for the hour.
	from := len(m.ledger.log)
	outbox := m.store.Outbox(m.ledger, m.clock.Now, nil)
	turn := func(until time.Time) {
		for next := (anchor.EpochAt(m.clock.Now()) + 1).Time(); !next.After(until); next = next.Add(time.Hour) {
			m.until(next)
			_, err := outbox.Drain(t.Context())
			m.do(err)
		}
		m.until(until)
	}
	for _, c := range hourly {
		at := c.at.Add(24 * time.Hour)
		turn(at)
		_, _, err := m.store.TakeWaiting(t.Context(), m.shops[c.h.shop].DID, []consentdb.Permit{m.permit(c.h, anchor.EpochAt(at)+1)}, at)
		m.do(err)
	}
	turn(m.clock.Now().Add(2 * time.Hour))
	waited := m.seen(anchor.KindPermit, from)
	if len(exact) != 2*shoppers || len(waited) != 2*shoppers {
		t.Fatalf("%d and %d entries, want %d", len(exact), len(waited), 2*shoppers)
	}
	p, how := best(waited)

	t.Logf("exact time, submitter visible                 %.3f", visible)
	t.Logf("exact time, neutral submitter (what is waited for)  %.3f", neutral)
	t.Logf("default: permits that wait for the hour       %.4f  (%s)", p, how)
	if visible < 0.85 || visible > 0.95 {
		t.Errorf("with exact time and a visible submitter %.3f, want about 0.90: the simulation shows nothing", visible)
	}
	if p > 0.02 {
		t.Errorf("with the defaults an insider links with %.4f, want at most 0.02", p)
	}
}

// guessVisible is the insider that sees which retailer submits: at the retailer where the
// shopper is, it takes the entry nearest in time.
func guessVisible(seen []observed) float64 {
	other := map[[2]int]int{} // shopper and shop → the shopper's other shop
	for _, a := range seen {
		for _, b := range seen {
			if a.shopper == b.shopper && a.shop != b.shop {
				other[[2]int{a.shopper, a.shop}] = b.shop
			}
		}
	}
	return guess(seen, 1, byTime, func(own, x observed) bool { return x.shop == other[[2]int{own.shopper, own.shop}] })
}

// A shopper erases her vault, and with it the grants at both retailers end. Of 500 one
// does so in a month; the times are those that the store draws.
func TestLinkageOfErasures(t *testing.T) {
	const days = 60
	s := newScene(t)
	draw := mrand.New(mrand.NewPCG(30, 72))
	link := func(when func(time.Time) time.Time) (seen []observed) {
		for i := range days * shoppers / 30 {
			erased := s.clock.Now().Add(time.Duration(draw.Float64() * days * 24 * float64(time.Hour)))
			for _, shop := range draw.Perm(retailers)[:2] {
				seen = append(seen, observed{at: when(erased), shopper: i, shop: shop})
			}
		}
		// Within a moment the order is by leaf: by chance.
		draw.Shuffle(len(seen), func(i, j int) { seen[i], seen[j] = seen[j], seen[i] })
		slices.SortStableFunc(seen, func(a, b observed) int { return a.at.Compare(b.at) })
		for i := range seen {
			seen[i].place = i
		}
		return seen
	}
	s.store.Wait(consentdb.Waits{})
	together := guess(link(func(erased time.Time) time.Time {
		if !s.store.WhenErased(erased).IsZero() {
			t.Fatal("it waits although it should not")
		}
		return erased
	}), 1, byTime, anyone)
	s.store.Wait(consentdb.Waits{Erasure: 72, Draw: draw.Int64N})
	p, how := best(link(s.store.WhenErased))
	t.Logf("an erasure's withdrawals at once              %.3f", together)
	t.Logf("default: spread over 72 hours                 %.4f  (%s)", p, how)
	if together < 0.9 {
		t.Errorf("at once %.3f, want nearly 1: the simulation shows nothing", together)
	}
	if p > 0.02 {
		t.Errorf("with the defaults an insider links an erasure's withdrawals with %.4f, want at most 0.02", p)
	}
}
