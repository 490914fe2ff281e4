package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

// A store that hangs is down when the deadline has passed.
func TestDeadline(t *testing.T) {
	for _, c := range []struct {
		choice ratelimit.WhenDown
		status int
	}{{ratelimit.Open, 200}, {ratelimit.Closed, 503}, {ratelimit.Local, 200}} {
		clock := newHTTPClock()
		var left time.Duration
		store := &httpStore{call: func(ctx context.Context, _ string) error {
			at, _ := ctx.Deadline()
			left = time.Until(at)
			<-ctx.Done()
			return ctx.Err()
		}}
		var told error
		l := httpLimiterOf(t, store, clock, ratelimit.Options{
			Policies: policiesOf(downPolicy("p", 10, c.choice)), Deadline: 5 * time.Millisecond,
			OnDecision: func(e ratelimit.Event) { told = e.Err },
		})
		httpCode(t, httpServe(httpChecked(t, l.Handler(httpOK))), c.status)
		if left > 5*time.Millisecond || !errors.Is(told, context.DeadlineExceeded) {
			t.Errorf("%v left, %v", left, told)
		}
		for name, err := range map[string]error{
			"Reset":  l.Reset(t.Context(), "key"),
			"Adjust": l.Adjust(t.Context(), "key", 1),
			"Peek":   func() error { _, err := l.Peek(t.Context(), "key"); return err }(),
		} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestDeadlineDefaultAndNone(t *testing.T) {
	for deadline, want := range map[time.Duration]time.Duration{0: 50 * time.Millisecond, time.Minute: time.Minute, -1: 0} {
		var got time.Duration
		store := &httpStore{call: func(ctx context.Context, _ string) error {
			if at, ok := ctx.Deadline(); ok {
				got = time.Until(at)
			}
			return errDown
		}}
		l := httpLimiterOf(t, store, newHTTPClock(), ratelimit.Options{Policies: policiesOf(fivePerTen), Deadline: deadline})
		httpServe(l.Handler(httpOK))
		if got > want || want > 0 && got < want/2 {
			t.Errorf("%v: %v is left", deadline, got)
		}
	}
}

// A client that goes away while the store is asked is no failure of the store, is told
// to nobody, and is not let in uncounted.
func TestClientGoneWhileTheStoreIsAsked(t *testing.T) {
	for _, choice := range []ratelimit.WhenDown{ratelimit.Open, ratelimit.Closed, ratelimit.Local} {
		ctx, cancel := context.WithCancel(t.Context())
		store := &httpStore{call: func(ctx context.Context, _ string) error {
			cancel()
			<-ctx.Done()
			return fmt.Errorf("redis: %w", ctx.Err())
		}}
		var statuses []int
		l := httpLimiterOf(t, store, newHTTPClock(), ratelimit.Options{
			Policies:   policiesOf(downPolicy("p", 10, choice)),
			Deadline:   time.Minute,
			OnDecision: func(e ratelimit.Event) { t.Errorf("OnDecision: %+v", e) },
			Problems:   httpProblems(t, problem.Options{OnProblem: func(e problem.Event) { statuses = append(statuses, e.Status) }}),
		})
		h := l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") }))
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("recovered %v", v)
				}
			}()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
		}()
		if !slices.Equal(statuses, []int{problem.ClientGone}) {
			t.Errorf("logged as %v", statuses)
		}
		if _, err := l.Check(httptest.NewRequest("GET", "/", nil).WithContext(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("Check: %v", err)
		}
		if _, err := l.Take(ctx, "key", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("Take: %v", err)
		}
	}
}

// A request whose own time has run out is told so.
func TestRequestDeadlineWhileTheStoreIsAsked(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	store := &httpStore{call: func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }}
	l := httpLimiterOf(t, store, newHTTPClock(), ratelimit.Options{Policies: policiesOf(fivePerTen), Deadline: time.Minute})
	h := httpChecked(t, l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") })))
	w := httpServe(h, func(r *http.Request) { *r = *r.WithContext(ctx) })
	httpCode(t, w, 503)
	httpRetryAfter(t, w)
}

// A store that panics has a bug: it is not taken for one that is down.
func TestStoreThatPanics(t *testing.T) {
	store := &httpStore{call: func(context.Context, string) error { panic("a bug") }}
	l := httpLimiterOf(t, store, newHTTPClock(), ratelimit.Options{Policies: policiesOf(fivePerTen)})
	defer func() {
		if v := recover(); v != "a bug" {
			t.Errorf("recovered %v", v)
		}
	}()
	httpServe(l.Handler(httpOK))
}
