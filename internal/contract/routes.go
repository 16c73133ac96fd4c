package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/gorilla/mux"
)

// Routes serves the document to anyone: to programs, and as a page to people.
func Routes(r *mux.Router) {
	for path, file := range map[string]struct {
		kind string
		body func() []byte
	}{
		"/openapi.yaml": {"application/yaml", YAML}, // RFC 9512
		"/openapi.json": {"application/json", JSON},
		"/docs/api":     {"text/html; charset=utf-8", page},
	} {
		body := file.body()
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:16]) + `"`
		r.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.kind)
			h.Set("ETag", tag)
			h.Set("Cache-Control", "public, max-age=300")
			h.Set("Access-Control-Allow-Origin", "*") // tools in anyone's page may read it
			h.Set("Content-Security-Policy", pagePolicy())
			h.Set("X-Content-Type-Options", "nosniff")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		}).Methods(http.MethodGet, http.MethodHead)
	}
}
