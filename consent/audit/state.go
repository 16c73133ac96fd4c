package audit

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// state is what the lines so far add up to: little per grant, and some twenty bytes
// per permit.
type state struct {
	report *Report
	chain  anchor.Chain // of the validators
	proofs *anchor.Verifier

	prev  consent.Hash
	count uint64
	ended bool

	head    Head
	grants  map[id.Grant]*grantState
	records map[short]id.Grant // by the record of each of its receipts
	handles map[anchor.Handle]id.Grant
	leaves  map[short]struct{}  // of every entry the trail explains
	waiting map[short]*letting  // permits of messages whose line has not come
	sent    map[short]struct{}  // messages by permit and digest
	pending map[short]*unproved // entries whose proof has not come

	// What has a finding is not checked further, and what leans on it is only counted:
	// one bad receipt must not drown the report.
	doubted  map[id.Grant]struct{}
	doubtful map[short]struct{} // permits

	duties  map[id.Grant]*duty
	demands map[id.Rights]*demand
	at      time.Time // when they are judged, if the trail is not to say it
}

// short is half a leaf: enough that nobody finds another entry with the same.
type short [16]byte

func cut(leaf [32]byte) short { return short(leaf[:16]) }

type grantState struct {
	handle     anchor.Handle
	wallet     anchor.WalletKey
	start, end anchor.Epoch
	index      uint64
	placed     []anchor.Placed // its entries that are proven, in no order
	unsure     bool            // one of its entries has a finding, and may not be among placed
	complete   time.Time       // up to when all its entries are known; zero if that is not shown
	shopper    consent.DID
	record     string
	receipt    consent.Hash // of its JWT
	given      consent.Unix
	attributes []string
	channels   []string
	weeklyCap  int
	life       consent.Life   // as the newest receipt of it says
	collects   []anchor.Epoch // hours with a permit to collect
	messages   []anchor.Epoch // hours of the permits to send, in order

	countersigned  bool
	withdrawn      bool   // the trail said so
	withdrawnIndex uint64 // 0 while unknown: index 0 is never a withdrawal
	lastPermit     uint64 // highest index of a permit, and its line
	lastLine       int

	hanging *hanging // nil: on nothing

	followed bool     // by a grant that the trail has,
	dropped  []string // which does not name these
	closed   int      // line of the newest receipt of its pause or end; 0 for none
}

type letting struct {
	grant   id.Grant
	message id.Message
	digest  consent.Hash
}

type unproved struct {
	leaf  anchor.Leaf
	kind  anchor.Kind
	grant id.Grant
	line  int
}

func newState(r *Report, proofs *anchor.Verifier) *state {
	return &state{report: r, chain: proofs.Newest().Chain, proofs: proofs, grants: map[id.Grant]*grantState{}, records: map[short]id.Grant{}, handles: map[anchor.Handle]id.Grant{},
		leaves: map[short]struct{}{}, waiting: map[short]*letting{}, sent: map[short]struct{}{}, pending: map[short]*unproved{},
		doubted: map[id.Grant]struct{}{}, doubtful: map[short]struct{}{},
		duties: map[id.Grant]*duty{}, demands: map[id.Rights]*demand{}}
}

func (s *state) find(line int, k Kind, format string, args ...any) *Finding {
	f := found(k, fmt.Sprintf(format, args...))
	f.Line = line
	return s.report.add(f)
}

func (s *state) findOf(line int, g id.Grant, k Kind, format string, args ...any) {
	s.find(line, k, format, args...).Grant = g.String()
}

