package operatortest

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// Shopper answers what a business asks, by its link.
type Shopper struct{ *wallettest.Wallet }

// follow is a browser that stops at the wallet: it returns the name of the request there.
func (s *Shopper) follow(link string) (string, error) {
	if strings.Contains(link, "/oauth/authorize?") {
		browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := browser.Get(link)
		if err != nil {
			return "", err
		}
		res.Body.Close()
		link = res.Header.Get("Location")
	}
	if _, name, ok := strings.Cut(link, "/r/"); ok {
		return name, nil
	}
	return "", fmt.Errorf("%s leads to no request", link)
}

// Give opens a request's link and gives, purpose by purpose, what the choices name; a
// purpose without one is refused.
func (s *Shopper) Give(ctx context.Context, link string, choices map[string]wallettest.Choice) error {
	name, err := s.follow(link)
	if err != nil {
		return err
	}
	request, err := id.Parse[id.Request](name)
	if err != nil {
		return err
	}
	q, err := s.Request(ctx, request)
	if err != nil {
		return err
	}
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		return err
	}
	_, err = s.Decide(ctx, q, choices, false, catalogue)
	return err
}
