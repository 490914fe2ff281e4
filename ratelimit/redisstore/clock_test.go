package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
)

func (s clocked) Take(ctx context.Context, key string, cost int64, p []ratelimit.Policy, d []ratelimit.Decision) error {
	s.set()
	return s.Store.Take(ctx, key, cost, p, d)
}

func (s clocked) Adjust(ctx context.Context, key string, cost int64, p []ratelimit.Policy, d []ratelimit.Decision) error {
	s.set()
	return s.Store.Adjust(ctx, key, cost, p, d)
}

func (s clocked) Peek(ctx context.Context, key string, p []ratelimit.Policy, d []ratelimit.Decision) error {
	s.set()
	return s.Store.Peek(ctx, key, p, d)
}

// TestClock judges the store by the kit with a clock of Redis that jumps, forward and
// back, by up to 20 years.
func TestClock(t *testing.T) {
	c := clientOf(t, redisURL(t))
	ratelimittest.Store(t, func(t *testing.T, clock *ratelimittest.Clock) ratelimit.Store {
		return clocked{newTimed(t, c), t, clock}
	}, ratelimittest.Options{Tolerance: 2 * time.Microsecond})
}

// TestClockBack: a denial that saw the clock go back keeps its word by the new clock,
// though it charges nothing.
func TestClockBack(t *testing.T) {
	s := newTimed(t, clientOf(t, redisURL(t)))
	p := policy("p", 3, time.Minute)
	const now = 1_790_000_000_000_000
	s.at(t, now)
	mustTake(t, s.Store, "k", 3, p)
	s.at(t, now-3_600_000_000)
	for range 2 { // the second comes as late as the first did
		d := mustTake(t, s.Store, "k", 1, p)[0]
		if d.Allowed || d.RetryAfter != 20*time.Second || d.Full != time.Minute {
			t.Fatalf("an hour earlier: %+v", d)
		}
	}
	s.at(t, now-3_600_000_000+19_999_999)
	if d := mustTake(t, s.Store, "k", 1, p)[0]; d.Allowed || d.RetryAfter != time.Microsecond {
		t.Errorf("19.999999 s later: %+v", d)
	}
	s.at(t, now-3_600_000_000+20_000_000)
	if d := mustTake(t, s.Store, "k", 1, p)[0]; !d.Allowed {
		t.Errorf("20 s later: %+v", d)
	}
}
