package anchor_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

var update = flag.Bool("update", false, "write the vectors that the code would make")

const vectorChain anchor.Chain = "coffer-vectors"

// TestVectorsAreCurrent makes every vector again and compares. Expected
// outcomes are written by hand here, so -update cannot turn a bug into one.
func TestVectorsAreCurrent(t *testing.T) {
	for name, text := range map[string]string{
		"entries.txt": entryVectors(), "commitments.txt": commitmentVectors(t), "proofs.txt": proofVectors(t),
		"consistency.txt": consistencyVectors(t), "multiproofs.txt": multiProofVectors(t), "completeness.txt": completenessVectors(t),
		"succession.txt": successionVectors(t),
	} {
		path := vectors + name
		if *update {
			if err := os.MkdirAll(vectors, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("%s differs from what the code makes; if that is meant: go test ./anchor -run Vectors -update", path)
		}
	}
}

// corpus writes cases in the order of their keys.
type corpus struct{ strings.Builder }

func newCorpus(remark string) *corpus {
	c := &corpus{}
	for line := range strings.Lines(remark) {
		c.WriteString("# " + line)
	}
	c.WriteString("\n")
	return c
}

func (c *corpus) add(name, expect string, keys map[string]string) {
	fmt.Fprintf(c, "\ncase: %s\nexpect: %s\n", name, expect)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		c.WriteString(strings.TrimSuffix(k+": "+keys[k], " ") + "\n")
	}
}

func entryVectors() string {
	c := newCorpus("Ledger entries (FORMAT.md, Entries). Bytes in hex.\nchain: the chain id in the signed bytes; wallet: the key that must sign a withdrawal.\nok: it parses to these fields and its signature is good.")
	anna := anchortest.NewRelation(vectorChain, "anna")
	const now = 500000
	wallet := anna.Grant(now, 1).WalletKey
	add := func(name, expect string, raw []byte, more map[string]string) {
		keys := map[string]string{"chain": string(vectorChain), "entry": hex.EncodeToString(raw), "wallet": hex.EncodeToString(wallet[:])}
		maps.Copy(keys, more)
		c.add(name, expect, keys)
	}
	grant, permit, withdraw := anna.Grant(now, 31), anna.Permit(now, 0), anna.Withdraw(now)
	hmacGrant, hmacPermit := grant, permit
	hmacGrant.Scheme, hmacPermit.Scheme = anchor.SchemeHMAC, anchor.SchemeHMAC
	last := anna.Grant(1<<32-1-365*24, 365)
	for _, e := range []struct {
		name string
		anchor.Entry
	}{
		{"a grant of 31 days", grant},
		{"a grant under scheme 2", hmacGrant.Sign(vectorChain, anna.Wallet)},
		{"a grant to the end of time", last},
		{"a permit", permit},
		{"a permit under scheme 2", hmacPermit.Sign(vectorChain, anna.Secret)},
		{"a permit of epoch 0", anna.Permit(0, 1)},
		{"a withdrawal", withdraw},
	} {
		add(e.name, "ok", e.Bytes(), describe(e.Entry))
	}

	add("nothing", "refused size", nil, nil)
	add("one byte", "refused size", []byte{1}, nil)
	edit := func(e anchor.Entry, at int, to byte) []byte {
		b := e.Bytes()
		b[at] = to
		return b
	}
	for _, e := range []anchor.Entry{grant, permit, withdraw} {
		b := e.Bytes()
		kind := "a " + e.Kind().String()
		add(kind+" without its last byte", "refused size", b[:len(b)-1], nil)
		add(kind+" with a byte more", "refused size", append(b, 0), nil)
		add(kind+" of version 0", "refused version", edit(e, 0, 0), nil)
		add(kind+" of version 2", "refused version", edit(e, 0, 2), nil)
		add(kind+" of kind 0", "refused kind", edit(e, 1, 0), nil)
		add(kind+" of kind 4", "refused kind", edit(e, 1, 4), nil)
		for _, at := range []int{2, len(b) - 65, len(b) - 64, len(b) - 1} {
			if at == 2 && e.Kind() != anchor.KindWithdraw {
				continue // that is the scheme
			}
			add(fmt.Sprintf("%s with byte %d changed", kind, at), "refused signature", edit(e, at, b[at]^1), nil)
		}
	}
	for _, scheme := range []byte{0, 3} {
		add(fmt.Sprintf("a grant of scheme %d", scheme), "refused scheme", edit(grant, 2, scheme), nil)
		add(fmt.Sprintf("a permit of scheme %d", scheme), "refused scheme", edit(permit, 2, scheme), nil)
	}
	add("a grant whose scheme was changed", "refused signature", edit(grant, 2, 2), nil)
	elsewhere := anchortest.NewRelation("another-chain", "anna")
	for _, e := range []anchor.Entry{elsewhere.Grant(now, 31), elsewhere.Permit(now, 0), elsewhere.Withdraw(now)} {
		add("a "+e.Kind().String()+" of another chain", "refused signature", e.Bytes(), nil)
	}
	forged := permit.Sign(vectorChain, anna.Wallet)
	forged.HandleKey = anna.Handle()
	add("a permit signed by the wallet", "refused signature", forged.Bytes(), nil)
	add("a withdrawal signed by the business", "refused signature", withdraw.Sign(vectorChain, anna.Secret).Bytes(), nil)
	add("a signature whose s is not reduced", "refused signature", unreduced(permit), nil)
	return c.String()
}

