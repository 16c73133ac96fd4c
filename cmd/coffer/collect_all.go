package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

// allFlags are those of collect that speak of many grants.
func allFlags(cmd *cobra.Command) {
	cmd.Flags().Bool("all", false, "collect under all grants of --purpose, as NDJSON")
	cmd.Flags().String("purpose", "", "with --all: the purpose's `IRI`")
	cmd.Flags().Bool("decrypt", false, "with --all: write values instead of sealed releases")
	cmd.Flags().Bool("hourly", false, "with --all, for a job that runs once an hour: what changed is collected with the next run, and the ledger does not tell when")
	cmd.Flags().String("cursor-file", "", "with --all: collect what changed since the cursor in this `file`, and keep the new one there")
}

// collectedLine is one line of what collect --all writes.
type collectedLine struct {
	Grant     id.Grant             `json:"grant"`
	Attribute string               `json:"attribute,omitempty"`
	Sealed    json.RawMessage      `json:"sealed,omitempty"`
	Value     json.RawMessage      `json:"value,omitempty"`
	Updated   consent.Unix         `json:"updated,omitempty"`
	Refused   consent.DenialReason `json:"refused,omitempty"`
}

// collectAll writes what CollectAll hands over. The cursor file is replaced only when
// all that came before is written.
func collectAll(cmd *cobra.Command) error {
	purpose, _ := cmd.Flags().GetString("purpose")
	decrypt, _ := cmd.Flags().GetBool("decrypt")
	cursorFile, _ := cmd.Flags().GetString("cursor-file")
	hourly, _ := cmd.Flags().GetBool("hourly")
	if purpose == "" {
		return usage("--all wants --purpose IRI, as in https://w3id.org/dpv#DeliveryOfGoods")
	}
	if hourly && cursorFile == "" {
		return usage("--hourly wants --cursor-file: the next run goes on from there")
	}
	cursor, err := readCursor(cursorFile)
	if err != nil {
		return err
	}
	b, err := openBusiness(cmd)
	if err != nil {
		return err
	}
	defer b.Close()
	collect := b.CollectAll
	if hourly {
		collect = b.CollectHourly
	}
	return collectInto(cmd.Context(), collect, purpose, cursor, decrypt, cmd.OutOrStdout(), cmd.ErrOrStderr(), func(cursor string) error {
		if cursorFile == "" {
			return nil
		}
		return writeFile(cursorFile, cursor+"\n")
	})
}

// collector is CollectAll, or CollectHourly.
type collector func(ctx context.Context, purpose, cursor string, each func(business.Line) error) error

func collectInto(ctx context.Context, collect collector, purpose, cursor string, decrypt bool, to, progress io.Writer, keep func(string) error) error {
	out := bufio.NewWriterSize(to, 256<<10)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	attributes, refused := 0, 0
	err := collect(ctx, purpose, cursor, func(l business.Line) error {
		if l.Cursor != "" {
			if err := out.Flush(); err != nil {
				return err
			}
			if f, ok := to.(*os.File); ok {
				_ = f.Sync() // a pipe has nothing to sync
			}
			fmt.Fprintf(progress, "%d attributes, %d refused\n", attributes, refused)
			return keep(l.Cursor)
		}
		line := collectedLine{Grant: l.Grant, Attribute: l.Attribute}
		switch {
		case l.Denied != nil:
			line.Refused = l.Denied.Reason
			refused++
		case decrypt:
			v, err := l.Open()
			if err != nil {
				return err
			}
			line.Value, line.Updated = v.Value, v.Updated
			attributes++
		default:
			line.Sealed = l.Sealed
			attributes++
		}
		return lines.Encode(line)
	})
	if err != nil {
		return errors.Join(err, out.Flush())
	}
	if refused > 0 {
		return errFindings
	}
	return nil
}

func readCursor(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// writeFile replaces a file whole.
func writeFile(path, text string) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp) // after the rename there is none
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
