package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"coffer/anchor"
	"coffer/consent/consentdb"
	"coffer/internal/peer"
	"coffer/vault"
)

// Config is what an operator decides. It lives as cofferd.json in the data folder,
// written by init; a key that is not below is an error.
type Config struct {
	// Version is the layout of the data folder. A folder that is newer than the
	// program is refused, because an old program could damage it.
	Version int `json:"version"`
	// Origin is where shoppers reach this Coffer, as scheme://host[:port]. Its host is
	// the passkeys' RP ID (WebAuthn § 5.1.2): it cannot change without every shopper
	// going through recovery.
	Origin string `json:"origin"`
	// Listen is the address the daemon listens on, host:port.
	Listen string `json:"listen"`
	// Chain names the ledger; every signature on it covers this name.
	Chain anchor.Chain `json:"chain"`
	// MetricsListen is where numbers for Prometheus are served, GET /metrics and nothing
	// else, host:port, as in localhost:9464: never where browsers come. Empty: nowhere.
	// What they mean: internal/telemetry/FORMAT.md.
	MetricsListen string `json:"metrics_listen,omitempty"`
	// Dev opens registration to any business with a did:key. Never for real data.
	Dev bool `json:"dev,omitempty"`
	// LedgerListen is where the nodes of other ledger members connect, host:port. Empty
	// when this operator runs its ledger alone.
	LedgerListen string `json:"ledger_listen,omitempty"`
	LedgerConfig
	// Database is the PostgreSQL database that holds vaults and consent, as in
	// postgres://coffer@db.example/coffer; several daemons may share one. Empty keeps
	// them in coffer.db in the data folder. Keep its password out of here: libpq's
	// passfile and sslmode work in the URL.
	Database string `json:"database,omitempty"`
	// Keyring is where the vaults' keys are, without which nothing stored of a vault can be
	// opened: a file beside coffer.db (relative to the data folder) or elsewhere, or a
	// PostgreSQL database as above, in which the schema coffer_keyring is made. Empty:
	// keyring.db in the data folder; with a database of PostgreSQL, the schema in that
	// database. Keep it on storage that is mirrored and never archived: an old copy of it
	// undoes erasures, its loss ends all vaults.
	Keyring string `json:"keyring,omitempty"`
	// RewriteHour is the hour of the day, by the machine's clock, in which a large
	// database is rewritten after erasures, 0 to 23. Writing waits meanwhile, about half a
	// second for each 200 MiB. A small database is rewritten at once.
	RewriteHour int `json:"rewrite_hour"`
	// Heartbeat is how often the idle ledger makes an empty block, so that its clock,
	// by which grants end, does not stand still. Between 1s and 60s.
	Heartbeat Duration `json:"heartbeat"`
	// BatchWindow is how long entries are collected into one batch before it goes to the
	// ledger, in an order that does not tell which came first. At most 1s.
	BatchWindow Duration `json:"batch_window"`
	// PermitDelay is how long after the turn of the hour the permits that waited for it
	// go to the ledger at the latest; when, is drawn each hour. Businesses that post
	// ahead collect after it. 0s to 50m.
	PermitDelay Duration `json:"permit_delay"`
	// ErasureHours is over how many hours the withdrawals of one erased vault are spread
	// on the ledger: all in one moment they would tell every member which grants were
	// one shopper's. 0 sends them at once; at most 720.
	ErasureHours int `json:"erasure_hours"`
	// InactiveMonths is after how many months in which nobody was signed in to a vault it
	// is warned: its shopper reads so at the next sign-in, which keeps it. Nothing else
	// tells shoppers, since a Coffer knows no address of theirs. Such vaults are erased
	// InactiveWarningDays later as if their shoppers had done it. 3 to 240; 0, unless it
	// is set, keeps every vault.
	InactiveMonths int `json:"inactive_months"`
	// InactiveWarningDays is from the warning to the erasure, 30 to 730.
	InactiveWarningDays int `json:"inactive_warning_days"`
	// BusinessRate is how many requests a second one business may make on average;
	// 0 means no limit.
	BusinessRate int `json:"business_rate"`
	// OAuthRate is how many requests a second one business, and one address, may make to
	// the authorization server on average; 0 means no limit. Those without a valid
	// signature count for their address.
	OAuthRate int `json:"oauth_rate"`
	// TrustedProxies are the addresses and networks of the reverse proxies in front of
	// this daemon, as in 10.0.0.7 or 10.0.0.0/8. From them, and from nobody else,
	// X-Forwarded-For is believed. Behind a proxy that is not listed, all who come
	// through it count as one.
	TrustedProxies []string `json:"trusted_proxies,omitempty"`
	// ProofNonce makes businesses put a nonce of ours into every DPoP proof, so that
	// none can be made ahead (RFC 9449 section 8). For two minutes after a start it is
	// so in any case.
	ProofNonce bool `json:"dpop_nonce,omitempty"`
	// BearerTokens lets businesses have access tokens that are bound to no key, for
	// OAuth clients without DPoP (RFC 9449). Whoever steals one can use it for ten
	// minutes, so none are given unless this is set.
	BearerTokens bool `json:"bearer_tokens,omitempty"`
	// DecisionLogFiles is how many files the log of decisions may have (cofferd policy
	// replay reads it); the oldest goes when another begins. 0 keeps no log.
	DecisionLogFiles int `json:"decision_log_files"`
	// DecisionLogMiB is how large one of these files gets, in MiB.
	DecisionLogMiB int `json:"decision_log_mib"`
	// DecisionLogEvery leaves decisions out: of those that allow, one in so many is
	// logged. Those that deny all are. 1 logs everything.
	DecisionLogEvery int `json:"decision_log_every"`
	// CacheMiB is how much of the database the daemon may keep in memory for writing and
	// collecting, in MiB, taken as it is needed. What does not fit is read from the file
	// each time: raise it with the number of vaults, before anything else. A database of
	// less than 1 GiB when the daemon starts gets no more than 32.
	CacheMiB int `json:"cache_mib"`
}

