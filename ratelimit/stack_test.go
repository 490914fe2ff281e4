package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// stackOf puts a limiter of each policy around the next: the first is the outermost.
func stackOf(t *testing.T, h http.Handler, fields ratelimit.Fields, policies ...ratelimit.Policy) http.Handler {
	clock := newHTTPClock()
	for _, p := range slices.Backward(policies) {
		h = httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{p}, Fields: fields}).Handler(h)
	}
	return httpChecked(t, h)
}

// The fields of limiters that stack are one list, by the policies' names, also where
// one name begins or ends like another.
func TestStackMerges(t *testing.T) {
	of := func(name string, quota int64, window time.Duration) ratelimit.Policy {
		return ratelimit.Policy{Name: name, Quota: quota, Window: window}
	}
	for _, c := range []struct {
		policies      []ratelimit.Policy
		policy, limit string
	}{
		{[]ratelimit.Policy{of("a", 5, time.Second), of("b", 6, time.Second)}, "a q=5 w=1, b q=6 w=1", "a r=4 t=1, b r=5 t=1"},
		{[]ratelimit.Policy{of("hour", 5, time.Hour), of("hourly", 6, time.Hour), of("my-hour", 7, time.Hour)},
			"hour q=5 w=3600, hourly q=6 w=3600, my-hour q=7 w=3600", "hour r=4 t=3600, hourly r=5 t=3600, my-hour r=6 t=3600"},
		{[]ratelimit.Policy{of("my-hour", 7, time.Hour), of("hourly", 6, time.Hour), of("hour", 5, time.Hour)},
			"my-hour q=7 w=3600, hourly q=6 w=3600, hour q=5 w=3600", "my-hour r=6 t=3600, hourly r=5 t=3600, hour r=4 t=3600"},
		{[]ratelimit.Policy{of("a", 5, time.Second), of("b", 6, time.Second), of("a", 7, time.Minute)},
			"b q=6 w=1, a q=7 w=60", "b r=5 t=1, a r=6 t=60"}, // the inner one of a name stays, in both
		{[]ratelimit.Policy{of("q", 5, time.Second), of("w", 6, time.Second), of("r", 7, time.Second)}, "q q=5 w=1, w q=6 w=1, r q=7 w=1", "q r=4 t=1, w r=5 t=1, r r=6 t=1"},
	} {
		w := httpServe(stackOf(t, httpOK, ratelimit.Draft, c.policies...))
		httpCode(t, w, 200)
		httpFields(t, w, c.policy, c.limit)
	}
}

// On a refusal of an inner one RateLimit lists only what denied, so that Retry-After is
// not earlier than a t beside it; RateLimit-Policy lists all.
func TestStackInnerDenies(t *testing.T) {
	h := stackOf(t, httpOK, ratelimit.Both,
		ratelimit.Policy{Name: "day", Quota: 100, Window: 24 * time.Hour},
		ratelimit.Policy{Name: "minute", Quota: 10, Window: time.Minute},
		ratelimit.Policy{Name: "second", Quota: 1, Window: time.Second})
	httpCode(t, httpServe(h), 200)
	w := httpServe(h)
	httpCode(t, w, 429)
	httpFields(t, w, "day q=100 w=86400, minute q=10 w=60, second q=1 w=1", "second r=0 t=1")
	if p := httpBody(t, w); !slices.Equal(p.Violated, []string{"second"}) {
		t.Errorf("%+v", p)
	}
	if n := httpRetryAfter(t, w); n != 1 {
		t.Errorf("Retry-After %d", n)
	}
	for name, want := range map[string]string{"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000001"} {
		if got := w.Result().Header.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// An inner limiter without the draft's fields leaves no t beside its Retry-After.
func TestStackInnerWithoutFieldsDenies(t *testing.T) {
	for _, fields := range []ratelimit.Fields{ratelimit.None, ratelimit.Legacy} {
		clock := newHTTPClock()
		inner := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: "second", Quota: 1, Window: time.Second}}, Fields: fields})
		outer := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{tenPerHour}})
		h := httpChecked(t, outer.Handler(inner.Handler(httpOK)))
		httpFields(t, httpServe(h), "hour q=10 w=3600", "hour r=9 t=3600")
		w := httpServe(h)
		httpCode(t, w, 429)
		httpFields(t, w, "hour q=10 w=3600", "")
	}
}

// What denies outside is not joined by anything.
func TestStackOuterDenies(t *testing.T) {
	h := stackOf(t, httpOK, ratelimit.Draft,
		ratelimit.Policy{Name: "outer", Quota: 1, Window: time.Minute},
		ratelimit.Policy{Name: "inner", Quota: 10, Window: time.Minute})
	httpCode(t, httpServe(h), 200)
	w := httpServe(h)
	httpCode(t, w, 429)
	httpFields(t, w, "outer q=1 w=60", "outer r=0 t=60")
}

