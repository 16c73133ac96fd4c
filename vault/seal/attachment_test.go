package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

type attachmentCase struct {
	Name     string `json:"name"`
	Expect   string `json:"expect"`
	Key      string `json:"key"`
	Document string `json:"document"`
	Place    int64  `json:"place"`
	Count    int64  `json:"count"`
	Sealed   string `json:"sealed"`
	Content  string `json:"content,omitempty"`
}

func attachmentVectors(t *testing.T) (out []attachmentCase) {
	r := &stream{label: "attachment"}
	k, d := must(seal.NewKey[seal.ChunkKey](r)), draw[id.Document](r)
	add := func(name, expect string, k seal.ChunkKey, d id.Document, place, count int64, s vault.SealedChunk, content []byte) {
		c := attachmentCase{Name: name, Expect: expect, Key: b64(k[:]), Document: d.String(), Place: place, Count: count, Sealed: b64(s)}
		if expect == "opens" {
			c.Content = b64(content)
		}
		out = append(out, c)
	}
	content := []byte("a chunk like any other")
	first := must(seal.SealChunk(r, k, d, 0, 3, content))
	last := must(seal.SealChunk(r, k, d, 2, 3, content))
	alone := must(seal.SealChunk(r, k, d, 0, 1, make([]byte, 256)))
	add("first of three", "opens", k, d, 0, 3, first, content)
	add("last of three", "opens", k, d, 2, 3, last, content)
	add("alone", "opens", k, d, 0, 1, alone, make([]byte, 256))
	add("moved to another place", "refused", k, d, 1, 3, first, nil)
	add("last as first", "refused", k, d, 0, 3, last, nil)
	add("of fewer: the end is left out", "refused", k, d, 0, 1, first, nil)
	add("of another document", "refused", k, draw[id.Document](r), 0, 3, first, nil)
	add("another attachment's key", "refused", must(seal.NewKey[seal.ChunkKey](r)), d, 0, 3, first, nil)
	flipped := bytes.Clone(first)
	flipped[len(flipped)-1] ^= 1
	add("one bit changed", "refused", k, d, 0, 3, flipped, nil)
	add("cut short", "refused", k, d, 0, 3, first[:20], nil)
	return out
}

func checkAttachment(t *testing.T, c attachmentCase) string {
	d := must(id.Parse[id.Document](c.Document))
	got, err := seal.OpenChunk(key[seal.ChunkKey](t, c.Key), d, c.Place, c.Count, raw(t, c.Sealed))
	if (err == nil) != (c.Expect == "opens") || err == nil && b64(got) != c.Content {
		t.Errorf("%s: %v, want it %s", c.Name, err, c.Expect)
	}
	return c.Expect
}

// What is cut holds the content, is of few lengths, and is taken chunk by chunk.
func TestChunks(t *testing.T) {
	for _, n := range []int{0, 1, 256, 5000, vault.ChunkSize - 1, vault.ChunkSize, vault.ChunkSize + 1, 3_000_000, vault.MaxChunks * vault.ChunkSize} {
		content := make([]byte, n)
		rand.Read(content)
		chunks, err := seal.Chunks(content)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		all := bytes.Join(chunks, nil)
		if len(all) != seal.Padme(max(n, 256)) || !bytes.Equal(all[:n], content) || bytes.ContainsFunc(all[n:], func(r rune) bool { return r != 0 }) {
			t.Errorf("%d bytes became %d", n, len(all))
		}
		for i, c := range chunks {
			one := vault.Chunk{Document: id.New[id.Document](), Place: int64(i), Count: int64(len(chunks))}
			one.Sealed = must(seal.SealChunk(rand.Reader, seal.ChunkKey{1}, one.Document, one.Place, one.Count, c))
			if err := one.Check(); err != nil {
				t.Errorf("%d bytes, chunk %d of %d: %v", n, i, len(chunks), err)
			}
		}
	}
	if _, err := seal.Chunks(make([]byte, vault.MaxChunks*vault.ChunkSize+1)); !errors.Is(err, vault.ErrTooLarge) {
		t.Errorf("more than fits: %v", err)
	}
}

// No bytes are taken for a chunk that were not sealed as it.
func FuzzOpenChunk(f *testing.F) {
	k, d := seal.ChunkKey{7}, id.Document{9}
	good, err := seal.SealChunk(rand.Reader, k, d, 1, 2, []byte("content"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(good), int64(1), int64(2))
	f.Add([]byte(good), int64(0), int64(2))
	f.Add([]byte{}, int64(1), int64(2))
	f.Fuzz(func(t *testing.T, b []byte, place, count int64) {
		_, err := seal.OpenChunk(k, d, place, count, b)
		same := bytes.Equal(b, good) && uint32(place) == 1 && uint32(count) == 2
		if (err == nil) != same {
			t.Errorf("%d bytes as %d of %d: %v", len(b), place, count, err)
		}
	})
}

// FuzzParseAttachment: what parses says the same when it is written again.
func FuzzParseAttachment(f *testing.F) {
	zeros := b64(make([]byte, 32))
	f.Add([]byte(`{"v":1,"kind":"attachment","name":"card.jpg","type":"image/jpeg","size":9,"hash":"` + zeros + `","key":"` + zeros + `","added":1763720000}`))
	f.Add([]byte(`{"v":1,"kind":"attachment","name":"","size":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, k, err := seal.ParseAttachment(b)
		if err == nil && (a.Name == "" || b64(k[:]) != a.Key || a.Size < 0 || a.Size > vault.MaxChunks*vault.ChunkSize) {
			t.Errorf("took %d bytes for an attachment", len(b))
		}
	})
}
