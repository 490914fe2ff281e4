package ratelimit_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

func countLimiter(t *testing.T, quota int64, count func(int) bool) *ratelimit.Limiter {
	return httpLimiter(t, newHTTPClock(), ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "login", Quota: quota, Window: time.Minute}},
		Count:    count,
	})
}

// countLeft is what is left for the address that httptest sends from.
func countLeft(t *testing.T, l *ratelimit.Limiter, want int64) {
	t.Helper()
	v, err := l.Peek(context.Background(), "192.0.2.1")
	if err != nil || v.Decisions[0].Remaining != want {
		t.Errorf("left: %+v, %v, not %d", v, err, want)
	}
}

// Of 64 wrong passwords at once, exactly 5 reach the handler.
func TestParallelLoginsDoNotPassTogether(t *testing.T) {
	l := countLimiter(t, 5, ratelimit.Failures)
	var reached, refused atomic.Int32
	start, release := make(chan bool), make(chan bool)
	h := httpChecked(t, l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		<-release
		httpQuiet.Write(w, r, problem.Unauthorized(`Basic realm="a"`))
	})))
	var all, denied sync.WaitGroup
	denied.Add(59)
	for range 64 {
		all.Go(func() {
			<-start
			if w := httpServe(h); w.Code == 429 {
				refused.Add(1)
				denied.Done()
			}
		})
	}
	close(start)
	denied.Wait() // while the five still run
	close(release)
	all.Wait()
	if reached.Load() != 5 || refused.Load() != 59 {
		t.Errorf("%d reached the handler, %d were refused", reached.Load(), refused.Load())
	}
	countLeft(t, l, 0)
}

// 64 good logins pass one after the other.
func TestGoodLoginsAreGivenBack(t *testing.T) {
	l := countLimiter(t, 5, ratelimit.Failures)
	h := httpChecked(t, l.Handler(httpOK))
	for range 64 {
		httpCode(t, httpServe(h), 200)
	}
	countLeft(t, l, 5)
}

// What is counted, by how the handler ends.
func TestCountedStatus(t *testing.T) {
	status := func(codes ...int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for _, c := range codes {
				w.WriteHeader(c)
			}
		}
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want int
	}{
		"nothing written":       {func(http.ResponseWriter, *http.Request) {}, 200},
		"written without code":  {httpOK, 200},
		"401":                   {status(401), 401},
		"an interim one before": {status(103, 100, 404), 404},
		"the first one counts":  {status(204, 500), 204},
		"panic":                 {func(http.ResponseWriter, *http.Request) { panic("a bug") }, 500},
		"abort":                 {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 500},
		"panic after 200":       {func(w http.ResponseWriter, r *http.Request) { httpOK(w, r); panic("a bug") }, 200},
		"panic after interim":   {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(103); panic("a bug") }, 500},
		"flushed":               {func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() }, 200},
		"from a reader":         {func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, strings.NewReader("a")) }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			got := 0
			l := countLimiter(t, 5, func(status int) bool { got = status; return false })
			h := l.Handler(c.h)
			func() {
				defer func() { _ = recover() }()
				httpServe(h)
			}()
			if got != c.want {
				t.Errorf("counted as %d, not %d", got, c.want)
			}
			countLeft(t, l, 5) // given back, after a panic too
		})
	}
}

// The panic goes on to who recovers it.
func TestCountLetsPanicsPass(t *testing.T) {
	l := countLimiter(t, 5, ratelimit.Failures)
	defer func() {
		if v := recover(); v != "a bug" {
			t.Errorf("recovered %v", v)
		}
	}()
	httpServe(l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })))
}

func TestCountFunctions(t *testing.T) {
	some := ratelimit.Statuses(401, 403, 101)
	for _, c := range []struct {
		status                      int
		failures, successes, chosen bool
	}{
		{101, false, false, true}, {200, false, true, false}, {204, false, true, false}, {304, false, true, false}, {399, false, true, false},
		{400, true, false, false}, {401, true, false, true}, {403, true, false, true}, {404, true, false, false}, {422, true, false, false},
		{429, false, false, false}, {499, true, false, false}, {500, false, false, false}, {503, false, false, false},
	} {
		if ratelimit.Failures(c.status) != c.failures || ratelimit.Successes(c.status) != c.successes || some(c.status) != c.chosen {
			t.Errorf("%d: %v, %v, %v", c.status, ratelimit.Failures(c.status), ratelimit.Successes(c.status), some(c.status))
		}
	}
}

// Only what was done is counted.
func TestCountSuccesses(t *testing.T) {
	l := countLimiter(t, 2, ratelimit.Successes)
	for _, c := range []struct{ answer, want int }{{404, 404}, {500, 500}, {200, 200}, {404, 404}, {204, 204}, {200, 429}, {404, 429}} {
		httpCode(t, httpServe(l.Handler(httpStatus(c.answer))), c.want)
	}
}

// A client that goes away before the answer counts as 499: a flood of wrong passwords,
// each given up at once, is counted; and what is not counted is given back though the
// request's context has ended.
func TestCountOfAClientThatWentAway(t *testing.T) {
	for _, c := range []struct {
		name  string
		count func(int) bool
		end   func(http.ResponseWriter, *http.Request)
		left  int64
	}{
		{"counted", ratelimit.Failures, func(w http.ResponseWriter, r *http.Request) { httpQuiet.Write(w, r, r.Context().Err()) }, 4},
		{"counted without a panic", ratelimit.Failures, func(http.ResponseWriter, *http.Request) {}, 4},
		{"given back", ratelimit.Successes, func(w http.ResponseWriter, r *http.Request) { httpQuiet.Write(w, r, r.Context().Err()) }, 5},
		{"answered before", ratelimit.Failures, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) }, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newHTTPClock()
			store := &httpStore{memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now}), func(ctx context.Context, method string) error { return ctx.Err() }}
			l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: "login", Quota: 5, Window: time.Minute}}, Count: c.count})
			ctx, cancel := context.WithCancel(t.Context())
			h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { cancel(); c.end(w, r) }))
			func() {
				defer func() { _ = recover() }()
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
			}()
			countLeft(t, l, c.left)
		})
	}
}

// The writer that a handler gets can flush, take a reader, hijack and set deadlines,
// over a real server.
func TestCountKeepsTheWriter(t *testing.T) {
	l := countLimiter(t, 5, ratelimit.Failures)
	first := make(chan bool)
	srv := httptest.NewServer(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		if _, ok := w.(io.ReaderFrom); !ok {
			t.Error("no io.ReaderFrom")
		}
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-first
		_, _ = io.Copy(w, strings.NewReader("second"))
	})))
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != "first" {
		t.Fatalf("%q, %v", b, err)
	}
	close(first)
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "second" {
		t.Errorf("%q, %v", b, err)
	}
}

// A connection that was taken over counts as 101.
func TestCountOfAHijackedConnection(t *testing.T) {
	counted := make(chan int, 1)
	l := countLimiter(t, 5, func(status int) bool { counted <- status; return true })
	srv := httptest.NewServer(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
	})))
	defer srv.Close()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatalf("%v, %v", res, err)
	}
	if got := <-counted; got != 101 {
		t.Errorf("counted as %d", got)
	}
}
