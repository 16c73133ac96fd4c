package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
)

// loop is what a shopper's wallet is told of a grant's end, both statements verified.
func (w *world) loop(s *wallettest.Wallet, by *business.Business, g id.Grant) (wallettest.Loop, error) {
	found, err := s.Loop(w.Context(), g)
	if err != nil || found == nil {
		return wallettest.Loop{}, errors.Join(err, errors.New("the grant has no loop"))
	}
	l := *found
	signatures := agent.New(agent.Options{})
	rules := consent.StatementRules{Issuer: by.DID(), Audience: w.config.Origin, Now: time.Now()}
	if l.Acknowledgement != "" {
		_, payload, err := signatures.VerifyJWS(w.Context(), l.Acknowledgement, consent.TypeAcknowledgement)
		if err != nil {
			return l, err
		}
		if a, err := consent.ParseAcknowledgement(payload, rules); err != nil || a.Grant != g || a.Event != l.Event {
			return l, fmt.Errorf("the acknowledgement says %+v: %w", a, err)
		}
	}
	if l.Statement != "" {
		_, payload, err := signatures.VerifyJWS(w.Context(), l.Statement, consent.TypeDeletion)
		if err != nil {
			return l, err
		}
		if d, err := consent.ParseDeletion(payload, rules); err != nil || d.Grant != g {
			return l, fmt.Errorf("the statement says %+v: %w", d, err)
		}
	}
	return l, nil
}

func (w *world) poll(b *business.Business) error {
	_, err := b.Poll(w.Context(), nil)
	return err
}

// report holds the business's trail against the ledger, and what was due then against
// the clocks.
func (w *world) report(s *wallettest.Wallet, b *business.Business, in time.Duration) (audit.Report, error) {
	var trail bytes.Buffer
	if err := b.ExportTrail(w.Context(), &trail); err != nil {
		return audit.Report{}, err
	}
	return audit.Run(w.Context(), &trail, audit.Options{Validators: s.Ledger, Signatures: agent.New(agent.Options{}), Ledger: w.o.ledger, At: time.Now().Add(in)})
}

// audited wants a report without findings.
func (w *world) audited(s *wallettest.Wallet, b *business.Business) error {
	report, err := w.report(s, b, 0)
	if err == nil && !report.Clean() {
		err = errors.New(report.Text())
	}
	return err
}

// hush fails when a value stands in any file of the operator.
func (w *world) hush() error {
	found, files, err := w.search(canaries())
	if err == nil && (len(found) > 0 || files < 10) {
		err = fmt.Errorf("found %v in %d files", found, files)
	}
	return err
}

// overdue is how many loops the operator would list then.
func (w *world) overdue(in time.Duration) (int, error) {
	late, err := w.o.consents.Overdue(w.Context(), time.Now().Add(in), 100)
	return len(late), err
}

const past = consent.StateWithin + time.Hour

