package business_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
)

// An operator that hands a business what is not for it: a letter under another's request
// that does not name it, and another's own letter under one that does. Neither leaves
// anything in the folder to collect with, and a request that is none of ours nothing at
// all.
func TestAnothersLetter(t *testing.T) {
	for name, named := range map[string]bool{"the request does not name us": false, "the letter is the first business's": true} {
		t.Run(name, func(t *testing.T) {
			o := newOperator(t)
			first, _ := o.shop()
			b, dir := o.shop() // the operator knows this one from here on
			us := o.business
			ask := business.Ask{Purposes: asks()}
			if named {
				ask.Purposes[0].Partners = []consent.Partner{b.AsPartner(consent.Onward, "DE", "name")}
			}
			o.business = first.DID()
			asked, err := first.Request(t.Context(), ask)
			o.check(err)
			o.business = us
			g := o.give(asked.ID, "delivery", goods)
			o.grants[g].seal(o, b.AgreementKey())

			if _, err := b.OpenLetter(t.Context(), g); !errors.Is(err, business.ErrLetter) {
				t.Errorf("opened: %v", err)
			}
			if letterKept(dir, g) {
				t.Error("its keys are kept")
			}
			_, err = os.Stat(filepath.Join(dir, "requests", asked.ID.String()+".json"))
			if kept := err == nil; kept != named {
				t.Errorf("the request is kept: %t", kept)
			}
		})
	}
}
