package problem_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// One record each; an error is what the service has to mend. A 503 is a
// service that protects itself, a 501 or 505 the client's mistake.
func TestLogLevels(t *testing.T) {
	for status := 400; status <= 599; status++ {
		want := slog.LevelInfo
		switch {
		case status == 503:
			want = slog.LevelWarn
		case status >= 500 && status != 501 && status != 505:
			want = slog.LevelError
		}
		p := problem.UpgradeRequired("TLS")
		switch status {
		case 401:
			p = problem.Unauthorized("Basic")
		case 405:
			p = problem.MethodNotAllowed()
		case 407:
			p = problem.ProxyAuthenticationRequired("Basic")
		case 426:
		default:
			p = problem.New(status, "")
		}
		w, log := logged(t, problem.Options{})
		answerTo(t, w, get(), p, anyStatus)
		r := log.one(t)
		eq(t, itoa(status), r.level, want)
		eq(t, itoa(status), r.attrs["status"], any(int64(status)))
	}
}

func TestLogRecord(t *testing.T) {
	w, log := logged(t, problem.Options{})
	mux := http.NewServeMux()
	err := outOfCredit.New("You need 50.").Wrap(errors.New("balance 30"))
	mux.HandleFunc("POST /orders/{id}", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Request-Id", "r-7")
		w.Write(rw, r, err)
	})
	conformtest.Handler(t, mux, rules(anyRequest)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/orders/1?token=secret", nil))
	r := log.one(t)
	for name, want := range map[string]any{
		"status": int64(403), "type": "out-of-credit", "method": "POST", "path": "/orders/1", "route": "POST /orders/{id}",
		"request_id": "r-7", "error": "403 out-of-credit: You need 50.: balance 30",
	} {
		eq(t, name, r.attrs[name], want)
	}
	eq(t, "attributes", len(r.attrs), 7) // no query: a token may be in it
}

// Nothing is put together for a level that is off.
func TestLogLevelThatIsOff(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(t, problem.Options{Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	answerTo(t, w, get(), problem.NotFound(""))
	eq(t, "out", out.String(), "")
	answerTo(t, w, get(), problem.BadGateway(""))
	if !strings.Contains(out.String(), "status=502") {
		t.Errorf("got %q", out.String())
	}
}

// The logger gets the request's context, for the trace.
func TestLogHasTheContext(t *testing.T) {
	type key struct{}
	var got any
	w := newWriter(t, problem.Options{Logger: slog.New(contextHandler(func(ctx context.Context) { got = ctx.Value(key{}) }))})
	answerTo(t, w, get().WithContext(context.WithValue(context.Background(), key{}, "trace")), problem.NotFound(""))
	eq(t, "value", got, any("trace"))
}

type contextHandler func(context.Context)

func (contextHandler) Enabled(context.Context, slog.Level) bool          { return true }
func (h contextHandler) WithAttrs([]slog.Attr) slog.Handler              { return h }
func (h contextHandler) WithGroup(string) slog.Handler                   { return h }
func (h contextHandler) Handle(ctx context.Context, _ slog.Record) error { h(ctx); return nil }

func TestOnProblem(t *testing.T) {
	var events []problem.Event
	w := newWriter(t, problem.Options{
		Map:       []problem.Mapping{problem.Map(errMissing, outOfCredit.New(""))},
		OnProblem: func(e problem.Event) { events = append(events, e) },
	})
	r := get()
	answerTo(t, w, r, errMissing)
	answerTo(t, w, r, errUnknown)
	answerTo(t, w, r, problem.Unauthorized(","))                  // a defect
	answerTo(t, w, r, problem.Gone("").With("member", func() {})) // cannot be encoded
	if len(events) != 4 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	for i, want := range []struct {
		status int
		typ    *problem.Type
		err    error
	}{{403, outOfCredit, errMissing}, {500, nil, errUnknown}, {500, nil, nil}, {500, nil, nil}} {
		e := events[i]
		eq(t, "status", e.Status, want.status)
		eq(t, "type", e.Type, want.typ)
		eq(t, "request", e.Request, r)
		eq(t, "sent", e.Sent, true)
		eq(t, "instance", e.Instance != "", want.status >= 500)
		if want.err != nil {
			eq(t, "err", e.Err, want.err)
		}
	}
	// Also the problem that could not be sent is in the error.
	for i, status := range map[int]int{2: 401, 3: 410} {
		if p, ok := errors.AsType[*problem.Problem](events[i].Err); !ok || p.Status() != status {
			t.Errorf("the error of event %d is %v", i, events[i].Err)
		}
	}
}
