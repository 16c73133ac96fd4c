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
	to   *slog.Logger
	node *life
}

// life is what the node's logger knows of the node.
type life struct {
	closing atomic.Bool            // its parts complain about each other, and nobody needs to hear it
	failure atomic.Pointer[string] // why consensus ended, if it did before its time
}

// consensusFailure is the one thing that CometBFT says about its end, and goes on
// without taking part.
const consensusFailure = "CONSENSUS FAILURE!!!"

// why is what CometBFT said when it ended.
func (l *life) why() string {
	if s := l.failure.Load(); s != nil {
		return *s
	}
	return "its log says why"
}

var _ cmtlog.Logger = cometLogger{}

func (l cometLogger) Debug(string, ...any) {}

func (l cometLogger) Info(msg string, keyvals ...any) {
	if l.to.Enabled(context.Background(), slog.LevelDebug) {
		l.to.Debug("ledger node: "+msg, plain(keyvals)...)
	}
}

func (l cometLogger) Error(msg string, keyvals ...any) {
	if l.node.closing.Load() {
		l.Info(msg, keyvals...)
		return
	}
	if msg == consensusFailure && len(keyvals) > 1 {
		why := fmt.Sprint(keyvals[1])
		l.node.failure.Store(&why)
	}
	l.to.Error("ledger node: "+msg, plain(keyvals)...)
}

func (l cometLogger) With(keyvals ...any) cmtlog.Logger {
	return cometLogger{l.to.With(plain(keyvals)...), l.node}
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
