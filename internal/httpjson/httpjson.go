// Package httpjson reads requests strictly and answers in JSON: what every room
// of the operator's HTTP has in common.
//
// # Trust
//
// Everything that arrives is an attacker's until it is parsed. This package bounds
// its size and depth, refuses fields that nobody asked for and names that occur
// twice (two readers would disagree about them), and never repeats what was sent:
// a refusal says what is wrong, not what was there. A compromise costs the rooms
// behind it their only common check on input.
package httpjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
)

// MaxBody is how much Read accepts, in bytes.
const MaxBody = 1 << 20

const maxDepth = 32

// Read parses the request's body into v. Its errors are of type [Problem].
func Read(w http.ResponseWriter, r *http.Request, v any) error {
	return ReadMax(w, r, v, MaxBody)
}

// ReadMax is Read with another limit.
func ReadMax(w http.ResponseWriter, r *http.Request, v any, max int64) error {
	if t := r.Header.Get("Content-Type"); t != "application/json" { // nearly always it is
		if t, _, err := mime.ParseMediaType(t); err != nil || t != "application/json" {
			return invalid("want content type application/json")
		}
	}
	var room bytes.Buffer
	const believed = 16 << 10 // more than that a body has to show first
	room.Grow(int(min(r.ContentLength, max, believed)+1) + bytes.MinRead)
	_, err := room.ReadFrom(http.MaxBytesReader(w, r.Body, max))
	body := room.Bytes()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return Problem{Code: "too-large", Title: "Too large", Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("want at most %d bytes", max)}
	} else if err != nil {
		return invalid("body ended early")
	}
	return Parse(body, v)
}

// Parse is Read for bytes that came by another way.
func Parse(body []byte, v any) error {
	if err := shape(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	// The decoder's own words can quote the body; ours do not.
	if err := d.Decode(v); err != nil {
		var p Problem
		if errors.As(err, &p) {
			return p
		}
		return invalid("not the JSON this route takes: an unknown field, or a value of the wrong kind")
	}
	return nil
}

// Write answers with v. Nothing the operator answers may be kept by a cache.
func Write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		Refuse(w, Internal)
		return
	}
	WriteText(w, status, append(body, '\n'))
}

// WriteText is Write for what is JSON already.
func WriteText(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client left; nothing to tell it
}

// SameOrigin lets requests that change something pass only from the operator's
// own pages. Browsers send Origin with all of these; what does not send it is no
// wallet.
func SameOrigin(origin string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				if o := r.Header["Origin"]; len(o) != 1 || o[0] != origin {
					Refuse(w, Problem{Code: "wrong-origin", Title: "Wrong origin", Status: http.StatusForbidden,
						Detail: "this page may not act here"})
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// CheckOrigin reports whether s is an origin as a browser writes it: scheme and
// host, nothing after.
func CheckOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || s != u.Scheme+"://"+u.Host {
		return errors.New("want an origin, as in https://wallet.example")
	}
	return nil
}
