package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
)

// measureVaults plants n vaults, serves them, and measures what was asked for.
func measureVaults(ctx context.Context, s settings, n int, progress io.Writer) (all []measured, err error) {
	folder := filepath.Join(s.folder, strconv.Itoa(n))
	defer os.RemoveAll(folder)
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := initialize(ctx, s.daemon, folder, address, s.store); err != nil {
		return nil, err
	}
	p, err := plant(ctx, folder, s.store, n, progress)
	if err != nil {
		return nil, fmt.Errorf("planting: %w", err)
	}
	if info, err := os.Stat(filepath.Join(folder, "coffer.db")); err == nil {
		fmt.Fprintf(progress, "  they take %d MB\n", info.Size()/1e6)
	}
	pid, stop, err := start(ctx, address, s.daemon, "serve", "--data", folder)
	if err != nil {
		return nil, err
	}
	defer stop()
	add := func(name, what string, measure func() (measured, error)) {
		if err != nil || !s.runs[name] {
			return
		}
		var m measured
		if m, err = costing(pid, measure); err == nil {
			m.vaults, m.what = n, what
			all = append(all, m)
			fmt.Fprintf(progress, "  %s: %.0f/s\n", what, m.perSecond)
		}
	}
	add("bearer", "gated releases, bearer token", func() (measured, error) { return measureBearer(ctx, s, address, p) })
	add("dpop", "gated releases, DPoP proof on each", func() (measured, error) { return measureBound(ctx, s, address, p) })
	if len(p.signedIn) < s.clients {
		s.runs["save"], s.runs["open"] = false, false
		fmt.Fprintf(progress, "  fewer vaults than clients: no saving and opening\n")
	}
	add("save", "savings: an attribute and the manifest", func() (measured, error) { return measureSaving(ctx, s, address, p) })
	add("open", "whole vaults read", func() (measured, error) { return measureOpening(ctx, s, address, p) })
	for _, streams := range []int{1, 4} {
		add("stream", fmt.Sprintf("bulk attributes, %d streams", streams), func() (measured, error) {
			return measureStream(ctx, s, address, p, streams)
		})
	}
	if err == nil && s.runs["withdraw"] {
		alone, under, meanwhile, err := measureWithdrawals(ctx, s, address, p)
		if err != nil {
			return all, err
		}
		alone.what, under.what = "withdrawals, nothing else", "withdrawals while all collect"
		meanwhile.what = "gated releases meanwhile"
		for _, m := range []measured{alone, under, meanwhile} {
			m.vaults = n
			all = append(all, m)
		}
	}
	return all, err
}

// collect appends a request to collect under a grant that was drawn. more is header
// lines.
func (p planted) collect(b []byte, address, token, more string, grant int) []byte {
	b = append(append(append(b, "POST /business/v1/grants/"...), p.grants[grant].String()...), "/collect HTTP/1.1\r\nHost: "...)
	b = append(append(append(b, address...), "\r\nContent-Type: application/json\r\nContent-Length: 17\r\nAuthorization: "...), token...)
	return append(append(append(b, "\r\n"...), more...), "\r\n{\"attributes\":[]}"...)
}

func measureBearer(ctx context.Context, s settings, address string, p planted) (measured, error) {
	token, err := ask(ctx, address, p.business, nil)
	if err != nil {
		return measured{}, err
	}
	return bearing(ctx, s, address, token, p)
}

func bearing(ctx context.Context, s settings, address, token string, p planted) (measured, error) {
	return drive(ctx, s, address, func(client int) func([]byte) []byte {
		draw := rand.New(rand.NewPCG(uint64(client), 1))
		return func(b []byte) []byte { return p.collect(b, address, "Bearer "+token, "", draw.IntN(len(p.grants))) }
	})
}

