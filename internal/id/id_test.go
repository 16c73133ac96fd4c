package id_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"coffer/internal/id"
)

func TestTextRoundTrip(t *testing.T) {
	want := id.New[id.Grant]()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got id.Grant
	if err := json.Unmarshal(b, &got); err != nil || got != want {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	good := id.New[id.Vault]().String()
	for _, bad := range []string{"", good[:21], good + "A", "!" + good[1:], good[:21] + "_", strings.Repeat("=", 22)} {
		if i, err := id.Parse[id.Vault](bad); err == nil && i.String() != bad {
			t.Errorf("Parse(%q) accepted a second spelling", bad)
		} else if err == nil && bad != good[:21]+"_" {
			t.Errorf("Parse(%q) = %v, want an error", bad, i)
		}
	}
}

func TestNeverLogged(t *testing.T) {
	var log bytes.Buffer
	i := id.New[id.Vault]()
	slog.New(slog.NewTextHandler(&log, nil)).Info("opened", "vault", i)
	if strings.Contains(log.String(), i.String()) || !strings.Contains(log.String(), "vault=#") {
		t.Fatalf("log line: %s", log.String())
	}
}
