package anchor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

func TestChainIDs(t *testing.T) {
	for _, c := range []anchor.Chain{"a", "coffer-1", anchor.Chain(strings.Repeat("x", 50))} {
		if err := c.Validate(); err != nil {
			t.Errorf("%q: %v", c, err)
		}
	}
	for _, c := range []anchor.Chain{"", "two words", "tab\t", "é", "\x01", anchor.Chain(strings.Repeat("x", 51))} {
		if c.Validate() == nil {
			t.Errorf("%q is accepted", c)
		}
	}
}

func TestEpochs(t *testing.T) {
	at := time.Date(2026, 8, 1, 16, 59, 59, 0, time.FixedZone("east", 2*3600))
	e := anchor.EpochAt(at)
	if got := e.Time(); !got.Equal(time.Date(2026, 8, 1, 14, 0, 0, 0, time.UTC)) || anchor.EpochAt(got) != e {
		t.Errorf("the epoch of %s starts at %s", at, got)
	}
}

func TestLive(t *testing.T) {
	g := anchor.GrantState{Start: 100, End: 124}
	for epoch, want := range map[anchor.Epoch]bool{99: false, 100: true, 123: true, 124: false} {
		if g.Live(epoch.Time()) != want {
			t.Errorf("at epoch %d live is %t", epoch, !want)
		}
	}
	g.Withdrawn = true
	if g.Live(anchor.Epoch(110).Time()) {
		t.Error("a withdrawn grant is live")
	}
}

// Text forms have one spelling each.
func TestKeysAsText(t *testing.T) {
	h := anchortest.NewRelation("c", "anna").Handle()
	text, err := json.Marshal(map[anchor.Handle]anchor.Handle{h: h})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`{%q:%q}`, h, h); string(text) != want {
		t.Errorf("a handle is written %s, want %s", text, want)
	}
	var back anchor.Handle
	if err := back.UnmarshalText([]byte(h.String())); err != nil || back != h {
		t.Errorf("reading a handle: %v", err)
	}
	s := h.String()
	for _, bad := range []string{"", s[:42], s + "=", s + "A", s[:42] + "_", strings.Replace(s, s[:1], "*", 1)} {
		if bad != s && back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is accepted as a handle", bad)
		}
	}
}

func TestBatchesHaveALimit(t *testing.T) {
	p := anchortest.NewRelation("c", "anna").Permit(1, 0)
	many := make([]anchor.Entry, anchor.MaxBatch+1)
	for i := range many {
		many[i] = p
	}
	if _, err := anchor.EncodeBatch(many); err == nil {
		t.Error("a batch above the limit is written")
	}
	if _, err := anchor.EncodeBatch(nil); err == nil {
		t.Error("an empty batch is written")
	}
	full, err := anchor.EncodeBatch(many[1:])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := anchor.ParseBatch(full); err != nil || len(got) != anchor.MaxBatch {
		t.Errorf("a full batch: %d entries, %v", len(got), err)
	}
	for name, b := range map[string][]byte{
		"prefix":  append([]byte("Coffer"), full[6:]...),
		"version": edited(full, 12, 2),
		"count":   edited(full, 13, 0xff),
		"size":    append(bytes.Clone(full), 0),
		"kind":    edited(full, 16, 9),
	} {
		_, err := anchor.ParseBatch(b)
		var format *anchor.FormatError
		if !errors.As(err, &format) || format.Field != name {
			t.Errorf("a batch with a bad %s: %v", name, err)
		}
	}
	if _, err := anchor.ParseBatch(full[:10]); err == nil {
		t.Error("half a prefix is a batch")
	}
	if _, err := anchor.ParseBatch(full[:len(full)-1]); err == nil {
		t.Error("a batch cut short is a batch")
	}
}

func edited(b []byte, at int, to byte) []byte {
	b = bytes.Clone(b)
	b[at] = to
	return b
}

// An opening must not reach a log or an error.
func TestOpeningsHideThemselves(t *testing.T) {
	secret := bytes.Repeat([]byte("s3cr"), 16)
	_, o, err := anchor.CommitHMAC(bytes.NewReader(secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, o); got != "opening(scheme 2)" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if o.LogValue().String() != "opening(scheme 2)" {
		t.Errorf("it logs %q", o.LogValue())
	}
	j, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back anchor.Opening
	if err := json.Unmarshal(j, &back); err != nil || !bytes.Equal(back.R, o.R) || back.Scheme != 2 {
		t.Errorf("read back: %v", err)
	}
	for _, bad := range []string{`{"scheme":2}`, `{"scheme":2,"r":"AA"}`, `{"scheme":300,"r":""}`, `{"scheme":2,"r":"*"}`, strings.Replace(string(j), "{", `{"x":1,`, 1)} {
		if json.Unmarshal([]byte(bad), &back) == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestCommitNeedsRandomness(t *testing.T) {
	if _, _, err := anchor.Commit(bytes.NewReader(make([]byte, 63)), nil); err == nil {
		t.Error("63 bytes were enough")
	}
	if _, _, err := anchor.Commit(bytes.NewReader(make([]byte, 64)), nil); err == nil {
		t.Error("a source of zeros was accepted")
	}
	if _, _, err := anchor.CommitHMAC(bytes.NewReader(make([]byte, 31)), nil); err == nil {
		t.Error("31 bytes were enough")
	}
}
