package httpjson

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Problem is a refusal as RFC 9457 writes it: application/problem+json, with the
// type urn:coffer:problem:<code>.
type Problem struct {
	Code   string // from a closed set; clients switch on it
	Title  string
	Status int
	Detail string         // for a person; never what the person sent
	More   map[string]any // members beyond the standard's
}

func (p Problem) Error() string {
	if p.Detail == "" {
		return p.Code
	}
	return p.Code + ": " + p.Detail
}

// Internal is what a failure of ours looks like from outside.
var Internal = Problem{Code: "internal", Title: "Something went wrong here", Status: http.StatusInternalServerError}

// NoRoom is what a full disk looks like from outside.
var NoRoom = Problem{Code: "no-room", Title: "The operator's disk is full; nothing of this was kept, try again later", Status: http.StatusInsufficientStorage}

// Failure is what a failure of ours looks like from outside: Internal, unless it will pass
// by itself and whoever asked should try again.
func Failure(err error) Problem {
	var full interface{ NoRoom() bool }
	if errors.As(err, &full) && full.NoRoom() {
		return NoRoom
	}
	return Internal
}

func invalid(detail string) Problem {
	return Problem{Code: "invalid", Title: "Invalid request", Status: http.StatusBadRequest, Detail: detail}
}

// Refuse answers with the problem.
func Refuse(w http.ResponseWriter, p Problem) {
	m := map[string]any{"type": "urn:coffer:problem:" + p.Code, "title": p.Title, "status": p.Status}
	if p.Detail != "" {
		m["detail"] = p.Detail
	}
	for k, v := range p.More {
		if _, taken := m[k]; !taken {
			m[k] = v
		}
	}
	body, err := json.Marshal(m)
	if err != nil { // More holds what JSON cannot: our mistake
		Refuse(w, Internal)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
