package async_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// newOnce serves handlers behind Idempotent; who asks is in X-Owner.
func newOnce(t *testing.T, store async.ReplayStore, change func(*async.IdempotentOptions)) (s *webService, once func(http.Handler) http.Handler) {
	t.Helper()
	s = &webService{t: t, clock: &webClock{now: webNow}, mux: http.NewServeMux()}
	o := async.IdempotentOptions{Owner: webOwner, Problems: webProblems(t), Logger: slog.New(slog.DiscardHandler), Now: s.clock.Now}
	if change != nil {
		change(&o)
	}
	if store == nil {
		store = newReplays(t, async.MemoryReplayOptions{})
	}
	once, err := async.Idempotent(store, o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(conformtest.Handler(t, s.mux, conform.Options{Off: map[string]string{
		"403-anonymous": "these tests have no authenticator, whose challenge it would be",
		"G9-odd":        "a 409 for a key in flight asks to come back",
		"422-content":   "the payload of a key is more than its content",
	}}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s, once
}

func newReplays(t *testing.T, o async.MemoryReplayOptions) *async.MemoryReplays {
	t.Helper()
	m, err := async.NewMemoryReplays(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// post sends {"n":1} to /orders, with a key.
func (s *webService) post(key string, header ...string) webAnswer {
	s.t.Helper()
	return s.do("POST", "/orders", `{"n":1}`, append([]string{"Idempotency-Key", key}, header...)...)
}

func TestIdempotentReplays(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	var calls atomic.Int64
	s.mux.Handle("/orders", once(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"n":1}` {
			t.Errorf("the handler reads %q, %v", body, err)
		}
		w.Header().Set("Location", fmt.Sprint("/orders/", n))
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("X-Request-Id", fmt.Sprint(n))
		w.WriteHeader(201)
		w.Header().Set("Location", "/too-late")
		w.Header().Set("X-Late", "too")
		fmt.Fprintf(w, `{"id":%d}`, n)
	})))
	first := s.post("k").has(t, 201, "Location", "/orders/1", "Idempotent-Replayed", "", "Set-Cookie", "a=b", "X-Request-Id", "1", "X-Late", "")
	for _, key := range []string{"k", `"k"`} {
		again := s.post(key).has(t, 201, "Location", "/orders/1", "ETag", `"1"`, "Content-Type", "application/json", "Content-Length", "8",
			"Idempotent-Replayed", "true", "Set-Cookie", "", "X-Request-Id", "")
		if again.body != first.body {
			t.Errorf("the replay is %q, the first was %q", again.body, first.body)
		}
	}
	s.post("l").has(t, 201, "Location", "/orders/2")
	s.do("POST", "/orders", `{"n":1}`).has(t, 201, "Location", "/orders/3") // without a key
	s.do("PUT", "/orders", `{"n":1}`, "Idempotency-Key", "k").has(t, 201, "Location", "/orders/4", "Idempotent-Replayed", "")
	s.do("PATCH", "/orders", `{"n":1}`, "Idempotency-Key", "k").has(t, 201, "Location", "/orders/5")
	s.do("PATCH", "/orders", `{"n":1}`, "Idempotency-Key", "k").has(t, 201, "Location", "/orders/5", "Idempotent-Replayed", "true")
}

// The scope of a key is (owner, method, path); the rest is the payload.
func TestIdempotentScopeAndFingerprint(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	var calls atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { calls.Add(1); w.WriteHeader(204) })
	s.mux.Handle("/", once(mux))
	s.post("k").has(t, 204)
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		calls                    int64
	}{
		{"the same", "POST", "/orders", `{"n":1}`, nil, 204, 1},
		{"another content", "POST", "/orders", `{"n":2}`, nil, 422, 1},
		{"white space", "POST", "/orders", `{"n": 1}`, nil, 422, 1},
		{"no content", "POST", "/orders", "", nil, 422, 1},
		{"another type", "POST", "/orders", `{"n":1}`, []string{"Content-Type", "text/plain"}, 422, 1},
		{"a coding", "POST", "/orders", `{"n":1}`, []string{"Content-Encoding", "gzip"}, 422, 1},
		{"a query", "POST", "/orders?dry=1", `{"n":1}`, nil, 422, 1},
		{"another owner", "POST", "/orders", `{"n":2}`, []string{"X-Owner", "bob"}, 204, 2},
		{"another method", "PATCH", "/orders", `{"n":2}`, nil, 204, 3},
		{"another path", "POST", "/orders/1", `{"n":2}`, nil, 204, 4},
		{"an escaped path", "POST", "/orders%2F1", `{"n":3}`, nil, 204, 5},
	} {
		a := s.do(c.method, c.path, c.body, append([]string{"Idempotency-Key", "k"}, c.header...)...).has(t, c.status)
		if c.status == 422 && (a.typ(t) != "idempotency-key-reused" || a.Header.Get("Idempotent-Replayed") != "") {
			t.Errorf("%s: %s", c.name, a.body)
		}
		if got := calls.Load(); got != c.calls {
			t.Fatalf("%s: %d calls, want %d", c.name, got, c.calls)
		}
	}
}

// 2xx, 3xx and the handler's own 4xx are replayed; 401, 429 and 5xx are not.
func TestIdempotentWhatIsReplayed(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	var calls atomic.Int64
	var status atomic.Int64
	api, err := respond.New(respond.Options{Problems: webProblems(t)})
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /orders", once(api.Handle(func(*http.Request) (respond.Response, error) {
		calls.Add(1)
		switch code := int(status.Load()); {
		case code == 303:
			return respond.SeeOther("/x"), nil
		case code == 204:
			return respond.NoContent(), nil
		case code == 401:
			return respond.Fail(problem.Unauthorized(`Basic realm="x"`))
		case code == 429:
			return respond.Fail(problem.TooManyRequests(time.Second))
		case code == 503:
			return respond.Fail(problem.Unavailable(time.Second))
		case code >= 400:
			return respond.Fail(problem.New(code, "No."))
		default:
			return respond.Status(code, "done"), nil
		}
	})))
	for _, c := range []struct {
		status   int
		replayed bool
	}{{200, true}, {204, true}, {303, true}, {400, true}, {403, true}, {404, true}, {409, true}, {422, true}, {401, false}, {429, false}, {500, false}, {502, false}, {503, false}} {
		status.Store(int64(c.status))
		calls.Store(0)
		key := fmt.Sprint("k", c.status)
		header := []string{"Authorization", "Basic eDp5", "If-None-Match", `"x"`}
		first := s.post(key, header...).has(t, c.status)
		again := s.post(key, header...).has(t, c.status)
		if got := calls.Load() == 1; got != c.replayed || (again.Header.Get("Idempotent-Replayed") == "true") != c.replayed {
			t.Errorf("%d: %d calls", c.status, calls.Load())
		}
		if c.replayed && again.body != first.body {
			t.Errorf("%d: %q, then %q", c.status, first.body, again.body)
		}
	}
}

// draft-ietf-httpapi-idempotency-key-header-07 Section 2.6: a concurrent request is
// answered with a conflict. 64 at once: one is carried out.
func TestIdempotentConcurrent(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	var calls atomic.Int64
	entered, release := make(chan struct{}), make(chan struct{})
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			close(entered)
		}
		<-release
		w.WriteHeader(204)
	})))
	first := s.later("POST", "/orders", `{"n":1}`, "Idempotency-Key", "k")
	<-entered
	if a := s.post("k").has(t, 409, "Content-Type", "application/problem+json"); a.typ(t) != "idempotency-key-in-flight" {
		t.Error(a.body)
	}
	s.do("POST", "/orders", `{"n":2}`, "Idempotency-Key", "k").has(t, 422)
	close(release)
	(<-first).has(t, 204)
	s.post("k").has(t, 204, "Idempotent-Replayed", "true")

	calls.Store(1)
	var all sync.WaitGroup
	var done, conflicts atomic.Int64
	for range 64 {
		all.Go(func() {
			switch a := s.post("l"); a.StatusCode {
			case 204:
				done.Add(1)
			case 409:
				conflicts.Add(1)
			default:
				t.Errorf("%d: %s", a.StatusCode, a.body)
			}
		})
	}
	all.Wait()
	if calls.Load() != 2 || done.Load() < 1 || done.Load()+conflicts.Load() != 64 {
		t.Errorf("%d calls, %d done, %d conflicts", calls.Load()-1, done.Load(), conflicts.Load())
	}
}

func TestIdempotentRefusals(t *testing.T) {
	called := false
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { called = true; w.WriteHeader(204) })
	s, once := newOnce(t, nil, func(o *async.IdempotentOptions) { o.Required, o.MaxContent = true, 10 })
	s.mux.Handle("/orders", once(handler))
	s.do("POST", "/orders", `{"n":1}`).has(t, 400)
	for _, key := range []string{`"`, "", "a b", strings.Repeat("k", 256)} {
		if a := s.post(key).has(t, 400); a.typ(t) != "idempotency-key-invalid" {
			t.Error(a.body)
		}
	}
	s.post("k", "Idempotency-Key", "k").has(t, 400)
	s.post("k", "X-Owner", "").has(t, 403)
	s.do("POST", "/orders", strings.Repeat("x", 11), "Idempotency-Key", "k").has(t, 413)
	if called {
		t.Error("the handler was called")
	}
	s.do("POST", "/orders", strings.Repeat("x", 10), "Idempotency-Key", "k").has(t, 204)
	called = false
	s.do("PUT", "/orders", `{"n":1}`).has(t, 204) // no key is needed
	if !called {
		t.Error("the handler was not called")
	}

	// Content of unknown length is limited, too.
	r := httptest.NewRequest("POST", "/orders", io.MultiReader(strings.NewReader(strings.Repeat("x", 11))))
	r.ContentLength = -1
	r.Header.Set("Idempotency-Key", "l")
	r.Header.Set("X-Owner", "ana")
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("11 bytes of unknown length: %d", w.Code)
	}
}

// Content that ends too soon claims nothing.
func TestIdempotentBrokenContent(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })))
	r := httptest.NewRequest("POST", "/orders", io.MultiReader(strings.NewReader(`{"n`), brokenReader{}))
	r.Header.Set("Idempotency-Key", "k")
	r.Header.Set("X-Owner", "ana")
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	if w.Code != 400 || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	s.post("k").has(t, 204, "Idempotent-Replayed", "")
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errWebSecret }