// Duration is a time.Duration that reads and writes as "30s".
type Duration time.Duration

func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

const (
	layout     = 1
	configFile = "cofferd.json"
)

// Defaults are the settings that init writes where no flag says otherwise.
func Defaults() Config {
	return Config{
		Version:      layout,
		Origin:       "http://localhost:8080",
		Listen:       "localhost:8080",
		Heartbeat:    Duration(30 * time.Second),
		BusinessRate: 1000,
		OAuthRate:    50,
		RewriteHour:  consentdb.DefaultRewriting.Hour,

		BatchWindow:  Duration(3 * time.Millisecond),
		ErasureHours: 72,

		InactiveWarningDays: 180,

		DecisionLogFiles: 8,
		DecisionLogMiB:   64,
		DecisionLogEvery: 1,

		CacheMiB: 256,
	}
}

// Check reports the first setting that cannot work and says what would.
func (c Config) Check() error {
	u, err := url.Parse(c.Origin)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil:
		return fmt.Errorf("origin %q: want scheme://host[:port] and nothing after it, as in https://vault.example", c.Origin)
	case u.Scheme != "https" && !(u.Scheme == "http" && u.Hostname() == "localhost"):
		return fmt.Errorf("origin %q: browsers allow passkeys on https:// and on http://localhost only", c.Origin)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen %q: want host:port, as in localhost:8080", c.Listen)
	}
	if c.LedgerListen != "" {
		if _, _, err := net.SplitHostPort(c.LedgerListen); err != nil {
			return fmt.Errorf("ledger_listen %q: want host:port, as in 0.0.0.0:26656", c.LedgerListen)
		}
	}
	if err := c.LedgerConfig.check(); err != nil {
		return err
	}
	if err := checkMetrics(c.MetricsListen, c.Listen, c.LedgerListen); err != nil {
		return err
	}
	if c.Database != "" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		return errors.New("database: want postgres://user@host/database, or nothing for coffer.db in the data folder") // it could hold a password
	}
	if c.Database != "" && c.Keyring != "" && !isPostgres(c.Keyring) {
		return errors.New("keyring: want postgres://user@host/database, since daemons that share a database share its keyring")
	}
	if c.RewriteHour < 0 || c.RewriteHour > 23 {
		return fmt.Errorf("rewrite_hour %d: want 0 to 23", c.RewriteHour)
	}
	if c.Chain == "" || len(c.Chain) > 50 || strings.ContainsFunc(string(c.Chain), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("chain %q: want 1 to 50 printable ASCII characters without spaces", c.Chain)
	}
	if h := time.Duration(c.Heartbeat); h < time.Second || h > time.Minute {
		return fmt.Errorf("heartbeat %v: want 1s to 60s", h)
	}
	if w := time.Duration(c.BatchWindow); w < 0 || w > time.Second {
		return fmt.Errorf("batch_window %v: want 0s to 1s", w)
	}
	if d := time.Duration(c.PermitDelay); d < 0 || d > 50*time.Minute {
		return fmt.Errorf("permit_delay %v: want 0s to 50m, so that businesses can collect in what is left of the hour", d)
	}
	if c.ErasureHours < 0 || c.ErasureHours > 720 {
		return fmt.Errorf("erasure_hours %d: want 0 (at once) to 720", c.ErasureHours)
	}
	if err := c.retention().Check(); err != nil {
		return fmt.Errorf("inactive_months and inactive_warning_days: %w", err)
	}
	if c.BusinessRate < 0 {
		return fmt.Errorf("business_rate %d: want 0 (no limit) or more", c.BusinessRate)
	}
	if c.OAuthRate < 0 {
		return fmt.Errorf("oauth_rate %d: want 0 (no limit) or more", c.OAuthRate)
	}
	if _, err := peer.ParseProxies(c.TrustedProxies); err != nil {
		return fmt.Errorf("trusted_proxies: %w", err)
	}
	if c.DecisionLogFiles < 0 || c.DecisionLogFiles == 1 || c.DecisionLogFiles > 1000 {
		return fmt.Errorf("decision_log_files %d: want 0 (no log), or 2 to 1000", c.DecisionLogFiles)
	}
	if c.DecisionLogMiB < 2 || c.DecisionLogMiB > 4096 {
		return fmt.Errorf("decision_log_mib %d: want 2 to 4096", c.DecisionLogMiB)
	}
	if c.DecisionLogEvery < 1 {
		return fmt.Errorf("decision_log_every %d: want 1 (every decision) or more", c.DecisionLogEvery)
	}
	if c.CacheMiB < 16 || c.CacheMiB > 1<<20 {
		return fmt.Errorf("cache_mib %d: want 16 to %d", c.CacheMiB, 1<<20)
	}
	return nil
}

