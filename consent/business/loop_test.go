package business_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/business"
	"coffer/consent/hooks"
	"coffer/internal/id"
)

// words are a statement that the operator took.
type words struct {
	kind            string
	acknowledgement consent.Acknowledgement
	deletion        consent.Deletion
}

func (o *operator) hear(r *http.Request, key, typ string) ([]byte, consent.StatementRules, error) {
	in, err := body[map[string]string](r)
	if err != nil {
		return nil, consent.StatementRules{}, err
	}
	did, payload, err := agent.New(agent.Options{}).VerifyJWS(r.Context(), in[key], typ)
	return payload, consent.StatementRules{Issuer: did, Audience: o.server.URL, Now: o.clock()}, err
}

func (o *operator) acknowledged(r *http.Request) (any, error) {
	payload, rules, err := o.hear(r, "acknowledgement", consent.TypeAcknowledgement)
	if err != nil {
		return nil, err
	}
	a, err := consent.ParseAcknowledgement(payload, rules)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.words = append(o.words, words{kind: "acknowledgement", acknowledgement: a})
	return map[string]any{"grant": a.Grant, "taken": o.now.Unix()}, err
}

func (o *operator) deleted(r *http.Request) (any, error) {
	payload, rules, err := o.hear(r, "statement", consent.TypeDeletion)
	if err != nil {
		return nil, err
	}
	d, err := consent.ParseDeletion(payload, rules)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.words = append(o.words, words{kind: "deletion", deletion: d})
	return map[string]any{"grant": d.Grant, "taken": o.now.Unix()}, err
}

func (o *operator) setWebhook(r *http.Request) (any, error) {
	in, err := body[struct{ Webhook string }](r)
	if err != nil {
		return nil, err
	}
	did, payload, err := agent.New(agent.Options{}).VerifyJWS(r.Context(), in.Webhook, consent.TypeWebhook)
	if err != nil {
		return nil, err
	}
	w, err := consent.ParseWebhook(payload, consent.WebhookRules{Issuer: did, Audience: o.server.URL, Now: o.clock(), Local: true})
	o.hookURL, o.hookKey = w.URL, hooks.NewKey()
	return map[string]any{"url": w.URL, "secret": hooks.Secret(o.hookKey)}, err
}

// said is what the operator heard, in order.
func (o *operator) said() (kinds []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.words {
		kinds = append(kinds, w.kind)
	}
	return kinds
}

