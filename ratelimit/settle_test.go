package ratelimit_test

import (
	"context"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// What is left of 100 after an estimate of 10, by what the handler says.
func TestSettle(t *testing.T) {
	for name, c := range map[string]struct {
		said []int64
		left int64
		wait time.Duration // for one more
	}{
		"not called":    {nil, 90, 0},
		"as estimated":  {[]int64{10}, 90, 0},
		"below":         {[]int64{3}, 97, 0},
		"nothing":       {[]int64{0}, 100, 0},
		"above":         {[]int64{60}, 40, 0},
		"more than all": {[]int64{150}, 0, 51 * time.Second}, // a debt of 50 at one a second
		"twice":         {[]int64{60, 5}, 95, 0},
		"back again":    {[]int64{0, 10}, 90, 0},
		"negative":      {[]int64{-1_000_000}, 100, 0},
		"least":         {[]int64{math.MinInt64}, 100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := httpLimiter(t, newHTTPClock(), ratelimit.Options{
				Policies: []ratelimit.Policy{{Name: "units", Quota: 100, Window: 100 * time.Second}},
				Cost:     func(*http.Request) int64 { return 10 },
				Settle:   true,
			})
			h := httpChecked(t, l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, n := range c.said {
					ctx := context.WithValue(r.Context(), http.ServerContextKey, "deeper")
					if !ratelimit.Settle(ctx, n) {
						t.Error("nothing to settle")
					}
				}
				httpOK(w, r)
			})))
			w := httpServe(h)
			httpFields(t, w, "units q=100 w=100", "units r=90 t=100") // the estimate: the rest is not known yet
			v, err := l.Peek(t.Context(), "192.0.2.1")
			if err != nil || v.Decisions[0].Remaining != c.left || v.RetryAfter != c.wait {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

func TestSettleOfTheMost(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}, Settle: true})
	httpServe(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ratelimit.Settle(r.Context(), math.MaxInt64) })))
	if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Allowed || v.RetryAfter < 365*24*time.Hour {
		t.Errorf("%+v, %v", v, err)
	}
}

// Outside a limiter, and below one that does not settle, there is nothing to settle.
func TestSettleOutside(t *testing.T) {
	if ratelimit.Settle(t.Context(), 1) {
		t.Error("settled")
	}
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}})
	httpServe(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ratelimit.Settle(r.Context(), 1) {
			t.Error("settled")
		}
	})))
}

// Of limiters that stack, the innermost is settled.
func TestSettleInnermost(t *testing.T) {
	clock := newHTTPClock()
	of := func(name string) *ratelimit.Limiter {
		return httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: name, Quota: 10, Window: time.Hour}}, Settle: true})
	}
	outer, inner := of("outer"), of("inner")
	httpServe(outer.Handler(inner.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ratelimit.Settle(r.Context(), 7) }))))
	for l, want := range map[*ratelimit.Limiter]int64{outer: 9, inner: 3} {
		if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != want {
			t.Errorf("%+v, %v, not %d", v, err, want)
		}
	}
}

// What is not counted costs nothing, whatever it was settled to; what is, costs that.
func TestSettleAndCount(t *testing.T) {
	for status, want := range map[int]int64{200: 10, 404: 3} {
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: []ratelimit.Policy{tenPerHour}, Settle: true, Count: ratelimit.Failures})
		httpServe(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ratelimit.Settle(r.Context(), 7)
			httpStatus(status).ServeHTTP(w, r)
		})))
		if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != want {
			t.Errorf("%d: %+v, %v, not %d", status, v, err, want)
		}
	}
}

// The context keeps what it had, its end too.
func TestSettleContext(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}, Settle: true})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), http.ServerContextKey, "kept"))
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		child, stop := context.WithCancel(r.Context())
		defer stop()
		if r.Context().Value(http.ServerContextKey) != "kept" || child.Err() != nil {
			t.Error("the context was lost")
		}
		cancel()
		<-child.Done()
	}))
	httpServe(h, func(r *http.Request) { *r = *r.WithContext(ctx) })
}
