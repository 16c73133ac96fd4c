package consenttest

import (
	"coffer/consent"
	"coffer/internal/id"
)

// Acknowledge signs that the shop knows of a grant's end.
func (s *Shop) Acknowledge(g id.Grant, event consent.Ending, edit ...func(*consent.Acknowledgement)) (consent.Acknowledgement, string) {
	a := consent.Acknowledgement{Iss: s.DID, Aud: Operator, Grant: g, Event: event, Time: consent.UnixAt(s.Now())}
	for _, e := range edit {
		e(&a)
	}
	return a, must(s.SignJWS(consent.TypeAcknowledgement, a.Payload()))
}

// StateDeletion signs that the shop deleted the attributes.
func (s *Shop) StateDeletion(g id.Grant, deleted []string, edit ...func(*consent.Deletion)) (consent.Deletion, string) {
	d := consent.Deletion{Iss: s.DID, Aud: Operator, Grant: g, Time: consent.UnixAt(s.Now()), Deleted: deleted, Text: "All of it is gone."}
	for _, e := range edit {
		e(&d)
	}
	return d, must(s.SignJWS(consent.TypeDeletion, d.Payload()))
}

// Webhook signs where the shop wants to be told.
func (s *Shop) Webhook(url string, edit ...func(*consent.Webhook)) (consent.Webhook, string) {
	w := consent.Webhook{Iss: s.DID, Aud: Operator, Iat: consent.UnixAt(s.Now()), URL: url}
	for _, e := range edit {
		e(&w)
	}
	return w, must(s.SignJWS(consent.TypeWebhook, w.Payload()))
}
