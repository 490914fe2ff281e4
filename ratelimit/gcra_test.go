package ratelimit_test

import (
	"math"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
)

const (
	most  = 999_999_999_999_999
	years = 366 * 24 * time.Hour
)

// TestDecision has decisions worked out by hand. Those of random policies are compared
// with a model in TestMemoryStore.
func TestDecision(t *testing.T) {
	type step struct {
		advance time.Duration
		cost    int64
		want    ratelimit.Decision
	}
	yes := func(left int64, full time.Duration) ratelimit.Decision {
		return ratelimit.Decision{Allowed: true, Remaining: left, Full: full}
	}
	no := func(left int64, retry, full time.Duration) ratelimit.Decision {
		return ratelimit.Decision{Remaining: left, RetryAfter: retry, Full: full}
	}
	for _, test := range []struct {
		name   string
		quota  int64
		window time.Duration
		burst  int64
		steps  []step
	}{
		{"a unit refills in 10/3 s", 3, 10 * time.Second, 3, []step{
			{0, 1, yes(2, 3_333_333_334)},
			{0, 1, yes(1, 6_666_666_667)},
			{0, 1, yes(0, 10*time.Second)},
			{0, 1, no(0, 3_333_333_334, 10*time.Second)},
			{3_333_333_333, 1, no(0, 1, 6_666_666_667)},
			{1, 1, yes(0, 10*time.Second)}, // 9,999,999,999 1/3 ns
			{3_333_333_332, 1, no(0, 1, 6_666_666_668)},
			{1, 1, yes(0, 10*time.Second)},
			{3_333_333_332, 1, no(0, 1, 6_666_666_668)},
			{1, 1, yes(0, 10*time.Second)}, // after 10 s, not 2 ns more: no fraction is lost
		}},
		{"the least window", 1, time.Microsecond, 1, []step{
			{0, 1, yes(0, time.Microsecond)},
			{999, 1, no(0, 1, 1)},
			{1, 1, yes(0, time.Microsecond)},
		}},
		{"the largest quota", most, time.Second, most, []step{
			{0, most, yes(0, time.Second)},
			{0, 1, no(0, 1, time.Second)},
			{1, 1, yes(999_998, time.Second)}, // 999,999.999... units in a nanosecond
			{time.Second, most, yes(0, time.Second)},
		}},
		{"the largest quota in the least window", most, time.Microsecond, most, []step{
			{0, most - 1, yes(1, time.Microsecond)},
			{0, 2, no(1, 1, time.Microsecond)},
			{0, 1, yes(0, time.Microsecond)},
			{1, 999_999_999_999, yes(0, time.Microsecond)}, // of 999,999,999,999.999
			{0, 1, no(0, 1, time.Microsecond)},
		}},
		{"the largest quota in the longest window", most, years, 1, []step{
			{0, 1, yes(0, 32)}, // 31.6224 ns
			{31, 1, no(0, 1, 1)},
			{1, 1, yes(0, 32)},
		}},
		{"the smallest quota in the longest window", 1, years, 9, []step{
			{0, 9, yes(0, 9*years)},
			{0, 9, no(0, 9*years, 9*years)},
			{9*years - 1, 9, no(8, 1, 1)},
			{1, 9, yes(0, 9*years)},
		}},
		{"a burst above the quota", 10, time.Second, 30, []step{
			{0, 30, yes(0, 3*time.Second)},
			{0, 5, no(0, 500*time.Millisecond, 3*time.Second)},
			{500 * time.Millisecond, 5, yes(0, 3*time.Second)},
			{time.Hour, 1, yes(29, 100*time.Millisecond)},
		}},
		{"a burst below the quota", 1000, time.Second, 2, []step{
			{0, 2, yes(0, 2*time.Millisecond)},
			{0, 1, no(0, time.Millisecond, 2*time.Millisecond)},
			{time.Millisecond, 1, yes(0, 2*time.Millisecond)},
		}},
		{"a cost that never fits", 5, 5 * time.Second, 5, []step{
			{0, 6, no(5, 0, 0)},
			{0, 2, yes(3, 2*time.Second)},
			{0, 6, no(3, 2*time.Second, 2*time.Second)},
			{0, math.MaxInt64, no(3, 2*time.Second, 2*time.Second)},
			{0, 3, yes(0, 5*time.Second)},
		}},
		{"a clock that goes back", 5, 5 * time.Second, 5, []step{
			{0, 5, yes(0, 5*time.Second)},
			{-10 * time.Second, 1, no(0, 11*time.Second, 15*time.Second)},
			{11*time.Second - 1, 1, no(0, 1, 4*time.Second+1)},
			{1, 1, yes(0, 5*time.Second)},
			{-time.Minute, 1, no(0, 61*time.Second, 65*time.Second)},
			{65 * time.Second, 5, yes(0, 5*time.Second)},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var clock ratelimittest.Clock
			m := memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now})
			policies := []ratelimit.Policy{{Name: "p", Quota: test.quota, Window: test.window, Burst: test.burst}}
			got := make([]ratelimit.Decision, 1)
			for i, s := range test.steps {
				clock.Advance(s.advance)
				if err := m.Take(t.Context(), "k", s.cost, policies, got); err != nil || got[0] != s.want {
					t.Fatalf("step %d: got %+v, %v, want %+v", i+1, got[0], err, s.want)
				}
			}
		})
	}
}

