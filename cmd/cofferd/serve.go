package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"coffer/anchor"
)

func newServe() *cobra.Command {
	var folder string
	var dev Config
	var isDev, verbose bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon on a data folder",
		Long: `Serves the wallet's pages, the wallets' and businesses' interfaces and this
member's ledger, until it is interrupted; then it finishes what it began.

With --dev it makes the data folder when there is none and lets any business with a
did:key register itself: good for trying Coffer, never for real data.`,
		Example: `  cofferd serve --data /var/lib/coffer
  cofferd serve --dev`,
		RunE: func(c *cobra.Command, _ []string) error {
			if isDev {
				dev.Dev = true
				_, err := os.Stat(filepath.Join(folder, configFile))
				if errors.Is(err, os.ErrNotExist) {
					err = create(folder, dev)
				}
				if err != nil {
					return err
				}
			}
			config, err := readConfig(folder)
			if err != nil {
				return err
			}
			if config.Dev != isDev {
				return usageError{fmt.Errorf("%s was made %s --dev and cannot change; use the same flag, or another folder", folder, map[bool]string{true: "with", false: "without"}[config.Dev])}
			}
			if c.Flags().Changed("listen") {
				config.Listen = dev.Listen
			}
			if c.Flags().Changed("origin") && dev.Origin != config.Origin {
				return usageError{fmt.Errorf("origin is %s since this folder was made, and passkeys hang on it; use another folder for %s, or move as cmd/cofferd/MOVING.md says", config.Origin, dev.Origin)}
			}
			log := newLogger(c.ErrOrStderr(), config.Dev, verbose)
			return serve(c.Context(), folder, config, log)
		},
	}
	c.Flags().StringVar(&folder, "data", defaultFolder, "data folder")
	c.Flags().BoolVar(&isDev, "dev", false, "development: make the folder when missing, let any business register")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "log every request (its route, never its path)")
	settings(c, &dev)
	return c
}

// serve runs a data folder until ctx ends. The address is taken before anything is
// opened, so that a second daemon fails without touching data.
func serve(ctx context.Context, folder string, config Config, log *slog.Logger) error {
	l, err := net.Listen("tcp", config.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listening on %s: the port is in use; stop the other program, or choose another with --listen", config.Listen)
	} else if err != nil {
		return fmt.Errorf("listening on %s: %w", config.Listen, err)
	}
	defer l.Close()
	watched, err := listenMetrics(config.MetricsListen, configFile)
	if err != nil {
		return err
	}
	defer closeListener(watched)
	o, err := open(ctx, folder, config, log)
	if err != nil {
		return err
	}
	tune()
	o.watched, log = watched, o.log
	log.Info("serving", "origin", config.Origin, "listen", l.Addr().String(), "chain", config.Chain, "version", version())
	err = o.run(ctx, l)
	log.Info("stopping")
	return errors.Join(err, o.close())
}

// newServer is what every daemon of this program answers with.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          serverLog(log),
	}
}

// answerUntil lets a server work in a group until ctx ends, and then finish what it began.
func answerUntil(ctx context.Context, g *errgroup.Group, server *http.Server, l net.Listener) {
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	})
}

// run answers requests and drains the outbox until ctx ends, then finishes the
// requests under way.
func (o *operator) run(ctx context.Context, l net.Listener) error {
	server := newServer(o.handler, o.log)
	g, ctx := errgroup.WithContext(ctx)
	answerUntil(ctx, g, server, l)
	serveMetrics(ctx, g, o.metrics, o.watched, o.log)
	g.Go(func() error { return o.node.Wait(ctx) })
	g.Go(func() error { return watchOthers(ctx, o.council) })
	g.Go(func() error { return o.outbox.Run(ctx) })
	g.Go(func() error { return o.hooks.Run(ctx) })
	g.Go(func() error { return o.catchUp(ctx, time.Second) })
	g.Go(func() error { return o.tidy(ctx, time.Minute) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// catchUp asks the ledger what ended since the backup was made that this operator was
// restored from, until it knows or ctx ends. Nothing is released meanwhile.
func (o *operator) catchUp(ctx context.Context, every time.Duration) error {
	if o.consents.CaughtUp() {
		return nil
	}
	o.log.Warn("restored from a backup: nothing is released until the ledger was asked what ended since")
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		ended, err := o.consents.CatchUp(ctx, o.ledger, o.now())
		switch {
		case err == nil:
			o.log.Info("caught up with the ledger after a restore", "grants_ended", ended)
			return nil
		case !errors.Is(err, anchor.ErrUnavailable):
			o.log.Error("catching up with the ledger", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// tidy removes sessions, ceremonies and inactive vaults whose time is over, and tells of grants whose is, until ctx ends. What it
// cannot remove now it removes the next time: nobody can use it meanwhile.
func (o *operator) tidy(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			if err := o.vaults.Expire(ctx, now); err != nil && ctx.Err() == nil {
				o.log.Warn("removing expired sessions", "error", err)
			}
			if err := o.reconcile(ctx); err != nil && ctx.Err() == nil {
				o.log.Error("finishing erasures that were cut off", "error", err)
			}
			if err := o.retain(ctx, o.now()); err != nil && ctx.Err() == nil {
				o.log.Error("erasing inactive vaults", "error", err)
			}
			if err := o.consents.Expire(ctx, now); err != nil && ctx.Err() == nil {
				o.log.Warn("removing expired codes and tokens", "error", err)
			}
			if _, err := o.consents.SweepEndings(ctx, now); err != nil && ctx.Err() == nil {
				o.log.Warn("telling businesses of grants that ended", "error", err)
			}
		}
	}
}