// unreduced adds the group order to a signature's s: the same number, another
// spelling, so it must not count.
func unreduced(p anchor.Permit) []byte {
	addOrder(p.Signature[32:])
	return p.Bytes()
}

// addOrder adds the order of the group to a little-endian number.
func addOrder(n []byte) {
	order := [32]byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10}
	carry := 0
	for i := range order {
		sum := int(n[i]) + int(order[i]) + carry
		n[i], carry = byte(sum), sum>>8
	}
}

func commitmentVectors(t *testing.T) string {
	c := newCorpus("Commitments (FORMAT.md, Commitments). Bytes in hex.\nok: the opening (scheme, r) opens the commitment to the document.")
	add := func(name, expect string, o anchor.Opening, com anchor.Commitment, document []byte) {
		c.add(name, expect, map[string]string{
			"scheme": fmt.Sprint(o.Scheme), "r": hex.EncodeToString(o.R), "commitment": hex.EncodeToString(com[:]), "document": hex.EncodeToString(document),
		})
	}
	random := func(seed string) *bytes.Reader {
		a, b := sha256.Sum256([]byte(seed+" 1")), sha256.Sum256([]byte(seed+" 2"))
		return bytes.NewReader(append(a[:], b[:]...))
	}
	must := func(com anchor.Commitment, o anchor.Opening, err error) (anchor.Commitment, anchor.Opening) {
		if err != nil {
			t.Fatal(err)
		}
		return com, o
	}
	documents := [][]byte{nil, []byte("a"), []byte(`{"v":1,"purpose":"https://w3id.org/dpv#DirectMarketing"}`), bytes.Repeat([]byte{0xff}, 200)}
	for i, d := range documents {
		com, o := must(anchor.Commit(random(fmt.Sprint("pedersen ", i)), d))
		add(fmt.Sprintf("pedersen over %d bytes", len(d)), "ok", o, com, d)
		com, o = must(anchor.CommitHMAC(random(fmt.Sprint("hmac ", i)), d))
		add(fmt.Sprintf("hmac over %d bytes", len(d)), "ok", o, com, d)
	}
	zero := anchor.Opening{Scheme: anchor.SchemePedersen, R: make([]byte, 32)}
	bare, err := zero.Commitment([]byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	add("pedersen with r = 0", "ok", zero, bare, []byte("a"))

	d := documents[2]
	refuse := func(scheme string, com anchor.Commitment, o anchor.Opening) {
		add(scheme+" of another document", "refused opening", o, com, append(bytes.Clone(d), ' '))
		wrong := com
		wrong[0] ^= 1
		add(scheme+" with another commitment", "refused opening", o, wrong, d)
		other := anchor.Opening{Scheme: o.Scheme, R: bytes.Clone(o.R)}
		other.R[0] ^= 1
		add(scheme+" with another r", "refused opening", other, com, d)
		add(scheme+" with r of 31 bytes", "refused opening", anchor.Opening{Scheme: o.Scheme, R: o.R[:31]}, com, d)
		add(scheme+" with r of 33 bytes", "refused opening", anchor.Opening{Scheme: o.Scheme, R: append(bytes.Clone(o.R), 0)}, com, d)
		add(scheme+" opened as the other scheme", "refused opening", anchor.Opening{Scheme: 3 - o.Scheme, R: o.R}, com, d)
		add(scheme+" opened as scheme 0", "refused opening", anchor.Opening{Scheme: 0, R: o.R}, com, d)
		add(scheme+" opened as scheme 3", "refused opening", anchor.Opening{Scheme: 3, R: o.R}, com, d)
	}
	com, o := must(anchor.Commit(random("x"), d))
	refuse("pedersen", com, o)
	// r + ℓ is the same scalar in another spelling.
	spelled := anchor.Opening{Scheme: o.Scheme, R: bytes.Clone(o.R)}
	addOrder(spelled.R)
	add("pedersen with r not reduced", "refused opening", spelled, com, d)
	com, o = must(anchor.CommitHMAC(random("x"), d))
	refuse("hmac", com, o)
	return c.String()
}

func proofVectors(t *testing.T) string {
	c := newCorpus("Proofs (FORMAT.md, Proofs), as JSON, with the validator set that the verifier trusts.\nReasons are those of the first step that fails.")
	at := time.Date(2027, 1, 15, 8, 30, 0, 123456789, time.UTC)
	one, four := anchortest.NewSigners(vectorChain, 10), anchortest.NewSigners(vectorChain, 10, 10, 10, 10)
	uneven := anchortest.NewSigners(vectorChain, 1, 2, 3)
	log := newLog()
	set := func(s anchortest.Signers) string { return mustJSON(t, s.Set) }
	write := func(name, expect, proof, validators string, more map[string]string) {
		keys := map[string]string{"proof": proof, "validators": validators}
		maps.Copy(keys, more)
		c.add(name, expect, keys)
	}
	ok := func(name string, s anchortest.Signers, index, size int, signed anchor.SignedHeader) {
		write(name, "ok", mustJSON(t, log.proof(index, size, signed)), set(s), map[string]string{
			"index": fmt.Sprint(index), "size": fmt.Sprint(size), "height": fmt.Sprint(signed.Header.Height), "time": signed.Header.Time.Format(time.RFC3339Nano),
		})
	}
	for _, at2 := range [][2]int{{0, 1}, {0, 2}, {1, 2}, {2, 3}, {3, 5}, {4, 5}, {6, 7}, {0, 8}, {7, 8}, {5, 13}} {
		index, size := at2[0], at2[1]
		ok(fmt.Sprintf("entry %d of %d", index, size), one, index, size, one.Sign(int64(size)+1, at, log.appHash(size)))
	}
	ok("four of four", four, 2, 7, four.Sign(1<<40, at, log.appHash(7)))
	ok("three of four", four, 2, 7, four.Sign(8, at, log.appHash(7), 1))
	ok("five of six power", uneven, 2, 7, uneven.Sign(8, at, log.appHash(7), 2))
	ok("a whole second", one, 2, 7, one.Sign(8, at.Truncate(time.Second), log.appHash(7)))
	forNil := four.Sign(8, at, log.appHash(7), 3)
	address := four.Set.Validators[3].PublicKey.Address()
	forNil.Commit.Votes[3] = anchor.Vote{Flag: anchor.VoteForNil, Validator: address[:], Time: at, Signature: bytes.Repeat([]byte{1}, 64)}
	ok("a vote for nil is not looked at", four, 2, 7, forNil)
	later := one.Sign(8, at, log.appHash(7))
	later.Commit.Round = 3
	ok("decided in round 3", one, 2, 7, resign(one, later))

	// change takes a good proof of entry 2 of 7 by four validators and breaks it.
	change := func(name, reason string, f func(p *anchor.Proof, s *anchor.SignedHeader)) {
		signed := four.Sign(8, at, log.appHash(7))
		p := log.proof(2, 7, signed)
		f(&p, &signed)
		if bytes.Equal(p.SignedHeader, four.Sign(8, at, log.appHash(7)).Bytes()) {
			p.SignedHeader = signed.Bytes()
		}
		write(name, "refused "+reason, mustJSON(t, p), set(four), nil)
	}
	// 1 format
	change("an entry that does not parse", "format", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Entry[0] = 9 })
	change("an entry cut short", "format", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Entry = p.Entry[:len(p.Entry)-1] })
	change("no header", "format", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.SignedHeader = []byte{} })
	change("a header cut short", "format", func(p *anchor.Proof, s *anchor.SignedHeader) { p.SignedHeader = s.Bytes()[:400] })
	change("a byte after the header", "format", func(p *anchor.Proof, s *anchor.SignedHeader) { p.SignedHeader = append(s.Bytes(), 0) })
	change("an unknown field in the header", "format", func(p *anchor.Proof, s *anchor.SignedHeader) { p.SignedHeader = append(s.Bytes(), 0x18, 1) })
	change("the header twice", "format", func(p *anchor.Proof, s *anchor.SignedHeader) { p.SignedHeader = append(s.Bytes(), s.Bytes()...) })
	change("another block protocol", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Header.BlockVersion = 10
		*s = four.Commit(s.Header)
	})
	change("an app hash of 32 bytes", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Header.AppHash = s.Header.AppHash[:32]
		*s = four.Commit(s.Header)
	})
	change("no votes", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes = nil })
	change("a vote with an unknown flag", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes[0].Flag = 4 })
	change("a vote without a signature", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes[0].Signature = nil })
	change("a signature of 65 bytes", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Commit.Votes[0].Signature = append(s.Commit.Votes[0].Signature, 0)
	})
	change("height 0", "format", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Header.Height = 0
		*s = four.Commit(s.Header)
	})
	good := mustJSON(t, log.proof(2, 7, four.Sign(8, at, log.appHash(7))))
	write("JSON of version 2", "refused format", strings.Replace(good, `"v":1`, `"v":2`, 1), set(four), nil)
	write("JSON with a key more", "refused format", strings.Replace(good, `"v":1`, `"v":1,"w":1`, 1), set(four), nil)
	write("JSON without a path", "refused format", strings.Replace(good, `"path":`, `"paths":`, 1), set(four), nil)
	write("padded base64", "refused format", strings.Replace(good, `","index"`, `=","index"`, 1), set(four), nil)
	write("a negative index", "refused format", strings.Replace(good, `"index":2`, `"index":-2`, 1), set(four), nil)
	write("an index beyond 2^53", "refused format", strings.Replace(good, `"index":2`, `"index":9007199254740992`, 1), set(four), nil)
	// 2 chain
	other := anchortest.NewSigners("another-chain", 10, 10, 10, 10)
	write("a header of another chain", "refused chain", mustJSON(t, log.proof(2, 7, other.Sign(8, at, log.appHash(7)))), set(four), nil)
	write("a verifier of another chain", "refused chain", good, set(other), nil)
	// 3 header
	change("a tampered app hash", "header", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Header.AppHash[0] ^= 1 })
	change("a tampered height", "header", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Header.Height++ })
	change("a tampered time", "header", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Header.Time = s.Header.Time.Add(1) })
	change("a tampered block id", "header", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Block.Hash[0] ^= 1 })
	change("a commit of another height", "header", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Commit.Height++
		*s = resign(four, *s)
	})
	// 4 validators
	stranger := anchortest.NewSigners(vectorChain, 10, 10, 10, 10, 10)
	stranger.Set.Validators = stranger.Set.Validators[1:]
	write("another validator set", "refused validators", good, set(stranger), nil)
	write("fewer validators", "refused validators", good, set(one), nil)
	reordered := four.Set
	reordered.Validators = slices.Clone(four.Set.Validators)
	slices.Reverse(reordered.Validators)
	write("validators in another order", "refused validators", good, mustJSON(t, reordered), nil)
	write("other powers", "refused validators", good, strings.Replace(set(four), `"power":10`, `"power":11`, 1), nil)
	write("a validator twice", "refused validators", good, twice(t, four), nil)
	write("a validator with power 0", "refused validators", good, strings.Replace(set(four), `"power":10`, `"power":0`, 1), nil)
	write("a validator with negative power", "refused validators", good, strings.Replace(set(four), `"power":10`, `"power":-10`, 1), nil)
	write("more power than CometBFT allows", "refused validators", good, strings.Replace(set(four), `"power":10`, `"power":1152921504606846976`, 1), nil)
	write("no validators", "refused validators", good, `{"v":1,"chain_id":"coffer-vectors","validators":[]}`, nil)
	change("fewer votes than validators", "validators", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes = s.Commit.Votes[:3] })
	// 5 signature
	change("a tampered signature", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes[0].Signature[5] ^= 1 })
	change("a tampered last signature", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes[3].Signature[5] ^= 1 })
	change("a signature of 63 bytes", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Commit.Votes[0].Signature = s.Commit.Votes[0].Signature[:63]
	})
	change("a vote's time tampered", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Commit.Votes[0].Time = s.Commit.Votes[0].Time.Add(1)
	})
	change("a round tampered", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Round = 1 })
	change("the parts tampered", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Block.PartsHash[0] ^= 1 })
	change("votes in another order", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) {
		s.Commit.Votes[0], s.Commit.Votes[1] = s.Commit.Votes[1], s.Commit.Votes[0]
	})
	change("one validator votes twice", "signature", func(_ *anchor.Proof, s *anchor.SignedHeader) { s.Commit.Votes[1] = s.Commit.Votes[0] })
	// 6 power
	write("two of four", "refused power", mustJSON(t, log.proof(2, 7, four.Sign(8, at, log.appHash(7), 0, 3))), set(four), nil)
	write("exactly two thirds", "refused power", mustJSON(t, log.proof(2, 7, thirds(at, log))), set(anchortest.NewSigners(vectorChain, 10, 10, 10)), nil)
	write("four of six power", "refused power", mustJSON(t, log.proof(2, 7, uneven.Sign(8, at, log.appHash(7), 1))), set(uneven), nil)
	write("nobody signed", "refused power", mustJSON(t, log.proof(2, 7, four.Sign(8, at, log.appHash(7), 0, 1, 2, 3))), set(four), nil)
	// 7 path
	change("another entry", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Entry = log.entries[3].Bytes() })
	change("a tampered entry", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Entry[9] ^= 1 })
	change("another index", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Index = 3 })
	change("an index at the size", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Index = 7 })
	change("a tampered path", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Path[1][0] ^= 1 })
	change("a path too short", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Path = p.Path[:2] })
	change("a path too long", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Path = append(p.Path, p.Path[0]) })
	change("no path", "path", func(p *anchor.Proof, _ *anchor.SignedHeader) { p.Path = [][32]byte{} })
	// The same root also fits index 2 of 3 (a bare root does not fix the size).
	small := log.proof(1, 2, one.Sign(8, at, log.appHash(2)))
	small.Index = 2
	write("index 1 of 2 passed off as 2 of 3", "refused path", mustJSON(t, small), set(one), nil)
	return c.String()
}

