package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
)

// Log lets through to a handler only what is in the vocabulary. Under a number's key only
// numbers pass; text is cleaned of what could be somebody's; what stands under another key
// is left out and counted. m may be nil.
func Log(to slog.Handler, m *Metrics) slog.Handler { return closed{to, m} }

type closed struct {
	to slog.Handler
	m  *Metrics
}

func (c closed) Enabled(ctx context.Context, l slog.Level) bool { return c.to.Enabled(ctx, l) }

func (c closed) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, Clean(r.Message), r.PC)
	unlisted := 0
	r.Attrs(func(a slog.Attr) bool {
		if a, ok := listed(a); ok {
			out.AddAttrs(a)
		} else {
			unlisted++
		}
		return true
	})
	if unlisted > 0 && !strings.HasPrefix(r.Message, nodePrefix) {
		out.AddAttrs(slog.Int("unlisted", unlisted))
		if c.m != nil {
			c.m.unlisted.Add(float64(unlisted))
		}
	}
	if c.m != nil {
		c.m.lines[min(max(0, int(r.Level+4)/4), len(levels)-1)].Inc()
	}
	return c.to.Handle(ctx, out)
}

func (c closed) WithAttrs(attrs []slog.Attr) slog.Handler {
	var in []slog.Attr
	for _, a := range attrs {
		if a, ok := listed(a); ok {
			in = append(in, a)
		}
	}
	return closed{c.to.WithAttrs(in), c.m}
}

// WithGroup has no effect: the keys are all there are.
func (c closed) WithGroup(string) slog.Handler { return c }

// listed is what may be said of an attribute, if anything may.
func listed(a slog.Attr) (slog.Attr, bool) {
	k, known := keys[a.Key]
	if !known {
		return a, false
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindDuration, slog.KindTime:
		return slog.Attr{Key: a.Key, Value: v}, true
	case slog.KindGroup:
		return a, false
	}
	if k == number {
		return slog.String(a.Key, "not a number"), true
	}
	said := ""
	switch x := v.Any().(type) {
	case string:
		said = x
	case error:
		said = x.Error()
	case fmt.Stringer:
		said = x.String()
	default:
		if said = fmt.Sprintf("%T", x); reflect.ValueOf(x).Kind() == reflect.String { // a type of ours, such as a reason
			said = reflect.ValueOf(x).String()
		}
	}
	if k == text {
		said = Clean(said)
	}
	return slog.String(a.Key, shortened(said)), true
}

// longest is how much of a text a line says.
const longest = 1000

func shortened(s string) string {
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}

const removed = "[removed]"

var (
	// What somebody sent is quoted in the errors of most packages.
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*("|$)`)
	// An address of e-mail, or what could be a password in a URL.
	atSign = regexp.MustCompile(`[^\s<>()\[\],;]*@[^\s<>()\[\],;]*`)
	// Who is at the other end of a connection.
	remote = regexp.MustCompile(`->\S+`)
	// Keys, tokens, digests and ids.
	run = regexp.MustCompile(`eyJ[A-Za-z0-9_.-]+|[A-Za-z0-9_+=-]{22,}`)
	hex = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
)

// Clean takes out of a text what could be of a person: what is quoted, what looks like an
// address, an id or a token, and who is at the other end of a connection. It knows no
// names: that none is in an error is up to those who make errors.
func Clean(s string) string {
	if strings.ContainsRune(s, '"') {
		s = quoted.ReplaceAllString(s, `"…"`)
	}
	if strings.ContainsRune(s, '@') {
		s = atSign.ReplaceAllString(s, removed)
	}
	if strings.Contains(s, "->") {
		s = remote.ReplaceAllString(s, "->"+removed)
	}
	return run.ReplaceAllStringFunc(s, func(found string) string {
		mixed := strings.ToLower(found) != found && strings.ToUpper(found) != found
		if mixed || strings.HasPrefix(found, "eyJ") || hex.MatchString(found) {
			return removed
		}
		return found
	})
}

// Listed reports whether a line may have the key.
func Listed(key string) bool { return keys[key] != 0 }