// A grant's end to the last word: told, acknowledged, stated, seen by the shopper.
func TestTheWithdrawalLoop(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, deliver, market := demanding(w, b)

	w.step("a live grant has no loop", func() error {
		if l, err := s.Loop(ctx, deliver); l != nil || err != nil {
			return fmt.Errorf("%+v, %v", l, err)
		}
		if err := b.StateDeletion(ctx, deliver, business.Statement{}); !errors.Is(err, business.ErrNotOver) {
			return fmt.Errorf("stating the deletion of a live grant: %v", err)
		}
		_, err := b.Collect(ctx, deliver)
		return err
	})
	w.step("withdraw", func() error {
		if _, err := s.Withdraw(ctx, deliver); err != nil {
			return err
		}
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Event != consent.EndWithdrawn || l.Notified == 0 || l.Acknowledged != 0 || l.Overdue != "") {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
	w.step("the shopper sees what is owed", func() error {
		all, err := s.Owed(ctx)
		if err == nil && (len(all) != 1 || all[0].Grant != deliver || all[0].Overdue != "" || all[0].AcknowledgeBy <= all[0].Notified || all[0].StateBy <= all[0].AcknowledgeBy) {
			err = fmt.Errorf("%+v", all)
		}
		return err
	})
	w.step("it is overdue if nothing comes", func() error {
		n, err := w.overdue(consent.AcknowledgeWithin + time.Hour)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d overdue, want 1", n)
		}
		return err
	})
	w.step("the business acknowledges", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Acknowledged == 0 || l.Acknowledgement == "" || l.Stated != 0) {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
	w.step("the business states the deletion", func() error {
		until := consent.UnixAt(time.Now().AddDate(10, 0, 0))
		kept := []consent.Kept{{Attribute: "name", Basis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c", Until: until}}
		if err := b.StateDeletion(ctx, deliver, business.Statement{Kept: kept, Text: "The invoice stays."}); err != nil {
			return err
		}
		w.restart()
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Stated == 0 || l.Statement == "" || l.Overdue != "") {
			err = fmt.Errorf("%+v", l)
		}
		if all, oerr := s.Owed(ctx); oerr != nil || len(all) != 0 {
			return fmt.Errorf("still owed: %+v, %w", all, oerr)
		}
		return err
	})
	w.step("another business may say nothing", func() error {
		other, err := business.Create(filepath.Join(t.TempDir(), "other"), b.Profile())
		if err != nil {
			return err
		}
		defer other.Close()
		if _, err := other.Register(ctx); err != nil {
			return err
		}
		a := consent.Acknowledgement{Iss: other.DID(), Aud: w.config.Origin, Grant: market, Event: consent.EndWithdrawn, Time: consent.UnixAt(time.Now())}
		res, err := http.Post(w.config.Origin+"/business/v1/acknowledgements", "application/json", strings.NewReader(fmt.Sprintf(`{"acknowledgement":%q}`, a.Payload())))
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnprocessableEntity {
			return fmt.Errorf("unsigned words: %s", res.Status)
		}
		return nil
	})
	w.step("audit and canary", func() error {
		r, err := w.report(s, b, 10*past)
		if err == nil && (!r.Clean() || r.Counts.Endings != 1 || r.Counts.Acknowledged != 1 || r.Counts.Stated != 1) {
			err = errors.New(r.Text())
		}
		return errors.Join(err, w.audited(s, b), w.hush())
	})

	w.step("erase", func() error {
		secrets := ids(s)
		if err := s.Erase(ctx); err != nil {
			return err
		}
		found, _, err := w.search(secrets)
		if len(found) > 0 {
			return fmt.Errorf("found %v", found)
		}
		n, lerr := w.overdue(past)
		if n != 1 {
			return fmt.Errorf("%d loops are open, want the one of the grant that the erasure ended", n)
		}
		return errors.Join(err, lerr)
	})
	w.step("the loop goes on", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		n, err := w.overdue(past)
		if n != 1 {
			return fmt.Errorf("after the acknowledgement %d are open", n)
		}
		if r, rerr := w.report(s, b, past); rerr != nil || len(r.Findings) != 1 || r.Findings[0].Kind != audit.DeletionMissing || r.Findings[0].Grant != market.String() {
			return fmt.Errorf("a month later the auditor finds %s: %w", r.Text(), rerr)
		}
		return errors.Join(err, b.StateDeletion(ctx, market, business.Statement{Text: "All gone."}))
	})
	w.step("and leaves nothing", func() error {
		n, err := w.overdue(10 * past)
		if n != 0 {
			return fmt.Errorf("%d are open", n)
		}
		loops, lerr := b.Loops()
		for _, l := range loops {
			if l.Stated == 0 || l.Refused != "" {
				return fmt.Errorf("the business's folder says %+v", l)
			}
		}
		_, derr := w.o.outbox.Drain(ctx) // the trail wants the withdrawal's proof
		return errors.Join(err, lerr, derr, w.poll(b), w.audited(s, b), w.hush())
	})
}

// An order ends a grant while the daemon runs; the ledger, the business and the shopper
// all learn of it.
func TestAnOrderEndsAGrant(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, deliver, _ := demanding(w, b)
	if err := w.poll(b); err != nil { // it opens the letters
		t.Fatal(err)
	}
	command := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		at := slices.Index(args, "--") // what follows it is no flag
		if at < 0 {
			at = len(args)
		}
		status := run(ctx, slices.Insert(slices.Clone(args), at, "--data", w.folder), &out, &errs)
		return status, out.String() + errs.String()
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"without a reason": {[]string{"grant", "terminate", "--", deliver.String()}, 2, "the shopper reads it"},
		"without a grant":  {[]string{"grant", "terminate", "--reason", "x"}, 2, "want the id of one grant"},
		"of nobody":        {[]string{"grant", "terminate", "--reason", "x", "--", id.New[id.Grant]().String()}, 1, "no such grant"},
		"of no id":         {[]string{"grant", "terminate", "x", "--reason", "x"}, 2, "GRANT"},
		"nothing overdue":  {[]string{"overdue"}, 0, "nothing is overdue"},
		"no webhook":       {[]string{"business", "deliveries"}, 0, "no business has a webhook"},
	} {
		if status, says := command(c.args...); status != c.status || !strings.Contains(says, c.says) {
			t.Errorf("%s: %d %q, want %d %q", name, status, says, c.status, c.says)
		}
	}
	w.step("terminate", func() error {
		if status, says := command("grant", "terminate", "--reason", "Order 7 of the authority", "--", deliver.String()); status != 0 {
			return fmt.Errorf("%d %s", status, says)
		}
		if _, err := b.Collect(ctx, deliver); !errors.Is(err, consent.Terminated) {
			return fmt.Errorf("collecting: %v, want terminated", err)
		}
		if status, says := command("grant", "terminate", deliver.String(), "--reason", "again"); status != 1 || !strings.Contains(says, "over already") {
			return fmt.Errorf("twice: %d %s", status, says)
		}
		return nil
	})
	w.step("it is anchored", func() error {
		if _, err := w.o.outbox.Drain(ctx); err != nil {
			return err
		}
		entry, err := s.Held[deliver].Given.GrantEntry()
		if err != nil {
			return err
		}
		g, err := w.o.ledger.Grant(ctx, entry.HandleKey)
		if err == nil && !g.Withdrawn {
			err = errors.New("the ledger does not know")
		}
		return err
	})
	w.step("business and shopper know", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Event != consent.EndTerminated || l.Acknowledged == 0 || l.Reason != "Order 7 of the authority") {
			err = fmt.Errorf("%+v", l)
		}
		return errors.Join(err, w.poll(b), w.audited(s, b))
	})
}

