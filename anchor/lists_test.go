package anchor_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// nodes is a map of handles in memory.
type nodes map[anchor.Place]anchor.HandleNode

func (n nodes) Node(at anchor.Place) (*anchor.HandleNode, error) {
	if v, ok := n[at]; ok {
		return &v, nil
	}
	return nil, nil
}

func (n nodes) Put(at anchor.Place, v anchor.HandleNode) error { n[at] = v; return nil }

// The map's root says what is in it, in whatever blocks it came; every handle has a path
// to it, also one that is not there; and no path shows another digest.
func TestHandlesAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few leading bits, so that handles meet deep down.
		handles := rapid.SliceOfNDistinct(rapid.Map(rapid.SliceOfN(rapid.Byte(), 3, 3), func(b []byte) anchor.Handle {
			return anchor.Handle{0: b[0] & 0x80, 1: b[1] & 3, 31: b[2] & 7}
		}), 1, 24, rapid.ID[anchor.Handle]).Draw(t, "handles")
		var all []struct {
			handle anchor.Handle
			leaf   anchor.Placed
		}
		for i := range rapid.IntRange(0, 60).Draw(t, "entries") {
			all = append(all, struct {
				handle anchor.Handle
				leaf   anchor.Placed
			}{handles[rapid.IntRange(0, len(handles)-1).Draw(t, "whose")], anchor.Placed{Index: uint64(i), Leaf: sha256.Sum256([]byte{byte(i)})}})
		}
		build := func(blocks int) (nodes, [32]byte) {
			m, root := nodes{}, [32]byte{}
			for from := 0; from < len(all); from += blocks {
				added := map[anchor.Handle][]anchor.Placed{}
				for _, a := range all[from:min(from+blocks, len(all))] {
					added[a.handle] = append(added[a.handle], a.leaf)
				}
				var block []anchor.Addition
				for h, leaves := range added {
					block = append(block, anchor.Addition{Handle: h, Leaves: leaves})
				}
				var err error
				if root, err = anchor.AddToHandles(m, block); err != nil {
					t.Fatal(err)
				}
			}
			return m, root
		}
		m, root := build(1)
		for _, blocks := range []int{2, 7, 100} {
			if _, other := build(blocks); other != root {
				t.Fatalf("in blocks of %d the root is another", blocks)
			}
		}
		for _, h := range append(handles, anchor.Handle{5: 1}) {
			var d anchor.Digest
			for _, a := range all {
				if a.handle == h {
					d = d.Next(a.leaf.Index, a.leaf.Leaf)
				}
			}
			p, err := anchor.ProveHandle(m, h)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := p.Root(h, d); !ok || got != root {
				t.Fatalf("the path of %x leads elsewhere", h[:2])
			}
			d[7] ^= 1
			if got, ok := p.Root(h, d); ok && got == root {
				t.Fatal("another digest leads to the root")
			}
			if got, ok := p.Root(h, anchor.Digest{}); ok && got == root && d != (anchor.Digest{7: 1}) {
				t.Fatal("a handle that is there passes as absent")
			}
		}
	})
}

// Any list of entries is proved by few nodes, and by no others.
func TestMultiProofOfAnyList(t *testing.T) {
	l := newLog()
	one := anchortest.NewSigners(vectorChain, 10)
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 13).Draw(t, "size")
		indices := rapid.SliceOfNDistinct(rapid.Uint64Range(0, uint64(size-1)), 1, size, rapid.ID[uint64]).Draw(t, "indices")
		p := l.multi(indices, size, one.Sign(9, at, l.appHash(size)))
		if head, err := p.Verify(one.Set); err != nil || head.Size != uint64(size) {
			t.Fatal(err)
		}
		if len(p.Nodes) > 0 {
			bad := p
			bad.Nodes = slices.Clone(p.Nodes)
			bad.Nodes[rapid.IntRange(0, len(p.Nodes)-1).Draw(t, "node")][3] ^= 1
			if _, err := bad.Verify(one.Set); err == nil {
				t.Fatal("a changed node is accepted")
			}
			bad.Nodes = p.Nodes[1:]
			if _, err := bad.Verify(one.Set); err == nil {
				t.Fatal("a missing node is accepted")
			}
		}
		more := p
		more.Nodes = append(slices.Clone(p.Nodes), [32]byte{})
		if _, err := more.Verify(one.Set); err == nil {
			t.Fatal("a node too many is accepted")
		}
	})
}