// The legacy fields are of the policy that has the least left, whatever the order.
func TestStackLegacy(t *testing.T) {
	few := ratelimit.Policy{Name: "few", Quota: 3, Window: time.Minute}
	many := ratelimit.Policy{Name: "many", Quota: 30, Window: time.Minute}
	for _, policies := range [][]ratelimit.Policy{{few, many}, {many, few}, {many, few, many}} {
		w := httpServe(stackOf(t, httpOK, ratelimit.Legacy, policies...))
		if got := w.Result().Header.Values("X-RateLimit-Limit"); !slices.Equal(got, []string{"3"}) {
			t.Errorf("%q", got)
		}
		if got := w.Result().Header.Values("X-RateLimit-Remaining"); !slices.Equal(got, []string{"2"}) {
			t.Errorf("%q", got)
		}
	}
}

// Lines that others set are kept: two of them, and names with a comma or a semicolon.
func TestStackKeepsForeignElements(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}}).Handler(httpOK)
	w := httpServe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Ratelimit-Policy"] = []string{`"a, b";q=1;w=1`, `"c;burst";q=2,"burst";q=3`}
		l.ServeHTTP(w, r)
	}))
	httpFields(t, w, "a, b q=1 w=1, c;burst q=2, burst q=5 w=10", "burst r=4 t=10")
	w = httpServe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Ratelimit-Policy"] = []string{`100;w=60, "a";q=1, default`} // as older drafts have it
		w.Header()["Ratelimit"] = []string{`limit=100, remaining=50`}
		l.ServeHTTP(w, r)
	}))
	httpFields(t, w, "a q=1, burst q=5 w=10", "burst r=3 t=10")
}

// A 429 reports the policy that denied, also where another has as little left.
func TestStackLegacyOfARefusal(t *testing.T) {
	h := stackOf(t, httpOK, ratelimit.Legacy,
		ratelimit.Policy{Name: "outer", Quota: 2, Window: time.Hour},
		ratelimit.Policy{Name: "inner", Quota: 1, Window: time.Minute})
	httpServe(h)
	w := httpServe(h)
	httpCode(t, w, 429)
	if got := w.Header().Get("X-RateLimit-Limit") + " " + w.Header().Get("X-RateLimit-Reset"); got != "1 1800000060" {
		t.Errorf("%q", got)
	}
}

// A limiter that is used twice charges twice, and is reported once.
func TestStackOfOneLimiter(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}})
	w := httpServe(httpChecked(t, l.Handler(l.Handler(httpOK))))
	httpFields(t, w, "burst q=5 w=10", "burst r=3 t=10")
}

// A 503 for want of capacity keeps what was charged, but no t that is later than its
// Retry-After.
func TestStackWithConcurrency(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{
		Policies:        []ratelimit.Policy{tenPerHour, {Name: "second", Quota: 5, Window: time.Second}, {Name: "two", Quota: 1, Window: 1500 * time.Millisecond, Burst: 2}},
		PartitionSecret: []byte("sixteen bytes ok"),
	})
	c, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyOptions{Max: 1, Problems: httpQuiet})
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan bool), make(chan bool)
	h := httpChecked(t, l.Handler(c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-release
		httpOK(w, r)
	}))))
	done := make(chan bool)
	go func() { httpServe(h); close(done) }()
	<-entered
	w := httpServe(h)
	httpCode(t, w, 503)
	httpFields(t, w, "hour q=10 w=3600, second q=5 w=1, two q=1 w=2", "hour r=8 pk=9, second r=3 t=1 pk=9, two r=0 pk=9")
	if n := httpRetryAfter(t, w); n != 1 {
		t.Errorf("Retry-After %d", n)
	}
	close(release)
	<-done
}

// What is shed within is charged, unless Count leaves it out.
func TestStackCountsWhatIsShed(t *testing.T) {
	for name, c := range map[string]struct {
		count func(int) bool
		left  int64
	}{"all": {nil, 9}, "but 503": {func(status int) bool { return status != 503 }, 10}} {
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: []ratelimit.Policy{tenPerHour}, Count: c.count})
		full := concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1})
		done, err := full.Enter(httptest.NewRequest("GET", "/", nil))
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		httpCode(t, httpServe(httpChecked(t, l.Handler(full.Handler(httpOK)))), 503)
		if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != c.left {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// Lines that others set come through with their Strings whole.
func TestShedKeepsForeignElements(t *testing.T) {
	full := concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1, RetryAfter: 1500 * time.Millisecond})
	done, err := full.Enter(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	shed := full.Handler(httpOK)
	w := httpServe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Ratelimit"] = []string{`"a;t=9";r=1;t=3, "b, c\"d;t=9";r=2;t=2`, `"e";t=99;r=3`}
		shed.ServeHTTP(w, r)
	}))
	httpCode(t, w, 503)
	if got := w.Header().Get("RateLimit"); got != `"a;t=9";r=1, "b, c\"d;t=9";r=2;t=2, "e";r=3` {
		t.Errorf("%s", got)
	}
}
