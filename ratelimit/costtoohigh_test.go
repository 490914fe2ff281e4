package ratelimit_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

func costOf(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get("cost"), 10, 64)
	return n
}

func costing(n int64) func(*http.Request) {
	return func(r *http.Request) { r.URL.RawQuery = "cost=" + strconv.FormatInt(n, 10) }
}

// RFC 9110 §15.5.21, §10.2.3: what costs more than is ever there gets no time to come
// back, since it never fits, and the fields of a success that was not charged.
func TestRFC9110Section10_2_3_CostTooHigh(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{
		Policies: []ratelimit.Policy{fivePerTen, {Name: "day", Quota: 100, Window: 24 * time.Hour}, {Name: "tried", Quota: 1, Window: time.Hour, Shadow: true}},
		Cost:     costOf, Fields: ratelimit.Both,
	})
	h := httpChecked(t, l.Handler(httpOK))
	for _, c := range []struct {
		cost     int64
		status   int
		policies []string
		limit    string
		legacy   string
	}{
		{6, 422, []string{"burst"}, "burst r=5 t=10, day r=100 t=86400", "5/5"},
		{101, 422, []string{"burst", "day"}, "burst r=5 t=10, day r=100 t=86400", "5/5"},
		{math.MaxInt64, 422, []string{"burst", "day"}, "burst r=5 t=10, day r=100 t=86400", "5/5"},
		{5, 200, nil, "burst r=0 t=2, day r=95 t=86400", "5/0"}, // the shadow one never has 5
		{1, 429, nil, "burst r=0 t=2", "5/0"},
		{6, 422, []string{"burst"}, "burst r=0 t=2, day r=95 t=86400", "5/0"},
	} {
		w := httpServe(h, costing(c.cost))
		httpCode(t, w, c.status)
		httpFields(t, w, "burst q=5 w=10, day q=100 w=86400", c.limit)
		if got := w.Header().Get("X-RateLimit-Limit") + "/" + w.Header().Get("X-RateLimit-Remaining"); got != c.legacy {
			t.Errorf("%d: %s", c.cost, got)
		}
		if (w.Header().Get("Retry-After") != "") != (c.status == 429) {
			t.Errorf("%d: Retry-After %q", c.cost, w.Header()["Retry-After"])
		}
		if c.status != 422 {
			continue
		}
		var p struct {
			Type, Detail string
			Cost         int64
			Policies     []string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Type != "/problems/cost-too-high" || p.Cost != c.cost || !slices.Equal(p.Policies, c.policies) || !strings.Contains(p.Detail, "does not help") {
			t.Errorf("%d: %s, %v", c.cost, w.Body, err)
		}
	}
	if w := httpServe(h, costing(0)); w.Code != 200 || w.Header().Get("RateLimit")+w.Header().Get("RateLimit-Policy") != "" {
		t.Error("what is not limited has fields")
	}
}

// One policy denies for now, the other for ever: to wait does not help.
func TestCostTooHighOfOneOfTwo(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(fivePerTen, tenPerHour), Cost: costOf})
	h := httpChecked(t, l.Handler(httpOK))
	httpCode(t, httpServe(h, costing(4)), 200)
	w := httpServe(h, costing(7)) // hour has 6 of 10, burst never has 7
	httpCode(t, w, 422)
	if !strings.Contains(w.Body.String(), `"policies":["burst"]`) {
		t.Errorf("%s", w.Body)
	}
}

// The verdict says so; a Shadow policy, one that is Open while the store is down, and a
// store that is down with a Closed one never do.
func TestVerdictNever(t *testing.T) {
	clock := newHTTPClock()
	shadow := fivePerTen
	shadow.Shadow = true
	for _, c := range []struct {
		name   string
		policy ratelimit.Policy
		down   bool
		cost   int64
		want   ratelimit.Verdict
	}{
		{"fits", fivePerTen, false, 5, ratelimit.Verdict{Allowed: true}},
		{"too high", fivePerTen, false, 6, ratelimit.Verdict{Never: true}},
		{"shadow", shadow, false, 6, ratelimit.Verdict{Allowed: true}},
		{"open", downPolicy("p", 5, ratelimit.Open), true, 6, ratelimit.Verdict{Allowed: true}},
		{"closed", downPolicy("p", 5, ratelimit.Closed), true, 6, ratelimit.Verdict{Unavailable: true, RetryAfter: 5 * time.Second}},
		{"local", downPolicy("p", 5, ratelimit.Local), true, 6, ratelimit.Verdict{Never: true}},
		{"local share", downPolicy("p", 5, ratelimit.Local), true, 5, ratelimit.Verdict{Allowed: true}},
	} {
		store := newDownStore(t, clock)
		store.down.Store(c.down)
		l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(c.policy), Machines: 2, Logger: outageSilent})
		v, err := l.Take(t.Context(), "k", c.cost)
		if err != nil || v.Allowed != c.want.Allowed || v.Never != c.want.Never || v.Unavailable != c.want.Unavailable || v.RetryAfter != c.want.RetryAfter {
			t.Errorf("%s: %+v, %v", c.name, v, err)
		}
	}
	l := httpLimiter(t, clock, ratelimit.Options{Policies: policiesOf(fivePerTen), Cost: costOf})
	v, err := l.Check(httptest.NewRequest("GET", "/?cost=6", nil))
	var p *problem.Problem
	if !errors.Is(err, ratelimit.CostTooHigh) || !errors.As(err, &p) || p.Header().Get("Retry-After") != "" || p.Header().Get("RateLimit") != `"burst";r=5;t=10` || !v.Never || v.Decisions[0].Allowed {
		t.Errorf("%+v, %v", v, err)
	}
}

// All types of the package's answers are in one list, for a catalogue.
func TestTypes(t *testing.T) {
	want := []*problem.Type{ratelimit.QuotaExceeded, ratelimit.ReducedCapacity, ratelimit.AbnormalUsage, ratelimit.CostTooHigh}
	if got := ratelimit.Types(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if w := httpServe(problem.Catalog(ratelimit.Types()...), func(r *http.Request) { r.URL.Path = "/problems/cost-too-high" }); w.Code != 200 {
		t.Errorf("the catalogue: %d", w.Code)
	}
}

// Limit is never below Remaining.
func TestLegacyLimitOfABurst(t *testing.T) {
	for _, c := range []struct {
		quota, burst int64
		want         string
	}{{5, 50, "50/49"}, {50, 5, "50/4"}, {5, 5, "5/4"}} {
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "p", Quota: c.quota, Window: time.Minute, Burst: c.burst}), Fields: ratelimit.Legacy})
		w := httpServe(httpChecked(t, l.Handler(httpOK)))
		if got := w.Header().Get("X-RateLimit-Limit") + "/" + w.Header().Get("X-RateLimit-Remaining"); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