func thirds(at time.Time, l *vectorLog) anchor.SignedHeader {
	return anchortest.NewSigners(vectorChain, 10, 10, 10).Sign(8, at, l.appHash(7), 1)
}

// resign signs a commit again after it was changed.
func resign(s anchortest.Signers, signed anchor.SignedHeader) anchor.SignedHeader {
	for i, v := range s.Set.Validators {
		if signed.Commit.Votes[i].Flag == anchor.VoteForBlock {
			signed.Commit.Votes[i].Signature = ed25519.Sign(s.Key(v.PublicKey), signed.Commit.SignedBytes(signed.Header.Chain, i))
		}
	}
	return signed
}

func twice(t *testing.T, s anchortest.Signers) string {
	set := s.Set
	set.Validators = slices.Clone(set.Validators)
	set.Validators[1] = set.Validators[0]
	return mustJSON(t, set)
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// vectorLog is a log of 13 entries of every kind, with its tree by definition.
type vectorLog struct{ entries []anchor.Entry }

func newLog() *vectorLog {
	l := &vectorLog{}
	for i := range 13 {
		r := anchortest.NewRelation(vectorChain, fmt.Sprint("person ", i/3))
		l.entries = append(l.entries, []anchor.Entry{r.Grant(500000, 7), r.Permit(500000, i), r.Withdraw(500000)}[i%3])
	}
	return l
}

func (l *vectorLog) root(from, to int) [32]byte {
	switch to - from {
	case 0:
		return anchor.EmptyRoot()
	case 1:
		return l.entries[from].Leaf()
	}
	k := split(to - from)
	return anchor.HashChildren(l.root(from, from+k), l.root(from+k, to))
}

// split is the largest power of two below n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// path is RFC 6962's PATH(m, D[from:to]).
func (l *vectorLog) path(m, from, to int) [][32]byte {
	if to-from == 1 {
		return [][32]byte{}
	}
	k := split(to - from)
	if m < from+k {
		return append(l.path(m, from, from+k), l.root(from+k, to))
	}
	return append(l.path(m, from+k, to), l.root(from, from+k))
}

func (l *vectorLog) appHash(size int) []byte {
	return anchor.AppHash(l.root(0, size), uint64(size), [32]byte{})
}

func (l *vectorLog) proof(index, size int, signed anchor.SignedHeader) anchor.Proof {
	return anchor.Proof{Entry: l.entries[index].Bytes(), Index: uint64(index), Path: l.path(index, 0, size), SignedHeader: signed.Bytes()}
}