func TestAWithdrawalIsAcknowledged(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	q := o.asked(b)
	g := o.give(q, "delivery", goods)
	if err := b.StateDeletion(t.Context(), g, business.Statement{}); !errors.Is(err, business.ErrNotOver) {
		t.Errorf("stating the deletion of a live grant: %v", err)
	}
	_, err := b.Poll(t.Context(), nil)
	o.check(err)
	o.withdraw(g, true)
	o.fails("POST /business/v1/acknowledgements", trouble{status: 404, code: "not-found-yet"}) // away for this one
	handled := false
	_, err = b.Poll(t.Context(), func(_ context.Context, e business.Event) error {
		_, err := os.Stat(filepath.Join(dir, "letters", g.String()+".json"))
		handled = handled || e.Type == business.EventWithdrawn && errors.Is(err, os.ErrNotExist)
		return nil
	})
	o.check(err)
	if !handled {
		t.Error("the handler was not called, or before the keys were gone")
	}
	if said := o.said(); said != nil {
		t.Errorf("it arrived: %v", said)
	}
	o.check(b.Close())
	if b, err = business.Open(dir, o.options()...); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for range 2 {
		_, err = b.Poll(t.Context(), nil)
		o.check(err)
	}
	if said := o.said(); !slices.Equal(said, []string{"acknowledgement"}) {
		t.Fatalf("the operator heard %v, want one acknowledgement", said)
	}
	if a := o.words[0].acknowledgement; a.Grant != g || a.Event != consent.EndWithdrawn || a.Iss != b.DID() {
		t.Errorf("acknowledged %+v", a)
	}

	until := consent.UnixAt(o.clock().AddDate(10, 0, 0))
	bad := business.Statement{Kept: []consent.Kept{{Attribute: "shoe-size", Basis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c", Until: until}}}
	if err := b.StateDeletion(t.Context(), g, bad); err == nil {
		t.Error("it states to keep what it never got")
	}
	kept := business.Statement{Kept: []consent.Kept{{Attribute: "name", Basis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c", Until: until}}, Text: "The invoice stays."}
	o.fails("POST /business/v1/deletions", trouble{status: 400, code: "x", after: true}) // its answer is lost
	if err := b.StateDeletion(t.Context(), g, kept); err == nil {
		t.Error("an answer that was lost is no error")
	}
	o.check(b.StateDeletion(t.Context(), g, business.Statement{Text: "other words"}))
	o.check(b.StateDeletion(t.Context(), g, business.Statement{}))
	if said := o.said(); !slices.Equal(said, []string{"acknowledgement", "deletion", "deletion"}) {
		t.Fatalf("the operator heard %v", said)
	}
	d := o.words[2].deletion
	grant, err := b.Grant(g)
	o.check(err)
	if err := d.Covers(grant.Attributes); err != nil || d.Text != "The invoice stays." || len(d.Kept) != 1 || o.words[1].deletion.Time != d.Time {
		t.Errorf("sent again it says %+v, %v; want the same words", d, err)
	}
}

func TestEveryEndIsAcknowledged(t *testing.T) {
	for _, e := range consent.Endings {
		t.Run(string(e), func(t *testing.T) {
			o := newOperator(t)
			b, dir := o.shop()
			g := o.give(o.asked(b), "delivery", goods)
			_, err := b.Poll(t.Context(), nil)
			o.check(err)
			o.tell(string(e), id.Request{}, g)
			_, err = b.Poll(t.Context(), nil)
			o.check(err)
			if len(o.words) != 1 || o.words[0].acknowledgement.Event != e {
				t.Errorf("the operator heard %+v", o.words)
			}
			if _, err := os.Stat(filepath.Join(dir, "letters", g.String()+".json")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the keys are still there: %v", err)
			}
			all, err := b.Loops()
			if err != nil || len(all) != 1 || all[0].Event != e || all[0].Acknowledged == 0 {
				t.Errorf("the folder says %+v, %v", all, err)
			}
		})
	}
}

func TestWhatIsOverdue(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	o.withdraw(g, true)
	o.fails("POST /business/v1/acknowledgements", trouble{status: 400, code: "x"})
	_, err := b.Poll(t.Context(), nil)
	o.check(err)
	late := func() consent.Late {
		all, err := b.Loops()
		o.check(err)
		return all[0].Overdue(o.clock())
	}
	for _, step := range []struct {
		pass time.Duration
		want consent.Late
	}{
		{0, consent.NotLate},
		{consent.AcknowledgeWithin + time.Second, consent.LateAcknowledgement},
		{consent.StateWithin - consent.AcknowledgeWithin, consent.LateStatement},
	} {
		o.pass(step.pass)
		if got := late(); got != step.want {
			t.Errorf("late with %q, want %q", got, step.want)
		}
	}
	o.check(b.StateDeletion(t.Context(), g, business.Statement{}))
	if got := late(); got != consent.NotLate {
		t.Errorf("all is said, and late with %q", got)
	}
}

// What the webhook takes and what it refuses.
func TestWebhook(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	_, err := b.Poll(t.Context(), nil)
	o.check(err)
	calls := 0
	var fail error
	serve := b.WebhookHandler(func(context.Context, business.Event) error { calls++; return fail })
	event := fmt.Sprintf(`{"v":1,"id":"9","type":"withdrawn","request":"","grant":%q,"time":%d}`, g, o.clock().Unix())
	post := func(key consent.Bytes, at time.Time, body string, edit func(*http.Request)) int {
		hook, _ := standardwebhooks.NewWebhookRaw(key)
		signature, _ := hook.Sign("event_9", at, []byte(body))
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("webhook-id", "event_9")
		r.Header.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
		r.Header.Set("webhook-signature", signature)
		if edit != nil {
			edit(r)
		}
		w := httptest.NewRecorder()
		serve.ServeHTTP(w, r)
		return w.Code
	}
	if code := post(hooks.NewKey(), o.clock(), event, nil); code != 401 {
		t.Errorf("before there is a webhook: %d", code)
	}
	o.check(b.SetWebhook(t.Context(), "http://localhost:8081/hooks"))
	old := o.hookKey
	o.check(b.SetWebhook(t.Context(), "http://localhost:8081/hooks"))
	if url, err := b.Webhook(); err != nil || url != o.hookURL {
		t.Errorf("the webhook is %q, %v", url, err)
	}
	for name, code := range map[string]int{
		"the key before":   post(old, o.clock(), event, nil),
		"a stranger's key": post(hooks.NewKey(), o.clock(), event, nil),
		"too old":          post(o.hookKey, o.clock().Add(-hooks.Window-time.Second), event, nil),
		"from the future":  post(o.hookKey, o.clock().Add(hooks.Window+time.Second), event, nil),
		"another grant": post(o.hookKey, o.clock(), event, func(r *http.Request) {
			r.Body = http.NoBody
		}),
	} {
		if code != 401 {
			t.Errorf("%s: %d, want 401", name, code)
		}
	}
	if code := post(o.hookKey, o.clock(), strings.Repeat("a", 1<<20), nil); code != 400 {
		t.Errorf("a megabyte: %d", code)
	}
	if calls != 0 || len(o.words) != 0 {
		t.Fatalf("%d events acted on, %d words said, of none that is the operator's", calls, len(o.words))
	}
	fail = fmt.Errorf("the shop's own disk: %w", business.ErrUnreachable)
	if code := post(o.hookKey, o.clock(), event, nil); code != 503 || calls != 1 {
		t.Errorf("an event that could not be handled: %d after %d calls", code, calls)
	}
	fail = nil
	if code := post(o.hookKey, o.clock(), event, nil); code != 204 || calls != 2 {
		t.Errorf("the event: %d after %d calls", code, calls)
	}
	if code := post(o.hookKey, o.clock(), event, nil); code != 204 || calls != 2 {
		t.Errorf("a replay: %d after %d calls", code, calls)
	}
	if said := o.said(); !slices.Equal(said, []string{"acknowledgement"}) {
		t.Errorf("the operator heard %v", said)
	}
	if _, err := os.Stat(filepath.Join(dir, "letters", g.String()+".json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the keys are still there: %v", err)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "webhook.json"))
	if err != nil || !bytes.Contains(secret, []byte(hooks.Secret(o.hookKey))) {
		t.Errorf("the secret is not kept: %v", err)
	}
	o.check(b.SetWebhook(t.Context(), ""))
	if code := post(o.hookKey, o.clock(), event, nil); code != 401 {
		t.Errorf("after the webhook was taken back: %d", code)
	}
}

// What a folder of before has said of ends, its trail learns when it is opened by this
// program.
func TestEarlierWordsComeIntoTheTrail(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	poll := func() {
		t.Helper()
		_, err := b.Poll(t.Context(), nil)
		o.check(err)
	}
	poll()
	o.withdraw(g, true)
	poll()
	o.check(b.StateDeletion(t.Context(), g, business.Statement{}))
	if c := o.clean(b); c.Endings != 1 || c.Acknowledged != 1 || c.Stated != 1 || c.Repeated != 0 {
		t.Fatalf("the trail has %+v", c)
	}
	// As if it had never been noted.
	path := filepath.Join(dir, "loops", g.String()+".json")
	text, err := os.ReadFile(path)
	o.check(err)
	var loop map[string]any
	o.check(json.Unmarshal(text, &loop))
	if _, there := loop["noted"]; !there {
		t.Fatalf("the folder says %s", text)
	}
	delete(loop, "noted")
	text, err = json.Marshal(loop)
	o.check(err)
	o.check(os.WriteFile(path, text, 0o600))
	poll()
	if c := o.clean(b); c.Endings != 1 || c.Acknowledged != 1 || c.Stated != 1 || c.Repeated != 3 {
		t.Errorf("the trail has %+v", c)
	}
	poll()
	if c := o.clean(b); c.Repeated != 3 {
		t.Errorf("it is noted again and again: %+v", c)
	}
}