func (l *vectorLog) multi(indices []uint64, size int, signed anchor.SignedHeader) anchor.MultiProof {
	indices = slices.Sorted(slices.Values(indices))
	p := anchor.MultiProof{SignedHeader: signed.Bytes()}
	for _, i := range indices {
		p.Entries = append(p.Entries, anchor.Indexed{Index: i, Entry: l.entries[i]})
	}
	p.Nodes, _ = anchor.ProveEntries(indices, uint64(size), func(from, to uint64) ([32]byte, error) { return l.root(int(from), int(to)), nil })
	return p
}

func multiProofVectors(t *testing.T) string {
	c := newCorpus("Proofs of several entries (FORMAT.md, Lists). ok: the entries are on the ledger, in a log of that size.")
	l := newLog()
	one := anchortest.NewSigners(vectorChain, 10)
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	set := mustJSON(t, one.Set)
	ok := func(name string, size int, indices ...uint64) {
		c.add(name, "ok", map[string]string{"proof": mustJSON(t, l.multi(indices, size, one.Sign(9, at, l.appHash(size)))), "validators": set, "size": fmt.Sprint(size), "count": fmt.Sprint(len(indices))})
	}
	ok("the only entry", 1, 0)
	ok("one of seven", 7, 4)
	ok("the first and the last of thirteen", 13, 0, 12)
	ok("neighbours", 13, 6, 7)
	ok("all of eleven", 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	ok("some of thirteen", 13, 1, 2, 5, 8, 11)
	bad := func(name, reason string, edit func(*anchor.MultiProof)) {
		p := l.multi([]uint64{1, 2, 5}, 13, one.Sign(9, at, l.appHash(13)))
		edit(&p)
		c.add(name, "refused "+reason, map[string]string{"proof": mustJSON(t, p), "validators": set})
	}
	bad("no entries", "format", func(p *anchor.MultiProof) { p.Entries = []anchor.Indexed{} })
	bad("entries in another order", "format", func(p *anchor.MultiProof) { p.Entries[0], p.Entries[1] = p.Entries[1], p.Entries[0] })
	bad("an entry twice", "format", func(p *anchor.MultiProof) { p.Entries[1] = p.Entries[0] })
	bad("an index beyond the log", "format", func(p *anchor.MultiProof) { p.Entries[2].Index = 13 })
	bad("another entry", "path", func(p *anchor.MultiProof) { p.Entries[1].Entry = l.entries[3] })
	bad("another place", "path", func(p *anchor.MultiProof) { p.Entries[2].Index = 6 })
	bad("one entry left out", "path", func(p *anchor.MultiProof) { p.Entries = p.Entries[:2] })
	bad("a node too few", "path", func(p *anchor.MultiProof) { p.Nodes = p.Nodes[1:] })
	bad("a node too many", "path", func(p *anchor.MultiProof) { p.Nodes = append(p.Nodes, p.Nodes[0]) })
	bad("a changed node", "path", func(p *anchor.MultiProof) { p.Nodes[0][0] ^= 1 })
	bad("a header of a smaller log", "format", func(p *anchor.MultiProof) { p.SignedHeader = one.Sign(9, at, l.appHash(4)).Bytes() })
	bad("a header of another chain", "chain", func(p *anchor.MultiProof) {
		p.SignedHeader = anchortest.NewSigners("another-chain", 10).Sign(9, at, l.appHash(13)).Bytes()
	})
	good := mustJSON(t, l.multi([]uint64{1}, 2, one.Sign(9, at, l.appHash(2))))
	for _, broken := range [][2]string{
		{"of version 2", strings.Replace(good, `"v":1`, `"v":2`, 1)}, {"with another key", strings.Replace(good, `"v":1`, `"v":1,"w":1`, 1)},
		{"cut off", good[:len(good)-9]}, {"a node of 3 bytes", strings.Replace(good, `"nodes":["`, `"nodes":["AAAA","`, 1)},
	} {
		c.add(broken[0], "refused format", map[string]string{"proof": broken[1], "validators": set})
	}
	return c.String()
}

func completenessVectors(t *testing.T) string {
	c := newCorpus("Proofs of completeness (FORMAT.md, Completeness). ok: these are all entries of the handle up to that size.")
	ctx := context.Background()
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ledger := anchortest.NewMemory(vectorChain, func() time.Time { return noon })
	now := anchor.EpochAt(noon)
	people := make([]anchortest.Relation, 9)
	for i := range people {
		people[i] = anchortest.NewRelation(vectorChain, fmt.Sprint("person ", i))
		entries := []anchor.Entry{people[i].Grant(now, 7)}
		for k := range i {
			entries = append(entries, people[i].Permit(now, k))
		}
		if err := ledger.Append(ctx, entries...); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.Append(ctx, people[3].Withdraw(now)); err != nil {
		t.Fatal(err)
	}
	vals, err := ledger.Validators(ctx)
	if err != nil {
		t.Fatal(err)
	}
	set := mustJSON(t, vals)
	prove := func(h anchor.Handle) anchor.Completeness {
		p, err := ledger.Complete(ctx, h)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ok := func(name string, h anchor.Handle, count int) {
		c.add(name, "ok", map[string]string{"proof": mustJSON(t, prove(h)), "validators": set, "count": fmt.Sprint(count)})
	}
	ok("a grant alone", people[0].Handle(), 1)
	ok("a grant and three permits, withdrawn", people[3].Handle(), 5)
	ok("a grant and eight permits", people[8].Handle(), 9)
	// Handles that nobody has: one where nothing stands, one where another does.
	var empty, taken bool
	r := rand.New(rand.NewPCG(1, 2))
	for !empty || !taken {
		var h anchor.Handle
		for i := range h {
			h[i] = byte(r.Uint32())
		}
		switch p := prove(h); {
		case p.Path.Other == nil && !empty:
			empty = true
			ok("a handle that is not there, and nothing in its place", h, 0)
		case p.Path.Other != nil && !taken:
			taken = true
			ok("a handle that is not there, and another in its place", h, 0)
		}
	}
	bad := func(name, reason string, edit func(*anchor.Completeness)) {
		p := prove(people[3].Handle())
		edit(&p)
		c.add(name, "refused "+reason, map[string]string{"proof": mustJSON(t, p), "validators": set})
	}
	bad("the withdrawal left out", "incomplete", func(p *anchor.Completeness) { p.Entries = p.Entries[:4] })
	bad("a permit left out", "incomplete", func(p *anchor.Completeness) { p.Entries = slices.Delete(p.Entries, 1, 2) })
	bad("all left out", "incomplete", func(p *anchor.Completeness) { p.Entries = []anchor.Indexed{} })
	bad("a permit at another place", "incomplete", func(p *anchor.Completeness) { p.Entries[3].Index++ })
	bad("an entry of another handle", "incomplete", func(p *anchor.Completeness) { p.Entries[1].Entry = people[4].Permit(now, 0) })
	bad("as another's", "incomplete", func(p *anchor.Completeness) { p.Handle = people[4].Handle() })
	bad("another register", "incomplete", func(p *anchor.Completeness) { p.Register[0] ^= 1 })
	bad("a changed path", "incomplete", func(p *anchor.Completeness) { p.Path.Path[0][0] ^= 1 })
	bad("a shorter path", "incomplete", func(p *anchor.Completeness) { p.Path.Path = p.Path.Path[1:] })
	bad("with another handle in its place", "incomplete", func(p *anchor.Completeness) {
		p.Path.Other = &anchor.HandleNode{Leaf: true, A: people[4].Handle(), B: [32]byte{1}}
	})
	bad("absent, with itself in its place", "incomplete", func(p *anchor.Completeness) {
		p.Entries = []anchor.Indexed{}
		p.Path.Other = &anchor.HandleNode{Leaf: true, A: p.Handle, B: [32]byte{1}}
	})
	bad("entries out of order", "format", func(p *anchor.Completeness) { p.Entries[1], p.Entries[2] = p.Entries[2], p.Entries[1] })
	bad("an index beyond the log", "format", func(p *anchor.Completeness) { p.Entries[4].Index = 1000 })
	// Members that dropped the bytes of permits, here those of person 3, at places 1 to 3.
	drop := func(which ...int) func(*anchor.Completeness) {
		return func(p *anchor.Completeness) {
			for k, i := range which {
				e := p.Entries[i-k]
				p.Dropped = append(p.Dropped, anchor.Placed{Index: e.Index, Leaf: e.Entry.Leaf()})
				p.Entries = slices.Delete(p.Entries, i-k, i-k+1)
			}
		}
	}
	without := func(name string, who, dropped int, which ...int) {
		p := prove(people[who].Handle())
		count := len(p.Entries) - dropped
		drop(which...)(&p)
		c.add(name, "ok", map[string]string{"proof": mustJSON(t, p), "validators": set, "count": fmt.Sprint(count), "dropped": fmt.Sprint(dropped)})
	}
	without("withdrawn, a permit dropped", 3, 1, 2)
	without("withdrawn, all permits dropped", 3, 3, 1, 2, 3)
	without("all permits dropped but the last", 8, 7, 1, 2, 3, 4, 5, 6, 7)
	dropped := func(name, reason string, which []int, edit func(*anchor.Completeness)) {
		bad(name, reason, func(p *anchor.Completeness) { drop(which...)(p); edit(p) })
	}
	dropped("the withdrawal dropped", "incomplete", []int{4}, func(*anchor.Completeness) {})
	dropped("the grant dropped", "incomplete", []int{0}, func(*anchor.Completeness) {})
	dropped("all dropped", "incomplete", []int{0, 1, 2, 3, 4}, func(*anchor.Completeness) {})
	dropped("a dropped permit with another leaf", "incomplete", []int{2}, func(p *anchor.Completeness) { p.Dropped[0].Leaf[0] ^= 1 })
	dropped("a dropped permit at another place", "incomplete", []int{3}, func(p *anchor.Completeness) { p.Dropped[0].Index++ })
	dropped("a dropped permit left out", "incomplete", []int{1, 2}, func(p *anchor.Completeness) { p.Dropped = p.Dropped[:1] })
	dropped("dropped ones out of order", "format", []int{1, 2}, func(p *anchor.Completeness) { slices.Reverse(p.Dropped) })
	dropped("a permit, and dropped as well", "format", []int{2}, func(p *anchor.Completeness) { p.Dropped[0].Index = p.Entries[1].Index })
	l := newLog()
	bad("a header without a state", "format", func(p *anchor.Completeness) {
		p.SignedHeader = anchortest.NewSigners(vectorChain, 10).Sign(9, noon, l.appHash(13)).Bytes()
	})
	bad("a header of another chain", "chain", func(p *anchor.Completeness) {
		p.SignedHeader = anchortest.NewSigners("another-chain", 10).Sign(9, noon, l.appHash(13)).Bytes()
	})
	good := mustJSON(t, prove(people[0].Handle()))
	c.add("of version 2", "refused format", map[string]string{"proof": strings.Replace(good, `"v":1`, `"v":2`, 1), "validators": set})
	c.add("an empty list of dropped ones", "refused format", map[string]string{"proof": strings.Replace(good, `"path":`, `"dropped":[],"path":`, 1), "validators": set})
	c.add("no list of dropped ones", "refused format", map[string]string{"proof": strings.Replace(good, `"path":`, `"dropped":null,"path":`, 1), "validators": set})
	c.add("a dropped one with a short leaf", "refused format", map[string]string{"proof": strings.Replace(good, `"path":`, `"dropped":[{"index":1,"leaf":"AAAA"}],"path":`, 1), "validators": set})
	c.add("a key too many in an entry", "refused format", map[string]string{"proof": strings.Replace(good, `"index":`, `"x":1,"index":`, 1), "validators": set})
	some := people[1].Handle().String()
	c.add("a key too many in other", "refused format", map[string]string{
		"proof": strings.Replace(good, `"other":null`, `"other":{"handle":"`+some+`","digest":"`+some+`","x":1}`, 1), "validators": set})
	c.add("without other", "refused format", map[string]string{"proof": strings.Replace(good, `"other":null,`, ``, 1), "validators": set})
	return c.String()
}

// TestListVectors: a list is proved, or complete, or the vector says why not.
func TestListVectors(t *testing.T) {
	for _, file := range []struct {
		name   string
		verify func(proof []byte, set anchor.ValidatorSet) (count, dropped int, size uint64, err error)
	}{
		{"multiproofs.txt", func(proof []byte, set anchor.ValidatorSet) (int, int, uint64, error) {
			var p anchor.MultiProof
			if json.Unmarshal(proof, &p) != nil {
				return 0, 0, 0, &anchor.ProofError{Reason: anchor.ProofFormat}
			}
			head, err := p.Verify(set)
			if _, again := anchor.NewVerifier(set).VerifyAll(p); (again == nil) != (err == nil) {
				t.Error("a Verifier says otherwise")
			}
			return len(p.Entries), 0, head.Size, err
		}},
		{"completeness.txt", func(proof []byte, set anchor.ValidatorSet) (int, int, uint64, error) {
			var p anchor.Completeness
			if json.Unmarshal(proof, &p) != nil {
				return 0, 0, 0, &anchor.ProofError{Reason: anchor.ProofFormat}
			}
			done, err := p.Verify(set)
			if _, again := anchor.NewVerifier(set).VerifyComplete(p); (again == nil) != (err == nil) {
				t.Error("a Verifier says otherwise")
			}
			return len(done.Entries), len(done.Dropped), done.Head.Size, err
		}},
	} {
		for _, v := range anchortest.ReadVectors(t, vectors+file.name) {
			t.Run(v["case"], func(t *testing.T) {
				var set anchor.ValidatorSet
				if err := json.Unmarshal([]byte(v["validators"]), &set); err != nil {
					t.Fatal(err)
				}
				count, dropped, size, err := file.verify([]byte(v["proof"]), set)
				reason := ""
				var refused *anchor.ProofError
				if errors.As(err, &refused) {
					reason = string(refused.Reason)
				}
				if reason != v.Reason() || err == nil && v["count"] != fmt.Sprint(count) || err == nil && v["dropped"] != "" && v["dropped"] != fmt.Sprint(dropped) || v["size"] != "" && v["size"] != fmt.Sprint(size) {
					t.Errorf("%v: refused for %q, want %q; %d entries and %d dropped, size %d", err, reason, v.Reason(), count, dropped, size)
				}
			})
		}
	}
}

func FuzzLists(f *testing.F) {
	for _, name := range []string{"multiproofs.txt", "completeness.txt"} {
		for _, v := range readAll(f, name) {
			f.Add([]byte(v["proof"]))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		survives[anchor.MultiProof](t, b)
		survives[anchor.Completeness](t, b)
	})
}

// survives: what is read is written and read again as the same.
func survives[T any](t *testing.T, b []byte) {
	var v, again T
	if json.Unmarshal(b, &v) != nil {
		return
	}
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &again)
	}
	if once, _ := json.Marshal(again); err != nil || string(once) != string(text) {
		t.Errorf("%T does not survive: %v", v, err)
	}
}

func FuzzBallot(f *testing.F) {
	member := exampleMember("five")
	p := anchor.Proposal{Kind: anchor.Admit, Register: anchor.Leaf{1}, Member: member}
	f.Add(anchor.SignBallot(vectorChain, anchortest.Key("five"), p, true).Bytes())
	f.Add(p.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := anchor.ParseBallot(b); err == nil && string(v.Bytes()) != string(b) {
			t.Errorf("%q is written as %q", b, v.Bytes())
		}
		if v, err := anchor.ParseProposal(b); err == nil && string(v.Bytes()) != string(b) {
			t.Errorf("%q is written as %q", b, v.Bytes())
		}
		if v, err := anchor.ParseRegister(b); err == nil && string(v.Bytes()) != string(b) {
			t.Errorf("%q is written as %q", b, v.Bytes())
		}
	})
}

