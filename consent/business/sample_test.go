package business_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the sample files of cmd/coffer anew")

// TestSample makes the files that the command's tests check: a trail with two
// grants, collections, a message and a withdrawal, a receipt, and the validators.
// Those in testdata/v1 stay as they are for as long as version 1 is read; -update
// is for a change of the format before anyone relies on it.
func TestSample(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	q := o.asked(b)
	delivery := o.give(q, "delivery", goods)
	marketing := o.give(q, "marketing", map[string]any{"email": "quillon@vasterhaven.example"})
	_, err := b.Collect(t.Context(), delivery)
	o.check(err)
	_, err = b.Send(t.Context(), marketing, "New in your size", "Come by.")
	o.check(err)
	bundle, err := b.Bundle(t.Context(), delivery)
	o.check(err)
	o.withdraw(delivery, true)
	_, err = b.Poll(t.Context(), nil)
	o.check(err)
	if c := o.clean(b); c.Grants != 2 || c.Messages != 1 || c.Withdrawals != 1 {
		t.Fatalf("the sample has %+v", c)
	}
	var trail bytes.Buffer
	o.check(b.ExportTrail(t.Context(), &trail))
	set, err := b.PinnedValidators()
	o.check(err)
	validators, err := set.MarshalJSON()
	o.check(err)
	if bytes.Contains(trail.Bytes(), []byte("Vasterhaven")) || bytes.Contains(trail.Bytes(), []byte("Zwirbelgasse")) {
		t.Error("the trail holds a value")
	}
	if !*update {
		return
	}
	dir := filepath.Join("..", "..", "cmd", "coffer", "testdata", "v1")
	o.check(os.MkdirAll(dir, 0o755))
	for name, content := range map[string][]byte{"trail.ndjson": trail.Bytes(), "receipt.json": append(bundle.Bytes(), '\n'), "validators.json": append(validators, '\n')} {
		o.check(os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
}
