package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchorwatch"
	"coffer/anchor/bft"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/consentdb"
	"coffer/consent/consenthttp"
	"coffer/consent/hooks"
	"coffer/consent/oauth"
	"coffer/internal/contract"
	"coffer/internal/httpjson"
	"coffer/internal/keyring"
	"coffer/internal/peer"
	"coffer/internal/sqldb"
	"coffer/internal/telemetry"
	"coffer/vault/passkey"
	"coffer/vault/vaultdb"
	"coffer/vault/vaulthttp"
	walletweb "coffer/wallet-web"
)

// operator is a Coffer at work: the stores, the ledger, and the routes over them.
type operator struct {
	log      *slog.Logger
	metrics  *telemetry.Metrics
	watched  net.Listener // for the numbers; nil for none
	now      func() time.Time
	db       *sqldb.DB
	ring     *keyring.Ring
	vaults   *vaultdb.Store
	retainer *vaultdb.Retainer
	consents *consentdb.Store
	ledger   anchor.Ledger
	node     *bft.Node
	council  *anchorwatch.Council
	outbox   *consentdb.Outbox
	hooks    *hooks.Sender
	routed   *mux.Router
	handler  http.Handler   // in front of it
	release  []func() error // in the order of taking
}

func schemas() []sqldb.Schema { return []sqldb.Schema{vaultdb.Schema, consentdb.Schema} }

// createStore makes a database and its keyring, or finds those that a daemon before this
// one made in PostgreSQL: several share them.
func createStore(o sqldb.Options, keys string) error {
	db, err := sqldb.Create(context.Background(), o)
	if o.URL != "" && errors.Is(err, sqldb.ErrExists) {
		db, err = sqldb.Open(context.Background(), o)
	}
	if err != nil {
		return err
	}
	ring, err := openKeyring(context.Background(), keys, db, slog.New(slog.DiscardHandler))
	if err == nil {
		err = ring.Close()
	}
	return errors.Join(err, db.Close())
}

// open takes a data folder and puts everything together; what it took it gives back
// when it fails. ctx bounds the opening only.
func open(ctx context.Context, folder string, config Config, log *slog.Logger) (*operator, error) {
	return openOn(ctx, folder, config, log, func(l anchor.Ledger) anchor.Ledger { return l }, time.Now)
}

// openOn is open for tests, which stand between the operator and its ledger and clock.
func openOn(ctx context.Context, folder string, config Config, log *slog.Logger, between func(anchor.Ledger) anchor.Ledger, now func() time.Time) (_ *operator, err error) {
	metrics := telemetry.New(version())
	log = slog.New(telemetry.Log(log.Handler(), metrics))
	o := &operator{log: log, metrics: metrics, now: now}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	unlock, err := lock(folder)
	if err != nil {
		return nil, err
	}
	o.release = append(o.release, func() error { unlock(); return nil })

	database := databaseOf(folder, config)
	database.Timed = metrics.Works()
	if o.db, err = sqldb.Open(ctx, database); err != nil {
		return nil, err
	}
	o.release = append(o.release, o.db.Close)
	if o.ring, err = openKeyring(ctx, keyringOf(folder, config), o.db, log); err != nil {
		return o, err
	}
	o.release = append(o.release, o.ring.Close)

	ledger := bft.Options{Home: ledgerPath(folder), Chain: config.Chain, Heartbeat: time.Duration(config.Heartbeat), Witness: witness(folder, log), Gather: time.Duration(config.BatchWindow), Logger: log}
	if config.LedgerListen != "" {
		ledger.Listen = "tcp://" + config.LedgerListen
	}
	node, err := bft.Start(ctx, config.LedgerConfig.into(ledger))
	if err != nil {
		return nil, fmt.Errorf("starting the ledger: %w", err)
	}
	o.release = append(o.release, node.Close)
	stopBallots, err := serveBallots(folder, node, log)
	if err != nil {
		return o, err
	}
	o.release = append(o.release, func() error { stopBallots(); return nil })
	o.node, o.ledger = node, between(node)
	o.council = newCouncil(folder, node, log)

	o.consents = consentdb.New(o.db, keeper{}, o.ring)
	o.consents.Rewrite(consentdb.Rewriting{Below: consentdb.DefaultRewriting.Below, Hour: config.RewriteHour})
	o.consents.Watch(metrics.Ruled)
	o.consents.Wait(consentdb.Waits{Delay: time.Duration(config.PermitDelay), Erasure: config.ErasureHours})
	o.vaults = vaultdb.New(o.db, gate{o.consents, now}, o.ring)
	o.retainer = o.vaults.Retainer(config.retention())
	if err := errors.Join(o.consents.Begin(ctx), o.reconcile(ctx)); err != nil {
		return o, err
	}
	o.outbox = o.consents.Outbox(o.ledger, now, log)
	o.hooks = hooks.New(hooks.Options{Queue: o.consents, Clock: now, Log: log, Local: config.Dev})
	if o.routed, err = o.routes(folder, config, now); err != nil {
		return o, err
	}
	proxies, err := peer.ParseProxies(config.TrustedProxies)
	if err != nil {
		return o, fmt.Errorf("trusted_proxies: %w", err)
	}
	metrics.Ask(telemetry.Asked{Queues: queues(o.consents), Ledger: ledgerNumbers(node, o.council), Erased: o.ring.Destroyed,
		Backups: func() (telemetry.Backups, error) { return readBackups(folder) }, Now: now})
	o.handler = proxies.Behind(logRequests(log, metrics, o.routed))
	return o, nil
}

