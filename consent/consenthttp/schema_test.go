package consenthttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"coffer/consent"
)

func TestTheSchemaIsPublished(t *testing.T) {
	router := newWorld(t).router
	for path, want := range map[string]struct {
		kind string
		body []byte
	}{
		"/schema/v1/receipt.schema.json":    {"application/schema+json", consent.ReceiptSchema},
		"/schema/v1/receipt.context.jsonld": {"application/ld+json", consent.ReceiptContext},
	} {
		got := httptest.NewRecorder()
		router.ServeHTTP(got, httptest.NewRequest(http.MethodGet, path, nil))
		if got.Code != http.StatusOK || got.Body.String() != string(want.body) || got.Header().Get("Content-Type") != want.kind {
			t.Errorf("%s: %d %s, %d bytes", path, got.Code, got.Header().Get("Content-Type"), got.Body.Len())
		}
	}
}
