package agent_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hyperledger/aries-framework-go/pkg/doc/ldcontext/embed"
	"github.com/piprate/json-gold/ld"
)

// shelf holds the contexts that aries ships, and reaches no network.
type shelf struct{}

func (shelf) LoadDocument(url string) (*ld.RemoteDocument, error) {
	for _, c := range embed.Contexts {
		if c.URL == url {
			document, err := ld.DocumentFromReader(bytes.NewReader(c.Content))
			return &ld.RemoteDocument{DocumentURL: url, Document: document}, err
		}
	}
	return nil, errors.New("not on the shelf: " + url)
}

// To whoever reads JSON-LD, a receipt speaks DPV: no key of it is lost, and those
// that DPV has a term for mean that term.
func TestAReceiptIsDPV(t *testing.T) {
	person := shopper(t, "person")
	r, jwt := receipt(t, person)
	_, claims := parts(t, jwt)
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader = shelf{}
	options.ProcessingMode = ld.JsonLd_1_1
	expanded, err := ld.NewJsonLdProcessor().Expand(claims["vc"], options)
	if err != nil {
		t.Fatal(err)
	}
	const dpv, gdpr = "https://w3id.org/dpv#", "https://w3id.org/dpv/legal/eu/gdpr#"
	subject := expanded[0].(map[string]any)["https://www.w3.org/2018/credentials#credentialSubject"].([]any)[0].(map[string]any)
	at := func(node any, keys ...string) map[string]any {
		t.Helper()
		for _, key := range keys {
			list, _ := node.(map[string]any)[key].([]any)
			if len(list) == 0 {
				t.Fatalf("there is no %s in %s", key, text(t, node))
			}
			node = list[0]
		}
		return node.(map[string]any)
	}
	for what, c := range map[string]struct{ have, want any }{
		"the shopper":    {at(subject, dpv+"hasDataSubject")["@id"], string(r.ID)},
		"the profile":    {at(subject, "http://purl.org/dc/terms/conformsTo")["@id"], r.SchemaVersion},
		"the purpose":    {at(subject, dpv+"hasProcess", dpv+"hasPurpose")["@id"], dpv + "DeliveryOfGoods"},
		"the basis":      {at(subject, dpv+"hasProcess", dpv+"hasLegalBasis")["@id"], gdpr + "A6-1-a"},
		"the necessity":  {at(subject, dpv+"hasProcess", dpv+"hasPersonalData", dpv+"hasNecessity")["@id"], dpv + "Required"},
		"the controller": {at(subject, dpv+"hasDataController")["@id"], at(subject, dpv+"hasEntity")["@id"]},
		"its part":       {at(subject, dpv+"hasEntity")["@type"].([]any)[0], dpv + "DataController"},
		"a right":        {at(subject, dpv+"hasRight")["@id"], gdpr + "A15"},
		"the state":      {at(subject, "urn:coffer:term:events", dpv+"hasConsentStatus")["@id"], dpv + "ConsentGiven"},
		"how it was":     {at(subject, "urn:coffer:term:events", "http://purl.org/dc/terms/type")["@id"], dpv + "ExplicitlyExpressedConsent"},
		"our own":        {at(subject, "urn:coffer:term:grant")["@value"], r.Grant.String()},
	} {
		if c.have != c.want {
			t.Errorf("%s is %v, want %v", what, c.have, c.want)
		}
	}
	// Compacted again it has every key that it had: nothing fell through.
	compacted, err := ld.NewJsonLdProcessor().Compact(expanded, claims["vc"].(map[string]any)["@context"], options)
	if err != nil {
		t.Fatal(err)
	}
	back := text(t, compacted)
	for _, key := range strings.Split(text(t, claims["vc"].(map[string]any)["credentialSubject"]), `"`) {
		if key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") == "" && key != "predecessor" && key != "null" && !strings.Contains(back, `"`+key+`"`) {
			t.Errorf("%s is lost", key)
		}
	}
}
