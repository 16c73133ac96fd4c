package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"coffer/consent"
	"coffer/internal/id"
	"coffer/internal/operatortest"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// world is what scripts meet outside: an operator, a shopper with a vault there, and
// somebody who is no operator. All are made when the first script needs them.
type world struct {
	*testing.T
	start     func() *operatortest.Operator
	person    func() *operatortest.Shopper
	elsewhere func() string
}

func newWorld(t *testing.T) *world {
	w := &world{T: t}
	w.start = sync.OnceValue(func() *operatortest.Operator {
		o, err := operatortest.Start(t.Context())
		if err != nil {
			t.Error(err)
			return nil
		}
		t.Cleanup(func() {
			if err := o.Stop(); err != nil {
				t.Error(err)
			}
		})
		return o
	})
	w.person = sync.OnceValue(func() *operatortest.Shopper {
		p, err := w.start().Shopper(t.Context(), map[string]any{
			"name": "Quillon Vasterhaven", "email": "quillon@example.org",
			"postal-address": map[string]string{"street": "Zwirbelgasse 77", "postcode": "04109", "city": "Leipzig", "country": "DE"},
		})
		if err != nil {
			t.Error(err)
			return nil
		}
		return p
	})
	w.elsewhere = sync.OnceValue(func() string {
		s := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(s.Close)
		return s.URL
	})
	return w
}

// operator puts the operator's address into OPERATOR, and another's into ELSEWHERE.
func (w *world) operator(ts *testscript.TestScript, neg bool, args []string) {
	o := w.start()
	if neg || len(args) > 0 || o == nil {
		ts.Fatalf("no operator")
	}
	ts.Setenv("OPERATOR", o.Origin)
	ts.Setenv("ELSEWHERE", w.elsewhere())
}

// shopper does what a shopper may:
//
//	shopper gives FILE PURPOSE:ATTRIBUTE,… …   answers the link in the file
//	shopper withdraws GRANT
//	shopper pauses|resumes GRANT                 what stands then is in NEXT
//	shopper claims RIGHT GRANT
//
// What was asked is in REQUEST then, and what was given in variables named by purpose.
func (w *world) shopper(ts *testscript.TestScript, neg bool, args []string) {
	person := w.person()
	if neg || len(args) < 2 || person == nil {
		ts.Fatalf("no shopper, or: shopper gives|withdraws|claims …")
	}
	ctx := w.Context()
	switch args[0] {
	case "gives":
		link, err := linkIn(ts.ReadFile(args[1]))
		ts.Check(err)
		choices := map[string]wallettest.Choice{}
		for _, a := range args[2:] {
			purpose, names, _ := strings.Cut(a, ":")
			c := wallettest.Choice{Attributes: strings.Split(names, ",")}
			if purpose == "marketing" {
				c.Channels = []string{consent.ChannelWallet}
			}
			choices[purpose] = c
		}
		ts.Check(person.Give(ctx, link, choices))
		request := link[strings.LastIndex(link, "/")+1:]
		ts.Setenv("REQUEST", request)
		for g, h := range person.Held {
			if h.Request.ID.String() == request {
				ts.Setenv(strings.ToUpper(h.Given.Purpose), g.String())
			}
		}
	case "withdraws":
		g, err := id.Parse[id.Grant](args[1])
		ts.Check(err)
		_, err = person.Withdraw(ctx, g)
		ts.Check(err)
	case "pauses", "resumes":
		kind := map[string]consent.ChangeKind{"pauses": consent.ChangePaused, "resumes": consent.ChangeResumed}[args[0]]
		g, err := id.Parse[id.Grant](args[1])
		ts.Check(err)
		catalogue, err := policies.ShippedCatalogue()
		ts.Check(err)
		next, err := person.Change(ctx, g, kind, wallettest.To{}, catalogue)
		ts.Check(err)
		ts.Setenv("NEXT", next.String())
	case "claims":
		g, err := id.Parse[id.Grant](args[2])
		ts.Check(err)
		_, err = person.Demand(ctx, wallettest.Demand{Regime: consent.RegimeGDPR, Right: consent.RightsKind(args[1]), Grants: []id.Grant{g}})
		ts.Check(err)
	default:
		ts.Fatalf("a shopper cannot do %q", args[0])
	}
}

func linkIn(text string) (string, error) {
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "http") && strings.Contains(word, "/r/") {
			return word, nil
		}
	}
	return "", fmt.Errorf("no link in %q", text)
}
