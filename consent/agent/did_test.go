package agent_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
)

// The examples of the did:key method's own specification and of RFC 8032.
func TestKeyDID(t *testing.T) {
	ed, _ := hex.DecodeString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
	if d, err := agent.KeyDID(ed25519.PublicKey(ed)); err != nil || d != "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw" {
		t.Errorf("Ed25519: %s, %v", d, err)
	}
	if d := business(t, "shop").DID; !strings.HasPrefix(string(d), "did:key:zDn") {
		t.Errorf("P-256: %s", d)
	}
	k, _ := ecdsa.ParseRawPrivateKey(elliptic.P384(), append(make([]byte, 16), seed("p384")...))
	if _, err := agent.KeyDID(k.Public()); err == nil {
		t.Error("P-384 was named")
	}
}

// web serves a DID document under did:web, over TLS.
type web struct {
	*httptest.Server
	document string
	status   int
	fetched  int
}

func serve(t *testing.T) (*web, consent.DID) {
	w := &web{status: http.StatusOK}
	w.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.fetched++
		if r.URL.Path != "/.well-known/did.json" {
			http.NotFound(rw, r)
			return
		}
		rw.WriteHeader(w.status)
		rw.Write([]byte(w.document))
	}))
	t.Cleanup(w.Close)
	return w, consent.DID("did:web:" + strings.Replace(strings.TrimPrefix(w.URL, "https://"), ":", "%3A", 1))
}

// documentOf lists the signer's key under one relation.
func documentOf(t *testing.T, d consent.DID, s agent.Signer, relation string) string {
	p := consent.NewAgreementKey(must(s.Key.Public().(*ecdsa.PublicKey).ECDH()))
	return text(t, map[string]any{
		"@context": []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"},
		"id":       d,
		"verificationMethod": []any{map[string]any{"id": d + "#key-1", "type": "JsonWebKey2020", "controller": d,
			"publicKeyJwk": map[string]any{"kty": "EC", "crv": "P-256", "x": p.X.String(), "y": p.Y.String()}}},
		relation: []any{d + "#key-1"},
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestWebDID(t *testing.T) {
	w, d := serve(t)
	clock := now
	a := agent.New(agent.Options{HTTP: w.Client(), Keep: time.Minute, Now: func() time.Time { return clock }})
	shop := business(t, "web shop")
	shop.DID, shop.KeyID = d, string(d)+"#key-1"
	w.document = documentOf(t, d, shop, "assertionMethod")
	jws := sign(t, shop, consent.TypeRequest, []byte(`{"iss":"`+string(d)+`"}`))

	for range 2 {
		if by, _, err := a.VerifyJWS(t.Context(), jws, consent.TypeRequest); err != nil || by != d {
			t.Fatalf("verifying: %s, %v", by, err)
		}
	}
	if w.fetched != 1 {
		t.Errorf("fetched %d times within Keep", w.fetched)
	}

	// The key is rotated: believed while kept, refused after.
	w.document = documentOf(t, d, business(t, "web shop, new key"), "assertionMethod")
	clock = clock.Add(time.Minute)
	_, _, err := a.VerifyJWS(t.Context(), jws, consent.TypeRequest)
	code(t, err, consent.BadSignature)
}

func TestWebDIDRefused(t *testing.T) {
	for name, break_ := range map[string]func(w *web, d consent.DID, s agent.Signer){
		"a key that is only for agreement": func(w *web, d consent.DID, s agent.Signer) { w.document = documentOf(t, d, s, "keyAgreement") },
		"another DID's document": func(w *web, d consent.DID, s agent.Signer) {
			w.document = documentOf(t, "did:web:other.example", s, "assertionMethod")
		},
		"a document of another id with our key in it": func(w *web, d consent.DID, s agent.Signer) {
			w.document = strings.Replace(documentOf(t, d, s, "assertionMethod"), `"id":"`+string(d)+`","verification`, `"id":"did:web:other.example","verification`, 1)
		},
		"another's key": func(w *web, d consent.DID, s agent.Signer) {
			w.document = documentOf(t, d, business(t, "someone"), "assertionMethod")
		},
		"no document": func(w *web, d consent.DID, s agent.Signer) { w.status = http.StatusNotFound },
		"not JSON":    func(w *web, d consent.DID, s agent.Signer) { w.document = "<html>canary-body</html>" },
		"too long": func(w *web, d consent.DID, s agent.Signer) {
			w.document = strings.Repeat(" ", 64<<10) + documentOf(t, d, s, "assertionMethod")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := serve(t)
			shop := business(t, "web shop")
			shop.DID, shop.KeyID = d, string(d)+"#key-1"
			break_(w, d, shop)
			_, _, err := agent.New(agent.Options{HTTP: w.Client()}).VerifyJWS(t.Context(), sign(t, shop, consent.TypeRequest, []byte(`{}`)), consent.TypeRequest)
			code(t, err, consent.BadSignature)
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error quotes the body: %v", err)
			}
		})
	}
}

// Production does not even connect to its own network, and says so as a passing
// error.
func TestWebDIDUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var connected atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			c.Close()
		}
	}()
	shop := business(t, "web shop")
	shop.KeyID = "did:web:" + strings.Replace(l.Addr().String(), ":", "%3A", 1) + "#key-1"
	_, _, err = agent.New(agent.Options{}).VerifyJWS(t.Context(), sign(t, shop, consent.TypeRequest, []byte(`{}`)), consent.TypeRequest)
	if !errors.Is(err, consent.ErrUnreachable) || connected.Load() != 0 {
		t.Fatalf("%v, connected %d times", err, connected.Load())
	}
}

func TestWebDIDRedirect(t *testing.T) {
	w, d := serve(t)
	other := httptest.NewTLSServer(http.RedirectHandler(w.URL+"/.well-known/did.json", http.StatusFound))
	defer other.Close()
	from := consent.DID("did:web:" + strings.Replace(strings.TrimPrefix(other.URL, "https://"), ":", "%3A", 1))
	shop := business(t, "web shop")
	shop.KeyID = string(from) + "#key-1"
	w.document = documentOf(t, d, shop, "assertionMethod")
	if _, _, err := agent.New(agent.Options{HTTP: w.Client()}).VerifyJWS(t.Context(), sign(t, shop, consent.TypeRequest, []byte(`{}`)), consent.TypeRequest); err == nil || w.fetched != 0 {
		t.Fatalf("followed a redirect: %v", err)
	}
}

func TestStrangeDIDs(t *testing.T) {
	shop := business(t, "shop")
	for _, kid := range []string{
		"", "#", "did:key", "did:peer:0z6Mk#x", "did:web:a%2F..%2Fb#k", "did:web:../x#k", "did:web:user@host#k", "did:web:LOCALHOST#k",
		"did:web:host?x=1#k", string(shop.DID), string(shop.DID) + "#", string(shop.DID) + "#zDn", shop.KeyID + "#", shop.KeyID + "x",
		"did:key:z" + base64.RawURLEncoding.EncodeToString([]byte("no key at all, but of some length..")) + "#z",
	} {
		s := shop
		s.KeyID = kid
		if _, _, err := agent.New(agent.Options{}).VerifyJWS(t.Context(), sign(t, s, consent.TypeRequest, []byte(`{}`)), consent.TypeRequest); !errors.Is(err, consent.BadSignature) {
			t.Errorf("kid %q: %v", kid, err)
		}
	}
}
