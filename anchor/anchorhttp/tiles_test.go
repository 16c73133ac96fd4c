package anchorhttp_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
	"coffer/anchor/bft"
)

// fetch reads one resource of the published log.
func fetch(origin, path string) ([]byte, http.Header, error) {
	answer, err := http.Get(origin + "/ledger/v1/" + path)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, answer.Header, fmt.Errorf("%s answers %s", path, answer.Status)
	}
	b, err := io.ReadAll(answer.Body)
	return b, answer.Header, err
}

// tileServer lets golang.org/x/mod/sumdb/tlog read the log: its paths are those
// of the Go checksum database, which c2sp.org/tlog-tiles shortened.
type tileServer struct{ origin string }

func (tileServer) Height() int                     { return 8 }
func (tileServer) SaveTiles([]tlog.Tile, [][]byte) {}

func (s tileServer) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		path, ok := strings.CutPrefix(t.Path(), "tile/8/")
		if !ok {
			return nil, fmt.Errorf("the tile has the path %s", t.Path())
		}
		b, _, err := fetch(s.origin, "tile/"+path)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// readBundles reads all entries of a log as any monitor would.
func readBundles(t *testing.T, origin string, size int64) [][]byte {
	t.Helper()
	var out [][]byte
	for at := int64(0); at < size; at += 256 {
		// A bundle's path is a level 0 tile's, with another name for the level.
		tile := tlog.Tile{H: 8, L: 0, N: at / 256, W: int(min(256, size-at))}
		b, _, err := fetch(origin, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
		if err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			n := int(binary.BigEndian.Uint16(b))
			out = append(out, b[2:2+n])
			b = b[2+n:]
		}
	}
	if int64(len(out)) != size {
		t.Fatalf("the bundles have %d entries, want %d", len(out), size)
	}
	return out
}

