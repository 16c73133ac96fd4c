package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"coffer/cmd/coffer/shop"
)

func newShop() *cobra.Command {
	cmd := &cobra.Command{
		Use: "shop", GroupID: "business", Args: want(0, 0),
		Short: "Run the sample Corner Shop",
		Long: `A small shop that asks the shopper's Coffer at checkout instead of showing a form.
It is a business like any other: it has its own keys, and reaches the operator by
the business API only. The first run makes its folder. Its back office asks for no
sign-in, so let it listen on this machine only.`,
		Example: `  coffer shop
  coffer shop --listen localhost:8082 --operator http://localhost:8080 --data other-shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f := cmd.Flags()
			listen, _ := f.GetString("listen")
			operator, _ := f.GetString("operator")
			dir, _ := f.GetString("data")
			url, _ := f.GetString("url")
			if url == "" {
				url = "http://" + listen
			}
			return runShop(cmd, listen, shop.Options{Dir: dir, Operator: operator, URL: url, Logger: newLogger(cmd.ErrOrStderr())})
		},
	}
	f := cmd.Flags()
	f.String("listen", "localhost:8081", "`address` to listen on")
	f.String("operator", "http://localhost:8080", "the operator's `origin`")
	f.String("data", "shop-data", "the shop's `folder`")
	f.String("url", "", "the shop's `origin` as shoppers reach it (default http:// and --listen)")
	return cmd
}

func runShop(cmd *cobra.Command, listen string, o shop.Options) error {
	// The port first: a shop that cannot be reached must not make a folder.
	l, err := net.Listen("tcp", listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use; choose another address with --listen", listen)
	}
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := shop.Open(o)
	if err != nil {
		return err
	}
	defer s.Close()
	if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		o.Logger.Warn("the back office is open to everyone who reaches this address", "address", l.Addr().String())
	}
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	fmt.Fprintf(cmd.OutOrStdout(), "Corner Shop is open at %s, its back office at %s/office\n", o.URL, o.URL)

	g, ctx := errgroup.WithContext(cmd.Context())
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	})
	return g.Wait()
}
