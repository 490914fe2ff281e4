package conform

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// MiddlewareOptions are the settings of [Middleware]. The zero value logs
// each finding once, by the default logger.
type MiddlewareOptions struct {
	// Options choose the rules. MaxBody is 64 KiB by default, here: as much
	// of each body is copied while it passes. Of a longer one, the rules that
	// need all of it are not checked.
	Options
	// Logger takes the findings. By default slog.Default().
	Logger *slog.Logger
	// Repeat logs a finding each time, not once for each route and rule.
	Repeat bool
	// Field names a response field, such as X-Conform, for the ids of the
	// broken rules. It is sent with the header, and so has only what the
	// header alone shows; the log has the rest. By default there is none.
	Field string
	// Report, if set, takes each finding each time, in place of the log. It
	// is called when the handler has returned, on the same goroutine; for
	// the finding in an interim response, while it runs.
	Report func(r *http.Request, f Finding)
}

const defaultMiddlewareBody = 64 << 10

// Middleware returns a middleware that checks every exchange and logs what it
// finds. It is meant for development, and safe to leave on.
//
//	check, err := conform.Middleware(conform.MiddlewareOptions{})
//	...
//	http.ListenAndServe(addr, check(mux))
//
// Each finding is one record with the message conform, and the attributes
// rule, level, section, method, path, route, status, message and mend, and
// detail where there is one; its level is Error for must, Warn for should, Info
// for advice. The route is r.Pattern, which a ServeMux sets that gets the same
// *http.Request; all requests without a pattern share the route "no pattern",
// so that a scanner does not fill the memory. A query is never logged, unless a
// field of the answer has it, as Location may. A finding is logged once for
// each route and rule; of these, 1024 are remembered, and a record says when
// the memory is full.
//
// A rule is turned off by the embedded Options:
//
//	o := conform.MiddlewareOptions{}
//	o.Off = map[string]string{"200-validator": "the gateway adds ETag"}
//	check, err := conform.Middleware(o)
//
// A second WriteHeader is passed on, so that net/http still logs it as
// superfluous; as its message names this package for the caller, the finding
// status-twice names the handler's file and line.
//
// The answer passes as it is: nothing is held back or changed, but for Field.
// The writer that the handler gets is an http.Flusher, http.Hijacker or
// http.Pusher where the one beneath is, and always an io.ReaderFrom (sendfile
// works beyond MaxBody), and http.ResponseController reaches the one beneath.
// As through any other wrapper, http.MaxBytesReader cannot ask the server to
// close the connection. The check runs when the handler has returned, so that
// what the server still buffers (2 KB or so) waits for it: some microseconds,
// and some more for each KB of JSON, which is parsed up to MaxBody.
//
// It stands above net/http's server, and judges what that will make of the
// answer: a missing Date or Content-Type is added there, a body in answer to
// HEAD, 204 or 304 dropped. Hijacked connections are not judged, nor what ends
// in a panic, nor a request that its client gave up before there was an
// answer.
//
// It returns an error for Options that [New] does not take, and for a Field
// that is no field name.
func Middleware(o MiddlewareOptions) (func(http.Handler) http.Handler, error) {
	if o.MaxBody == 0 {
		o.MaxBody = defaultMiddlewareBody
	}
	c, err := New(o.Options)
	if err != nil {
		return nil, err
	}
	if o.Field != "" && !httpfield.ValidName(o.Field) {
		return nil, fmt.Errorf("conform: %q is no field name", o.Field)
	}
	m := &monitor{checker: c, field: http.CanonicalHeaderKey(o.Field), report: o.Report}
	if m.report == nil {
		log := &findingLog{logger: o.Logger, repeat: o.Repeat}
		m.report = log.report
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serve(next, w, r) })
	}, nil
}

// monitor is what the requests of one middleware share.
type monitor struct {
	checker *Checker
	field   string
	report  func(*http.Request, Finding)
}

func (m *monitor) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	t := &tap{ResponseWriter: w, monitor: m, r: r}
	next.ServeHTTP(t.writer(), r)
	t.finish()
}

// judge checks an exchange and reports.
func (m *monitor) judge(e Exchange) {
	for _, f := range m.checker.Exchange(e) {
		m.report(e.Request, f)
	}
}

// headerRules returns the ids of the rules that the header alone breaks, as
// the value of a field; "" for none.
func (m *monitor) headerRules(e Exchange) string {
	e.Body, e.Truncated = nil, true
	var ids []string
	for _, f := range m.checker.Exchange(e) {
		ids = append(ids, f.Rule)
	}
	return strings.Join(ids, ", ")
}

// findingLog writes findings to a logger.
type findingLog struct {
	logger *slog.Logger
	repeat bool

	mu   sync.RWMutex
	seen map[[2]string]struct{} // route and rule
	full bool
}

// maxSeen bounds what is remembered.
const maxSeen = 1024

var levels = [...]slog.Level{Must: slog.LevelError, Should: slog.LevelWarn, Advice: slog.LevelInfo}

func (l *findingLog) report(r *http.Request, f Finding) {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	route := r.Pattern
	if route == "" {
		route = noPattern // not the path, lest a scanner fill the memory
	}
	if !l.repeat && !l.first(r.Context(), logger, [2]string{route, f.Rule}) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 10),
		slog.String("rule", f.Rule), slog.String("level", f.Level.String()), slog.String("section", f.Section),
		slog.String("method", f.Method), slog.String("path", r.URL.Path), slog.String("route", route), slog.Int("status", f.Status),
		slog.String("message", f.Message), slog.String("mend", f.Mend))
	if f.Detail != "" {
		attrs = append(attrs, slog.String("detail", f.Detail))
	}
	logger.LogAttrs(r.Context(), levels[f.Level], "conform", attrs...)
}

// noPattern is the route of all requests without one.
const noPattern = "no pattern"

// first tells whether key is new. With the memory full, nothing is.
func (l *findingLog) first(ctx context.Context, logger *slog.Logger, key [2]string) bool {
	l.mu.RLock()
	_, known := l.seen[key]
	known = known || l.full
	l.mu.RUnlock()
	if known {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.seen[key]; known || l.full {
		return false
	}
	if len(l.seen) == maxSeen {
		l.full = true
		logger.LogAttrs(ctx, slog.LevelWarn, "conform: no more routes are remembered, so that their findings are not logged", slog.Int("limit", maxSeen))
		return false
	}
	if l.seen == nil {
		l.seen = map[[2]string]struct{}{}
	}
	l.seen[key] = struct{}{}
	return true
}
