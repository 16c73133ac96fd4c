package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// with is the default configuration with one key set to a JSON value.
func with(t *testing.T, key, value string) []byte {
	t.Helper()
	c := Defaults()
	c.Chain = "test-chain"
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if key != "" {
		m[key] = json.RawMessage(value)
	}
	b, err = json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConfigReadsWhatInitWrites(t *testing.T) {
	got, err := parseConfig(with(t, "", ""))
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Chain = "test-chain"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestConfigRefuses(t *testing.T) {
	whole := string(with(t, "", ""))
	for name, c := range map[string]struct{ in, says string }{
		"an unknown key":             {string(with(t, "heartbeet", `"3s"`)), `unknown key "heartbeet"; remove it or correct its spelling (known: version, origin`},
		"archive and a limit":        {strings.Replace(string(with(t, "ledger_archive", "true")), "{", `{"ledger_keep_blocks":"24h",`, 1), "remove ledger_keep_blocks"},
		"no origin to begin from":    {string(with(t, "ledger_from", `["shop.example"]`)), "ledger_from"},
		"entries dropped too soon":   {string(with(t, "ledger_keep_entries", `"24h"`)), "at least 744h"},
		"a newer folder":             {string(with(t, "version", "2")), "layout 2, this program knows 1; run a newer cofferd"},
		"a newer folder's new keys":  {strings.Replace(string(with(t, "version", "2")), "{", `{"shards":4,`, 1), "run a newer cofferd"},
		"a truncated file":           {whole[:len(whole)/2], "damaged or not JSON"},
		"an empty file":              {"", "damaged or not JSON"},
		"something after the end":    {whole + "{}", "after the end"},
		"an origin with a path":      {string(with(t, "origin", `"https://vault.example/shop"`)), "nothing after it"},
		"an origin without passkeys": {string(with(t, "origin", `"http://vault.example"`)), "browsers allow passkeys on https"},
		"an IP address over http":    {string(with(t, "origin", `"http://127.0.0.1:8080"`)), "browsers allow passkeys on https"},
		"a port alone":               {string(with(t, "listen", `"8080"`)), "want host:port"},
		"a slow heartbeat":           {string(with(t, "heartbeat", `"10m"`)), "want 1s to 60s"},
		"a chain with a space":       {string(with(t, "chain", `"my chain"`)), "chain"},
		"a log of one file":          {string(with(t, "decision_log_files", "1")), "want 0 (no log), or 2 to 1000"},
		"a log of tiny files":        {string(with(t, "decision_log_mib", "0")), "want 2 to 4096"},
		"a log of nothing":           {string(with(t, "decision_log_every", "0")), "want 1 (every decision) or more"},
		"a tiny cache":               {string(with(t, "cache_mib", "1")), "want 16 to"},
		"a negative rate for tokens": {string(with(t, "oauth_rate", "-1")), "want 0 (no limit) or more"},
		"a proxy by its name":        {string(with(t, "trusted_proxies", `["proxy.example"]`)), "trusted_proxies: \"proxy.example\": want an address or a network"},
		"everybody as a proxy":       {string(with(t, "trusted_proxies", `["0.0.0.0/0"]`)), "that is everybody"},
		"a batch of minutes":         {string(with(t, "batch_window", `"2m"`)), "want 0s to 1s"},
		"a permit that misses":       {string(with(t, "permit_delay", `"1h"`)), "want 0s to 50m"},
		"an erasure of years":        {string(with(t, "erasure_hours", "9000")), "want 0 (at once) to 720"},
		"inactive after days":        {string(with(t, "inactive_months", "1")), "inactive_months and inactive_warning_days: 1 months: want 0 (never) or 3 to 240"},
		"hardly a warning":           {strings.Replace(string(with(t, "inactive_months", "24")), `"inactive_warning_days":180`, `"inactive_warning_days":7`, 1), "7 days of warning: want 30 to 730"},
		"a negative rate":            {string(with(t, "business_rate", "-1")), "want 0 (no limit) or more"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseConfig([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}

func TestRPIDIsTheOriginsHost(t *testing.T) {
	for origin, want := range map[string]string{
		"http://localhost:8080":      "localhost",
		"https://vault.example":      "vault.example",
		"https://vault.example:8443": "vault.example",
	} {
		if got := (Config{Origin: origin}).RPID(); got != want {
			t.Errorf("%s: got %s, want %s", origin, got, want)
		}
	}
}
