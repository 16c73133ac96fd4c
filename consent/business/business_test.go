package business_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
)

func TestFolderIsPrivateAndNeverOverwritten(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	keys, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: others can read it", e.Name(), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := business.Open(dir); !errors.Is(err, business.ErrInUse) {
		t.Errorf("opening a folder twice: %v, want ErrInUse", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := business.Create(dir, o.profile()); !errors.Is(err, business.ErrExists) {
		t.Errorf("creating over a business: %v, want ErrExists", err)
	}
	if now, _ := os.ReadFile(filepath.Join(dir, "keys.json")); !bytes.Equal(now, keys) {
		t.Error("the keys changed")
	}
	again, err := business.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.DID() != b.DID() {
		t.Errorf("opened as %s, made as %s", again.DID(), b.DID())
	}
	if _, err := business.Open(t.TempDir()); !errors.Is(err, business.ErrNoFolder) || !strings.Contains(err.Error(), "run: coffer key new") {
		t.Errorf("opening an empty folder: %v, want ErrNoFolder and what to do", err)
	}
}

func TestOpenRefusesChangedFiles(t *testing.T) {
	o := newOperator(t)
	for name, c := range map[string]struct{ file, old, new, want string }{
		"unknown key":        {"business.json", `"v": 1,`, `"v": 1, "nmae": "x",`, `unknown field "nmae"`},
		"no contact":         {"business.json", `"privacy@corner-shop.example"`, `""`, `"contact"`},
		"path on an origin":  {"business.json", o.server.URL, o.server.URL + "/api", `"operator"`},
		"DID of another":     {"keys.json", `"did": "did:key:z`, `"did": "did:key:y`, "not that of the signing key"},
		"keys of the future": {"keys.json", `"v": 1,`, `"v": 2,`, "install a newer coffer"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			b, err := business.Create(dir, o.profile())
			if err != nil {
				t.Fatal(err)
			}
			b.Close()
			path := filepath.Join(dir, c.file)
			file, _ := os.ReadFile(path)
			changed := bytes.Replace(file, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(file, changed) {
				t.Fatalf("%s has no %s", c.file, c.old)
			}
			os.WriteFile(path, changed, 0o600)
			if _, err := business.Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("opened: %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestKeysNeverPrint(t *testing.T) {
	o := newOperator(t)
	_, dir := o.shop()
	var keys struct {
		Signing, Agreement struct{ D string }
	}
	b, _ := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err := json.Unmarshal(b, &keys); err != nil || keys.Signing.D == "" || keys.Agreement.D == "" || keys.Signing.D == keys.Agreement.D {
		t.Fatalf("keys.json has not two private keys: %v", err)
	}
	v := business.Value{Attribute: "name", Value: json.RawMessage(`"Quillon"`)}
	if s := v.String() + v.GoString(); strings.Contains(s, "Quillon") {
		t.Errorf("a value prints itself: %s", s)
	}
	if v.Text() != "Quillon" {
		t.Errorf("Text is %q", v.Text())
	}
}

func TestTokenIsRenewed(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	q := o.asked(b)
	if _, err := b.Status(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if n := o.called("POST /oauth/token"); n != 1 {
		t.Errorf("%d tokens for two calls, want 1", n)
	}
	o.mu.Lock()
	o.tokens = 40 // the operator restarted: what it issued is worth nothing
	o.mu.Unlock()
	if _, err := b.Status(t.Context(), q); err != nil {
		t.Errorf("after the operator forgot the token: %v", err)
	}
	o.pass(9*60e9 + 31e9) // within the last half minute
	if _, err := b.Status(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if n := o.called("POST /oauth/token"); n != 3 {
		t.Errorf("%d tokens asked for, want 3", n)
	}
	o.fails("GET /business/v1/requests/{id}", trouble{status: 401}, trouble{status: 401}, trouble{status: 401})
	var p *business.Problem
	if _, err := b.Status(t.Context(), q); !errors.As(err, &p) || p.Status != 401 {
		t.Errorf("when no token helps: %v, want the operator's 401", err)
	}
}

func TestPassingTroubleIsRetried(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	o.fails("POST /business/v1/requests", trouble{status: 503}, trouble{status: 500, after: true})
	q := o.asked(b)
	if len(o.requests) != 1 || o.requests[q].ID != q {
		t.Errorf("the operator has %d requests, want this one once", len(o.requests))
	}
	for range 5 {
		o.fails("GET /business/v1/requests/{id}", trouble{status: 503, code: "ledger-unavailable"})
	}
	var p *business.Problem
	if _, err := b.Status(t.Context(), q); !errors.As(err, &p) || p.Code != "ledger-unavailable" {
		t.Errorf("after five times 503: %v, want the problem", err)
	}
	o.fails("GET /business/v1/requests/{id}", trouble{status: 422, code: "malformed"})
	before := o.called("GET /business/v1/requests/{id}")
	if _, err := b.Status(t.Context(), q); err == nil || o.called("GET /business/v1/requests/{id}") != before+1 {
		t.Errorf("a refusal was repeated: %v", err)
	}
	o.server.Close()
	if _, err := b.Status(t.Context(), q); !errors.Is(err, business.ErrUnreachable) || strings.Contains(err.Error(), q.String()) {
		t.Errorf("without an operator: %v, want ErrUnreachable and no id", err)
	}
}

// Registering again is no error, not even within one second or after a lost answer.
func TestRegisterAgain(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	const route = "POST /business/v1/registrations"
	o.fails(route, trouble{status: 500, after: true}, trouble{status: 409, code: "stale"})
	if state, err := b.Register(t.Context()); err != nil || state != consent.BusinessActive {
		t.Errorf("registering again: %s, %v", state, err)
	}
	for range 3 {
		o.fails(route, trouble{status: 409, code: "stale"})
	}
	if _, err := b.Register(t.Context()); err == nil {
		t.Error("a card that stays stale was taken")
	}
}

func TestRequestIsCheckedBeforeItIsSigned(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	for name, spoil := range map[string]func(*business.Ask){
		"wrong length":    func(a *business.Ask) { a.Purposes[0].Days = 30 },
		"no text":         func(a *business.Ask) { a.Purposes[0].Text = map[string]string{"de": "x"} },
		"foreign return":  func(a *business.Ask) { a.ReturnURL = "https://elsewhere.example/" },
		"open for long":   func(a *business.Ask) { a.Open = consent.MaxOpen + 1e9 },
		"not registered":  func(a *business.Ask) { a.Purposes[0].Purpose = "https://w3id.org/dpv#AgeVerification" },
		"channel, no cap": func(a *business.Ask) { a.Purposes[1].WeeklyCap = 0 },
	} {
		ask := business.Ask{Purposes: asks()}
		spoil(&ask)
		if _, err := b.Request(t.Context(), ask); consent.CodeOf(err) == "" {
			t.Errorf("%s: %v, want a refusal with its place", name, err)
		}
	}
	if n := o.called("POST /business/v1/requests"); n != 0 {
		t.Errorf("%d of them were sent", n)
	}
}

func TestReadPurposes(t *testing.T) {
	write := func(s string) string {
		path := filepath.Join(t.TempDir(), "purposes.json")
		os.WriteFile(path, []byte(s), 0o600)
		return path
	}
	one, _ := json.Marshal(map[string]any{"v": 1, "purposes": []any{map[string]any{
		"id": "delivery", "purpose": "https://w3id.org/dpv#DeliveryOfGoods", "text": map[string]string{"en": "To deliver."},
		"required": []string{"name"}, "optional": []string{}, "days": 31, "retention": "P90D", "recipients": []any{},
		"lawful_basis": "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", "channels": []string{}, "weekly_cap": 0,
	}}})
	got, err := business.ReadPurposes(write(string(one)))
	if err != nil || len(got) != 1 || got[0].Required[0] != "name" {
		t.Fatalf("read %v, %v", got, err)
	}
	for old, new := range map[string]string{`"weekly_cap"`: `"weakly_cap"`, `"v":1`: `"v":2`} {
		if _, err := business.ReadPurposes(write(strings.Replace(string(one), old, new, 1))); err == nil {
			t.Errorf("%s was read", new)
		}
	}
}

// The examples in FORMAT.md are read, and what they ask for can be asked.
func TestFormatExamples(t *testing.T) {
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	example := func(name string) string {
		_, rest, ok := strings.Cut(string(format), "```json "+name+"\n")
		text, _, end := strings.Cut(rest, "```")
		if !ok || !end {
			t.Fatalf("FORMAT.md has no example %q", name)
		}
		path := filepath.Join(t.TempDir(), name+".json")
		os.WriteFile(path, []byte(text), 0o600)
		return path
	}
	profile, err := business.ReadProfile(example("profile"))
	if err != nil {
		t.Fatal(err)
	}
	purposes, err := business.ReadPurposes(example("purposes"))
	if err != nil {
		t.Fatal(err)
	}
	o := newOperator(t)
	profile.Operator, profile.Ledger = o.server.URL, ""
	b, err := business.Create(filepath.Join(t.TempDir(), "shop"), profile, o.options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Request(t.Context(), business.Ask{Purposes: purposes}); err != nil {
		t.Errorf("asking for the example's purposes: %v", err)
	}
}
