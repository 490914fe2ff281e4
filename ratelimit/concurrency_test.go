package ratelimit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

func concurrencyOf(t testing.TB, o ratelimit.ConcurrencyOptions) *ratelimit.Concurrency {
	t.Helper()
	if o.Problems == nil {
		o.Problems = httpQuiet
	}
	c, err := ratelimit.NewConcurrency(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entrance is a handler behind a Concurrency, in which requests stay until they are let
// out.
type entrance struct {
	t       *testing.T
	h       http.Handler
	mu      sync.Mutex
	entered []string // by name, in order
	answers map[string]int
	out     map[string]chan bool
	after   map[string]string // Retry-After
}

func newEntrance(t *testing.T, c *ratelimit.Concurrency) *entrance {
	e := &entrance{t: t, answers: map[string]int{}, out: map[string]chan bool{}, after: map[string]string{}}
	e.h = httpChecked(t, c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("Name")
		e.mu.Lock()
		e.entered = append(e.entered, name)
		out := e.out[name]
		e.mu.Unlock()
		<-out
		httpOK(w, r)
	})))
	return e
}

// come sends a request in the background, and returns when it is in the handler, in
// the queue, or answered.
func (e *entrance) come(name string, change ...func(*http.Request)) {
	e.mu.Lock()
	e.out[name] = make(chan bool)
	e.mu.Unlock()
	go func() {
		status := 0
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler {
				e.t.Errorf("%s: %v", name, v)
			}
			e.mu.Lock()
			e.answers[name] = status
			e.mu.Unlock()
		}()
		w := httpServe(e.h, append(change, keyWith("Name", name))...)
		status = w.Code
		e.mu.Lock()
		e.after[name] = w.Header().Get("Retry-After")
		e.mu.Unlock()
	}()
	synctest.Wait()
}

// leave lets a request out of the handler.
func (e *entrance) leave(names ...string) {
	for _, name := range names {
		close(e.out[name])
		synctest.Wait()
	}
}

func (e *entrance) order(want string) {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if got := strings.Join(e.entered, " "); got != want {
		e.t.Errorf("entered: %s, not %s", got, want)
	}
}

func (e *entrance) retryAfter(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.after[name]
}

// answered checks the status of each, 0 for none.
func (e *entrance) answered(want map[string]int) {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for name, status := range want {
		if e.answers[name] != status {
			e.t.Errorf("%s was answered %d, not %d", name, e.answers[name], status)
		}
	}
}

func rankOf(r *http.Request) int {
	n, _ := strconv.Atoi(r.Header.Get("Rank"))
	return n
}

func ranked(n int) func(*http.Request) { return keyWith("Rank", strconv.Itoa(n)) }

// Max at once; the next is shed where there is no queue, by 503 with Retry-After (RFC
// 9110 §15.6.4).
func TestRFC9110Section15_6_4_Concurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shed := 0
		var types []*problem.Type
		e := newEntrance(t, concurrencyOf(t, ratelimit.ConcurrencyOptions{
			Max: 2, RetryAfter: 1500 * time.Millisecond,
			OnShed:   func(*http.Request) { shed++ },
			Problems: httpProblems(t, problem.Options{OnProblem: func(e problem.Event) { types = append(types, e.Type) }}),
		}))
		e.come("a")
		e.come("b")
		e.come("c")
		e.order("a b")
		e.answered(map[string]int{"c": 503})
		if e.retryAfter("c") != "2" || shed != 1 || !slices.Equal(types, []*problem.Type{ratelimit.ReducedCapacity}) {
			t.Errorf("Retry-After %q, %d shed, %v", e.retryAfter("c"), shed, types)
		}
		e.leave("a")
		e.come("d")
		e.order("a b d")
		e.leave("b", "d")
		e.answered(map[string]int{"a": 200, "b": 200, "d": 200})
	})
}

// The highest rank first, and of one rank the first come.
func TestConcurrencyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEntrance(t, concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1, Queue: 10, Priority: rankOf}))
		e.come("first")
		e.come("low1", ranked(-1))
		e.come("mid1")
		e.come("high1", ranked(5))
		e.come("mid2")
		e.come("high2", ranked(5))
		e.come("low2", ranked(-1))
		e.order("first")
		e.leave("first", "high1", "high2", "mid1", "mid2", "low1", "low2")
		e.order("first high1 high2 mid1 mid2 low1 low2")
	})
}

