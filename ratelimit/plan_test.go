package ratelimit_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

func planOf(t *testing.T, policies ...ratelimit.Policy) *ratelimit.Plan {
	t.Helper()
	p, err := ratelimit.NewPlan(policies...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func planFromHeader(plans map[string]*ratelimit.Plan) func(*http.Request) *ratelimit.Plan {
	return func(r *http.Request) *ratelimit.Plan { return plans[r.Header.Get("Plan")] }
}

func planned(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Plan", name) }
}

// Choose picks by request; where it has no choice, Policies count.
func TestChoose(t *testing.T) {
	free := planOf(t, ratelimit.Policy{Name: "free", Quota: 1, Window: time.Minute})
	paid := planOf(t, ratelimit.Policy{Name: "paid", Quota: 3, Window: time.Minute})
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "other", Quota: 2, Window: time.Minute}},
		Choose:   planFromHeader(map[string]*ratelimit.Plan{"free": free, "paid": paid}),
	})
	h := httpChecked(t, l.Handler(httpOK))
	for _, c := range []struct {
		plan          string
		status        int
		policy, limit string
	}{
		{"free", 200, "free q=1 w=60", "free r=0 t=60"},
		{"free", 429, "free q=1 w=60", "free r=0 t=60"},
		{"paid", 200, "paid q=3 w=60", "paid r=2 t=60"},
		{"", 200, "other q=2 w=60", "other r=1 t=60"},
		{"paid", 200, "paid q=3 w=60", "paid r=1 t=60"},
		{"paid", 200, "paid q=3 w=60", "paid r=0 t=20"},
		{"paid", 429, "paid q=3 w=60", "paid r=0 t=20"},
		{"", 200, "other q=2 w=60", "other r=0 t=30"},
		{"", 429, "other q=2 w=60", "other r=0 t=30"},
	} {
		w := httpServe(h, planned(c.plan))
		httpCode(t, w, c.status)
		httpFields(t, w, c.policy, c.limit)
	}
}

// With Choose alone, a request without a plan is not limited, and what wants no request
// says that it has no policies.
func TestChooseAlone(t *testing.T) {
	free := planOf(t, ratelimit.Policy{Name: "free", Quota: 1, Window: time.Minute})
	paid := planOf(t, ratelimit.Policy{Name: "paid", Quota: 1, Window: time.Minute})
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Choose: planFromHeader(map[string]*ratelimit.Plan{"free": free, "paid": paid})})
	h := httpChecked(t, l.Handler(httpOK))
	for range 5 {
		w := httpServe(h)
		httpCode(t, w, 200)
		httpFields(t, w, "", "")
	}
	httpCode(t, httpServe(h, planned("free")), 200)
	httpCode(t, httpServe(h, planned("free")), 429)
	_, takeErr := l.Take(t.Context(), "192.0.2.1", 1)
	_, peekErr := l.Peek(t.Context(), "192.0.2.1")
	for name, err := range map[string]error{"Take": takeErr, "Peek": peekErr, "Reset": l.Reset(t.Context(), "192.0.2.1"), "Adjust": l.Adjust(t.Context(), "192.0.2.1", 1)} {
		if err == nil || !strings.Contains(err.Error(), "no Policies") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.With(free).Reset(t.Context(), "192.0.2.1"); err != nil {
		t.Error(err)
	}
	httpCode(t, httpServe(h, planned("free")), 200)
	httpCode(t, httpServe(l.With(free).Handler(httpOK), planned("paid")), 429) // Choose no more
	httpCode(t, httpServe(h, planned("free")), 429)
}

func TestWithNil(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}})
	defer func() {
		if recover() == nil {
			t.Error("a limiter without a plan")
		}
	}()
	l.With(nil)
}

// A Shadow policy never denies and is not named, and OnDecision hears of it.
func TestShadow(t *testing.T) {
	var seen []ratelimit.Event
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "tried", Quota: 2, Window: time.Minute, Shadow: true}, {Name: "real", Quota: 4, Window: time.Minute}},
		OnDecision: func(e ratelimit.Event) {
			e.Decisions = append([]ratelimit.Decision(nil), e.Decisions...)
			seen = append(seen, e)
		},
		Fields: ratelimit.Both,
	})
	h := httpChecked(t, l.Handler(httpOK))
	for i := range 4 {
		w := httpServe(h)
		httpCode(t, w, 200)
		if strings.Contains(w.Header().Get("RateLimit")+w.Header().Get("RateLimit-Policy"), "tried") || w.Header().Get("X-RateLimit-Limit") != "4" {
			t.Errorf("%v", w.Header())
		}
		e := seen[i]
		if e.Key != "192.0.2.1" || !e.Allowed || e.Err != nil || e.Request == nil || e.Policies[0].Name != "tried" || e.Decisions[0].Allowed != (i < 2) || !e.Decisions[1].Allowed {
			t.Errorf("%d: %+v", i, e)
		}
	}
	w := httpServe(h)
	httpCode(t, w, 429)
	if p := httpBody(t, w); len(p.Violated) != 1 || p.Violated[0] != "real" || strings.Contains(p.Detail, "tried") {
		t.Errorf("%+v", p)
	}
	if n := httpRetryAfter(t, w); n != 15 {
		t.Errorf("Retry-After %d: tried would wait 30 s", n)
	}
	if seen[4].Allowed {
		t.Error("OnDecision was told that it was let in")
	}
}

// Take, Peek, Adjust and Reset are for what is no request.
func TestTakePeekAdjustReset(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen, tenPerHour}})
	ctx := t.Context()
	remain := func(burst, hour int64, allowed bool) {
		t.Helper()
		v, err := l.Peek(ctx, "job")
		if err != nil || v.Decisions[0].Remaining != burst || v.Decisions[1].Remaining != hour || v.Allowed != allowed {
			t.Errorf("%+v, %v", v, err)
		}
	}
	remain(5, 10, true)
	if v, err := l.Take(ctx, "job", 3); err != nil || !v.Allowed || v.RetryAfter != 0 || v.Policies[1].Name != "hour" {
		t.Errorf("%+v, %v", v, err)
	}
	remain(2, 7, true)
	if v, err := l.Take(ctx, "job", 3); err != nil || v.Allowed || v.RetryAfter != 2*time.Second {
		t.Errorf("%+v, %v", v, err)
	}
	remain(2, 7, true)
	if err := l.Adjust(ctx, "job", 4); err != nil {
		t.Error(err)
	}
	remain(0, 3, false)
	if err := l.Adjust(ctx, "job", -5); err != nil {
		t.Error(err)
	}
	remain(3, 8, true)
	if err := l.Reset(ctx, "job"); err != nil {
		t.Error(err)
	}
	remain(5, 10, true)
	for _, cost := range []int64{0, -1} {
		if _, err := l.Take(ctx, "job", cost); !errors.Is(err, ratelimit.ErrCost) {
			t.Errorf("%d: %v", cost, err)
		}
	}
}

// Plans are shared by limiters and requests at once.
func TestPlanInParallel(t *testing.T) {
	plan := planOf(t, fivePerTen, tenPerHour)
	var all sync.WaitGroup
	for range 4 {
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Choose: func(*http.Request) *ratelimit.Plan { return plan }, PartitionSecret: []byte("sixteen bytes ok"), Fields: ratelimit.Both})
		h := httpChecked(t, l.Handler(httpOK))
		all.Go(func() {
			passed := 0
			for range 50 {
				if httpServe(h).Code == 200 {
					passed++
				}
			}
			if passed != 5 {
				t.Errorf("%d passed", passed)
			}
		})
	}
	all.Wait()
}
