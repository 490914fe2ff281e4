package ratelimit_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

var errDown = errors.New("the store is down")

const reducedCapacity = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"

// downStore is a memory store that fails while down is set.
type downStore struct {
	*httpStore
	down atomic.Bool
}

func newDownStore(t *testing.T, clock *httpClock) *downStore {
	s := &downStore{}
	s.httpStore = &httpStore{memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now}), func(context.Context, string) error {
		if s.down.Load() {
			return errDown
		}
		return nil
	}}
	return s
}

func downPolicy(name string, quota int64, choice ratelimit.WhenDown) ratelimit.Policy {
	return ratelimit.Policy{Name: name, Quota: quota, Window: time.Hour, WhenDown: choice}
}

// What each choice answers to the first requests while the store is down.
func TestWhenDown(t *testing.T) {
	shadow := downPolicy("shadow", 1, ratelimit.Closed)
	shadow.Shadow = true
	localShadow := downPolicy("localshadow", 1, ratelimit.Local)
	localShadow.Shadow = true
	open, closed := downPolicy("open", 1, ratelimit.Open), downPolicy("closed", 100, ratelimit.Closed)
	local := downPolicy("local", 4, ratelimit.Local)
	for _, c := range []struct {
		name     string
		policies []ratelimit.Policy
		machines int
		answers  []int
		limit    string // of the first answer
	}{
		{"open", []ratelimit.Policy{open}, 1, []int{200, 200, 200}, ""},
		{"closed", []ratelimit.Policy{closed}, 1, []int{503, 503}, ""},
		{"local", []ratelimit.Policy{local}, 1, []int{200, 200, 200, 200, 429}, "local r=3 t=3600"},
		{"local on two machines", []ratelimit.Policy{local}, 2, []int{200, 200, 429}, "local r=1 t=3600"},
		{"local on more machines than quota", []ratelimit.Policy{local}, 100, []int{200, 429}, "local r=0 t=3600"},
		{"open and closed", []ratelimit.Policy{open, closed}, 1, []int{503, 503}, ""},
		{"local and open", []ratelimit.Policy{local, open}, 2, []int{200, 200, 429}, "local r=1 t=3600"},
		{"local and closed", []ratelimit.Policy{local, closed}, 2, []int{503, 503, 503, 503}, ""},
		{"shadow", []ratelimit.Policy{shadow, open}, 1, []int{200, 200}, ""},
		{"local shadow", []ratelimit.Policy{localShadow, open}, 1, []int{200, 200}, ""},
		{"local shadow and local", []ratelimit.Policy{localShadow, local}, 1, []int{200, 200, 200, 200, 429}, "local r=3 t=3600"},
		{"two local", []ratelimit.Policy{local, downPolicy("small", 2, ratelimit.Local)}, 1, []int{200, 200, 429}, "local r=3 t=3600, small r=1 t=3600"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newHTTPClock()
			store := newDownStore(t, clock)
			store.down.Store(true)
			var events []error
			l := httpLimiterOf(t, store, clock, ratelimit.Options{
				Policies: c.policies, Machines: c.machines, RetryAfter: 7 * time.Second, Fields: ratelimit.Both,
				OnDecision: func(e ratelimit.Event) { events = append(events, e.Err) },
			})
			h := httpChecked(t, l.Handler(httpOK))
			for i, status := range c.answers {
				w := httpServe(h)
				httpCode(t, w, status)
				switch status {
				case 503:
					if p := httpBody(t, w); p.Type != reducedCapacity || p.Violated != nil {
						t.Errorf("%+v", p)
					}
					if n := httpRetryAfter(t, w); n != 7 {
						t.Errorf("Retry-After %d", n)
					}
				case 429:
					if p := httpBody(t, w); p.Type != quotaExceeded || len(p.Violated) != 1 {
						t.Errorf("%+v", p)
					}
				}
				if i == 0 {
					if got := httpList(t, w.Result().Header, "RateLimit"); got != c.limit {
						t.Errorf("RateLimit %q, not %q", got, c.limit)
					}
					if got := w.Header().Get("X-RateLimit-Limit"); (got != "") != (c.limit != "") {
						t.Errorf("X-RateLimit-Limit %q", got)
					}
					if httpList(t, w.Result().Header, "RateLimit-Policy") == "" {
						t.Error("no RateLimit-Policy")
					}
				}
			}
			for _, err := range events {
				if !errors.Is(err, errDown) {
					t.Errorf("OnDecision was told %v", err)
				}
			}
			if len(events) != len(c.answers) {
				t.Errorf("%d events", len(events))
			}
		})
	}
}