func TestIdempotentWrongSettings(t *testing.T) {
	store := newReplays(t, async.MemoryReplayOptions{})
	for _, c := range []struct {
		store async.ReplayStore
		o     async.IdempotentOptions
	}{
		{nil, async.IdempotentOptions{Owner: webOwner}},
		{store, async.IdempotentOptions{}},
		{store, async.IdempotentOptions{Owner: webOwner, Keep: -1}},
		{store, async.IdempotentOptions{Owner: webOwner, InFlight: -1}},
		{store, async.IdempotentOptions{Owner: webOwner, MaxContent: -1}},
		{store, async.IdempotentOptions{Owner: webOwner, MaxAnswer: -1}},
	} {
		if _, err := async.Idempotent(c.store, c.o); err == nil {
			t.Errorf("%+v is taken", c.o)
		}
	}
	for _, o := range []async.MemoryReplayOptions{{MaxKeys: -1}, {MaxBytes: -1}} {
		if _, err := async.NewMemoryReplays(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// failingReplays is a store that fails where it is told to.
type failingReplays struct {
	async.ReplayStore
	begin, finish error
}

func (f *failingReplays) Begin(ctx context.Context, c async.Claim) (async.Replay, error) {
	if f.begin != nil {
		return async.Replay{}, f.begin
	}
	return f.ReplayStore.Begin(ctx, c)
}

func (f *failingReplays) Finish(ctx context.Context, c async.Claim, a async.Answer, until time.Time) error {
	if f.finish != nil {
		return f.finish
	}
	return f.ReplayStore.Finish(ctx, c, a, until)
}

func TestIdempotentStoreDown(t *testing.T) {
	store := &failingReplays{ReplayStore: newReplays(t, async.MemoryReplayOptions{})}
	s, once := newOnce(t, store, nil)
	calls := 0
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(204) })))
	for _, err := range []error{errWebSecret, async.ErrFull} {
		store.begin = err
		if a := s.post("k").has(t, 503).retryAfter(t, 1, 60); strings.Contains(a.body, "hunter2") || calls != 0 {
			t.Errorf("%d calls: %s", calls, a.body)
		}
	}
	// Carried out, and not kept: the client has its answer, and the key stays in flight.
	store.begin, store.finish = nil, errors.New("down")
	s.post("k").has(t, 204)
	s.post("k").has(t, 409)
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}