// exampleMember has keys that are the same in every run.
func exampleMember(name string) anchor.Member {
	key := func(what string) [32]byte {
		return [32]byte(anchortest.Key(name + " " + what).Public().(ed25519.PublicKey))
	}
	return anchor.Member{Key: key("member"), Validator: key("validator"), Name: name, Role: "retailer", Country: "DE", Contact: "ledger@" + name + ".example",
		Authority: "Berliner Beauftragte für Datenschutz", Purposes: []string{"https://w3id.org/dpv#DirectMarketing"}, URL: "https://" + name + ".example",
		Node: "00112233445566778899aabbccddeeff00112233", Address: name + ".example:26656", Checkpoint: "coffer-ledger/" + name}
}

func TestMembersThatCannotBe(t *testing.T) {
	for field, change := range map[string]func(*anchor.Member){
		"name": func(m *anchor.Member) { m.Name = "" }, "role": func(m *anchor.Member) { m.Role = "king" }, "country": func(m *anchor.Member) { m.Country = "de" },
		"contact": func(m *anchor.Member) { m.Contact = "a\nb" }, "url": func(m *anchor.Member) { m.URL = "https://x.example/path" },
		"purposes": func(m *anchor.Member) { m.Purposes = []string{"marketing"} }, "node": func(m *anchor.Member) { m.Node = "AB" },
		"address": func(m *anchor.Member) { m.Address = "here" }, "validator": func(m *anchor.Member) { m.Validator = anchor.ValidatorKey(m.Key) },
		"key": func(m *anchor.Member) { m.Key = anchor.MemberKey{} },
	} {
		m := exampleMember("shop")
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&m)
		var wrong *anchor.FormatError
		if err := m.Validate(); !errors.As(err, &wrong) || wrong.Field != "member."+field {
			t.Errorf("%s: %v", field, err)
		}
	}
	one, two := exampleMember("one"), exampleMember("two")
	if _, err := anchor.NewRegister(1, []anchor.Member{one, two}); err == nil { // the same node
		t.Error("two members share a node")
	}
	one.Observer = true
	if _, err := anchor.NewRegister(1, []anchor.Member{one}); err == nil {
		t.Error("nobody votes")
	}
}
