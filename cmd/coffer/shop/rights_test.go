package shop

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// demanded puts a rights request into the business's folder, as its client would.
func (k *keeper) demanded(change func(*coffer.RightsCase)) {
	k.Helper()
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	shopper, err := agent.NewSigner(key)
	if err != nil {
		k.Fatal(err)
	}
	agreement, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		k.Fatal(err)
	}
	q, err := shopper.SignRights(coffer.RightsRequest{V: 1, ID: id.New[id.Rights](), Iss: shopper.DID, Aud: k.business.DID(), Operator: "http://localhost:1",
		Time: coffer.UnixAt(time.Now()), Regime: consent.RegimeGDPR, Right: coffer.RightErasure, Grants: []id.Grant{id.New[id.Grant]()},
		Attributes: []string{"phone"}, Text: "Forget <me>, please.", AgreementKey: consent.NewAgreementKey(agreement.PublicKey())})
	if err != nil {
		k.Fatal(err)
	}
	c := coffer.RightsCase{V: 1, ID: q.ID, JWS: q.JWS, Times: consent.RightsTimes{Sent: q.Time}}
	change(&c)
	b, err := json.Marshal(c)
	if err != nil {
		k.Fatal(err)
	}
	dir := filepath.Join(k.dir, "business", "rights")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		k.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, q.ID.String()+".json"), b, 0o600); err != nil {
		k.Fatal(err)
	}
}

// The back office shows what is demanded and when it is due, with a form while the
// shopper waits and without one when nobody does.
func TestOfficeShowsRights(t *testing.T) {
	ago := func(days int) func(*coffer.RightsCase) {
		return func(c *coffer.RightsCase) { c.Times.Sent = coffer.UnixAt(time.Now().AddDate(0, 0, -days)) }
	}
	for name, c := range map[string]struct {
		change     func(*coffer.RightsCase)
		want, lack string
	}{
		"new":            {ago(0), "days left", "no such"},
		"words":          {ago(0), "Forget &lt;me&gt;, please.", "<me>"},
		"attributes":     {ago(0), "<dd>Phone</dd>", "everything under"},
		"overdue":        {ago(60), "over since", "It takes longer"},
		"answered":       {func(c *coffer.RightsCase) { c.Times.Answered = c.Times.Sent }, "answered", "Sign and send"},
		"erased":         {func(c *coffer.RightsCase) { c.Erased = true }, "the vault is erased", "Sign and send"},
		"does not stand": {func(c *coffer.RightsCase) { c.Refused, c.JWS = "wrong-rights", "" }, "wrong-rights", "Sign and send"},
	} {
		k := open(t)
		k.demanded(c.change)
		code, page := k.get("/office")
		if code != http.StatusOK || !strings.Contains(page, c.want) || strings.Contains(page, c.lack) || !strings.Contains(page, "</html>") {
			t.Errorf("%s: %d, %q is not there, or %q is", name, code, c.want, c.lack)
		}
		if strings.Contains(k.log.String(), "Forget") {
			t.Errorf("%s: the log tells what was demanded", name)
		}
	}
}

func TestLeft(t *testing.T) {
	for days, want := range map[int]string{2: "2 days left", 1: "1 day left", 0: "today", -1: "over since 1 day", -30: "over since 30 days"} {
		if got := left(days); got != want {
			t.Errorf("%d: %q, want %q", days, got, want)
		}
	}
}

// A form about nothing changes nothing, and says so.
func TestReplyToNothing(t *testing.T) {
	k := open(t)
	if _, page := k.get("/office"); !strings.Contains(page, "Nobody has demanded anything") {
		t.Error("the back office does not speak of rights requests")
	}
	if code, _ := k.do(k.post("/office/rights", url.Values{"rights": {"nonsense"}})); code != http.StatusNotFound {
		t.Errorf("no id: %d, want 404", code)
	}
	form := url.Values{"rights": {id.New[id.Rights]().String()}, "reply": {"done"}}
	if code, page := k.do(k.post("/office/rights", form)); code != http.StatusBadRequest || !strings.Contains(page, "Nobody waits for that") {
		t.Errorf("a rights request that is not there: %d", code)
	}
}

// Every right and every state that the back office may meet has words.
func TestRightsHaveWords(t *testing.T) {
	if len(rightTitles) != 10 || len(rightsStates) != 5 {
		t.Errorf("%d rights and %d states", len(rightTitles), len(rightsStates))
	}
}
