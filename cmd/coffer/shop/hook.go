package shop

import "context"

// hookPath is where the operator tells the shop of its events.
const hookPath = "/hooks/coffer"

// hook sets the shop's webhook, unless it is set. Without one the shop still asks for
// its events; an operator may have reasons to refuse an address.
func (s *Shop) hook(ctx context.Context) {
	want := s.url + hookPath
	have, err := s.business.Webhook()
	if err == nil && have != want {
		err = s.business.SetWebhook(ctx, want)
	}
	if err != nil {
		s.log.Warn("without a webhook the shop only asks for its events", "error", err)
	}
}