// measureBound signs a proof for every request: the clients pay for it, too.
func measureBound(ctx context.Context, s settings, address string, p planted) (measured, error) {
	key, err := newProofKey()
	if err != nil {
		return measured{}, err
	}
	token, err := ask(ctx, address, p.business, key)
	if err != nil {
		return measured{}, err
	}
	digest := sha256.Sum256([]byte(token))
	ath := b64(digest[:])
	return drive(ctx, s, address, func(client int) func([]byte) []byte {
		draw := rand.New(rand.NewPCG(uint64(client), 2))
		return func(b []byte) []byte {
			grant := draw.IntN(len(p.grants))
			proof := key.proof("http://"+address+"/business/v1/grants/"+p.grants[grant].String()+"/collect", ath)
			return p.collect(b, address, "DPoP "+token, "DPoP: "+proof+"\r\n", grant)
		}
	})
}

// measureStream collects everything, over and over.
func measureStream(ctx context.Context, s settings, address string, p planted, streams int) (measured, error) {
	token, err := ask(ctx, address, p.business, nil)
	if err != nil {
		return measured{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.each)
	defer cancel()
	var total, broken atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	for range streams {
		wg.Go(func() {
			for ctx.Err() == nil {
				body := strings.NewReader(`{"purpose":"` + purpose + `","cursor":"","until":""}`)
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/business/v1/collect/stream", body)
				if err != nil {
					broken.Add(1)
					return
				}
				r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					if ctx.Err() == nil {
						broken.Add(1)
					}
					return
				}
				n, last, err := count(resp.Body, []byte(`{"kind":"release"`))
				resp.Body.Close()
				total.Add(int64(n))
				whole := err == nil && bytes.HasPrefix(last, []byte(`{"kind":"end","complete":true`)) && n == len(attributes)*len(p.grants)
				if !whole && ctx.Err() == nil {
					broken.Add(1)
					return
				}
			}
		})
	}
	wg.Wait()
	return measured{count: int(total.Load()), perSecond: float64(total.Load()) / time.Since(begin).Seconds(), errors: int(broken.Load())}, nil
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// ask gets an access token, bound to a key if there is one.
func ask(ctx context.Context, address string, by agent.Signer, key *proofKey) (string, error) {
	origin, now := "http://"+address, time.Now().Unix()
	claims, err := json.Marshal(map[string]any{"iss": by.DID, "sub": by.DID, "aud": origin, "iat": now, "exp": now + 60, "jti": crand.Text()})
	if err != nil {
		return "", err
	}
	assertion, err := by.SignJWS(consent.TypeAssertion, claims)
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != nil {
		r.Header.Set("DPoP", key.proof(origin+"/oauth/token", ""))
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	if nonce := resp.Header.Get("DPoP-Nonce"); err == nil && answer.Error == "use_dpop_nonce" && key != nil && nonce != key.nonce {
		key.nonce = nonce
		return ask(ctx, address, by, key)
	}
	if err != nil || answer.Token == "" {
		return "", fmt.Errorf("asking for a token: %s %s", resp.Status, answer.Error)
	}
	return answer.Token, nil
}

// proofKey signs DPoP proofs (RFC 9449).
type proofKey struct {
	key    *ecdsa.PrivateKey
	header string
	nonce  string // of the operator
}

func newProofKey() (*proofKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	header := fmt.Sprintf(`{"alg":"ES256","typ":"dpop+jwt","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}`, b64(point[1:33]), b64(point[33:]))
	return &proofKey{key: key, header: b64([]byte(header))}, nil
}

// proof is for one POST; it cannot fail with a key of ours.
func (k *proofKey) proof(at, ath string) string {
	claims := fmt.Sprintf(`{"jti":"%s","htm":"POST","htu":"%s","iat":%d`, crand.Text(), at, time.Now().Unix())
	if ath != "" {
		claims += `,"ath":"` + ath + `"`
	}
	if k.nonce != "" {
		claims += `,"nonce":"` + k.nonce + `"`
	}
	signed := k.header + "." + b64([]byte(claims+"}"))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(crand.Reader, k.key, digest[:])
	if err != nil {
		panic(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + b64(signature[:])
}
