package consenthttp

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/consentdb"
)

// What is written by hand is what encoding/json reads back.
func TestWriteCollection(t *testing.T) {
	sealed := json.RawMessage(`{"protected":"a","ciphertext":"b"}`)
	for _, c := range []consentdb.Collection{
		{},
		{Releases: []consent.Release{{Attribute: "name", Sealed: sealed}}, Log: consent.LogHead{1}},
		{Releases: []consent.Release{{Attribute: "name", Sealed: sealed}, {Attribute: "phone", Sealed: sealed}},
			Refused: []consentdb.RefusedAttribute{{Attribute: "email", Denial: &consent.Denial{Reason: consent.NotCovered}}, {Attribute: "shoe-size", Denial: &consent.Denial{Reason: consent.ByPolicy}}}},
	} {
		var got struct {
			Releases []consent.Release `json:"releases"`
			Refused  []struct {
				Attribute string               `json:"attribute"`
				Problem   consent.DenialReason `json:"problem"`
			} `json:"refused"`
			Log consent.LogHead `json:"log"`
		}
		if err := json.Unmarshal(writeCollection(c), &got); err != nil {
			t.Fatalf("%s: %v", writeCollection(c), err)
		}
		if len(got.Releases) != len(c.Releases) || len(c.Releases) > 0 && !reflect.DeepEqual(got.Releases, c.Releases) || got.Log != c.Log || got.Releases == nil || got.Refused == nil {
			t.Errorf("got %+v, want %+v", got, c)
		}
		for i, f := range c.Refused {
			if got.Refused[i].Attribute != f.Attribute || got.Refused[i].Problem != f.Denial.Reason {
				t.Errorf("got %+v, want %+v", got.Refused[i], f)
			}
		}
	}
}

// FORMAT.md shows what is sent.
func TestTheLinesOfAStream(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```ndjson\n")
	want, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("FORMAT.md has no example")
	}
	const purpose = "https://w3id.org/dpv#DeliveryOfGoods"
	got, lines := appendPage(nil, []consentdb.Gathered{
		{Cursor: consentdb.ChangeCursor{At: 7}, Collection: consentdb.Collection{
			Releases: []consent.Release{{Attribute: "name", Sealed: json.RawMessage(`{"protected":"…"}`)}},
			Refused:  []consentdb.RefusedAttribute{{Attribute: "phone", Denial: &consent.Denial{Reason: consent.NotCovered}}},
		}},
		{Cursor: consentdb.ChangeCursor{At: 8}, Denied: &consent.Denial{Reason: consent.NoPermit}},
	}, purpose)
	got = appendEnd(got, &consentdb.Bulk{Purpose: purpose, Cursor: consentdb.ChangeCursor{Since: 8, At: 8}}, true, "")
	if string(got) != want || lines != 3 {
		t.Errorf("sent:\n%swritten:\n%s", got, want)
	}
}
