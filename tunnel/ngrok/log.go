package ngrok

import (
	"context"
	"fmt"
	"log/slog"
)

// discreet is a log without the authtoken: what the SDK logs is not ours to vouch for. All of it is for who looks for a
// fault: what the owner must know, the session says.
type discreet struct {
	slog.Handler
	secret string
}

// Enabled implements slog.Handler.
func (d discreet) Enabled(ctx context.Context, _ slog.Level) bool {
	return d.Handler.Enabled(ctx, slog.LevelDebug)
}

// Handle implements slog.Handler.
func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, slog.LevelDebug, redact(r.Message, d.secret), r.PC)
	r.Attrs(func(a slog.Attr) bool { clean.AddAttrs(d.attr(a)); return true })
	return d.Handler.Handle(ctx, clean)
}

// WithAttrs implements slog.Handler.
func (d discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = d.attr(a)
	}
	return discreet{d.Handler.WithAttrs(clean), d.secret}
}

// WithGroup implements slog.Handler.
func (d discreet) WithGroup(name string) slog.Handler {
	return discreet{d.Handler.WithGroup(name), d.secret}
}

func (d discreet) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString, slog.KindAny:
		return slog.String(a.Key, redact(fmt.Sprint(v.Any()), d.secret))
	case slog.KindGroup:
		var in []any
		for _, one := range v.Group() {
			in = append(in, d.attr(one))
		}
		return slog.Group(a.Key, in...)
	}
	return slog.Attr{Key: a.Key, Value: v}
}
