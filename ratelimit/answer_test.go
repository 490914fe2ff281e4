package ratelimit_test

import (
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

var (
	fivePerTen    = ratelimit.Policy{Name: "burst", Quota: 5, Window: 10 * time.Second} // one in 2 s
	tenPerHour    = ratelimit.Policy{Name: "hour", Quota: 10, Window: time.Hour}        // one in 6 min
	quotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded"
)

// RFC 6585 §4: a 429 explains, says when to come back, and is not kept by caches.
func TestRFC6585Section4_Answer(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen, tenPerHour}})
	h := httpChecked(t, l.Handler(httpOK))
	for range 5 {
		httpCode(t, httpServe(h), 200)
	}
	w := httpServe(h)
	httpCode(t, w, 429)
	p := httpBody(t, w)
	if p.Type != quotaExceeded || p.Status != 429 || !slices.Equal(p.Violated, []string{"burst"}) || p.Detail == "" {
		t.Errorf("got %+v", p)
	}
	if n := httpRetryAfter(t, w); n != 2 {
		t.Errorf("Retry-After %d, not 2", n)
	}
	httpFields(t, w, "burst q=5 w=10, hour q=10 w=3600", "burst r=0 t=2")
}

// Every policy that denies is named, and the longest wait counts.
func TestAnswerNamesAllThatDeny(t *testing.T) {
	clock := newHTTPClock()
	ten := ratelimit.Policy{Name: "burst", Quota: 20, Window: 20 * time.Second, Burst: 10}
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{ten, tenPerHour}, Fields: ratelimit.Both})
	h := httpChecked(t, l.Handler(httpOK))
	for range 10 {
		httpCode(t, httpServe(h), 200)
	}
	w := httpServe(h)
	httpCode(t, w, 429)
	if p := httpBody(t, w); !slices.Equal(p.Violated, []string{"burst", "hour"}) {
		t.Errorf("got %+v", p)
	}
	if n := httpRetryAfter(t, w); n != 360 {
		t.Errorf("Retry-After %d, not 360", n)
	}
	httpFields(t, w, "burst q=20 w=20, hour q=10 w=3600", "burst r=0 t=1, hour r=0 t=360")
	if got := w.Header().Get("X-RateLimit-Limit") + " " + w.Header().Get("X-RateLimit-Reset"); got != "10 1800000360" {
		t.Errorf("%q", got)
	}

	clock.Add(time.Second) // burst has one again, hour has not: and burst is not charged
	w = httpServe(h)
	httpCode(t, w, 429)
	if p := httpBody(t, w); !slices.Equal(p.Violated, []string{"hour"}) {
		t.Errorf("got %+v", p)
	}
	httpFields(t, w, "burst q=20 w=20, hour q=10 w=3600", "hour r=0 t=359")
	v, err := l.Peek(t.Context(), "192.0.2.1")
	if err != nil || v.Decisions[0].Remaining != 1 {
		t.Errorf("burst was charged by what hour denied: %+v, %v", v, err)
	}
}

// A client that waits exactly Retry-After is let in, and one that comes a second
// earlier is not.
func TestRetryAfterIsExact(t *testing.T) {
	for _, p := range []ratelimit.Policy{
		fivePerTen,
		tenPerHour,
		{Name: "one", Quota: 1, Window: time.Minute},
		{Name: "thirds", Quota: 3, Window: 10 * time.Second}, // one in 3.33 s
		{Name: "bucket", Quota: 7, Window: 50 * time.Second, Burst: 2},
		{Name: "day", Quota: 1000, Window: 24 * time.Hour},
	} {
		for _, late := range []time.Duration{0, 300 * time.Millisecond, 999_999_999} {
			t.Run(fmt.Sprint(p.Name, late), func(t *testing.T) {
				clock := newHTTPClock()
				h := httpChecked(t, httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{p}}).Handler(httpOK))
				for httpServe(h).Code == 200 {
				}
				clock.Add(late)
				w := httpServe(h)
				if w.Code == 200 { // one was there again
					w = httpServe(h)
				}
				wait := time.Duration(httpRetryAfter(t, w)) * time.Second
				clock.Add(wait - time.Second)
				if wait > time.Second {
					httpCode(t, httpServe(h), 429)
				}
				clock.Add(time.Second)
				httpCode(t, httpServe(h), 200)
			})
		}
	}
}

// RFC 9110 §10.2.3: whole seconds, here rounded up and at least 1.
func TestRetryAfterIsAtLeastOne(t *testing.T) {
	clock := newHTTPClock()
	h := httpChecked(t, httpLimiter(t, clock, ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "fast", Quota: 1, Window: 10 * time.Millisecond}},
	}).Handler(httpOK))
	httpServe(h)
	w := httpServe(h)
	httpCode(t, w, 429)
	if n := httpRetryAfter(t, w); n != 1 {
		t.Errorf("Retry-After %d", n)
	}
	httpFields(t, w, "fast q=1", "fast r=0 t=1") // no w below a second
}

