package respond

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/internal/httpfield"
)

// Tracing says where the reasons for an answer are told: which element of
// Accept chose its form, which precondition decided, which error made it a 400
// rather than a 422, which problem an error became.
type Tracing int

const (
	// TraceOff tells nothing, and costs nothing.
	TraceOff Tracing = iota
	// TraceLog writes one slog record a request, at level debug, with the
	// message "decision" and the reasons by their step.
	TraceLog
	// TraceField sends the reasons to the client, in X-Decision. It is for
	// development alone: a reason may repeat what the request's header says.
	TraceField
)

// Because adds a reason to the trace of the answer to r, if there is one: for
// decisions that are made elsewhere, such as a policy that denied. It needs
// [API.Wrap] or [API.RequestID] around the handler.
func Because(r *http.Request, step, why string) {
	if t := traceOf(r); t != nil {
		t.add(step, why)
	}
}

// trace is what is known so far of why an answer is what it is.
type trace struct {
	mode  Tracing
	mu    sync.Mutex
	steps []slog.Attr
}

func (t *trace) add(step, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, slog.String(step, why))
}

func traceOf(r *http.Request) *trace {
	if s := scopeOf(r.Context()); s != nil {
		return s.trace
	}
	return nil
}

func (a *API) newTrace() *trace {
	if a == nil || a.tracing == TraceOff {
		return nil
	}
	return &trace{mode: a.tracing}
}

// field sends the reasons with a response whose header is not yet sent.
func (t *trace) field(h http.Header) {
	if t.mode != TraceField {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var reasons []string
	for _, s := range t.steps {
		if reason := s.Key + ": " + s.Value.String(); httpfield.ValidValue(reason) {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 0 {
		h["X-Decision"] = []string{strings.Join(reasons, "; ")}
	}
}

// log writes the record, after the answer.
func (t *trace) log(a *API, w http.ResponseWriter, r *http.Request) {
	logger := a.logger
	if logger == nil {
		logger = slog.Default()
	}
	if t.mode != TraceLog || !logger.Enabled(r.Context(), slog.LevelDebug) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", commit.Status(w)),
		slog.String("request_id", RequestIDFrom(r.Context())), {Key: "because", Value: slog.GroupValue(t.steps...)},
	}
	logger.LogAttrs(r.Context(), slog.LevelDebug, "decision", attrs...)
}

// trace tells how the form of the content was chosen.
func (f *forms) trace(t *trace, r *http.Request, choice int) {
	accept := r.Header["Accept"]
	switch {
	case len(accept) == 0:
		t.add("accept", "none in the request: the first form, "+f.list[0].contentType[0])
	case choice < 0:
		t.add("accept", "no form is accepted")
	default:
		c, _ := httpfield.NegotiateType(accept, f.offers)
		t.add("accept", c.Element+" chose "+f.list[choice].contentType[0])
	}
}

// tracePrecondition tells which precondition decided. etag has its quotes.
func tracePrecondition(t *trace, r *http.Request, exists bool, etag string, out outcome) {
	why := ""
	switch {
	case out == proceed:
		return
	case out == notModified && len(r.Header["If-None-Match"]) > 0:
		why = "If-None-Match names the current entity tag: 304"
	case out == notModified:
		why = "If-Modified-Since is not before Last-Modified: 304"
	case !exists:
		why = "If-Match, and there is nothing: 412"
	case len(r.Header["If-Match"]) > 0 && !httpfield.MatchStrong(r.Header["If-Match"], etag).Found && !httpfield.MatchStrong(r.Header["If-Match"], etag).Any:
		why = "If-Match does not name the current entity tag: 412"
	case len(r.Header["If-None-Match"]) > 0:
		why = "If-None-Match names what is there: 412"
	default:
		why = "If-Unmodified-Since is before Last-Modified: 412"
	}
	t.add("precondition", why)
}