// take takes the next line in the trail's order.
func (s *state) take(x *examined) {
	if s.ended {
		return
	}
	s.report.Counts.Lines++
	if !x.whole {
		s.find(x.n, MissingEnd, "the last line is cut off")
		s.ended = true
		return
	}
	if x.line != nil && x.prev != s.prev {
		s.find(x.n, BrokenChain, "it names the line before as %s, which is %s", x.prev, s.prev)
	}
	s.prev = x.hash
	for _, f := range x.findings {
		s.report.add(f)
	}
	if head, ok := x.line.(Head); ok && x.n == 1 {
		s.takeHead(x.n, head)
	} else if ok {
		s.find(x.n, Malformed, "a second head")
	} else if x.n == 1 {
		s.find(x.n, NoHead, "the first line is no head")
	}
	switch l := x.line.(type) {
	case Request:
		s.takeRequest(x, l)
	case Grant:
		s.takeGrant(x, l)
	case Permit:
		s.takePermit(x, l)
	case Collect:
		s.takeCollect(x, l)
	case Message:
		s.takeMessage(x, l)
	case Countersignature:
		s.takeCountersignature(x, l)
	case Evidence:
		s.takeEvidence(x, l)
	case Withdrawal:
		s.takeWithdrawal(x, l)
	case Closing:
		s.takeClosing(x, l)
	case Ending:
		s.takeEnding(x, l)
	case Acknowledgement:
		s.takeAcknowledgement(x, l)
	case Deletion:
		s.takeDeletion(x, l)
	case Lifted:
		s.takeLifted(x, l)
	case Rights:
		s.takeRights(x, l)
	case Reply:
		s.takeReply(x, l)
	case Forgotten:
		s.takeForgotten(x, l)
	case Proof:
		s.takeProof(x, l)
	case Complete:
		s.takeComplete(x, l)
	case End:
		s.ended = true
		s.report.AsOf = l.Time
		if l.Count != s.count {
			s.find(x.n, WrongCount, "the end line counts %d lines, there are %d before it", l.Count, s.count)
		}
	}
	s.count++
}

func (s *state) takeHead(n int, h Head) {
	s.head = h
	s.report.Business, s.report.Chain, s.report.Operator = h.Business, h.Chain, h.Operator
	if h.Chain != s.chain {
		s.find(n, WrongChain, "the trail is of %q, the validators of %q", h.Chain, s.chain)
	}
}

func (s *state) takeRequest(x *examined, l Request) {
	s.report.Counts.Requests++
	if x.signer != "" && x.signer != s.head.Business && !slices.Contains(x.partners, s.head.Business) {
		s.find(x.n, RequestInvalid, "signed by %s, the trail is of %s, which it does not name", x.signer, s.head.Business)
	}
}

func (s *state) takeGrant(x *examined, l Grant) {
	s.report.Counts.Grants++
	f := x.grant
	if _, known := s.grants[l.Grant]; !known {
		s.doubted[l.Grant] = struct{}{} // until it stands
	}
	if f == nil {
		return
	}
	if controller := f.receipt.Controllers[0].Party; controller != s.head.Business {
		s.findOf(x.n, l.Grant, ReceiptMismatch, "the receipt is to %s, the trail is of %s", controller, s.head.Business)
		return
	}
	if _, again := s.leaves[cut(f.leaf)]; again && s.handles[f.entry.HandleKey] == l.Grant {
		s.report.Counts.Repeated++
		return
	}
	if _, taken := s.grants[l.Grant]; taken {
		s.findOf(x.n, l.Grant, EntryMismatch, "the grant stands in the trail with another entry already")
		return
	}
	if other, taken := s.handles[f.entry.HandleKey]; taken {
		s.findOf(x.n, l.Grant, EntryMismatch, "its entry is that of the grant %s", other)
		return
	}
	before, ok := s.follow(x, l, f)
	if !ok {
		return
	}
	delete(s.doubted, l.Grant)
	s.leaves[cut(f.leaf)] = struct{}{}
	s.handles[f.entry.HandleKey] = l.Grant
	s.report.Counts.Proofs++
	p := f.receipt.Purposes[0]
	s.grants[l.Grant] = &grantState{handle: f.entry.HandleKey, wallet: f.entry.WalletKey, start: f.entry.Start, end: f.receipt.Until(f.entry),
		index: f.index, placed: []anchor.Placed{{Index: f.index, Leaf: f.leaf}}, shopper: f.receipt.ID, record: f.receipt.RecordID,
		receipt: consent.HashOf(f.receipt.JWT), given: f.receipt.Events[0].Time, attributes: f.terms.Attributes, channels: p.Channels, weeklyCap: p.WeeklyCap, life: f.life,
		hanging: hangs(f.receipt, before)}
	s.records[recordMark(f.receipt.RecordID)] = l.Grant
	if before != nil { // a change lets nobody write more often
		before.followed, before.dropped = true, consent.Dropped(before.attributes, f.terms.Attributes)
		s.grants[l.Grant].messages = slices.Clone(before.messages)
	}
}

