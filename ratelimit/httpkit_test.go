package ratelimit_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// httpClock is a clock that tests move.
type httpClock struct {
	mu  sync.Mutex
	now time.Time
}

func newHTTPClock() *httpClock { return &httpClock{now: time.Unix(1_800_000_000, 0)} }

func (c *httpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *httpClock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// httpProblems writes problems and logs nothing.
func httpProblems(t testing.TB, o problem.Options) *problem.Writer {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	w, err := problem.NewWriter(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var httpQuiet = func() *problem.Writer {
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		panic(err)
	}
	return w
}()

// httpLimiter has a memory store with this clock, and no jitter unless o says so.
func httpLimiter(t testing.TB, clock *httpClock, o ratelimit.Options) *ratelimit.Limiter {
	t.Helper()
	return httpLimiterOf(t, memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now}), clock, o)
}

func httpLimiterOf(t testing.TB, store ratelimit.Store, clock *httpClock, o ratelimit.Options) *ratelimit.Limiter {
	t.Helper()
	if o.Jitter == 0 {
		o.Jitter = -1
	}
	if o.Problems == nil {
		o.Problems = httpQuiet
	}
	if o.Logger == nil {
		o.Logger = outageSilent
	}
	o.Now = clock.Now
	l, err := ratelimit.New(store, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// httpOK answers 200 with content that no rule of HTTP has anything against.
var httpOK = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok")
})

// httpStatus answers with a status that needs no content.
func httpStatus(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusOK {
			httpOK(w, r)
			return
		}
		if status >= 400 {
			httpQuiet.Write(w, r, problem.New(status, "Because."))
			return
		}
		w.WriteHeader(status)
	})
}

func httpServe(h http.Handler, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func httpFrom(addr string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = addr }
}

// httpChecked wraps a handler so that every answer is judged.
func httpChecked(t testing.TB, h http.Handler) http.Handler { return conformtest.Handler(t, h) }

// httpList reads a field as a List of Strings whose parameters are Integers, or, pk, a
// Byte Sequence: as `burst q=10 w=1, hour q=5 w=3600`.
func httpList(t testing.TB, h http.Header, name string) string {
	t.Helper()
	lines := h.Values(name)
	if len(lines) > 1 {
		t.Errorf("%s has %d lines: %q", name, len(lines), lines)
	}
	list, err := httpfield.ParseSFList(lines)
	if err != nil {
		t.Errorf("%s: %v in %q", name, err, lines)
	}
	var items []string
	for _, m := range list {
		if m.IsInner() || m.Value.Kind != httpfield.SFString {
			t.Errorf("%s: a member of %q is no String", name, lines)
		}
		item := m.Value.Str
		for _, p := range m.Params {
			switch {
			case p.Key == "pk" && p.Value.Kind == httpfield.SFBytes:
				item += " pk=" + strconv.Itoa(len(p.Value.Str))
			case strings.Contains("q w r t", p.Key) && p.Value.Kind == httpfield.SFInteger && p.Value.Int >= 0 && p.Value.Int <= 999_999_999_999_999:
				item += " " + p.Key + "=" + strconv.FormatInt(p.Value.Int, 10)
			default:
				t.Errorf("%s: the parameter %s of %q", name, p.Key, lines)
			}
		}
		items = append(items, item)
	}
	return strings.Join(items, ", ")
}

// httpFields fails the test unless the draft's fields say this.
func httpFields(t testing.TB, w *httptest.ResponseRecorder, policy, limit string) {
	t.Helper()
	h := w.Result().Header
	if got := httpList(t, h, "RateLimit-Policy"); got != policy {
		t.Errorf("RateLimit-Policy is %q, not %q", got, policy)
	}
	if got := httpList(t, h, "RateLimit"); got != limit {
		t.Errorf("RateLimit is %q, not %q", got, limit)
	}
}

// httpCode fails the test unless the status is this.
func httpCode(t testing.TB, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, not %d: %s", w.Code, status, w.Body)
	}
}

func httpRetryAfter(t testing.TB, w *httptest.ResponseRecorder) int {
	t.Helper()
	lines := w.Result().Header.Values("Retry-After")
	if len(lines) != 1 {
		t.Fatalf("Retry-After: %q", lines)
	}
	n, err := strconv.Atoi(lines[0])
	if err != nil || n < 1 {
		t.Fatalf("Retry-After: %q", lines)
	}
	return n
}

type httpProblem struct {
	Type     string   `json:"type"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Violated []string `json:"violated-policies"`
}

// httpBody fails the test unless the answer is problem+json that is not kept by
// caches.
func httpBody(t testing.TB, w *httptest.ResponseRecorder) httpProblem {
	t.Helper()
	h := w.Result().Header
	if got := h.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if got := h.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	var p httpProblem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// httpStore is a store whose answers tests choose: call is asked first, and the memory
// beneath only where it returns nil.
type httpStore struct {
	ratelimit.Store
	call func(ctx context.Context, method string) error
}

func (s *httpStore) Take(ctx context.Context, key string, cost int64, p []ratelimit.Policy, d []ratelimit.Decision) error {
	if err := s.call(ctx, "Take"); err != nil {
		return err
	}
	return s.Store.Take(ctx, key, cost, p, d)
}

func (s *httpStore) Adjust(ctx context.Context, key string, cost int64, p []ratelimit.Policy, d []ratelimit.Decision) error {
	if err := s.call(ctx, "Adjust"); err != nil {
		return err
	}
	return s.Store.Adjust(ctx, key, cost, p, d)
}

func (s *httpStore) Peek(ctx context.Context, key string, p []ratelimit.Policy, d []ratelimit.Decision) error {
	if err := s.call(ctx, "Peek"); err != nil {
		return err
	}
	return s.Store.Peek(ctx, key, p, d)
}

func (s *httpStore) Reset(ctx context.Context, key string, p []ratelimit.Policy) error {
	if err := s.call(ctx, "Reset"); err != nil {
		return err
	}
	return s.Store.Reset(ctx, key, p)
}

func policiesOf(p ...ratelimit.Policy) []ratelimit.Policy { return p }
