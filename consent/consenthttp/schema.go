package consenthttp

import (
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
)

// Schema registers what is published for everyone: the JSON Schema of receipts and
// their JSON-LD context. The paths stay; another form of receipts gets another v.
func Schema(r *mux.Router) {
	for path, file := range map[string]struct {
		kind string
		body []byte
	}{
		"/schema/v1/receipt.schema.json":    {"application/schema+json", consent.ReceiptSchema},
		"/schema/v1/receipt.context.jsonld": {"application/ld+json", consent.ReceiptContext},
	} {
		r.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.kind)
			h.Set("Cache-Control", "public, max-age=86400")
			h.Set("Access-Control-Allow-Origin", "*") // a validator in anyone's page may read it
			h.Set("X-Content-Type-Options", "nosniff")
			w.Write(file.body) // whoever hung up does not hear of it
		}).Methods(http.MethodGet)
	}
}
