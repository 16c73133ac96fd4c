package oauth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"coffer/consent"
)

// What mayReturn lets through, a browser sends to the registered origin and nowhere
// else, and what we append stays in the query.
func FuzzRedirect(f *testing.F) {
	const home = "http://localhost:8081"
	for _, s := range []string{"http://localhost:8081/back?a=b", "http://localhost:8081@x.example/", "//x.example", "http://localhost:8081\\x", "http://LOCALHOST:8081/%2f#", "http://localhost:8081/?code=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		if !mayReturn(to, home+"/") {
			return
		}
		u, err := url.Parse(to)
		if err != nil || !strings.EqualFold(u.Scheme+"://"+u.Host, home) || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q goes to %v: %v", to, u, err)
		}
		// As strings are compared, not as they are parsed: scheme and host stand first.
		if len(to) < len(home) || !strings.EqualFold(to[:len(home)], home) || len(to) > len(home) && !strings.ContainsRune("/?", rune(to[len(home)])) {
			t.Fatalf("%q is read in two ways", to)
		}
	})
}

// The form reader takes each parameter once, and no more than its limit.
func FuzzForm(f *testing.F) {
	f.Add("grant_type=client_credentials&x=1", "application/x-www-form-urlencoded", "")
	f.Add("a=1&a=2", "application/x-www-form-urlencoded", "")
	f.Add("a=1", "application/x-www-form-urlencoded; charset=utf-8", "a=2")
	f.Add("a=%zz;b", "application/x-www-form-urlencoded", "")
	f.Fuzz(func(t *testing.T, body, contentType, query string) {
		r := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.URL.RawQuery = query
		form, err := readForm(httptest.NewRecorder(), r, maxForm)
		if err != nil {
			if _, ok := err.(*oauthError); !ok {
				t.Fatalf("%v is not for a client", err)
			}
			return
		}
		again, err := url.ParseQuery(form.Encode())
		if err != nil || len(again) != len(form) || query != "" || !single(form) || len(body) > maxForm {
			t.Fatalf("%q gives %v", body, form)
		}
		for name := range form {
			if again.Get(name) != form.Get(name) {
				t.Fatalf("%q gives %v", body, form)
			}
		}
	})
}

// Whatever is pushed, what is taken has PKCE, a place to return to, and one request.
func FuzzWish(f *testing.F) {
	challenge := digest("verifier")
	f.Add("response_type=code&code_challenge_method=S256&code_challenge=" + challenge + "&redirect_uri=http%3A%2F%2Flocalhost%3A8081%2F&authorization_details=" + url.QueryEscape(`[{"type":"coffer_request","request":"a.b.c"}]`))
	f.Add("response_type=code&code_challenge_method=plain&state=%00")
	by := consent.Business{DID: "did:key:zShop", URL: "http://localhost:8081"}
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil || !single(form) {
			return
		}
		p, asked, err := readWish(form, by, nil)
		if err != nil {
			if _, ok := err.(*oauthError); !ok {
				t.Fatalf("%v is not for a client", err)
			}
			return
		}
		if len(p.Challenge) != 43 || form.Get("code_challenge_method") != "S256" || !mayReturn(p.RedirectURI, by.URL) || asked.Request == "" ||
			strings.ContainsAny(p.State, "\r\n\x00") || form.Get("scope") != "" {
			t.Fatalf("%q gives %+v", body, p)
		}
	})
}

// No proof opens that does not carry the key it is signed with; nothing makes the
// reader panic; and a header that is known changes nothing about it.
func FuzzProof(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0In0.e30.AA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	var k proofKeys
	good, key := goodProof(f)
	f.Add(good)
	f.Add(good + "A")
	f.Add(good[:len(good)-2])
	header, _, _ := strings.Cut(good, ".")
	k.put(header, key)
	f.Fuzz(func(t *testing.T, compact string) {
		key, payload, err := openProof(compact)
		if err == nil && len(key.thumb) != 43 {
			t.Fatalf("%q opens with the key %q", compact, key.thumb)
		}
		thumb, again, known := k.open(compact)
		if known == nil && (err != nil || thumb != key.thumb || !bytes.Equal(again, payload)) {
			t.Fatalf("%q opens only with a known header", compact)
		}
	})
}

func goodProof(f *testing.F) (string, proofKey) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{EmbedJWK: true}).WithType(proofType))
	if err != nil {
		f.Fatal(err)
	}
	signed, err := signer.Sign([]byte("{}"))
	if err != nil {
		f.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		f.Fatal(err)
	}
	key, _, err := openProof(compact)
	if err != nil {
		f.Fatal(err)
	}
	return compact, key
}
