package main

import (
	"io"
	"log/slog"
	"os"

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
	return business.Open(dir, business.WithLogger(newLogger(cmd.ErrOrStderr())))
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
