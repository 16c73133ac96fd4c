package bft

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

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
		l.to.Debug("ledger node: "+msg, plain(keyvals)...)
	}
}

func (l cometLogger) Error(msg string, keyvals ...any) {
	if l.quiet.Load() {
		l.Info(msg, keyvals...)
		return
	}
	l.to.Error("ledger node: "+msg, plain(keyvals)...)
}

func (l cometLogger) With(keyvals ...any) cmtlog.Logger {
	return cometLogger{l.to.With(plain(keyvals)...), l.quiet}
}

// plain turns what CometBFT logs into text. It logs pointers to its own running
// parts, which a JSON handler would walk while they change; and of what has no text
// of its own only the type is said, so that no transaction ends up in a log.
func plain(keyvals []any) []any {
	out := make([]any, len(keyvals))
	for i, v := range keyvals {
		switch v := v.(type) {
		case string, bool, int, int32, int64, uint32, uint64, time.Duration, time.Time, error, nil:
			out[i] = v
		case fmt.Stringer:
			out[i] = v.String()
		default:
			out[i] = fmt.Sprintf("%T", v)
		}
	}
	return out
}
