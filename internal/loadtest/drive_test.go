package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What the clients read by hand is what net/http writes, whichever way it does.
func TestAnswer(t *testing.T) {
	for name, body := range map[string]string{"short": "ok", "none": "", "chunked": strings.Repeat("x", 100_000)} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, body)
		}))
		s := settings{clients: 2, each: 50 * time.Millisecond}
		m, err := drive(t.Context(), s, server.Listener.Addr().String(), func(int) func([]byte) []byte {
			return func(b []byte) []byte { return append(b, "GET / HTTP/1.1\r\nHost: here\r\n\r\n"...) }
		})
		if err != nil || len(m.took) == 0 || m.errors != len(m.took) {
			t.Errorf("%s: %d answers, %d of them not 200: %v", name, len(m.took), m.errors, err)
		}
		server.Close()
	}
	for name, text := range map[string]string{"no length": "HTTP/1.1 200 OK\r\n\r\n", "cut": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "no status": "HTTP\r\n"} {
		if _, err := answer(bufio.NewReader(strings.NewReader(text))); err == nil {
			t.Errorf("an answer with %s is read", name)
		}
	}
}

func TestCount(t *testing.T) {
	n, last, err := count(strings.NewReader("a1\nb\na2\nend\n"), []byte("a"))
	if n != 2 || !bytes.Equal(last, []byte("end\n")) || err != nil {
		t.Errorf("counted %d, last %q, %v", n, last, err)
	}
}