func recordMark(record string) short { return cut(consent.HashOf(record)) }

// follow holds a grant that took another's place against that one, if the trail has it:
// a business that was away while the other stood never opened its letter.
func (s *state) follow(x *examined, l Grant, f *grantFacts) (before *grantState, ok bool) {
	if f.receipt.Predecessor == nil {
		return nil, true
	}
	before = s.grants[s.records[recordMark(*f.receipt.Predecessor)]]
	if before == nil {
		s.report.Counts.Unfollowed++
		return nil, true
	}
	if err := before.life.Next(f.receipt); err != nil {
		kind := ReceiptMismatch
		if errors.Is(err, consent.WiderThanGrant) {
			kind = ReceiptWider
		}
		s.findOf(x.n, l.Grant, kind, "it follows %s: %v", before.life.Record, err)
		return nil, false
	}
	if until := f.receipt.Until(f.entry); until > before.end && f.receipt.Events[0].State != consent.EventRenewed {
		s.findOf(x.n, l.Grant, ReceiptWider, "it ends at hour %d, the grant that it follows at %d", until, before.end)
		return nil, false
	}
	return before, true
}

// granted is the grant that a line is under.
func (s *state) granted(n int, name id.Grant) *grantState {
	if g := s.grants[name]; g != nil {
		return g
	}
	if _, doubted := s.doubted[name]; doubted {
		s.report.Counts.Unchecked++
	} else {
		s.findOf(n, name, NoGrant, "it is under the grant %s", name)
	}
	return nil
}

// owns reports whether an entry is under the grant's handle.
func (s *state) owns(n int, name id.Grant, g *grantState, handle anchor.Handle) bool {
	if g.handle == handle {
		return true
	}
	s.findOf(n, name, EntryMismatch, "the entry is under the handle %s, the grant's is %s", handle, g.handle)
	return false
}

func (s *state) takePermit(x *examined, l Permit) {
	s.report.Counts.Permits++
	g := s.granted(x.n, l.Grant)
	if g == nil {
		s.doubtful[cut(anchor.HashLeaf(l.Entry))] = struct{}{}
		return
	}
	f := x.permit
	if f == nil || !s.owns(x.n, l.Grant, g, f.entry.HandleKey) {
		s.doubt(g, l.Entry)
		return
	}
	if _, again := s.leaves[cut(f.leaf)]; again {
		s.report.Counts.Repeated++
		s.prove(x, l.Grant, f.leaf)
		return
	}
	s.leaves[cut(f.leaf)] = struct{}{}
	if e := f.entry.Epoch; e < g.start || e >= g.end {
		s.findOf(x.n, l.Grant, NotLive, "the permit is for hour %d, the grant lasts from %d until %d", e, g.start, g.end)
		s.doubt(g, l.Entry)
		return
	}
	if f.document.Kind == consent.PermitMessage {
		s.takeMessagePermit(x, l, g)
	} else if !slices.Contains(g.collects, f.entry.Epoch) {
		g.collects = append(g.collects, f.entry.Epoch)
	}
	s.pending[cut(f.leaf)] = &unproved{f.leaf, anchor.KindPermit, l.Grant, x.n}
	s.prove(x, l.Grant, f.leaf)
}

// doubt notes a permit that has a finding: what was done under it is not a second one.
func (s *state) doubt(g *grantState, entry []byte) {
	leaf := anchor.HashLeaf(entry)
	g.unsure = true
	s.doubtful[cut(leaf)] = struct{}{}
	s.leaves[cut(leaf)] = struct{}{}
	if parsed, err := anchor.ParseEntry(entry); err == nil {
		if p, ok := parsed.(anchor.Permit); ok {
			g.collects = append(g.collects, p.Epoch)
		}
	}
}

