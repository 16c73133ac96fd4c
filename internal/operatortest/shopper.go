package operatortest

import (
	"context"
	"fmt"
	"strings"

	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// Shopper answers what a business asks, by its link.
type Shopper struct{ *wallettest.Wallet }

// Give opens a request's link and gives, purpose by purpose, what the choices name; a
// purpose without one is refused.
func (s *Shopper) Give(ctx context.Context, link string, choices map[string]wallettest.Choice) error {
	_, name, ok := strings.Cut(link, "/r/")
	if !ok {
		return fmt.Errorf("%s leads to no request", link)
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
