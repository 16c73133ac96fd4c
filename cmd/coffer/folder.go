package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"coffer/consent/business"
)

// dataFlag adds --data. Every command of a business works in that folder.
func dataFlag(cmd *cobra.Command) {
	cmd.Flags().String("data", "coffer-business", "the business's `folder`")
}

// openBusiness opens the folder that --data names. Close it.
func openBusiness(cmd *cobra.Command) (*business.Business, error) {
	dir, err := cmd.Flags().GetString("data")
	if err != nil {
		return nil, err
	}
	b, err := business.Open(dir, business.WithLogger(newLogger(cmd.ErrOrStderr())), business.WithClock(clock(cmd)))
	if errors.Is(err, business.ErrNoFolder) {
		return nil, fmt.Errorf("%w, or name the folder with --data", err)
	}
	return b, err
}

type clockKey struct{}

// withClock hands in another clock than the machine's.
func withClock(ctx context.Context, now func() time.Time) context.Context {
	return context.WithValue(ctx, clockKey{}, now)
}

// clock is what a command goes by.
func clock(cmd *cobra.Command) func() time.Time {
	if now, ok := cmd.Context().Value(clockKey{}).(func() time.Time); ok {
		return now
	}
	return time.Now
}

// newLogger writes text to a terminal and JSON to anything else.
func newLogger(w io.Writer) *slog.Logger {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return slog.New(slog.NewTextHandler(w, nil))
		}
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

// output is stdout, or the file that --out names: written whole or not at all.
func output(cmd *cobra.Command, write func(io.Writer) error) error {
	path, err := cmd.Flags().GetString("out")
	if err != nil {
		return err
	}
	if path == "" || path == "-" {
		return write(cmd.OutOrStdout())
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp) // after the rename there is none
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