// Where the queue has no room, the lowest is shed, be it the one that comes or one that
// waits; of one rank the last come.
func TestConcurrencyShedsTheLowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shed []string
		e := newEntrance(t, concurrencyOf(t, ratelimit.ConcurrencyOptions{
			Max: 1, Queue: 2, Priority: rankOf,
			OnShed: func(r *http.Request) { shed = append(shed, r.Header.Get("Name")) },
		}))
		e.come("first")
		e.come("mid1")
		e.come("mid2")
		e.come("mid3") // as high as the others, and last
		e.answered(map[string]int{"mid1": 0, "mid2": 0, "mid3": 503})
		e.come("low", ranked(-1))
		e.answered(map[string]int{"mid1": 0, "mid2": 0, "low": 503})
		e.come("high", ranked(1))
		e.answered(map[string]int{"mid1": 0, "mid2": 503, "high": 0})
		e.come("higher", ranked(2))
		e.answered(map[string]int{"mid1": 503, "high": 0, "higher": 0})
		e.leave("first", "higher", "high")
		e.order("first higher high")
		if got := strings.Join(shed, " "); got != "mid3 low mid2 mid1" {
			t.Errorf("shed: %s", got)
		}
	})
}

// A wait ends when it is over, to the moment; the place in the queue is free again.
func TestConcurrencyWait(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: time.Second, 7 * time.Second: 7 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			e := newEntrance(t, concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1, Queue: 1, Wait: given}))
			e.come("a")
			e.come("b")
			time.Sleep(want - 1)
			synctest.Wait()
			e.answered(map[string]int{"b": 0})
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			e.answered(map[string]int{"b": 503})
			if e.retryAfter("b") != "1" {
				t.Errorf("Retry-After %q", e.retryAfter("b"))
			}
			e.come("c")
			e.answered(map[string]int{"c": 0})
			e.leave("a", "c")
			e.order("a c")
		})
	}
}

// A client that goes away while it waits frees its place, and is not answered nor
// reported.
func TestConcurrencyClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var statuses []int
		e := newEntrance(t, concurrencyOf(t, ratelimit.ConcurrencyOptions{
			Max: 1, Queue: 1, OnShed: func(*http.Request) { t.Error("OnShed") },
			Problems: httpProblems(t, problem.Options{OnProblem: func(e problem.Event) { statuses = append(statuses, e.Status) }}),
		}))
		ctx, cancel := context.WithCancel(t.Context())
		e.come("a")
		e.come("b", func(r *http.Request) { *r = *r.WithContext(ctx) })
		cancel()
		synctest.Wait()
		if !slices.Equal(statuses, []int{problem.ClientGone}) {
			t.Errorf("logged as %v", statuses)
		}
		e.come("c")
		e.leave("a", "c")
		e.order("a c")
	})
}

// Each key has a lane of its own.
func TestConcurrencyByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEntrance(t, concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1, Key: keyHeader("User")}))
		e.come("a1", keyWith("User", "a"))
		e.come("a2", keyWith("User", "a"))
		e.come("b1", keyWith("User", "b"))
		e.come("address1")
		e.come("address2")
		e.come("other", httpFrom("192.0.2.77:1"))
		e.come("named", keyWith("User", "192.0.2.1"))
		e.order("a1 b1 address1 other named")
		e.answered(map[string]int{"a2": 503, "address2": 503})
		e.leave("a1", "b1", "address1", "other", "named")
		e.come("a3", keyWith("User", "a"))
		e.leave("a3")
		e.answered(map[string]int{"a3": 200})
	})
}

// A handler that panics gives its place to the next.
func TestConcurrencyPanic(t *testing.T) {
	for _, value := range []any{"a bug", http.ErrAbortHandler} {
		c := concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1})
		h := c.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) }))
		for range 3 {
			func() {
				defer func() {
					if v := recover(); v != value {
						t.Errorf("recovered %v", v)
					}
				}()
				httpServe(h)
			}()
		}
		httpCode(t, httpServe(c.Handler(httpOK)), 200)
	}
}

// A place that is given back twice is one place.
func TestConcurrencyDoneTwice(t *testing.T) {
	c := concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 2})
	r := httptest.NewRequest("GET", "/", nil)
	enter := func() func() {
		done, err := c.Enter(r)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	a, b := enter(), enter()
	a()
	a()
	defer enter()()
	if _, err := c.Enter(r); !errors.Is(err, ratelimit.ReducedCapacity) {
		t.Errorf("a third is in: %v", err)
	}
	b()
}

func TestWrongConcurrencyOptions(t *testing.T) {
	for _, o := range []ratelimit.ConcurrencyOptions{
		{}, {Max: -1}, {Max: 1, Queue: -1}, {Max: 1, Wait: -1}, {Max: 1, RetryAfter: -1},
	} {
		if c, err := ratelimit.NewConcurrency(o); err == nil || c != nil || !strings.HasPrefix(err.Error(), "ratelimit: ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
