package consenthttp_test

import (
	"slices"
	"testing"

	"coffer/consent/consenttest"
)

// With Sec-GPC: 1 the operator names the marketing purposes as opted out, and with
// nothing else; the shopper may give them all the same.
func TestSecGPC(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	q := shop.ask()
	for header, want := range map[string][]string{"1": {"marketing"}, "": {}, "0": {}, "true": {}, "1, 1": {}} {
		r := newRequest("GET", "/wallet/v1/requests/"+q.ID.String(), nil)
		r.Header.Set("X-Vault", person.shopper.Vault.String())
		if header != "" {
			r.Header.Set("Sec-GPC", header)
		}
		var body struct {
			OptedOut []string `json:"opted_out"`
		}
		w.send(r).into(&body)
		if body.OptedOut == nil || !slices.Equal(body.OptedOut, want) {
			t.Errorf("Sec-GPC: %q opts out of %v, want %v", header, body.OptedOut, want)
		}
	}
	person.answer(person.shopper.Decide(q, consenttest.Both)).is(200, "")
}
