package problem

import (
	"errors"
	"log/slog"
	"net/http"
)

// record writes the one log record of an answer, and tells the hook.
func (w *Writer) record(rw http.ResponseWriter, e Event, sent int) {
	var logger *slog.Logger
	if w != nil {
		logger = w.logger
		if w.onProblem != nil {
			defer w.onProblem(e)
		}
	}
	if logger == nil {
		logger = slog.Default()
	}
	level := levelOf(e.Status)
	message := "problem"
	switch {
	case e.Status == ClientGone:
		message = "client went away"
	case sent != 0:
		message, level = "problem after the header was sent", max(level, slog.LevelWarn)
	}
	ctx := e.Request.Context()
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 11)
	attrs = append(attrs, slog.Int("status", e.Status))
	if sent != 0 {
		attrs = append(attrs, slog.Int("sent", sent))
	}
	if e.Type != nil {
		attrs = append(attrs, slog.String("type", e.Type.name))
	}
	attrs = append(attrs, slog.String("method", e.Request.Method), slog.String("path", e.Request.URL.Path))
	if e.Request.Pattern != "" {
		attrs = append(attrs, slog.String("route", e.Request.Pattern))
	}
	if id := rw.Header()["X-Request-Id"]; len(id) > 0 {
		attrs = append(attrs, slog.String("request_id", id[0]))
	}
	if e.Instance != "" {
		attrs = append(attrs, slog.String("instance", e.Instance))
	}
	attrs = append(attrs, slog.String("error", e.Err.Error()))
	if more, ok := errors.AsType[interface {
		error
		LogAttrs() []slog.Attr
	}](e.Err); ok {
		attrs = append(attrs, more.LogAttrs()...)
	}
	logger.LogAttrs(ctx, level, message, attrs...)
}

// levelOf is error for what the service has to mend; a 503 is a service that
// protects itself, a 501 or 505 is the client's mistake.
func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported, status < 500:
		return slog.LevelInfo
	}
	return slog.LevelError
}
