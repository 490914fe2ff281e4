package redisstore_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// What other requests have reserved for a moment, in another process too, denies no
// longer than that: five good logins that are slow lock nobody out.
func TestSlowSuccessesDoNotLockOut(t *testing.T) {
	h, prefix := newHands(), prefixOf(t, clientOf(t, redisURL(t)))
	release := make(chan bool)
	of := func() http.Handler {
		s := newStore(t, clientOf(t, redisURL(t)), redisstore.Options{Prefix: prefix, Now: h.Now})
		l, err := ratelimit.New(s, ratelimit.Options{Policies: []ratelimit.Policy{hourly("login", 5)}, Count: ratelimit.Failures, Deadline: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slow, ok := r.Context().Value(http.ServerContextKey).(chan bool); ok {
				slow <- true
				<-release
			}
		}))
	}
	serve := func(to http.Handler, ctx context.Context) int {
		w := httptest.NewRecorder()
		to.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
		return w.Code
	}
	here, elsewhere := of(), of()
	slow, done := make(chan bool), make(chan int)
	for range 5 {
		go func() { done <- serve(elsewhere, context.WithValue(t.Context(), http.ServerContextKey, slow)) }()
		<-slow
	}
	if got := serve(here, t.Context()); got != 429 {
		t.Fatalf("a sixth at once got %d", got)
	}
	for range 5 {
		release <- true
		if got := <-done; got != 200 {
			t.Errorf("a slow one got %d", got)
		}
	}
	if got := serve(here, t.Context()); got != 200 {
		t.Errorf("locked out, with %d", got)
	}
}

// The fresh store is the same one: what it gives back, the other one sees at once.
func TestFreshSharesBucketsAndBreaker(t *testing.T) {
	s, _, n := remembering(t)
	f := s.Fresh()
	p := []ratelimit.Policy{hourly("p", 1)}
	d := make([]ratelimit.Decision, 1)
	take := func(from ratelimit.Store, want bool) {
		t.Helper()
		if err := from.Take(t.Context(), "k", 1, p, d); err != nil || d[0].Allowed != want {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	take(f, true)
	take(f, false)
	take(f, false)
	n.want(t, "of the fresh one", 3, 0)
	if s.Remembered() != 0 {
		t.Error("the fresh one remembers")
	}
	take(s, false)
	take(s, false)
	n.want(t, "and one of the other", 1, 0)
	take(f, false)
	n.want(t, "which it does not use", 1, 0)
	if err := f.Adjust(t.Context(), "k", -1, p, d); err != nil {
		t.Fatal(err)
	}
	take(s, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Take(t.Context(), "k", 1, p, d); err != ratelimit.ErrClosed {
		t.Errorf("closed: %v", err)
	}
}

// TestFreshStore judges it as any other.
func TestFreshStore(t *testing.T) {
	ratelimittest.Store(t, func(t *testing.T, _ *ratelimittest.Clock) ratelimit.Store {
		return newStore(t, clientOf(t, redisURL(t)), redisstore.Options{}).Fresh()
	}, ratelimittest.Options{RealTime: true})
}