// Where one denies, the others that are Local are not charged; nor where one is Closed.
func TestWhenDownAllOrNothing(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	store.down.Store(true)
	big, small := downPolicy("big", 10, ratelimit.Local), downPolicy("small", 2, ratelimit.Local)
	for _, order := range [][]ratelimit.Policy{{big, small}, {small, big}} {
		l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: order})
		for range 6 {
			if _, err := l.Take(t.Context(), "key", 1); err != nil {
				t.Fatal(err)
			}
		}
		v, err := l.Take(t.Context(), "key", 1)
		if err != nil || v.Allowed || !errors.Is(v.Err, errDown) {
			t.Fatalf("%+v, %v", v, err)
		}
		for i, p := range v.Policies {
			if d := v.Decisions[i]; p.Name == "big" && (d.Remaining != 8 || !d.Allowed || d.RetryAfter != 0) || p.Name == "small" && (d.Remaining != 0 || d.Allowed) {
				t.Errorf("%s: %+v", p.Name, d)
			}
		}
	}
	closed := downPolicy("closed", 10, ratelimit.Closed)
	both, err := ratelimit.NewPlan(small, closed)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := ratelimit.NewPlan(small)
	if err != nil {
		t.Fatal(err)
	}
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(big)})
	for range 3 {
		if v, err := l.With(both).Take(t.Context(), "key", 1); err != nil || !v.Unavailable || v.Allowed || v.RetryAfter != 5*time.Second {
			t.Errorf("%+v, %v", v, err)
		}
	}
	if v, err := l.With(alone).Take(t.Context(), "key", 1); err != nil || v.Decisions[0].Remaining != 1 {
		t.Errorf("a 503 was charged: %+v, %v", v, err)
	}
}

// What is said of a Local policy is what this machine holds to: a client that waits for
// it is let in.
func TestWhenDownFieldsAreTrue(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	store.down.Store(true)
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("p", 8, ratelimit.Local)), Machines: 4, Fields: ratelimit.Both})
	h := httpChecked(t, l.Handler(httpOK))
	httpFields(t, httpServe(h), "p q=2 w=3600", "p r=1 t=3600")
	w := httpServe(h)
	httpFields(t, w, "p q=2 w=3600", "p r=0 t=1800") // 2 an hour here
	if w.Header().Get("X-RateLimit-Limit") != "2" {
		t.Errorf("%v", w.Header())
	}
	w = httpServe(h)
	httpFields(t, w, "p q=2 w=3600", "p r=0 t=1800")
	clock.Add(1799 * time.Second)
	httpCode(t, httpServe(h), 429)
	clock.Add(time.Second)
	httpCode(t, httpServe(h), 200)
}

// A cost within the policy's burst may use a machine's whole share; one above it is
// refused as when the store is there.
func TestWhenDownCost(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	store.down.Store(true)
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("p", 8, ratelimit.Local)), Machines: 4})
	for i, want := range []struct {
		cost    int64
		allowed bool
	}{{9, false}, {8, true}, {1, false}} {
		if v, err := l.Take(t.Context(), "key", want.cost); err != nil || v.Allowed != want.allowed {
			t.Errorf("%d: %+v, %v", i, v, err)
		}
	}
}

// What was charged locally is given back locally: 64 good logins pass while the store
// is down, and wrong ones do not.
func TestWhenDownGivesBack(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	store.down.Store(true)
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("login", 5, ratelimit.Local)), Count: ratelimit.Failures})
	h := httpChecked(t, l.Handler(httpOK))
	for range 64 {
		httpCode(t, httpServe(h), 200)
	}
	wrong := httpChecked(t, l.Handler(httpStatus(404)))
	for range 5 {
		httpCode(t, httpServe(wrong), 404)
	}
	httpCode(t, httpServe(wrong), 429)
	store.down.Store(false) // nothing of that is in the store
	if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != 5 {
		t.Errorf("%+v, %v", v, err)
	}
}

// A store that goes down between the charge and its return keeps the charge.
func TestDownBeforeItIsGivenBack(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("login", 5, ratelimit.Open)), Count: ratelimit.Failures})
	httpServe(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { store.down.Store(true) })))
	store.down.Store(false)
	if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != 4 {
		t.Errorf("%+v, %v", v, err)
	}
}

// It comes back by itself.
func TestStoreComesBack(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("p", 2, ratelimit.Closed))})
	h := httpChecked(t, l.Handler(httpOK))
	for _, c := range []struct {
		down   bool
		status int
	}{{false, 200}, {true, 503}, {true, 503}, {false, 200}, {false, 429}, {true, 503}, {false, 429}} {
		store.down.Store(c.down)
		httpCode(t, httpServe(h), c.status)
	}
}

// An inner limiter that is Closed keeps no t of the outer one that is later than its
// Retry-After.
func TestClosedInsideAnother(t *testing.T) {
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	store.down.Store(true)
	inner := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("inner", 1, ratelimit.Closed)), Expose: true})
	outer := httpLimiter(t, clock, ratelimit.Options{Policies: policiesOf(tenPerHour)})
	w := httpServe(httpChecked(t, outer.Handler(inner.Handler(httpOK))))
	httpCode(t, w, 503)
	httpFields(t, w, "hour q=10 w=3600, inner q=1 w=3600", "hour r=9") // it was charged there; t=3600 would be later than Retry-After
	if w.Header().Get("Access-Control-Expose-Headers") == "" {
		t.Error("Retry-After is not exposed")
	}
}
