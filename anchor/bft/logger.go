package bft

import (
	"context"
	"log/slog"
	"sync/atomic"

	cmtlog "github.com/cometbft/cometbft/libs/log"
)

// cometLogger hands CometBFT's errors to slog, and its information as debug
// lines; its own debug lines are dropped, they are several a millisecond.
type cometLogger struct {
	to    *slog.Logger
	quiet *atomic.Bool // set while closing
}

var _ cmtlog.Logger = cometLogger{}

func (l cometLogger) Debug(string, ...any) {}

func (l cometLogger) Info(msg string, keyvals ...any) {
	if l.to.Enabled(context.Background(), slog.LevelDebug) {
		l.to.Debug("ledger node: "+msg, keyvals...)
	}
}

func (l cometLogger) Error(msg string, keyvals ...any) {
	if l.quiet.Load() {
		l.Info(msg, keyvals...)
		return
	}
	l.to.Error("ledger node: "+msg, keyvals...)
}

func (l cometLogger) With(keyvals ...any) cmtlog.Logger {
	return cometLogger{l.to.With(keyvals...), l.quiet}
}
