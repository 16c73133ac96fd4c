package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gorilla/mux"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchorwatch"
	"coffer/anchor/bft"
	"coffer/internal/telemetry"
)

// MemberConfig is what a ledger member decides that keeps no vaults: a retailer, a
// regulator. It lives as member.json in the member's folder, written by ledger init; a
// key that is not below is an error.
type MemberConfig struct {
	// Version is the layout of the folder; a newer one is refused.
	Version int `json:"version"`
	// Chain names the ledger.
	Chain anchor.Chain `json:"chain"`
	// Listen is where proofs, tiles and checkpoints are served over HTTP, host:port.
	Listen string `json:"listen"`
	// LedgerListen is where the other members' nodes connect, host:port.
	LedgerListen string `json:"ledger_listen"`
	LedgerConfig
	// MetricsListen is where numbers for Prometheus are served, as in localhost:9464.
	// Empty: nowhere.
	MetricsListen string `json:"metrics_listen,omitempty"`
	// Heartbeat is how often the idle ledger makes an empty block. Between 1s and 60s.
	Heartbeat Duration `json:"heartbeat"`
}

const memberConfigFile = "member.json"

// Check reports the first setting that cannot work and says what would.
func (c MemberConfig) Check() error {
	if err := c.Chain.Validate(); err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	for _, at := range [][2]string{{"listen", c.Listen}, {"ledger_listen", c.LedgerListen}} {
		if _, _, err := net.SplitHostPort(at[1]); err != nil {
			return fmt.Errorf("%s %q: want host:port, as in 0.0.0.0:26656", at[0], at[1])
		}
	}
	if err := c.LedgerConfig.check(); err != nil {
		return err
	}
	if err := checkMetrics(c.MetricsListen, c.Listen, c.LedgerListen); err != nil {
		return err
	}
	if h := time.Duration(c.Heartbeat); h < time.Second || h > time.Minute {
		return fmt.Errorf("heartbeat %v: want 1s to 60s", h)
	}
	return nil
}

func readMemberConfig(folder string) (c MemberConfig, err error) {
	b, err := os.ReadFile(filepath.Join(folder, memberConfigFile))
	if errors.Is(err, os.ErrNotExist) {
		return c, fmt.Errorf("%s is no member's folder; run: cofferd ledger init --data %s --help", folder, folder)
	} else if err != nil {
		return c, fmt.Errorf("reading configuration: %w", err)
	}
	c.Heartbeat = Defaults().Heartbeat
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w; correct or remove what is wrong", memberConfigFile, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return c, fmt.Errorf("%s: something stands after the end of the configuration", memberConfigFile)
	}
	if c.Version > layout {
		return c, fmt.Errorf("%s: the folder has layout %d, this program knows %d; run a newer cofferd", memberConfigFile, c.Version, layout)
	}
	if err := c.Check(); err != nil {
		return c, fmt.Errorf("%s: %w", memberConfigFile, err)
	}
	return c, nil
}

func newMember() *cobra.Command {
	var folder string
	var verbose bool
	c := &cobra.Command{
		Use:   "member",
		Short: "Run a ledger member that keeps no vaults",
		Long: `Runs this member's copy of the shared ledger: it checks every block by the rule, votes
on it (an observer does not), and serves proofs, the published log and its signed
checkpoint to anyone. It stores no vault, no consent and no name of a shopper.`,
		Example: `  cofferd ledger init --data shop-a --chain high-street --name "Shop A" …
  cofferd ledger join genesis.json --data shop-a
  cofferd member --data shop-a`,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := readMemberConfig(folder)
			if err != nil {
				return err
			}
			return runMember(c.Context(), folder, config, newLogger(c.ErrOrStderr(), false, verbose))
		},
	}
	c.Flags().StringVar(&folder, "data", "member-data", "the member's folder")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "log every request (its route, never its path)")
	return c
}

// runMember runs a member until ctx ends, or its node cannot go on.
func runMember(ctx context.Context, folder string, config MemberConfig, log *slog.Logger) error {
	l, err := net.Listen("tcp", config.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listening on %s: the port is in use; stop the other program, or change listen in %s", config.Listen, memberConfigFile)
	} else if err != nil {
		return fmt.Errorf("listening on %s: %w", config.Listen, err)
	}
	defer l.Close()
	watched, err := listenMetrics(config.MetricsListen, memberConfigFile)
	if err != nil {
		return err
	}
	defer closeListener(watched)
	m, err := openMember(ctx, folder, config, log)
	if err != nil {
		return err
	}
	m.watched, log = watched, m.log
	log.Info("a member at work", "listen", l.Addr().String(), "ledger", config.LedgerListen, "chain", config.Chain, "version", version())
	err = m.run(ctx, l)
	log.Info("stopping")
	return errors.Join(err, m.close())
}

// member is a ledger member at work.
type member struct {
	log     *slog.Logger
	metrics *telemetry.Metrics
	watched net.Listener // for the numbers; nil for none
	node    *bft.Node
	council *anchorwatch.Council
	handler http.Handler
	release []func() error // in the order of taking
}

// openMember takes a member's folder; what it took it gives back when it fails. ctx
// bounds the opening only.
func openMember(ctx context.Context, folder string, config MemberConfig, log *slog.Logger) (_ *member, err error) {
	metrics := telemetry.New(version())
	log = slog.New(telemetry.Log(log.Handler(), metrics))
	m := &member{log: log, metrics: metrics}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	unlock, err := lock(folder)
	if err != nil {
		return nil, err
	}
	m.release = append(m.release, func() error { unlock(); return nil })
	m.node, err = bft.Start(ctx, config.into(bft.Options{Home: ledgerPath(folder), Chain: config.Chain, Listen: "tcp://" + config.LedgerListen,
		Heartbeat: time.Duration(config.Heartbeat), Witness: witness(folder, log), Logger: log}))
	if err != nil {
		return nil, fmt.Errorf("starting the ledger: %w", err)
	}
	m.council = newCouncil(folder, m.node, log)
	m.release = append(m.release, m.node.Close)
	stopVotes, err := serveBallots(folder, m.node, log)
	if err != nil {
		return nil, err
	}
	m.release = append(m.release, func() error { stopVotes(); return nil })
	r := mux.NewRouter()
	anchorhttp.Routes(r, m.node)
	anchorhttp.Members(r, m.node)
	anchorhttp.Status(r, config.Chain, condition(m.node, m.council))
	r.NotFoundHandler = http.HandlerFunc(noRoute)
	metrics.Ask(telemetry.Asked{Ledger: ledgerNumbers(m.node, m.council), Now: time.Now})
	m.handler = logRequests(log, metrics, r)
	return m, nil
}

// run answers until ctx ends or the node cannot go on.
func (m *member) run(ctx context.Context, l net.Listener) error {
	server := newServer(m.handler, m.log)
	g, ctx := errgroup.WithContext(ctx)
	answerUntil(ctx, g, server, l)
	serveMetrics(ctx, g, m.metrics, m.watched, m.log)
	g.Go(func() error { return m.node.Wait(ctx) })
	g.Go(func() error { return watchOthers(ctx, m.council) })
	return g.Wait()
}

// close gives back in reverse what openMember took.
func (m *member) close() error { return giveBack(&m.release) }

// giveBack releases in reverse what was taken.
func giveBack(taken *[]func() error) (err error) {
	for len(*taken) > 0 {
		last := len(*taken) - 1
		err = errors.Join(err, (*taken)[last]())
		*taken = (*taken)[:last]
	}
	return err
}
