// Package walletweb carries the built pages of the wallet inside the binary and
// serves them under a Content Security Policy that lets no foreign script run.
//
// # Trust
//
// Whoever serves these pages can serve other pages: the operator's promise not
// to read a vault ends where the shopper's browser runs code it just received.
// So [Digest] names exactly what is served, the same text can be made with
// sha256sum from a build of the published source, and the service worker keeps
// running the files it pinned. A compromise of this package is a compromise of
// every vault that is unlocked afterwards; nothing else in the operator is.
package walletweb

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"sort"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// CSP is the policy every page is served with. No inline script or style, no
// foreign origin, no frame, no eval, and every script URL and HTML string goes
// through one of two named Trusted Types policies: Svelte's own for its
// templates and the wallet's for registering /sw.js.
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html wallet-sw"

// NotBuilt is the answer of a binary that was built without the pages.
const NotBuilt = "the wallet's pages are not built; run: make wallet, then build cofferd again"

// digests lists every other file with its hash, one "<hex>  <path>" line each;
// the build writes it and the settings page checks each line.
const digests = "digests.txt"

// Handler serves the pages that were embedded at build time, and 503 with what
// to run when there were none. Paths without an extension are routes of the
// single page; an unknown file is 404, never the page.
func Handler() http.Handler {
	site, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only an invalid path literal gets here
	}
	return handler(site)
}

// Digest is the hex SHA-256 of the list of files that [Handler] serves, each
// with its own hash, in the format of sha256sum; ok is false when the pages are
// not built. Operators publish it, and the wallet's settings page shows it.
func Digest() (digest string, ok bool) {
	site, err := fs.Sub(dist, "dist")
	if err != nil || !built(site) {
		return "", false
	}
	list, err := listing(site)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256([]byte(list))
	return hex.EncodeToString(sum[:]), true
}

func built(site fs.FS) bool {
	_, err := fs.Stat(site, "index.html")
	return err == nil
}

// listing repeats what the build wrote into digests.txt from the files as they
// are embedded now, so that a file swapped after the build changes the digest.
func listing(site fs.FS) (string, error) {
	var lines []string
	err := fs.WalkDir(site, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == digests || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		b, err := fs.ReadFile(site, name)
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(b), name))
		return nil
	})
	// By path, not by line: the hash stands first.
	sort.Slice(lines, func(i, j int) bool { return lines[i][66:] < lines[j][66:] })
	return strings.Join(lines, ""), err
}

func handler(site fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guard(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if !built(site) {
			http.Error(w, NotBuilt, http.StatusServiceUnavailable)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		switch {
		case strings.HasPrefix(path.Base("/"+name), "."):
			http.NotFound(w, r) // .gitkeep and its like are not pages
			return
		case name == "" || path.Ext(name) == "":
			name = "index.html" // a route of the single page
		}
		serve(w, r, site, name)
	})
}

// guard sets the headers that hold for every answer, errors included.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", CSP)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// contentTypes is a table of our own, so that the type does not depend on the
// mime database of the operator's machine.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".txt":         "text/plain; charset=utf-8",
	".json":        "application/json",
	".webmanifest": "application/manifest+json",
}

func serve(w http.ResponseWriter, r *http.Request, site fs.FS, name string) {
	f, err := site.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	body, seekable := f.(io.ReadSeeker)
	if err != nil || info.IsDir() || !seekable {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	kind, known := contentTypes[path.Ext(name)]
	if !known {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	// Asset names carry their hash. Everything else must be asked for again,
	// or a new version would never arrive.
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	// Embedded files have no time; the zero time sets no Last-Modified.
	http.ServeContent(w, r, name, info.ModTime(), body)
}
