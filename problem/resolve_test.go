package problem_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
)

var (
	errMissing = errors.New("no row")
	errTaken   = errors.New("taken")
	errUnknown = errors.New("something else")
)

type coded struct{ code int }

func (c coded) Error() string { return fmt.Sprint("code ", c.code) }

func late() context.Context {
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	return ctx // its deadline had passed before it was canceled
}

func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// The order of Writer.Problem. Each row has in its error what later rows look
// for, too.
func TestResolve(t *testing.T) {
	duplicate := problem.NewType("duplicate", 409, "Duplicate")
	teapot := problem.New(418, "")
	mapped := problem.NotFound("")
	w := newWriter(t, problem.Options{
		Map: []problem.Mapping{
			problem.Map(errMissing, mapped),
			problem.Map(errTaken, duplicate.New("")),
			problem.MapAs(func(c coded) *problem.Problem {
				if c.code == 0 {
					return nil // passes
				}
				return problem.New(c.code, "")
			}),
			problem.Map(coded{0}, problem.Gone("")),
			problem.Map(errMissing, problem.Gone("never reached")),
		},
		Unknown: func(_ *http.Request, err error) *problem.Problem {
			if errors.Is(err, errUnknown) {
				return problem.BadGateway("")
			}
			return nil
		},
	})
	items := problem.Items{{Code: "max"}}
	tooLarge := &http.MaxBytesError{Limit: 7}
	for _, tt := range []struct {
		name   string
		err    error
		status int
		typ    *problem.Type
	}{
		{"a problem", teapot, 418, nil},
		{"a problem, wrapped", fmt.Errorf("x: %w", teapot), 418, nil},
		{"a problem, joined", errors.Join(errMissing, items, teapot), 418, nil},
		{"a problem before a type", errors.Join(duplicate, teapot), 418, nil},
		{"the outer of two", problem.Gone("").Wrap(teapot), 410, nil},
		{"a type", duplicate, 409, duplicate},
		{"a type before the table", fmt.Errorf("%w: %w", errMissing, duplicate), 409, duplicate},
		{"Map", fmt.Errorf("x: %w", errMissing), 404, nil},
		{"Map to a type", errTaken, 409, duplicate},
		{"the first row of two that fit", errors.Join(errTaken, errMissing), 404, nil},
		{"Map before Items", errors.Join(items, errMissing), 404, nil},
		{"MapAs", fmt.Errorf("x: %w", coded{423}), 423, nil},
		{"MapAs passes on", coded{0}, 410, nil},
		{"Items", fmt.Errorf("x: %w", items.Err()), 422, problem.InvalidContent},
		{"Items before MaxBytesError", errors.Join(tooLarge, items), 422, problem.InvalidContent},
		{"MaxBytesError", fmt.Errorf("x: %w", tooLarge), 413, nil},
		{"MaxBytesError before a deadline", errors.Join(context.DeadlineExceeded, tooLarge), 413, nil},
		{"a deadline of a call elsewhere", fmt.Errorf("x: %w", context.DeadlineExceeded), 504, nil},
		{"a canceled call, the client waits", fmt.Errorf("x: %w", context.Canceled), 500, nil},
		{"Unknown", errUnknown, 502, nil},
		{"Unknown passes", errors.New("y"), 500, nil},
		{"no error", nil, 500, nil},
		{"a nil problem", (*problem.Problem)(nil), 500, nil},
		{"a nil problem, wrapped", fmt.Errorf("x: %w", (*problem.Problem)(nil)), 500, nil},
	} {
		res := answerTo(t, w, get(), tt.err, except("a teapot is as good as any", "G1-registered"))
		eq(t, tt.name, res.StatusCode, tt.status)
		want := any("about:blank")
		if tt.typ != nil {
			want = "/problems/" + tt.typ.Name()
		}
		eq(t, tt.name, members(t, res)["type"], want)
	}
	eq(t, "the problem of the table, as it is", w.Problem(get(), errMissing), mapped)
}

func TestResolveMaxBytesErrorNamesTheLimit(t *testing.T) {
	m := members(t, answer(t, &http.MaxBytesError{Limit: 7}))
	eq(t, "limit", m["limit"], any(7.0))
}

