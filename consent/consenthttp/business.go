package consenthttp

import (
	"errors"
	"net/http"
	"sync"

	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/oauth"
	"coffer/internal/httpjson"
)

// business serves businesses.
type business struct {
	Options
	limits   sync.Map // consent.DID → *rate.Limiter; as many as businesses registered
	paces    sync.Map // consent.DID → *pace
	arriving *rate.Limiter
	stating  *rate.Limiter
}

// Registrations come from anyone, and each costs a signature check.
const (
	registrationRate  = 5
	registrationBurst = 50
)

// Business registers the routes of businesses. protect authenticates: it must put
// the business where oauth.Business finds it.
func Business(r *mux.Router, o Options, protect func(http.Handler) http.Handler) {
	b := &business{Options: o.check(), arriving: rate.NewLimiter(registrationRate, registrationBurst), stating: rate.NewLimiter(statementRate, statementBurst)}
	const under = "/business/v1"
	r = r.PathPrefix(under).Subrouter() // one look at the prefix instead of one at each route
	r.HandleFunc("/registrations", b.register).Methods(http.MethodPost)
	for path, serve := range map[string]func(http.ResponseWriter, *http.Request) (answer, error){
		"/acknowledgements": b.acknowledge, "/deletions": b.stateDeletion,
	} {
		r.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			a, err := serve(w, r)
			b.reply(w, r, "POST "+under+path, a, err)
		}).Methods(http.MethodPost)
	}
	for _, route := range []struct {
		method, path string
		serve        func(http.ResponseWriter, *http.Request, consent.DID) (answer, error)
	}{
		{http.MethodPost, "/grants/{id}/collect", b.collect}, // the gate asks by itself, and logs
		{http.MethodPost, "/requests", b.active(b.ask)},
		{http.MethodGet, "/requests/{id}", b.bound(b.requested)},
		{http.MethodPost, "/templates", b.active(b.putTemplate)},
		{http.MethodGet, "/templates", b.active(b.templates)},
		{http.MethodGet, "/templates/{name}", b.active(b.template)},
		{http.MethodGet, "/templates/{name}/behind", b.active(b.behind)},
		{http.MethodGet, "/templates/{name}/{version}", b.active(b.templateVersion)},
		{http.MethodGet, "/grants/{id}", b.bound(b.grant)},
		{http.MethodDelete, "/grants/{id}", b.active(b.giveUp)},
		{http.MethodPost, "/permits", b.active(b.permit)},
		{http.MethodPost, "/grants/{id}/countersignature", b.active(b.countersign)},
		{http.MethodPost, "/grants/{id}/evidence", b.active(b.present)},
		{http.MethodPost, "/grants/{id}/deposits", b.active(b.deposit)},
		{http.MethodGet, "/grants/{id}/deposits/{deposit}", b.active(b.deposited)},
		{http.MethodPost, "/collect/due", b.active(b.due)},
		{http.MethodPost, "/collect/stream", b.active(b.stream)},
		{http.MethodPost, "/messages", b.active(b.send)},
		{http.MethodGet, "/rights", b.bound(b.allRights)},
		{http.MethodGet, "/rights/{id}", b.bound(b.oneRights)},
		{http.MethodPost, "/rights/{id}/acknowledge", b.bound(b.replyRights(consent.RightsAcknowledged))},
		{http.MethodPost, "/rights/{id}/extend", b.bound(b.replyRights(consent.RightsExtended))},
		{http.MethodPost, "/rights/{id}/answer", b.bound(b.replyRights(consent.RightsAnswered))},
		{http.MethodGet, "/events", b.bound(b.events)},
		{http.MethodPut, "/webhook", b.active(b.setWebhook)},
		{http.MethodGet, "/webhook", b.active(b.webhook)},
		{http.MethodGet, "/webhook/dead", b.active(b.deadEvents)},
		{http.MethodPost, "/webhook/retry", b.active(b.retryEvents)},
	} {
		name := route.method + " " + under + route.path
		if !forLimited[route.method+" "+route.path] {
			route.serve = b.itself(route.serve)
		}
		r.Handle(route.path, protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a, err := b.admit(w, r, route.serve)
			b.reply(w, r, name, a, err)
		}))).Methods(route.method)
	}
}

// admit is the business's door: known, and not too fast.
func (b *business) admit(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request, consent.DID) (answer, error)) (answer, error) {
	did, ok := oauth.Business(r.Context())
	if !ok {
		return answer{}, errors.New("the route is not protected")
	}
	if !b.limiter(did).Allow() {
		w.Header().Set("Retry-After", "1")
		return answer{}, errTooMany
	}
	return serve(w, r, did)
}

// active serves businesses that may act.
func (b *business) active(serve func(http.ResponseWriter, *http.Request, consent.Business) (answer, error)) func(http.ResponseWriter, *http.Request, consent.DID) (answer, error) {
	return func(w http.ResponseWriter, r *http.Request, did consent.DID) (answer, error) {
		by, err := b.Store.Business(r.Context(), did)
		if err == nil {
			err = consentdb.Active(by)
		}
		if err != nil {
			return answer{}, err
		}
		return serve(w, r, by)
	}
}

// bound serves businesses that may act and those that are suspended. What a shopper is
// owed does not end with a suspension: these are the routes on which a business learns
// who demands what, and answers.
func (b *business) bound(serve func(http.ResponseWriter, *http.Request, consent.Business) (answer, error)) func(http.ResponseWriter, *http.Request, consent.DID) (answer, error) {
	return func(w http.ResponseWriter, r *http.Request, did consent.DID) (answer, error) {
		by, err := b.Store.Business(r.Context(), did)
		if err == nil {
			if err = consentdb.Active(by); errors.Is(err, consentdb.ErrSuspended) {
				err = nil
			}
		}
		if err != nil {
			return answer{}, err
		}
		return serve(w, r, by)
	}
}

func (b *business) limiter(did consent.DID) *rate.Limiter {
	if l, ok := b.limits.Load(did); ok {
		return l.(*rate.Limiter)
	}
	l, _ := b.limits.LoadOrStore(did, rate.NewLimiter(b.Rate, b.Burst))
	return l.(*rate.Limiter)
}

func (b *business) register(w http.ResponseWriter, r *http.Request) {
	a, err := b.registered(w, r)
	b.reply(w, r, "POST /business/v1/registrations", a, err)
}

func (b *business) registered(w http.ResponseWriter, r *http.Request) (answer, error) {
	if !b.arriving.Allow() {
		w.Header().Set("Retry-After", "1")
		return answer{}, errTooMany
	}
	var body struct {
		Card string `json:"card"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	signer, payload, err := b.Signatures.VerifyJWS(r.Context(), body.Card, consent.TypeCard)
	if err != nil {
		return answer{}, err
	}
	now := b.Clock()
	card, err := consent.ParseCard(payload, consent.CardRules{Issuer: signer, Audience: b.Origin, Now: now, Catalogue: b.Catalogue})
	if err != nil {
		return answer{}, err
	}
	first := consent.BusinessPending
	if b.AdmitAll {
		first = consent.BusinessActive
	}
	known, err := b.Store.Register(r.Context(), card, body.Card, first, now)
	if err != nil {
		return answer{}, err
	}
	return created(map[string]any{"did": known.DID, "state": known.State})
}