// A grant that runs out is told as any other end is.
func TestARunOutGrantIsTold(t *testing.T) {
	w := newWorld(t)
	b := w.shop()
	s, deliver, _ := demanding(w, b)
	w.step("expire", func() error {
		told, err := w.o.consents.SweepEndings(t.Context(), time.Now().AddDate(0, 0, 32))
		if err == nil && told != 1 {
			err = fmt.Errorf("%d told, want the one of 31 days", told)
		}
		return errors.Join(err, w.poll(b))
	})
	w.step("it is acknowledged", func() error {
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Event != consent.EndExpired || l.Acknowledged == 0) {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
}

// A suspended business gets no token, and learns by its webhook what it owes.
func TestASuspendedBusinessIsTold(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	hook := httptest.NewServer(b.WebhookHandler(nil))
	defer hook.Close()
	s, deliver, market := demanding(w, b)
	if err := errors.Join(w.poll(b), b.SetWebhook(ctx, strings.Replace(hook.URL, "127.0.0.1", "localhost", 1))); err != nil {
		t.Fatal(err)
	}
	w.step("suspend", func() error {
		if status := run(ctx, []string{"business", "suspend", string(b.DID()), "--data", w.folder}, io.Discard, io.Discard); status != 0 {
			return fmt.Errorf("status %d", status)
		}
		told, err := w.o.consents.SweepEndings(ctx, time.Now())
		if err == nil && told != 2 {
			err = fmt.Errorf("%d told, want both", told)
		}
		return err
	})
	w.step("it acknowledges and states", func() error {
		err := eventually(func() (bool, error) {
			l, err := w.loop(s, b, deliver)
			return l.Acknowledged != 0, err
		})
		if err != nil {
			return err
		}
		if err := b.StateDeletion(ctx, deliver, business.Statement{}); err != nil {
			return err
		}
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Event != consent.EndSuspended || l.Stated == 0) {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
	// What is demanded of it meanwhile it learns and answers, also under a grant whose
	// letter it has no keys of any more.
	var demanded wallettest.Demanded
	w.step("a shopper demands a right", func() (err error) {
		demanded, err = s.Demand(ctx, wallettest.Demand{Regime: consent.RegimeGDPR, Right: consent.RightErasure, Grants: []id.Grant{deliver, market}})
		return err
	})
	w.step("it answers", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		if _, err := b.ReplyRights(ctx, demanded.ID, consent.RightsAcknowledged, "", ""); err != nil {
			return err
		}
		if _, err := b.ReplyRights(ctx, demanded.ID, consent.RightsAnswered, consent.OutcomeDone, ""); err != nil {
			return err
		}
		c, err := b.RightsCase(demanded.ID)
		if err == nil && (!c.Stands() || c.Times.Answered == 0) {
			err = fmt.Errorf("%+v", c)
		}
		return err
	})
	w.step("and does nothing else", func() error {
		_, collect := b.Collect(ctx, deliver)
		_, ask := b.Request(ctx, business.Ask{Purposes: asks()})
		_, giveUp := b.GiveUp(ctx, deliver)
		_, behind := b.Behind(ctx, "any")
		for what, err := range map[string]error{"collect": collect, "ask": ask, "give up": giveUp, "templates": behind, "webhook": b.SetWebhook(ctx, "")} {
			if p, ok := errors.AsType[*business.Problem](err); !ok || p.Code != "business-suspended" {
				return fmt.Errorf("%s: %v", what, err)
			}
		}
		return nil
	})
}

// The sample shop hears of everything at its own port, deletes, acknowledges and states,
// and takes nothing from a stranger.
func TestTheShopByWebhook(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.corner()
	b, origin := c.Business, c.origin
	s := w.shopper()
	for _, name := range []string{"name", "postal-address", "email"} {
		if err := s.Set(ctx, name, planted[name]); err != nil {
			t.Fatal(err)
		}
	}
	asked, holds := c.order()
	var deliver id.Grant
	w.step("the shop collects", func() error {
		q, err := s.Request(ctx, asked)
		if err != nil {
			return err
		}
		w.give(s, q)
		if err := eventually(func() (bool, error) { return holds("Gramophone") }); err != nil {
			return fmt.Errorf("it does not hear of the grant: %w", err)
		}
		deliver = grantOf(t, b, asked, "delivery")
		return nil
	})
	w.step("a stranger is refused", func() error {
		forged := fmt.Sprintf(`{"v":1,"id":"99","type":"withdrawn","request":"","grant":%q,"time":%d}`, deliver, time.Now().Unix())
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/hooks/coffer", strings.NewReader(forged))
		if err != nil {
			return err
		}
		r.Header.Set("webhook-id", "event_99")
		r.Header.Set("webhook-timestamp", fmt.Sprint(time.Now().Unix()))
		r.Header.Set("webhook-signature", "v1,AAAA")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		res.Body.Close()
		if there, err := holds("Gramophone"); err != nil || !there || res.StatusCode != http.StatusUnauthorized {
			return fmt.Errorf("%s, the address is there: %v, %v", res.Status, there, err)
		}
		return nil
	})
	w.step("withdraw while the shop is away", func() error {
		c.away()
		_, err := s.Withdraw(ctx, deliver)
		return err
	})
	w.step("the shop comes back", func() error {
		if err := c.back(); err != nil {
			return err
		}
		return eventually(func() (bool, error) {
			l, err := w.loop(s, b, deliver)
			return l.Stated != 0 && l.Acknowledged != 0, err
		})
	})
	w.step("nothing is left", func() error {
		there, err := holds("Gramophone")
		if err == nil && there {
			err = errors.New("the shop still has the address")
		}
		return errors.Join(err, w.audited(s, b), w.hush())
	})
}
