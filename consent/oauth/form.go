package oauth

import (
	"mime"
	"net/http"
	"net/url"
)

const (
	maxForm = 16 << 10
	maxPush = 128 << 10 // a signed request in it, perhaps inside a request object
)

// readForm refuses what two readers would read differently: parameters in the
// query, and parameters that occur twice (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, r *http.Request, max int64) (url.Values, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("want content type application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, max)
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		return nil, invalidRequest("want a form of a decent size, and nothing in the query")
	}
	if !single(r.PostForm) {
		return nil, invalidRequest("a parameter occurs twice")
	}
	return r.PostForm, nil
}

func single(form url.Values) bool {
	for _, values := range form {
		if len(values) != 1 {
			return false
		}
	}
	return true
}
