package consenthttp_test

import (
	"coffer/consent"
	"coffer/consent/consenttest"
)

// The rows of the withdrawal loop. Statements carry their own signature: each actor
// comes with one of its own, made by a stranger's key where it has none.
func init() {
	for name, row := range map[string]struct {
		ask  func(s *stage, by as) (path string, body any)
		want ends
	}{
		"GET /wallet/v1/grants/{id}/loop": {func(s *stage, _ as) (string, any) { return "/wallet/v1/grants/" + s.grant() + "/loop", nil }, walletOnly("200", "404 not-found")},
		"GET /wallet/v1/loops":            {func(*stage, as) (string, any) { return "/wallet/v1/loops", nil }, walletOnly("200", "200")},
		"POST /business/v1/acknowledgements": {func(s *stage, by as) (string, any) {
			s.ended()
			_, jws := by.signs().Acknowledge(s.given.Held[0].Grant, consent.EndWithdrawn)
			return "/business/v1/acknowledgements", map[string]any{"acknowledgement": jws}
		}, ends{"404 not-found", "404 not-found", "404 not-found", "200", "404 not-found", "404 not-found"}},
		"POST /business/v1/deletions": {func(s *stage, by as) (string, any) {
			s.ended()
			_, jws := by.signs().StateDeletion(s.given.Held[0].Grant, s.given.Held[0].Attributes)
			return "/business/v1/deletions", map[string]any{"statement": jws}
		}, ends{"404 not-found", "404 not-found", "404 not-found", "200", "404 not-found", "404 not-found"}},
		"PUT /business/v1/webhook": {func(s *stage, _ as) (string, any) {
			_, jws := s.actors["this business"].shop.Webhook("https://shop.example/hooks")
			return "/business/v1/webhook", map[string]any{"webhook": jws}
		}, businessOnly("200", "422 wrong-issuer")},
		"GET /business/v1/webhook": {func(s *stage, by as) (string, any) {
			if by == s.actors["this business"] {
				by.hook("https://shop.example/hooks")
			}
			return "/business/v1/webhook", nil
		}, businessOnly("200", "404 not-found")},
		"GET /business/v1/webhook/dead": {func(*stage, as) (string, any) { return "/business/v1/webhook/dead", nil }, businessOnly("200", "200")},
		"POST /business/v1/webhook/retry": {func(*stage, as) (string, any) {
			return "/business/v1/webhook/retry", map[string]any{"events": []string{}}
		}, businessOnly("200", "200")},
	} {
		rows[name] = row
	}
}

// ended makes sure that the first grant is withdrawn.
func (s *stage) ended() {
	s.t.Helper()
	s.actors["this shopper"].withdraw(s.given.Held[0]).is(200, "")
}

// signs is the actor's own key, or a stranger's.
func (a as) signs() *consenttest.Shop {
	if a.shop == nil {
		return consenttest.NewShop(a.clock.Now)
	}
	return a.shop
}

// hook sets a webhook and returns its secret.
func (a as) hook(url string) string {
	a.t.Helper()
	_, jws := a.shop.Webhook(url)
	var out struct {
		URL    string `json:"url"`
		Secret string `json:"secret"`
	}
	a.do("PUT", "/business/v1/webhook", map[string]any{"webhook": jws}).into(&out)
	if out.URL != url {
		a.t.Fatalf("the webhook is %q", out.URL)
	}
	return out.Secret
}
