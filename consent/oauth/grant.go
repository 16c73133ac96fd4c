package oauth

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// queryGrant answers GET /oauth/grants/{grant_id}: how an approval stands now (Grant
// Management for OAuth 2.0, section 6.3).
func (s *Server) queryGrant(w http.ResponseWriter, r *http.Request) {
	by, name, err := s.managed(r)
	var a consentdb.Approval
	if err == nil {
		a, err = s.o.Store.Approval(r.Context(), by, name)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	httpjson.Write(w, http.StatusOK, map[string]any{"grant_id": a.ID, "authorization_details": details(a)})
}

// deleteGrant answers DELETE /oauth/grants/{grant_id}: the business gives up, at once
// and for good, the grants of an approval and every token under it.
func (s *Server) deleteGrant(w http.ResponseWriter, r *http.Request) {
	by, name, err := s.managed(r)
	if err == nil {
		err = s.o.Store.Terminate(r.Context(), by, name, s.o.Clock())
		s.ended.Add(1)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// managed tells who manages which approval. With a token that is limited to one, no
// other exists.
func (s *Server) managed(r *http.Request) (consent.DID, id.Approval, error) {
	by, _ := Business(r.Context())
	if !s.clients.Admit(by, s.o.Clock()) {
		return by, id.Approval{}, errTooMany
	}
	name, err := id.Parse[id.Approval](mux.Vars(r)["id"])
	if under, limited := Limited(r.Context()); err != nil || limited && under != name {
		return by, name, consent.ErrNotFound
	}
	b, err := s.o.Store.Business(r.Context(), by)
	if err == nil {
		err = consentdb.Active(b)
	}
	return by, name, err
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errTooMany):
		w.Header().Set("Retry-After", retryAfter)
		httpjson.Refuse(w, httpjson.Problem{Code: "too-many", Title: "Too many requests; slow down", Status: http.StatusTooManyRequests})
	case errors.Is(err, consent.ErrNotFound):
		httpjson.Refuse(w, httpjson.Problem{Code: "not-found", Title: "There is no such thing here", Status: http.StatusNotFound})
	case errors.Is(err, consentdb.ErrSuspended):
		httpjson.Refuse(w, httpjson.Problem{Code: "business-suspended", Title: "This business is suspended", Status: http.StatusForbidden})
	case errors.Is(err, consentdb.ErrPending):
		httpjson.Refuse(w, httpjson.Problem{Code: "business-pending", Title: "This business is not approved yet", Status: http.StatusForbidden})
	default:
		if r.Context().Err() == nil {
			s.o.Log.Error("answering", "route", r.Method+" "+grantsPath, "error", err)
		}
		httpjson.Refuse(w, httpjson.Failure(err))
	}
}
