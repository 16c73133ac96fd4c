package consenthttp_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

const (
	back     = "http://localhost:8081/back"
	verifier = "a-verifier-of-at-least-forty-three-characters-0"
)

// approved is what an OAuth client gets for a code.
type approved struct {
	Token   string      `json:"access_token"`
	GrantID id.Approval `json:"grant_id"`
	Details []struct {
		Grants []struct{ Grant id.Grant }
	} `json:"authorization_details"`
}

// client posts a form as the shop, with proofs if there are any.
func (a as) client(path string, form url.Values, proofs ...string) reply {
	a.t.Helper()
	form.Set("client_assertion", a.shop.Assertion())
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	r := httptest.NewRequest("POST", consenttest.Operator+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, p := range proofs {
		r.Header.Add("DPoP", p)
	}
	return a.send(r)
}

// push pushes a request as an OAuth client does.
func (a as) push(q consent.Request, cosignatures ...string) reply {
	a.t.Helper()
	element := map[string]any{"type": "coffer_request", "request": q.JWS}
	if len(cosignatures) > 0 {
		element["cosignatures"] = cosignatures
	}
	details, err := json.Marshal([]any{element})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.client("/oauth/par", url.Values{"response_type": {"code"}, "redirect_uri": {back}, "state": {"state"}, "authorization_details": {string(details)},
		"code_challenge": {consent.HashOf(verifier).String()}, "code_challenge_method": {"S256"}})
}

// approve is a pushed request that the shopper answers with both purposes, redeemed.
func (a as) approve(by as) (*consenttest.Answer, approved) {
	a.t.Helper()
	return a.approveOf(by, by.shop.Request())
}

func (a as) approveOf(by as, q consent.Request) (*consenttest.Answer, approved) {
	a.t.Helper()
	by.push(q).into(&struct{}{})
	d := a.shopper.Decide(q, consenttest.Both)
	var out struct {
		ReturnURL string `json:"return_url"`
	}
	a.answer(d).into(&out)
	u, err := url.Parse(out.ReturnURL)
	if err != nil || !strings.HasPrefix(out.ReturnURL, back+"?") || u.Query().Get("state") != "state" || u.Query().Get("iss") != consenttest.Operator {
		a.t.Fatalf("returned to %s", out.ReturnURL)
	}
	var got approved
	by.client("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")},
		"redirect_uri": {back}, "code_verifier": {verifier}}).into(&got)
	return d, got
}

// A pushed request and a posted one are held against the same rules, and seen once.
func TestPushedAndPosted(t *testing.T) {
	w := newWorld(t)
	shop := w.open()
	wide := shop.shop.Request(func(q *consent.Request) { q.Purposes[0].Optional = []string{"birth-date"} })
	shop.do("POST", "/business/v1/requests", map[string]any{"request": wide.JWS}).is(422, "over-wide")
	if r := shop.push(wide); r.Status != 400 || !strings.Contains(string(r.Body), "over-wide at purposes[0].optional[0]") {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	posted := shop.ask()
	if r := shop.push(posted); r.Status != 400 || !strings.Contains(string(r.Body), "replayed") {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	pushed := shop.shop.Request()
	shop.push(pushed).into(&struct{}{})
	shop.do("POST", "/business/v1/requests", map[string]any{"request": pushed.JWS}).is(409, "replayed")
	// The shopper may take as long as the request is open, and the business may poll.
	var status struct{ Status string }
	shop.do("GET", "/business/v1/requests/"+pushed.ID.String(), nil).into(&status)
	if status.Status != "open" {
		t.Fatal(status)
	}
}

func TestRefusingAPushedRequest(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	q := shop.shop.Request()
	shop.push(q).into(&struct{}{})
	body := person.shopper.Decide(q, consenttest.Choice{}).Body()
	body["ceremony"], body["credential"] = "", nil
	var out struct {
		ReturnURL string `json:"return_url"`
	}
	person.do("POST", "/wallet/v1/decisions", body).into(&out)
	if !strings.HasPrefix(out.ReturnURL, back+"?error=access_denied&") {
		t.Fatal(out.ReturnURL)
	}
}

// A token that came of one approval is good for its grants and for nothing else.
func TestALimitedToken(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	other := person.give(shop)
	d, got := person.approve(shop)
	mine, theirs := d.Held[0], other.Held[0]
	own := w.tokens[shop.shop.DID]
	w.tokens[shop.shop.DID] = got.Token

	shop.permit(mine).is(200, "")
	shop.collect(mine).is(200, "")
	shop.do("GET", "/business/v1/grants/"+mine.Grant.String(), nil).is(200, "")
	shop.do("POST", "/business/v1/messages", shop.shop.Message(d.Held[1]).Body()).is(201, "")

	shop.permit(theirs).is(404, "not-found")
	shop.collect(theirs).is(404, "not-found")
	shop.do("GET", "/business/v1/grants/"+theirs.Grant.String(), nil).is(404, "not-found")
	shop.do("POST", "/business/v1/messages", shop.shop.Message(other.Held[1]).Body()).is(404, "not-found")
	shop.do("GET", "/business/v1/events", nil).is(403, "limited-token")
	shop.do("GET", "/business/v1/requests/"+d.Request.ID.String(), nil).is(403, "limited-token")
	shop.do("POST", "/business/v1/requests", map[string]any{"request": shop.shop.Request().JWS}).is(403, "limited-token")

	// Giving up ends it at once, and what it was for.
	if r := shop.do("DELETE", "/oauth/grants/"+got.GrantID.String(), nil); r.Status != 204 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	shop.collect(mine).is(401, "invalid-token")
	w.tokens[shop.shop.DID] = own
	shop.collect(mine).is(403, "terminated")
	shop.permit(theirs).is(200, "")
	shop.collect(theirs).is(200, "")
	w.sound()
}
