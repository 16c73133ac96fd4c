package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/sqldb"
	"coffer/internal/telemetry"
	"coffer/internal/telemetry/telemetrytest"
)

const version = "v0 test"

var routes = []string{"/wallet/v1/grants/{id}", "/"}

func numbers(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatal(w.Code)
	}
	return w.Body.String()
}

// Whatever is counted, the text has only words of the vocabulary.
func TestTheVocabularyIsClosed(t *testing.T) {
	m := telemetry.New(version)
	m.Routes(routes)
	at := time.Unix(1000, 0)
	m.Ask(telemetry.Asked{
		Queues: func(context.Context) (map[telemetry.Queue]telemetry.Waiting, error) {
			return map[telemetry.Queue]telemetry.Waiting{telemetry.Outbox: {Length: 7, Oldest: at.Add(-time.Minute)}, telemetry.DeadLetters: {}, 99: {Length: 1}}, nil
		},
		Ledger: func(context.Context) (telemetry.Ledger, error) {
			return telemetry.Ledger{Height: 12, Alarms: []anchor.AlarmKind{anchor.AlarmClock, "zsofia"}}, nil
		},
		Erased: func(context.Context) (int64, error) { return 0, errors.New("zsofia") },
		Now:    func() time.Time { return at },
	})
	m.Answered("/wallet/v1/grants/{id}", 200, time.Millisecond)
	m.Answered("/wallet/v1/grants/zsofia", 404, time.Millisecond)
	m.Answered("/", 99999, time.Millisecond)
	for _, err := range []error{nil, &consent.Denial{Reason: consent.Withdrawn}, &consent.Denial{Reason: "zsofia"}, fmt.Errorf("x: %w", consent.ErrNotFound), errors.New("zsofia")} {
		m.Ruled(consent.ActionCollect, err)
	}
	m.Ruled("zsofia", nil)
	m.Works()(sqldb.Committing, time.Second)
	m.Works()(99, time.Second)

	text := numbers(t, m)
	wrong, samples := telemetrytest.Words(text, version, routes)
	if len(wrong) > 0 || strings.Contains(text, "zsofia") {
		t.Errorf("outside of the vocabulary: %v", wrong)
	}
	if samples < 100 {
		t.Errorf("only %d samples", samples)
	}
	for _, want := range []string{
		`coffer_http_requests_total{class="2xx",route="/wallet/v1/grants/{id}"} 1`,
		`coffer_http_requests_total{class="4xx",route="unknown"} 1`,
		`coffer_http_requests_total{class="other",route="/"} 1`,
		`coffer_gate_outcomes_total{action="collect",outcome="allowed"} 1`,
		`coffer_gate_outcomes_total{action="collect",outcome="withdrawn"} 1`,
		`coffer_gate_outcomes_total{action="collect",outcome="not-found"} 1`,
		`coffer_gate_outcomes_total{action="collect",outcome="business"} 1`,
		`coffer_gate_outcomes_total{action="collect",outcome="other"} 1`,
		`coffer_queue_length{queue="outbox"} 7`,
		`coffer_queue_oldest_seconds{queue="outbox"} 60`,
		`coffer_ledger_height 12`,
		`coffer_ledger_alarm{kind="clock"} 1`,
		`coffer_ledger_alarm{kind="split"} 0`,
		`coffer_store_seconds_count{work="commit"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "coffer_erasures_total ") {
		t.Error("a number that could not be asked for is told all the same")
	}
}

// The check itself refuses what is not in the vocabulary.
func TestWordsFindsStrangers(t *testing.T) {
	for _, line := range []string{
		`coffer_http_requests_total{class="2xx",route="/wallet/v1/grants/Zsofia"} 1`,
		`coffer_http_requests_total{shopper="/"} 1`,
		`coffer_queue_length{queue="a\"b"} 1`,
		`shopper_total 1`,
		`coffer_store_seconds_bucket{work="commit",le="Zsofia"} 1`,
		`anything`,
	} {
		if wrong, _ := telemetrytest.Words(line+"\n", version, routes); len(wrong) == 0 {
			t.Errorf("%s passes", line)
		}
	}
}

// The list of denials and alarms is that of the packages that own them.
func TestNothingIsMissing(t *testing.T) {
	labels := telemetry.Labels(version, nil)
	for _, c := range []struct{ glob, kind, label string }{
		{"../../consent/check.go", "DenialReason", "outcome"}, {"../../anchor/*.go", "AlarmKind", "kind"},
	} {
		files, _ := filepath.Glob(c.glob)
		found := 0
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(c.kind+` += "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
				if found++; !slices.Contains(labels[c.label], m[1]) {
					t.Errorf("%s %s is not in the vocabulary", c.kind, m[1])
				}
			}
		}
		if found < 5 {
			t.Errorf("found only %d of %s", found, c.kind)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, path := range []string{"/", "/metrics/", "/debug/pprof/"} {
		w := httptest.NewRecorder()
		telemetry.New(version).Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// FORMAT.md has a row for each metric of ours, and for nothing else.
func TestEveryMetricIsDescribed(t *testing.T) {
	m := telemetry.New(version)
	m.Ask(telemetry.Asked{
		Queues: func(context.Context) (map[telemetry.Queue]telemetry.Waiting, error) {
			return map[telemetry.Queue]telemetry.Waiting{telemetry.Outbox: {}}, nil
		},
		Ledger:  func(context.Context) (telemetry.Ledger, error) { return telemetry.Ledger{}, nil },
		Erased:  func(context.Context) (int64, error) { return 0, nil },
		Backups: func() (telemetry.Backups, error) { return telemetry.Backups{}, nil },
		Now:     time.Now,
	})
	var told, written []string
	for _, f := range regexp.MustCompile(`(?m)^# TYPE (coffer_[a-z_]+)`).FindAllStringSubmatch(numbers(t, m), -1) {
		told = append(told, f[1])
	}
	doc, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range regexp.MustCompile("(?m)^\\| `(coffer_[a-z_]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		written = append(written, f[1])
	}
	slices.Sort(told)
	slices.Sort(written)
	if !slices.Equal(told, written) {
		t.Errorf("told %v\nwritten %v", told, written)
	}
}
