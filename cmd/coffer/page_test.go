package main

import (
	"bytes"
	"encoding/json"
	"html"
	"os"
	"strconv"
	"strings"
	"testing"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
)

// kept is the receipt that version 1 wrote, verified.
func kept(t *testing.T) (audit.Verified, anchor.ValidatorSet) {
	t.Helper()
	var set anchor.ValidatorSet
	file, err := os.ReadFile("testdata/v1/validators.json")
	if err == nil {
		err = json.Unmarshal(file, &set)
	}
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := os.ReadFile("testdata/v1/receipt.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := audit.Verify(t.Context(), bundle, set, agent.New(agent.Options{}))
	if err != nil || v.Receipt == nil {
		t.Fatal(err)
	}
	return v, set
}

func written(t *testing.T, v audit.Verified) string {
	t.Helper()
	var b bytes.Buffer
	if err := writePage(&b, v, "a-ledger", 1); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// shown is what a person sees of a page: its data block and its fold are for machines.
func shown(page string) string {
	before, _, _ := strings.Cut(page, `<section class="screen"`)
	return html.UnescapeString(before)
}

// The page tells every field of the receipt, and every line that was checked.
func TestThePageShowsEveryField(t *testing.T) {
	v, _ := kept(t)
	r := *v.Receipt
	before := "urn:coffer:receipt:AAAAAAAAAAAAAAAAAAAAAA"
	r.Predecessor = &before
	p := &r.Purposes[0]
	p.Channels, p.WeeklyCap, p.Recipients = []string{"wallet"}, 3, []consent.Recipient{{Name: "Parcel Co", Country: "AT"}}
	v.Receipt = &r
	text := shown(written(t, v))
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	fields := 0
	var walk func(at string, value any)
	walk = func(at string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, x := range value {
				walk(at+"."+key, x)
			}
		case []any:
			for _, x := range value {
				walk(at+"[]", x)
			}
		case string:
			fields++
			if !strings.Contains(text, value) {
				t.Errorf("%s is not on the page", at)
			}
		case float64:
			fields++
			said := strconv.Itoa(int(value))
			if strings.HasSuffix(at, "event_time") {
				said = moment(consent.Unix(value))
			}
			if !strings.Contains(text, said) {
				t.Errorf("%s is not on the page", at)
			}
		}
	}
	walk("", all)
	if fields < 40 {
		t.Errorf("only %d fields were looked for", fields)
	}
	for _, c := range v.Checks {
		if !strings.Contains(text, c.Name) || !strings.Contains(text, c.Detail) || !strings.Contains(text, c.Why) {
			t.Errorf("the line %q is not on the page", c.Name)
		}
	}
}

// A receipt is a stranger's text: nothing in it becomes markup, a link of another
// kind, or the end of the data block.
func TestThePageBelievesNoText(t *testing.T) {
	v, _ := kept(t)
	r := *v.Receipt
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'`
	r.Parties[0].Name, r.Authority, r.Language, r.PrivacyNotice = evil, evil, evil, "javascript:alert(1)"
	r.Purposes[0].WithdrawalMethod, r.Purposes[0].Information[0].Attribute = "https://x.example/\" onclick=\"alert(1)", evil
	v.Receipt, v.Bundle.Countersignature = &r, evil
	v.Checks[0].Detail = evil
	text := written(t, v)
	if n := strings.Count(text, "<script"); n != 1 || strings.Count(text, "</script") != 1 {
		t.Errorf("%d scripts on the page", n)
	}
	for _, barred := range []string{"<img", `onclick="`, `href="javascript:`, "@import", "url("} {
		if strings.Contains(text, barred) {
			t.Errorf("%s is on the page", barred)
		}
	}
	if !strings.Contains(text, `default-src 'none'`) {
		t.Error("the page may fetch")
	}
}

// What nobody signed is not told as if somebody had.
func TestThePageOfARefusedReceipt(t *testing.T) {
	v, set := kept(t)
	forged := v.Bundle
	forged.Receipt = forged.Receipt[:len(forged.Receipt)-8] + "AAAAAAAA"
	bad, err := audit.Verify(t.Context(), forged.Bytes(), set, agent.New(agent.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	text := shown(written(t, bad))
	if !strings.Contains(text, "This receipt does not hold.") || !strings.Contains(text, "Nothing that it says can be relied on.") ||
		strings.Contains(text, "Corner Shop") || strings.Contains(text, "Everything holds") {
		t.Error("the page of a forged receipt tells what it claims")
	}
	moved := v.Bundle
	moved.Proof.Index++
	if bad, err = audit.Verify(t.Context(), moved.Bytes(), set, agent.New(agent.Options{})); err != nil {
		t.Fatal(err)
	}
	if text = shown(written(t, bad)); !strings.Contains(text, "It says: <bdi>On ") {
		t.Error("a receipt that is not proved is told as a fact")
	}
}

func TestInWords(t *testing.T) {
	for in, want := range map[string]string{
		"https://w3id.org/dpv#DeliveryOfGoods": "Delivery of goods", "postal-address": "Postal address", "": "", "x": "X", "https://x/": "Https://x/",
	} {
		if got := inWords(in); got != want {
			t.Errorf("%q is %q in words", in, got)
		}
	}
	for in, want := range map[string]string{
		"PT1H": "1 hour", "PT24H": "1 day", "PT25H": "1 day and 1 hour", "PT504H": "21 days", "PT0H": "PT0H", "PT-1H": "PT-1H",
		"P90D": "90 days", "P1Y": "1 year", "P1Y2M3W1D": "1 year, 2 months, 3 weeks and 1 day", "P": "P", "soon": "soon",
	} {
		if got := duration(in); got != want {
			t.Errorf("%s lasts %q", in, got)
		}
	}
	if got := clean("a\x1b[31mb\u202ec"); got != "a[31mbc" {
		t.Errorf("cleaned to %q", got)
	}
}