func (s *state) takeMessagePermit(x *examined, l Permit, g *grantState) {
	f := x.permit
	d := f.document
	if !slices.Contains(g.channels, d.Channel) {
		s.findOf(x.n, l.Grant, NotCovered, "the permit is for the channel %s, the grant has %v", d.Channel, g.channels)
		s.doubtful[cut(f.leaf)] = struct{}{}
		return
	}
	s.waiting[cut(f.leaf)] = &letting{l.Grant, d.Message, d.Digest}
	at, _ := slices.BinarySearch(g.messages, f.entry.Epoch) // a permit may be written late
	g.messages = slices.Insert(g.messages, at, f.entry.Epoch)
	// One more than allowed within seven days, less an hour on each side for clocks.
	const week = 7*24 - 2
	for i := max(0, at-g.weeklyCap); i <= at && i+g.weeklyCap < len(g.messages); i++ {
		if first, last := g.messages[i], g.messages[i+g.weeklyCap]; last-first < week {
			s.findOf(x.n, l.Grant, OverCap, "%d messages from hour %d to hour %d, %d in seven days are allowed", g.weeklyCap+1, first, last, g.weeklyCap)
			return
		}
	}
}

func (s *state) takeCollect(x *examined, l Collect) {
	s.report.Counts.Collections++
	g := s.granted(x.n, l.Grant)
	if g == nil {
		return
	}
	switch {
	case g.withdrawn:
		s.findOf(x.n, l.Grant, NotLive, "collected after the withdrawal")
	case l.Epoch < g.start || l.Epoch >= g.end:
		s.findOf(x.n, l.Grant, NotLive, "collected in hour %d, the grant lasts from %d until %d", l.Epoch, g.start, g.end)
	case !slices.Contains(g.collects, l.Epoch):
		s.findOf(x.n, l.Grant, NoPermit, "no permit to collect in hour %d stands before it", l.Epoch)
	}
	if at := anchor.EpochAt(l.Time.Time()); at+1 < l.Epoch || at > l.Epoch+1 {
		s.findOf(x.n, l.Grant, WrongEpoch, "collected in hour %d, under the permit of hour %d", at, l.Epoch)
	}
	if len(l.Attributes) > 0 {
		s.use(x.n, l.Grant, g, l.Time)
	}
	for _, name := range l.Attributes {
		if !slices.Contains(g.attributes, name) {
			s.findOf(x.n, l.Grant, NotCovered, "%s is not among the grant's %v", name, g.attributes)
		}
	}
}

func (s *state) takeMessage(x *examined, l Message) {
	s.report.Counts.Messages++
	m, permit := x.message, cut(l.Permit)
	if m == nil {
		delete(s.waiting, permit) // its own finding says it; the permit is accounted for
		return
	}
	if m.From != s.head.Business {
		s.findOf(x.n, l.Grant, MessageInvalid, "signed by %s, the trail is of %s", m.From, s.head.Business)
		delete(s.waiting, permit)
		return
	}
	digest := consent.HashOf(l.JWS)
	mark := cut(consent.HashOf(append(l.Permit[:], digest[:]...)))
	if _, again := s.sent[mark]; again {
		s.report.Counts.Repeated++
		return
	}
	g := s.granted(x.n, l.Grant)
	if g == nil {
		return
	}
	if _, doubtful := s.doubtful[permit]; doubtful {
		s.report.Counts.Unchecked++
		return
	}
	p := s.waiting[permit]
	if p == nil || p.grant != l.Grant {
		s.findOf(x.n, l.Grant, NoPermit, "no unused permit %s for a message stands before it", l.Permit)
		return
	}
	delete(s.waiting, permit)
	switch {
	case p.digest != digest || p.message != l.ID:
		s.findOf(x.n, l.Grant, MessageMismatch, "the message has the digest %s, its permit says %s", digest, p.digest)
	case m.To[0] != g.shopper:
		s.findOf(x.n, l.Grant, MessageMismatch, "the message is to %s, the grant is by %s", m.To[0], g.shopper)
	default:
		s.sent[mark] = struct{}{}
		s.use(x.n, l.Grant, g, m.Created)
	}
}

