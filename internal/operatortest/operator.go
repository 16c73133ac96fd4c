// Package operatortest runs a real cofferd for tests that stand where a business
// stands: outside, with an address and nothing else. The binary is built from this
// module, and works on a folder that is removed with it.
//
// # Trust
//
// Only tests import it.
package operatortest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"coffer/internal/wallettest"
)

// Operator is a daemon in development mode.
type Operator struct {
	Origin string

	folder string
	daemon *exec.Cmd
	ended  chan struct{}
}

// Start builds cofferd and runs it until Stop. It returns when the daemon answers.
func Start(ctx context.Context) (*Operator, error) {
	folder, err := os.MkdirTemp("", "operatortest-")
	if err != nil {
		return nil, err
	}
	o := &Operator{folder: folder, ended: make(chan struct{})}
	if err := o.start(ctx); err != nil {
		return nil, errors.Join(err, o.Stop())
	}
	return o, nil
}

func (o *Operator) start(ctx context.Context) error {
	program := filepath.Join(o.folder, "cofferd")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "coffer/cmd/cofferd").CombinedOutput(); err != nil {
		return fmt.Errorf("building cofferd: %w: %s", err, out)
	}
	l, err := net.Listen("tcp", "localhost:0") // free a moment later, too
	if err != nil {
		return err
	}
	address := fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
	l.Close()
	o.Origin = "http://" + address
	log, err := os.Create(filepath.Join(o.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close() // the daemon has its own
	o.daemon = exec.Command(program, "serve", "--dev", "--data", filepath.Join(o.folder, "data"), "--origin", o.Origin, "--listen", address)
	o.daemon.Stderr = log
	if err := o.daemon.Start(); err != nil {
		o.daemon = nil
		return err
	}
	go func() { _ = o.daemon.Wait(); close(o.ended) }()
	return o.answers(ctx)
}

// answers waits until the daemon does.
func (o *Operator) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for {
		if res, err := http.Get(o.Origin + "/.well-known/oauth-authorization-server"); err == nil {
			res.Body.Close()
			return nil
		}
		select {
		case <-every.C:
		case <-o.ended:
			text, _ := os.ReadFile(filepath.Join(o.folder, "log"))
			return fmt.Errorf("cofferd ended: %s", strings.TrimSpace(string(text)))
		case <-ctx.Done():
			return fmt.Errorf("cofferd does not answer: %w", ctx.Err())
		}
	}
}

// Stop ends the daemon and removes what it stored.
func (o *Operator) Stop() error {
	var err error
	if o.daemon != nil {
		err = o.daemon.Process.Signal(syscall.SIGTERM)
		select {
		case <-o.ended:
		case <-time.After(20 * time.Second):
			err = errors.Join(errors.New("cofferd does not end"), o.daemon.Process.Kill())
			<-o.ended
		}
	}
	return errors.Join(err, os.RemoveAll(o.folder))
}

// Shopper is somebody with a vault at this operator, and these attributes in it.
func (o *Operator) Shopper(ctx context.Context, attributes map[string]any) (*Shopper, error) {
	w := wallettest.New(o.Origin)
	if err := w.Open(ctx); err != nil {
		return nil, err
	}
	for name, value := range attributes {
		if err := w.Set(ctx, name, value); err != nil {
			return nil, err
		}
	}
	return &Shopper{w}, nil
}