// 503 with Retry-After is for the service's own deadline, 504 for that of a
// call elsewhere (RFC 9110 §15.6.4, §15.6.5).
func TestRFC9110Section15_6_4_OwnDeadline(t *testing.T) {
	w := newWriter(t, problem.Options{})
	res := answerTo(t, w, get().WithContext(late()), fmt.Errorf("query: %w", context.DeadlineExceeded))
	eq(t, "status", res.StatusCode, 503)
	if s := res.Header.Get("Retry-After"); s == "" || s == "0" {
		t.Errorf("Retry-After: %q", s)
	}
	// its timer has not fired yet
	eq(t, "status", answerTo(t, w, get().WithContext(noTimer{time.Unix(1, 0)}), context.DeadlineExceeded).StatusCode, 503)
	eq(t, "status", answerTo(t, w, get().WithContext(noTimer{time.Now().Add(time.Hour)}), context.DeadlineExceeded).StatusCode, 504)
	res = answerTo(t, w, get(), fmt.Errorf("query: %w", context.DeadlineExceeded))
	eq(t, "status", res.StatusCode, 504)
	eq(t, "Retry-After", res.Header.Get("Retry-After"), "")
}

// noTimer is a context that does not end by itself.
type noTimer struct{ deadline time.Time }

func (c noTimer) Deadline() (time.Time, bool) { return c.deadline, true }
func (c noTimer) Done() <-chan struct{}       { return nil }
func (c noTimer) Err() error                  { return nil }
func (c noTimer) Value(any) any               { return nil }

// Nothing is written to a client that went away; it is no error of ours.
func TestClientGone(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		gone bool
	}{
		{"canceled", context.Canceled, true},
		{"a call that was canceled", fmt.Errorf("query: %w", context.Canceled), true},
		{"some other error", errors.New("broken pipe"), true},
		{"a 503", problem.Unavailable(time.Second), true},
		{"a problem below 500", problem.NotFound(""), false}, // it was decided before, and is worth its log record
	} {
		var event problem.Event
		w, log := logged(t, problem.Options{OnProblem: func(e problem.Event) { event = e }})
		rec := httptest.NewRecorder()
		r := get().WithContext(gone())
		eq(t, tt.name, aborts(func() { send(t, w, rec, r, tt.err) }), tt.gone)
		eq(t, tt.name+": no problem", w.Problem(r, tt.err) == nil, tt.gone)
		if !tt.gone {
			eq(t, tt.name, rec.Code, 404)
			continue
		}
		if rec.Body.Len() > 0 || len(rec.Header()) > 0 {
			t.Errorf("%s: %v %s", tt.name, rec.Header(), rec.Body)
		}
		got := log.one(t)
		eq(t, tt.name, got.level, slog.LevelInfo)
		eq(t, tt.name, got.message, "client went away")
		eq(t, tt.name, got.attrs["status"], any(int64(499)))
		eq(t, tt.name, event.Status, problem.ClientGone)
		eq(t, tt.name+": Sent", event.Sent, false)
		eq(t, tt.name+": Err", event.Err, tt.err)
	}
}

// A row that can never fit, or whose answer can never be sent, fails when the
// table is made.
func TestMapRefuses(t *testing.T) {
	expired := problem.NewType("token-expired", 401, "The token expired")
	for name, f := range map[string]func(){
		"no target":       func() { problem.Map(nil, problem.NotFound("")) },
		"no problem":      func() { problem.Map(errMissing, nil) },
		"a 401 without":   func() { problem.Map(errMissing, expired.New("")) },
		"a bad challenge": func() { problem.Map(errMissing, problem.Unauthorized(",")) },
		"no function":     func() { problem.MapAs[coded](nil) },
	} {
		if panics(f) == nil {
			t.Errorf("%s: no panic", name)
		}
	}
	if _, err := problem.NewWriter(problem.Options{Map: []problem.Mapping{nil}}); err == nil {
		t.Error("a nil row: no error")
	}
}

// The table is the Writer's own.
func TestMapIsCopied(t *testing.T) {
	table := []problem.Mapping{problem.Map(errMissing, problem.NotFound(""))}
	w := newWriter(t, problem.Options{Map: table})
	table[0] = problem.Map(errMissing, problem.Gone(""))
	eq(t, "status", answerTo(t, w, get(), errMissing).StatusCode, 404)
}