func (s *state) takeCountersignature(x *examined, l Countersignature) {
	s.report.Counts.Countersigned++
	g, c := s.granted(x.n, l.Grant), x.countersignature
	if g == nil || c == nil {
		return
	}
	switch {
	case c.Iss != s.head.Business:
		s.findOf(x.n, l.Grant, CountersignatureInvalid, "signed by %s, the trail is of %s", c.Iss, s.head.Business)
	case c.Grant != l.Grant || c.ReceiptHash != g.receipt:
		s.findOf(x.n, l.Grant, CountersignatureInvalid, "it is of the receipt %s under the grant %s, the trail's is %s", c.ReceiptHash, c.Grant, g.receipt)
	case c.Time < g.given-consent.Unix(consent.Skew.Seconds()):
		s.findOf(x.n, l.Grant, CountersignatureInvalid, "signed at %d, the receipt is of %d", c.Time, g.given)
	case g.countersigned:
		s.report.Counts.Repeated++
	default:
		g.countersigned = true
	}
}

func (s *state) takeWithdrawal(x *examined, l Withdrawal) {
	s.report.Counts.Withdrawals++
	g, f := s.granted(x.n, l.Grant), x.withdrawal
	if g == nil {
		return
	}
	g.unsure = g.unsure || f == nil
	if f == nil || !s.owns(x.n, l.Grant, g, f.entry.HandleKey) {
		return
	}
	if anchor.Verify(s.chain, f.entry, g.wallet) != nil {
		g.unsure = true
		s.findOf(x.n, l.Grant, EntrySignature, "the withdrawal %s is not signed by the grant's wallet key", f.leaf)
		return
	}
	_, again := s.leaves[cut(f.leaf)]
	if r := f.receipt; r != nil {
		if _, known := s.records[recordMark(r.RecordID)]; !again || !known { // or the line repeats itself
			s.close(x.n, l.Grant, g, *r)
		}
	}
	g.withdrawn = true
	if again {
		s.report.Counts.Repeated++
	} else {
		s.leaves[cut(f.leaf)] = struct{}{}
		s.pending[cut(f.leaf)] = &unproved{f.leaf, anchor.KindWithdraw, l.Grant, x.n}
	}
	s.prove(x, l.Grant, f.leaf)
}

// takeClosing takes a receipt that came apart from a withdrawal's entry.
func (s *state) takeClosing(x *examined, l Closing) {
	s.report.Counts.Closings++
	g := s.granted(x.n, l.Grant)
	if g == nil || x.closing == nil {
		return
	}
	if _, known := s.records[recordMark(x.closing.RecordID)]; known && x.closing.RecordID != g.record {
		s.report.Counts.Repeated++
		return
	}
	s.close(x.n, l.Grant, g, *x.closing)
}

// close holds a receipt of a grant's pause or end against the grant's newest.
func (s *state) close(n int, name id.Grant, g *grantState, r consent.Receipt) {
	err := g.life.Next(r)
	if err == nil && r.Grant != name {
		err = fmt.Errorf("it is of the grant %s", r.Grant)
	}
	if err == nil && r.Events[0].State == consent.EventExpired && r.Events[0].Time < consent.UnixAt(g.end.Time()) {
		err = fmt.Errorf("the grant lasts until hour %d", g.end)
	}
	if err != nil {
		s.findOf(n, name, ReceiptMismatch, "the receipt does not close what %s says: %v", g.life.Record, err)
		return
	}
	g.life = r.Life()
	g.closed = n
	s.records[recordMark(r.RecordID)] = name
}

func (s *state) takeProof(x *examined, l Proof) {
	if x.proven == nil {
		return
	}
	leaf := anchor.HashLeaf(l.Proof.Entry)
	if _, doubtful := s.doubtful[cut(leaf)]; doubtful {
		s.report.Counts.Unchecked++
		return
	}
	if _, known := s.leaves[cut(leaf)]; !known || s.handles[x.proven.Entry.Handle()] != l.Grant {
		s.findOf(x.n, l.Grant, EntryMismatch, "it proves the entry %s, which no line before it has", leaf)
		return
	}
	s.prove(x, l.Grant, leaf)
}
