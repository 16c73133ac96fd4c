package walletweb

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func site() fstest.MapFS {
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>Coffer</title>")},
		"sw.js":                {Data: []byte("// worker")},
		"manifest.webmanifest": {Data: []byte("{}")},
		"assets/index-1a2b.js": {Data: []byte("export {}")},
		"digests.txt":          {Data: []byte("stale")},
		".gitkeep":             {Data: nil},
	}
}

func get(t *testing.T, h http.Handler, method, target string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Result()
}

func TestServesPagesAndFiles(t *testing.T) {
	h := handler(site())
	for _, c := range []struct {
		method, target string
		status         int
		kind, cache    string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8", "no-cache"},
		{"HEAD", "/", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/grants/AAAAAAAAAAAAAAAAAAAAAA", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/r/AAAAAAAAAAAAAAAAAAAAAA", 200, "text/html; charset=utf-8", "no-cache"},
		// The file server's redirect of /index.html would be cached by the
		// service worker and break the next navigation.
		{"GET", "/index.html", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/assets/index-1a2b.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"GET", "/sw.js", 200, "text/javascript; charset=utf-8", "no-cache"},
		{"GET", "/manifest.webmanifest", 200, "application/manifest+json", "no-cache"},
		{"GET", "/assets/gone.js", 404, "text/plain; charset=utf-8", ""},
		{"GET", "/.gitkeep", 404, "text/plain; charset=utf-8", ""},
		{"GET", "/assets/", 200, "text/html; charset=utf-8", "no-cache"},
		{"POST", "/", 405, "text/plain; charset=utf-8", ""},
	} {
		res := get(t, h, c.method, c.target)
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind || res.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s %s: %d %q %q, want %d %q %q", c.method, c.target, res.StatusCode,
				res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"), c.status, c.kind, c.cache)
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	want := []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
		"form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'",
	}
	for _, target := range []string{"/", "/grants", "/sw.js", "/assets/gone.js"} {
		header := get(t, handler(site()), "GET", target).Header
		csp := header.Get("Content-Security-Policy")
		for _, directive := range want {
			if !strings.Contains(csp, directive) {
				t.Errorf("%s: policy lacks %s", target, directive)
			}
		}
		for _, unsafe := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
			if strings.Contains(csp, unsafe) {
				t.Errorf("%s: policy contains %s", target, unsafe)
			}
		}
		for name, value := range map[string]string{
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "no-referrer",
			"X-Content-Type-Options":       "nosniff",
		} {
			if got := header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", target, name, got, value)
			}
		}
	}
}

func TestWithoutPagesSaysWhatToRun(t *testing.T) {
	h := handler(fstest.MapFS{".gitkeep": {}})
	res := get(t, h, "GET", "/")
	body := make([]byte, 200)
	n, _ := res.Body.Read(body)
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body[:n]), "run: make wallet") {
		t.Fatalf("%d %q", res.StatusCode, body[:n])
	}
}

func TestListingIsSha256sumSortedByPath(t *testing.T) {
	got, err := listing(site())
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, name := range []string{"assets/index-1a2b.js", "index.html", "manifest.webmanifest", "sw.js"} {
		sum := sha256.Sum256(site()[name].Data)
		want.WriteString(hex.EncodeToString(sum[:]) + "  " + name + "\n")
	}
	if got != want.String() {
		t.Fatalf("got\n%swant\n%s", got, want.String())
	}
	swapped := site()
	swapped["sw.js"] = &fstest.MapFile{Data: []byte("// another worker")}
	if other, _ := listing(swapped); other == got {
		t.Fatal("a swapped file did not change the listing")
	}
}

// The build's own list and ours must be the same text, or the digest on the
// settings page is not the one the operator publishes.
func TestEmbeddedListingMatchesTheBuild(t *testing.T) {
	embedded, err := fs.Sub(dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	if !built(embedded) {
		t.Skip("the wallet's pages are not built; run: make wallet")
	}
	want, err := fs.ReadFile(embedded, digests)
	if err != nil {
		t.Fatal(err)
	}
	got, err := listing(embedded)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Fatalf("digests.txt differs from the embedded files\ngot\n%swant\n%s", got, want)
	}
	sum := sha256.Sum256(want)
	if digest, ok := Digest(); !ok || digest != hex.EncodeToString(sum[:]) {
		t.Fatalf("Digest() = %q, %v", digest, ok)
	}
}
