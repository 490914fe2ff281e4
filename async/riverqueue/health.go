package riverqueue

import (
	"context"
	"log/slog"
	"time"
)

// calm is how long nothing has failed until PostgreSQL is taken for usable again: what
// was answered just before it went may be heard just after.
const calm = 250 * time.Millisecond

// health logs once that PostgreSQL cannot be used, and once that it can again.
func (q *Queue) health(err error) {
	failing := err != nil && unavailable(err)
	switch {
	case failing:
		q.failed.Store(time.Now().UnixNano())
	case err != nil, q.failing.Load() && time.Since(time.Unix(0, q.failed.Load())) < calm:
		return
	}
	if q.failing.Load() == failing || !q.failing.CompareAndSwap(!failing, failing) {
		return
	}
	if failing {
		q.options.Logger.Error("riverqueue: PostgreSQL cannot be used", "schema", q.schema, "error", err)
	} else {
		q.options.Logger.Info("riverqueue: PostgreSQL can be used again", "schema", q.schema)
	}
}

// riverLogger is for clients of River: warnings and errors go to the Logger, and not
// each failure of a time in which PostgreSQL cannot be used.
func (q *Queue) riverLogger() *slog.Logger {
	return slog.New(&riverHandler{q.options.Logger.Handler(), q.failing.Load})
}

type riverHandler struct {
	slog.Handler
	silent func() bool
}

func (h *riverHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && !h.silent() && h.Handler.Enabled(ctx, level)
}

func (h *riverHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &riverHandler{h.Handler.WithAttrs(attrs), h.silent}
}

func (h *riverHandler) WithGroup(name string) slog.Handler {
	return &riverHandler{h.Handler.WithGroup(name), h.silent}
}