// TestDebt: a debt that no number holds is cut, stays a debt, and can be given back.
func TestDebt(t *testing.T) {
	for _, p := range []ratelimit.Policy{
		{Name: "slow", Quota: 1, Window: years, Burst: 3},
		{Name: "fast", Quota: most, Window: time.Microsecond, Burst: most},
		{Name: "odd", Quota: 7, Window: 366 * time.Hour, Burst: 5},
	} {
		t.Run(p.Name, func(t *testing.T) {
			var clock ratelimittest.Clock
			m := memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now})
			policies, d := []ratelimit.Policy{p}, make([]ratelimit.Decision, 1)
			adjust := func(cost int64) ratelimit.Decision {
				if err := m.Adjust(t.Context(), "k", cost, policies, d); err != nil {
					t.Fatal(err)
				}
				return d[0]
			}
			var last time.Duration
			for i := range 4 {
				got := adjust(math.MaxInt64)
				if got.Allowed || got.Remaining != 0 || got.RetryAfter <= 0 || got.Full < last {
					t.Errorf("debt %d: %+v", i+1, got)
				}
				last = got.Full
			}
			if err := m.Take(t.Context(), "k", 1, policies, d); err != nil || d[0].Allowed {
				t.Errorf("with the greatest debt: %+v, %v", d[0], err)
			}
			clock.Advance(30 * years)
			for range 4 {
				adjust(math.MinInt64)
			}
			full := ratelimit.Decision{Allowed: true, Remaining: p.Burst}
			if got := adjust(-1); got != full {
				t.Errorf("after the greatest gift: %+v", got)
			}
			if err := m.Take(t.Context(), "k", p.Burst, policies, d); err != nil || !d[0].Allowed || d[0].Remaining != 0 {
				t.Errorf("a full bucket: %+v, %v", d[0], err)
			}
		})
	}
}

// TestClockRange: a clock that is centuries off breaks nothing.
func TestClockRange(t *testing.T) {
	p := []ratelimit.Policy{{Name: "p", Quota: 3, Window: time.Hour, Burst: 3}}
	d := make([]ratelimit.Decision, 1)
	for _, base := range []time.Time{{}, time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		now := base
		m := memoryOf(t, ratelimit.MemoryOptions{Now: func() time.Time { return now }})
		for _, at := range []time.Time{base, {}, time.Unix(1<<40, 0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(-1<<40, 0)} {
			now = at
			passed := 0
			for range 10 {
				if err := m.Take(t.Context(), "k", 1, p, d); err != nil || d[0].Remaining < 0 || d[0].RetryAfter < 0 || d[0].Full < 0 {
					t.Fatalf("from %v to %v: %+v, %v", base, at, d[0], err)
				}
				if d[0].Allowed {
					passed++
				}
			}
			if passed > 3 {
				t.Errorf("from %v to %v: %d of a burst of 3 passed", base, at, passed)
			}
		}
	}
}
