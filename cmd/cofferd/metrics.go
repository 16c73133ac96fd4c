package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/anchor/anchorwatch"
	"coffer/anchor/bft"
	"coffer/consent/consentdb"
	"coffer/internal/telemetry"
)

// checkMetrics refuses an address for the numbers that others use.
func checkMetrics(address string, taken ...string) error {
	if address == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("metrics_listen %q: want host:port, as in localhost:9464, or nothing", address)
	}
	for _, t := range taken {
		if t == address {
			return fmt.Errorf("metrics_listen %q: want an address of its own; where others come, the numbers are not for them", address)
		}
	}
	return nil
}

// listenMetrics takes the address; nil when there is none.
func listenMetrics(address, file string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s for numbers: %w; change metrics_listen in %s, or leave it out", address, err, file)
	}
	return l, nil
}

func closeListener(l net.Listener) {
	if l != nil {
		l.Close()
	}
}

// serveMetrics lets the numbers be asked for in a group until ctx ends.
func serveMetrics(ctx context.Context, g *errgroup.Group, m *telemetry.Metrics, l net.Listener, log *slog.Logger) {
	if l != nil {
		answerUntil(ctx, g, newServer(m.Handler(), log), l)
	}
}

// ledgerNumbers is where the ledger stands, in numbers.
func ledgerNumbers(node *bft.Node, c *anchorwatch.Council) func(context.Context) (telemetry.Ledger, error) {
	return func(ctx context.Context) (telemetry.Ledger, error) {
		s, err := node.Status(ctx)
		if err != nil {
			return telemetry.Ledger{}, err
		}
		l := telemetry.Ledger{Height: s.Height, Time: s.Time, Size: s.Size, Peers: s.Peers, Others: s.Others, Ahead: s.Ahead, Raised: s.Alarms, Splits: c.Splits()}
		for _, a := range condition(node, c)().Alarms {
			l.Alarms = append(l.Alarms, a.Kind)
		}
		return l, nil
	}
}

// queues is what waits to be sent, in numbers.
func queues(s *consentdb.Store) func(context.Context) (map[telemetry.Queue]telemetry.Waiting, error) {
	return func(ctx context.Context) (map[telemetry.Queue]telemetry.Waiting, error) {
		outbox, webhooks, dead, err := s.Depths(ctx)
		if err != nil {
			return nil, err
		}
		return map[telemetry.Queue]telemetry.Waiting{telemetry.Outbox: telemetry.Waiting(outbox),
			telemetry.Webhooks: telemetry.Waiting(webhooks), telemetry.DeadLetters: telemetry.Waiting(dead)}, nil
	}
}

// backupsNote is backups.json, which cofferd backup leaves for the daemon's numbers.
type backupsNote struct {
	Version int   `json:"version"`
	Count   int64 `json:"count"`
	Last    int64 `json:"last"` // seconds since 1970
	Bytes   int64 `json:"bytes"`
}

func backupsPath(folder string) string { return filepath.Join(folder, "backups.json") }

func readBackups(folder string) (telemetry.Backups, error) {
	b, err := os.ReadFile(backupsPath(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return telemetry.Backups{}, nil
	} else if err != nil {
		return telemetry.Backups{}, err
	}
	var n backupsNote
	if err := json.Unmarshal(b, &n); err != nil {
		return telemetry.Backups{}, err
	}
	return telemetry.Backups{Count: n.Count, Last: time.Unix(n.Last, 0), Bytes: n.Bytes}, nil
}

func noteBackup(folder string, size int64, at time.Time) error {
	before, err := readBackups(folder)
	if err != nil {
		before = telemetry.Backups{} // a note that cannot be read begins anew
	}
	b, err := json.Marshal(backupsNote{Version: 1, Count: before.Count + 1, Last: at.Unix(), Bytes: size})
	if err != nil {
		return err
	}
	return writeDurably(backupsPath(folder), append(b, '\n'))
}
