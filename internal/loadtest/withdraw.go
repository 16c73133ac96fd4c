package main

import (
	"bytes"
	"context"
	"crypto/ecdh"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// giving is one grant that a real wallet gave and can withdraw.
type giving struct {
	wallet *wallettest.Wallet
	grant  id.Grant
}

// measureWithdrawals withdraws, one after the other, grants that wallets gave through
// the whole of the interface, on the ledger of the daemon. How long a call takes is how
// long it is until nothing can be released any more. First nothing else is going on,
// then all clients collect: the second row is what they get.
func measureWithdrawals(ctx context.Context, s settings, address string, p planted) (alone, under, meanwhile measured, err error) {
	token, err := ask(ctx, address, p.business, nil)
	if err != nil {
		return alone, under, meanwhile, err
	}
	const wallets, each = 8, 20
	given, err := give(ctx, "http://"+address, p.business, token, wallets, each)
	if err != nil {
		return alone, under, meanwhile, err
	}
	if alone, err = withdrawAll(ctx, given[:len(given)/2]); err != nil {
		return alone, under, meanwhile, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	collecting := make(chan error, 1)
	go func() {
		var err error
		s.each = time.Hour // until the withdrawals are done
		meanwhile, err = bearing(ctx, s, address, token, p)
		collecting <- err
	}()
	under, err = withdrawAll(ctx, given[len(given)/2:])
	cancel()
	if e := <-collecting; err == nil {
		err = e
	}
	return alone, under, meanwhile, err
}

func withdrawAll(ctx context.Context, given []giving) (m measured, err error) {
	begin := time.Now()
	for _, g := range given {
		from := time.Now()
		state, err := g.wallet.Withdraw(ctx, g.grant)
		if err != nil || state.State != consent.StateWithdrawn {
			return m, fmt.Errorf("withdrawing: %s %w", state.State, err)
		}
		m.took = append(m.took, time.Since(from))
	}
	m.count = len(m.took)
	m.perSecond = float64(m.count) / time.Since(begin).Seconds()
	slices.Sort(m.took)
	return m, nil
}

// give lets wallets open vaults and give, each several times. The ledger is asked
// every time, so they do it together.
func give(ctx context.Context, origin string, by agent.Signer, token string, wallets, each int) (all []giving, err error) {
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		return nil, err
	}
	agreement, err := ecdh.P256().GenerateKey(crand.Reader)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for range wallets {
		wg.Go(func() {
			w := wallettest.New(origin)
			if err := w.Open(ctx); err != nil {
				cancel(err)
				return
			}
			for _, name := range attributes {
				if err := w.Set(ctx, name, "x"); err != nil {
					cancel(err)
					return
				}
			}
			for range each {
				g, err := giveOnce(ctx, w, origin, by, token, consent.NewAgreementKey(agreement.PublicKey()), catalogue)
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				all = append(all, giving{w, g})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("giving: %w", err)
	}
	return all, nil
}

func giveOnce(ctx context.Context, w *wallettest.Wallet, origin string, by agent.Signer, token string, key consent.AgreementKey, c consent.Catalogue) (id.Grant, error) {
	now := time.Now()
	q := consent.Request{
		ID: id.New[id.Request](), Iss: by.DID, Aud: origin, Iat: consent.UnixAt(now), Exp: consent.UnixAt(now.Add(time.Hour)), Nonce: consent.NewNonce(),
		Controller: consent.Controller{Name: "Load Shop", Address: "1 Load Street, 10115 Berlin", Contact: "load@shop.example",
			DPO: "dpo@shop.example", Authority: "Berlin", PrivacyNotice: "https://shop.example/privacy", URL: "https://shop.example"},
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1", AgreementKey: key, ReturnURL: "https://shop.example/",
		Purposes: []consent.Asked{{ID: "delivery", Purpose: purpose, Text: map[string]string{"en": "We bring what was ordered."},
			Required: attributes, Optional: []string{}, Days: 31, Retention: "P90D", Recipients: []consent.Recipient{},
			LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", Channels: []string{}}},
	}
	jws, err := by.SignJWS(consent.TypeRequest, q.Payload())
	if err != nil {
		return id.Grant{}, err
	}
	body, err := json.Marshal(map[string]string{"request": jws})
	if err != nil {
		return id.Grant{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/business/v1/requests", bytes.NewReader(body))
	if err != nil {
		return id.Grant{}, err
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return id.Grant{}, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK {
		return id.Grant{}, fmt.Errorf("asking: %s", resp.Status)
	}
	if q, err = w.Request(ctx, q.ID); err != nil {
		return id.Grant{}, err
	}
	states, err := w.Decide(ctx, q, map[string]wallettest.Choice{"delivery": {Attributes: attributes}}, false, c)
	if err != nil || len(states) != 1 {
		return id.Grant{}, fmt.Errorf("deciding: %d grants, %w", len(states), err)
	}
	return states[0].Grant, nil
}
