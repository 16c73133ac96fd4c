package bft

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

type running struct{ Secret []byte }

type named struct{ running }

func (named) String() string { return "a part with a name" }

// A handler that walks values must never be handed a running part of the node.
func TestLogsTextOnly(t *testing.T) {
	var log bytes.Buffer
	l := cometLogger{slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), new(life)}
	part := running{[]byte("deep inside")}
	l.With("part", &part).Info("stopping", "named", &named{part}, "height", int64(7), "err", errors.New("why"), "tx", part.Secret)
	got := log.String()
	for _, want := range []string{"stopping", "*bft.running", "a part with a name", `"height":7`, "why", "[]uint8"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if strings.Contains(got, "ZGVlcCBpbnNpZGU") || strings.Contains(got, "deep inside") {
		t.Errorf("what is inside was logged: %s", got)
	}
}
