package consent_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
)

var update = flag.Bool("update", false, "write the vectors that Go and TypeScript share")

const vectorDir = "testdata/vectors"

// The vectors are JSON files {"v":1,"cases":[…]}; FORMAT.md lists their keys. A
// case says under "expect" ok, or refused and the code.
type vectors[C any] struct {
	V     int `json:"v"`
	Cases []C `json:"cases"`
}

func readVectors[C any](t testing.TB, file string) []C {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorDir, file))
	if err != nil {
		t.Fatalf("reading vectors: %v; run: go test ./consent -update", err)
	}
	var v vectors[C]
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil || v.V != 1 {
		t.Fatalf("%s: %v", file, err)
	}
	return v.Cases
}

// judge makes the vectors anew and wants what is on disk, then asks every case on
// disk for its outcome. Some of each outcome are required.
func judge[C any](t *testing.T, file string, made []C, outcome func(C) (name, expect string, err error)) {
	t.Run(file, func(t *testing.T) {
		want, err := json.MarshalIndent(vectors[C]{1, made}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join(vectorDir, file)
		if *update {
			if err := os.MkdirAll(vectorDir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is not what is made today (%v); run: go test ./consent -update", file, err)
		}
		ok, refused := 0, 0
		for _, c := range readVectors[C](t, file) {
			name, expect, err := outcome(c)
			switch word, code, _ := strings.Cut(expect, " "); word {
			case "ok":
				ok++
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case "refused":
				refused++
				if err == nil || code != string(consent.CodeOf(err)) {
					t.Errorf("%s: want %s, have %v", name, expect, err)
				}
			default:
				t.Errorf("%s: expects %q", name, expect)
			}
		}
		if ok == 0 || refused == 0 {
			t.Errorf("%d ok, %d refused: want some of each", ok, refused)
		}
	})
}

func sorted[C any](list []C, by func(C) string) []C {
	slices.SortStableFunc(list, func(a, b C) int { return strings.Compare(by(a), by(b)) })
	return list
}

func TestVectors(t *testing.T) {
	judge(t, "did.json", makeDIDs(t), func(c didCase) (string, string, error) {
		if c.Crv == "Ed25519" { // no business signs with one
			d, err := agent.KeyDID(ed25519.PublicKey(must(base64.RawURLEncoding.DecodeString(c.X))))
			if string(d) != c.DID || agent.KeyID(d) != c.KeyID {
				t.Errorf("%s: %s", c.Name, d)
			}
			return c.Name, c.Expect, err
		}
		label := c.Name
		if c.Expect != "ok" {
			label = "shop"
		}
		s := agent.Signer{KeyID: agent.KeyID(consent.DID(c.DID)), Key: businessKey(label).Key}
		by, _, err := signatures.VerifyJWS(t.Context(), must(s.SignJWS(consent.TypeRequest, []byte("{}"))), consent.TypeRequest)
		if err == nil && (string(by) != c.DID || s.KeyID != c.KeyID) {
			t.Errorf("%s: %s, %s", c.Name, by, s.KeyID)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "request.json", slices.Concat(makeRequests(t), makePartnerRequests(t), makeConditionRequests(t)), func(c requestCase) (string, string, error) {
		r := consent.ParseRules{Audience: c.Audience, Now: time.Unix(c.Now, 0), Catalogue: theCatalogue(t)}
		q, err := consent.OpenRequest(t.Context(), signatures, c.JWS, r)
		if err == nil && (q.Iss != c.Signer || q.Hash() != *c.Hash || !bytes.Equal(q.Payload(), compact(t, c.Payload))) {
			t.Errorf("%s: read another request", c.Name)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "decision.json", append(makeDecisions(t), makePartnerDecisions(t)...), func(c decisionCase) (string, string, error) {
		q := openAny(t, c.Request)
		if ch := consent.Challenge([]byte(c.Decision)); !bytes.Equal(ch[:], c.Challenge) {
			t.Errorf("%s: another challenge", c.Name)
		}
		d, err := consent.ParseDecision([]byte(c.Decision))
		if err == nil {
			err = d.Answers(q, time.Unix(c.Now, 0))
		}
		return c.Name, c.Expect, err
	})
	judge(t, "receipt.json", slices.Concat(makeReceipts(t), makePartnerReceipts(t), makeConditionReceipts(t)), func(c receiptCase) (string, string, error) {
		r, err := signatures.VerifyReceipt(t.Context(), c.JWT)
		if err == nil {
			err = r.Matches(openAny(t, c.Request), c.Given, theCatalogue(t))
		}
		if err == nil && (string(r.Claims()) != c.Claims || !jsonEqual(terms(r.Terms()), c.Terms)) {
			t.Errorf("%s: read another receipt", c.Name)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "withdrawal.json", makeWithdrawals(t), func(c withdrawalCase) (string, string, error) {
		given := must(signatures.VerifyReceipt(t.Context(), c.Given))
		w, err := signatures.VerifyReceipt(t.Context(), c.Withdrawn)
		if err == nil {
			err = w.Ends(given)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "letter.json", makeLetters(t), func(c letterCase) (string, string, error) {
		l, err := consent.ParseLetter([]byte(c.Plaintext))
		if err == nil {
			r := must(signatures.VerifyReceipt(t.Context(), l.Receipt))
			err = l.Stands(openAny(t, c.Request), r)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "permit.json", makePermits(t), func(c permitCase) (string, string, error) {
		_, err := consent.ParsePermit([]byte(c.Document))
		if err == nil && c.Opening.Verify(c.Commitment, []byte(c.Document)) != nil {
			err = &consent.Refusal{Code: consent.WrongOpening}
		}
		return c.Name, c.Expect, err
	})
	judge(t, "message.json", makeMessages(t), func(c messageCase) (string, string, error) {
		key := must(ecdh.P256().NewPrivateKey(c.Key.D))
		m, jws, err := signatures.OpenMessage(t.Context(), c.Packed, key)
		if err == nil && (jws != c.JWS || consent.HashOf(jws) != *c.Digest || !bytes.Equal(m.Payload(), compact(t, c.Message))) {
			t.Errorf("%s: read another message", c.Name)
		}
		return c.Name, c.Expect, err
	})
	judge(t, "access.json", makeAccesses(t), func(c accessCase) (string, string, error) {
		_, err := consent.VerifyLog(c.Rows, c.Grant, c.Head)
		return c.Name, c.Expect, err
	})
}

// openAny opens a request whose time may be over, as an auditor does.
func openAny(t testing.TB, jws string) consent.Request {
	t.Helper()
	q, err := consent.OpenRequest(t.Context(), signatures, jws, consent.ParseRules{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func compact(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jsonEqual(a, b any) bool { return string(must(json.Marshal(a))) == string(must(json.Marshal(b))) }