// close gives back in reverse what open took.
func (o *operator) close() error { return giveBack(&o.release) }

// routes puts every room behind its paths.
func (o *operator) routes(folder string, config Config, now func() time.Time) (*mux.Router, error) {
	rules, err := loadPolicies(folder)
	if err != nil {
		return nil, err
	}
	decisions, release, err := decisionLog(folder, config, o.log)
	if err != nil {
		return nil, err
	}
	o.release = append(o.release, release)
	var policy consent.Policy = rules
	if decisions != nil {
		policy = rules.Logged(decisions)
	}
	passkeys, err := passkey.New(passkey.Options{Store: o.vaults, Origin: config.Origin, Name: "Coffer", Now: now, Logger: o.log})
	if err != nil {
		return nil, err
	}
	key, err := oauth.OpenKey(tokenKeyPath(folder))
	if err != nil {
		return nil, err
	}
	signatures := agent.New(agent.Options{Now: now, Local: config.Dev})
	tokens, err := oauth.New(oauth.Options{Origin: config.Origin, Key: key, Store: o.consents,
		Signatures: signatures, Catalogue: rules.Catalogue(), Nonce: config.ProofNonce, Bearer: config.BearerTokens, Alone: config.Database == "", Rate: perSecond(config.OAuthRate), Clock: now, Log: o.log})
	if err != nil {
		return nil, err
	}
	sessions := vaulthttp.NewSessions(o.vaults, config.Origin, now)

	r := mux.NewRouter()
	if err := vaulthttp.Routes(r.PathPrefix("/wallet/v1").Subrouter(), vaulthttp.Options{Store: o.vaults, Passkeys: passkeys, Sessions: sessions,
		Origin: config.Origin, Retention: config.retention(), Now: now, Logger: o.log}); err != nil {
		return nil, err
	}
	options := consenthttp.Options{
		Origin: config.Origin, Store: o.consents, Sessions: sessions, Confirm: passkeys.Confirm,
		Signatures: signatures, Policy: policy, Catalogue: rules.Catalogue(), Ledger: o.ledger, Clock: now, Log: o.log,
		Translate: vaulthttp.Problem, Return: tokens.Return, Sign: tokens.Sign, AdmitAll: config.Dev, LocalWebhooks: config.Dev, Rate: perSecond(config.BusinessRate),
	}
	consenthttp.Wallet(r, options)
	consenthttp.Business(r, options, tokens.Protect)
	consenthttp.Schema(r)
	tokens.Routes(r)
	anchorhttp.Routes(r, o.ledger)
	anchorhttp.Members(r, o.node)
	anchorhttp.Status(r, config.Chain, condition(o.node, o.council))
	contract.Routes(r)
	for _, api := range []string{"/wallet/", "/business/", "/ledger/", "/oauth/", "/schema/", "/.well-known/"} {
		r.PathPrefix(api).HandlerFunc(noRoute) // a typo in a path must not get a page
	}
	r.PathPrefix("/").Handler(walletweb.Handler())
	return r, nil
}

func noRoute(w http.ResponseWriter, _ *http.Request) {
	httpjson.Refuse(w, httpjson.Problem{Code: "not-found", Title: "There is no such route, or not for this method", Status: http.StatusNotFound})
}

func perSecond(n int) rate.Limit {
	if n == 0 {
		return rate.Inf
	}
	return rate.Limit(n)
}