// Jitter only adds, is the same each time for a key, and differs between keys.
func TestJitter(t *testing.T) {
	clock := newHTTPClock()
	answers := func(jitter float64) map[string]int {
		l := httpLimiter(t, clock, ratelimit.Options{Jitter: jitter, Policies: []ratelimit.Policy{{Name: "p", Quota: 1, Window: 100 * time.Second}}})
		h := httpChecked(t, l.Handler(httpOK))
		got := map[string]int{}
		for i := range 100 {
			addr := fmt.Sprintf("192.0.2.%d:1", i)
			httpServe(h, httpFrom(addr))
			for range 3 {
				w := httpServe(h, httpFrom(addr))
				httpCode(t, w, 429)
				n := httpRetryAfter(t, w)
				if before := got[addr]; before != 0 && before != n {
					t.Errorf("%s: %d after %d", addr, n, before)
				}
				got[addr] = n
				httpFields(t, w, "p q=1 w=100", "p r=0 t=100") // t has none
			}
		}
		return got
	}
	a, b := answers(0.5), answers(0.5)
	seen := map[int]bool{}
	for addr, n := range a {
		if n < 100 || n > 150 {
			t.Errorf("%s: %d is not in 100 to 150", addr, n)
		}
		if b[addr] != n { // another process finds the same
			t.Errorf("%s: %d and %d", addr, n, b[addr])
		}
		seen[n] = true
	}
	if len(seen) < 25 {
		t.Errorf("100 keys come back in %d different seconds", len(seen))
	}
	for addr, n := range answers(-1) {
		if n != 100 {
			t.Errorf("%s: %d without jitter", addr, n)
		}
	}
}

// A day's wait is spread over a minute at most.
func TestJitterIsAtMostAMinute(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Jitter: 1, Policies: []ratelimit.Policy{{Name: "p", Quota: 1, Window: 24 * time.Hour}}})
	h := httpChecked(t, l.Handler(httpOK))
	for i := range 20 {
		addr := fmt.Sprintf("192.0.2.%d:1", i)
		httpServe(h, httpFrom(addr))
		if n := httpRetryAfter(t, httpServe(h, httpFrom(addr))); n < 86_400 || n > 86_460 {
			t.Errorf("%d", n)
		}
	}
}

// A refusal drops what a success would have said, is told as what it is, and has no
// content for HEAD.
func TestRefusalThroughTheProblemWriter(t *testing.T) {
	clock := newHTTPClock()
	var events []problem.Event
	l := httpLimiter(t, clock, ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "one", Quota: 1, Window: time.Minute}},
		Problems: httpProblems(t, problem.Options{OnProblem: func(e problem.Event) { events = append(events, e) }}),
	})
	limited := l.Handler(httpOK)
	h := httpChecked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		limited.ServeHTTP(w, r)
	}))
	httpServe(h)
	w := httpServe(h, func(r *http.Request) { r.Method = "HEAD" })
	httpCode(t, w, 429)
	if w.Body.Len() != 0 || w.Header().Get("Vary") != "Origin" {
		t.Errorf("%q, %v", w.Body, w.Header())
	}
	if len(events) != 1 || events[0].Type != ratelimit.QuotaExceeded {
		t.Errorf("%+v", events)
	}
}

// What Check returns is the same answer.
func TestCheck(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}, Cost: func(r *http.Request) int64 {
		if r.Method == "OPTIONS" {
			return 0
		}
		return 5
	}})
	h := httpChecked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := l.Check(r)
		if v.Allowed != (err == nil) {
			t.Errorf("%+v, %v", v, err)
		}
		if err != nil {
			if !errors.Is(err, ratelimit.QuotaExceeded) || v.RetryAfter != 10*time.Second || len(v.Decisions) != 1 {
				t.Errorf("%+v, %v", v, err)
			}
			httpQuiet.Write(w, r, err)
			return
		}
		httpOK(w, r)
	}))
	httpCode(t, httpServe(h), 200)
	w := httpServe(h)
	httpCode(t, w, 429)
	httpBody(t, w)
	if n := httpRetryAfter(t, w); n != 10 {
		t.Errorf("Retry-After %d", n)
	}
	httpFields(t, w, "burst q=5 w=10", "burst r=0 t=10")
	kept, _ := l.Check(httptest.NewRequest("GET", "/", nil))
	clock.Add(10 * time.Second)
	httpServe(h, httpFrom("192.0.2.9:1"))
	if d := kept.Decisions[0]; d.Allowed || d.RetryAfter != 10*time.Second {
		t.Errorf("the next request changed a verdict: %+v", d)
	}
	r := httptest.NewRequest("OPTIONS", "/", nil)
	if v, err := l.Check(r); err != nil || !v.Allowed {
		t.Errorf("%+v, %v", v, err)
	}
}