// interoperate verifies a published log with tools that nobody here wrote, and
// then the two proofs that are: both agree.
func interoperate(t *testing.T, c *anchorhttp.Client, want uint64) {
	t.Helper()
	key, _, err := fetch(c.Origin, "checkpoint-key")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := fetch(c.Origin, "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	var origin, root string
	var size int64
	if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &size, &root); err != nil || uint64(size) != want {
		t.Fatalf("the note is %q, %v, want %d entries", n.Text, err, want)
	}
	hash, err := tlog.ParseHash(root)
	if err != nil {
		t.Fatal(err)
	}

	// What validators signed is what the tiles hash to.
	set, err := c.Validators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	header, err := c.SignedHeader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head, err := anchor.VerifyHeader(set, header)
	if err != nil || head.Size != want || head.Root != [32]byte(hash) {
		t.Fatalf("the app hash is of %d entries, %v, and root %x, want %v", head.Size, err, head.Root, hash)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: hash}, tileServer{c.Origin})
	if got, err := tlog.TreeHash(size, reader); err != nil || got != hash {
		t.Fatalf("the tiles hash to %v, %v, want %v", got, err, hash)
	}
	for i, e := range readBundles(t, c.Origin, size) {
		if _, err := anchor.ParseEntry(e); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if i%97 != 0 {
			continue
		}
		proof, err := tlog.ProveRecord(size, int64(i), reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, size, hash, int64(i), tlog.RecordHash(e)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	for _, from := range []int64{1, 2, size / 2, size - 1} {
		if from < 1 || from > size {
			continue
		}
		older, err := tlog.TreeHash(from, reader)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := tlog.ProveTree(size, from, reader)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := c.Consistency(t.Context(), uint64(from), uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		if err := ours.Verify(older, hash); err != nil {
			t.Errorf("ours, from %d: %v", from, err)
		}
		if len(theirs) != len(ours.Path) {
			t.Fatalf("our path from %d has %d hashes, theirs %d", from, len(ours.Path), len(theirs))
		}
		for i := range theirs {
			if theirs[i] != ours.Path[i] {
				t.Errorf("hash %d of the path from %d is another", i, from)
			}
		}
	}
}

// grow appends a grant and permits up to a size.
func grow(t *testing.T, l anchor.Ledger, now anchor.Epoch, from, to int) {
	t.Helper()
	anna := anchortest.NewRelation(l.Chain(), "anna")
	var entries []anchor.Entry
	for i := from; i < to; i++ {
		if i == 0 {
			entries = append(entries, anna.Grant(now, 31))
		} else {
			entries = append(entries, anna.Permit(now, i))
		}
	}
	if err := l.Append(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	if to > from {
		// After the proof of the last entry a header covers all.
		if _, err := l.Prove(t.Context(), entries[len(entries)-1].Leaf()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestInterop: at sizes on both sides of full tiles, golang.org/x/mod reads and
// verifies what is published.
func TestInterop(t *testing.T) {
	m := anchortest.NewMemory("http", func() time.Time { return noon })
	c := serve(t, m)
	size := 0
	for _, next := range []int{1, 2, 255, 256, 257, 511, 600} {
		grow(t, m, anchor.EpochAt(noon), size, next)
		size = next
		interoperate(t, c, uint64(size))
	}
}

// TestInteropNode is the same with a real ledger node.
func TestInteropNode(t *testing.T) {
	home := t.TempDir()
	if err := bft.Init(home, "tiles+node"); err != nil {
		t.Fatal(err)
	}
	n, err := bft.Start(context.Background(), bft.Options{Home: home, Chain: "tiles+node"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	grow(t, n, anchor.EpochAt(time.Now()), 0, 300)
	interoperate(t, serve(t, n), 300)
}

// TestInteropSeesALie: the tools would notice a tile that is another.
func TestInteropSeesALie(t *testing.T) {
	m := anchortest.NewMemory("http", func() time.Time { return noon })
	c := serve(t, m)
	grow(t, m, anchor.EpochAt(noon), 0, 300)
	for _, hash := range []tlog.Hash{{}, sha256.Sum256([]byte("x"))} {
		reader := tlog.TileHashReader(tlog.Tree{N: 300, Hash: hash}, tileServer{c.Origin})
		if _, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, 7)}); err == nil {
			t.Error("tiles verify under a root that is not theirs")
		}
	}
}

func TestTiles(t *testing.T) {
	m := anchortest.NewMemory("http", func() time.Time { return noon })
	c := serve(t, m)
	grow(t, m, anchor.EpochAt(noon), 0, 300)
	const ever, fresh = "public, max-age=31536000, immutable", "no-cache"
	for path, want := range map[string]struct {
		length           int
		caching, content string
	}{
		"tile/0/000":           {8192, ever, "application/octet-stream"},
		"tile/0/000.p/1":       {32, ever, "application/octet-stream"},
		"tile/0/001.p/44":      {44 * 32, ever, "application/octet-stream"},
		"tile/1/000.p/1":       {32, ever, "application/octet-stream"},
		"tile/entries/000.p/1": {2 + anchor.GrantSize, ever, "application/octet-stream"},
		"tile/entries/001.p/9": {9 * (2 + anchor.PermitSize), ever, "application/octet-stream"},
		"checkpoint":           {0, fresh, "text/plain; charset=utf-8"},
		"checkpoint-key":       {0, fresh, "text/plain; charset=utf-8"},
	} {
		b, header, err := fetch(c.Origin, path)
		if err != nil || want.length > 0 && len(b) != want.length || len(b) == 0 {
			t.Errorf("%s has %d bytes, %v, want %d", path, len(b), err, want.length)
		}
		if header.Get("Cache-Control") != want.caching || header.Get("Content-Type") != want.content {
			t.Errorf("%s is %v", path, header)
		}
	}
	// Not there, or not there yet: no cache may remember that.
	for _, path := range []string{"tile/0/001", "tile/0/001.p/45", "tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1", "tile/63/000.p/1",
		"tile/0/x999/x999/x999/x999/999", "tile/entries/001", "tile/entries/001.p/45"} {
		if got := ask(t, c.Origin+"/ledger/v1/"+path); got != "404 urn:coffer:problem:not-found" {
			t.Errorf("%s answers %s", path, got)
		}
		if _, header, _ := fetch(c.Origin, path); header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached: %v", path, header)
		}
	}
	// One tile has one spelling.
	for _, path := range []string{"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/0/000/000", "tile/0/x000", "tile/0/-01", "tile/0/+01", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p/1/1", "tile/00/000", "tile/64/000", "tile/256/000", "tile/0/x000000000000000001",
		"tile/entries/0", "tile/entries/000.p/256", "tile/0/x999/x999/x999/x999/x999/999"} {
		if got := ask(t, c.Origin+"/ledger/v1/"+path); got != "400 urn:coffer:problem:invalid" {
			t.Errorf("%s answers %s", path, got)
		}
	}
	m.Down(true)
	for _, path := range []string{"tile/0/000", "tile/entries/000", "checkpoint", "header"} {
		if got := ask(t, c.Origin+"/ledger/v1/"+path); got != "503 urn:coffer:problem:ledger-unavailable" {
			t.Errorf("%s answers %s while the ledger is down", path, got)
		}
	}
}
