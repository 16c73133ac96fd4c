package consentdb

import (
	"context"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Decision is a shopper's answer to one request, checked and confirmed.
type Decision struct {
	Vault     id.Vault
	Request   id.Request
	Business  consent.DID
	Document  string // the decision as the wallet wrote it
	Given     []Given
	Replaced  []Replaced // grants that end by it: those of its Replacements
	Documents []Document // sealed: the wallet's own copy of what it gave, and its manifest
	At        time.Time
}

// Given is one purpose that was given.
type Given struct {
	Grant    consent.Grant
	Withdraw anchor.Withdraw // signed ahead
	Shares   []consent.Share
}

// Decide keeps a decision with everything that follows from it, or nothing:
// the documents, the grants, their shares, their entries in the outbox, the ends of the
// grants that it replaces, and the event for the business. ErrAnswered, ErrExpired, ErrReplayed (a grant's id or
// handle), consent.ErrNotFound, or what the Keeper says of documents and shares.
func (s *Store) Decide(ctx context.Context, d Decision) error {
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		r, err := one(q.Request(ctx, d.Request))
		if err != nil {
			return err
		}
		switch requestOf(r).Status(d.At) {
		case StatusAnswered:
			return ErrAnswered
		case StatusExpired:
			return ErrExpired
		}
		if err := mayAnswer(ctx, q, d.Vault, d.Request); err != nil {
			return err
		}
		if n, err := q.AnswerRequest(ctx, d.Request); err != nil || n == 0 {
			return changed(n, err, ErrAnswered)
		}
		if err := s.keeper.PutDocuments(ctx, tx, d.Vault, d.Documents); err != nil {
			return err
		}
		k, err := s.key(ctx, d.Vault)
		if err != nil {
			return err
		}
		err = q.PutDecision(ctx, consentsql.PutDecisionParams{
			VaultID: d.Vault, RequestID: d.Request, Document: k.SealText(placeOfDecision(d.Request), d.Document), Decided: d.At.Unix(),
		})
		if err != nil {
			return err
		}
		for _, g := range d.Given {
			if err := s.give(ctx, q, tx, d, g); err != nil {
				return err
			}
		}
		for _, r := range d.Replaced {
			if err := s.replace(ctx, q, tx, d, r); err != nil {
				return err
			}
		}
		return tell(ctx, q, d.Business, Event{Kind: EventAnswered, Request: d.Request, At: consent.UnixAt(d.At)})
	})
	if err == nil && len(d.Given) > 0 {
		s.nudge()
	}
	return wrap("keeping a decision", err)
}

func (s *Store) give(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, d Decision, given Given) error {
	g := given.Grant
	seen, err := q.GrantSeen(ctx, consentsql.GrantSeenParams{GrantID: g.ID, Handle: g.Handle[:]})
	if err != nil {
		return err
	}
	if seen != 0 {
		return ErrReplayed
	}
	by := d.Business
	if g.Onward() {
		by = g.Business
	}
	err = q.PutGrant(ctx, consentsql.PutGrantParams{
		VaultID: d.Vault, GrantID: g.ID, RequestID: d.Request, Business: by, OnwardOf: bytesOf(g.OnwardOf),
		Purpose: g.Purpose, PurposeID: g.PurposeID, Attributes: toJSON(g.Attributes), Channels: toJSON(g.Channels),
		WeeklyCap: int64(g.WeeklyCap), Minor: g.Minor, StartEpoch: int64(g.Start), EndEpoch: int64(g.End),
		Given: d.At.Unix(), Handle: g.Handle[:],
	})
	if err != nil {
		return err
	}
	k, err := s.key(ctx, d.Vault)
	if err != nil {
		return err
	}
	err = q.PutPaper(ctx, consentsql.PutPaperParams{
		VaultID: d.Vault, GrantID: g.ID, Entry: g.Entry,
		Receipt: k.SealText(placeOfReceipt(g.ID, consent.EventGiven), g.Receipt), Letter: k.SealText(placeOfLetter(g.ID), g.Letter),
		WithdrawAhead: given.Withdraw.Bytes(),
	})
	if err != nil {
		return err
	}
	g.Vault = d.Vault
	if err := putTerms(ctx, q, g); err != nil {
		return err
	}
	if err := s.keeper.PutShares(ctx, tx, d.Vault, given.Shares); err != nil {
		return err
	}
	return enqueue(ctx, q, g.Entry, d.At)
}