// retention is what becomes of vaults that nobody signs in to.
func (c Config) retention() vault.Retention {
	return vault.Retention{Months: c.InactiveMonths, Days: c.InactiveWarningDays}
}

// RPID is the passkeys' relying party: the origin's host.
func (c Config) RPID() string {
	u, _ := url.Parse(c.Origin) // checked
	return u.Hostname()
}

// errNoFolder says that nobody made a Coffer there yet.
var errNoFolder = errors.New("this is no Coffer data folder")

func readConfig(folder string) (Config, error) {
	b, err := os.ReadFile(filepath.Join(folder, configFile))
	if errors.Is(err, os.ErrNotExist) {
		return Config{}, fmt.Errorf("%s: %w; run: cofferd init --data %s", folder, errNoFolder, folder)
	} else if err != nil {
		return Config{}, fmt.Errorf("reading configuration: %w", err)
	}
	return parseConfig(b)
}

func parseConfig(b []byte) (Config, error) {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &v); err == nil && v.Version > layout {
		return Config{}, fmt.Errorf("%s: the data folder has layout %d, this program knows %d; run a newer cofferd", configFile, v.Version, layout)
	}
	c := Defaults()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return Config{}, fmt.Errorf("%s: unknown key %s; remove it or correct its spelling (known: %s)", configFile, key, strings.Join(configKeys(), ", "))
		}
		return Config{}, fmt.Errorf("%s is damaged or not JSON: %w", configFile, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Config{}, fmt.Errorf("%s: something stands after the end of the configuration", configFile)
	}
	if err := c.Check(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", configFile, err)
	}
	return c, nil
}

// configKeys lists the keys of Config as they are written.
func configKeys() (keys []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}
