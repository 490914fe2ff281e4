package ratelimittest

import (
	"math/rand/v2"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// passed is a cost that was let in, and between when.
type passed struct {
	before, after time.Time
	cost          int64
}

// bound: over any time t, not more than burst + quota*t/window passes. Some of it
// comes as fast as it can, some at leisure.
func (c *check) bound() {
	random := rand.New(rand.NewPCG(c.o.Seed, 0))
	p := ratelimit.Policy{Name: "p", Quota: 40, Window: 100 * time.Millisecond, Burst: 20}
	var all []passed
	refused := 0
	for begin := c.clock.Now(); c.clock.Now().Sub(begin) < 4*p.Window; {
		cost := 1 + random.Int64N(4)
		before := c.clock.Now()
		if c.take("bound", cost, p)[0].Allowed {
			all = append(all, passed{before, c.clock.Now(), cost})
		} else {
			refused++
		}
		switch random.IntN(60) {
		case 0:
			c.clock.Advance(p.Window / 2) // the bucket is full again
		default:
			c.clock.Advance(time.Duration(random.Int64N(int64(3 * time.Millisecond))))
		}
	}
	if len(all) < 20 || refused == 0 && !c.o.RealTime {
		c.Errorf("of a stream at four times the rate, %d passed and %d did not", len(all), refused)
	}
	for i := range all {
		var sum int64
		for _, last := range all[i:] {
			sum += last.cost
			t := last.after.Sub(all[i].before) + c.o.Tolerance
			if most := p.Burst + int64(t)*p.Quota/int64(p.Window); sum > most {
				c.Fatalf("in %v, %d units passed, which is more than a burst of %d and %d in %v allow: %d", t, sum, p.Burst, p.Quota, p.Window, most)
			}
		}
	}
}

// retryAfter: who waits for it is let in, who comes earlier is not.
func (c *check) retryAfter() {
	for _, w := range []struct {
		quota  int64
		window time.Duration
		burst  int64
		cost   int64
		want   time.Duration
	}{
		{5, time.Second, 5, 1, 200 * time.Millisecond},
		{5, time.Second, 2, 2, 400 * time.Millisecond},
		{10, time.Second, 30, 3, 300 * time.Millisecond},
		{3, time.Second, 3, 1, 333_333_334},
		{3, 10 * time.Second, 3, 2, 6_666_666_667},
		{1, time.Hour, 1, 1, time.Hour},
		{7, 24 * time.Hour, 10, 5, 61_714_285_714_286},
		{999_999_999_999_999, 366 * 24 * time.Hour, 1, 1, 32}, // 31.6 ns
		{3, time.Microsecond, 3, 1, 334},
	} {
		if c.o.Tolerance > 0 && w.want < 100*time.Millisecond || c.o.RealTime && w.want > time.Second {
			continue
		}
		c.started = time.Now()
		p := ratelimit.Policy{Name: "p", Quota: w.quota, Window: w.window, Burst: w.burst}
		key := "wait-" + w.want.String()
		c.verdict("a full bucket", key, w.burst, true, p)
		before := c.clock.Now()
		d := c.verdict("an empty bucket", key, w.cost, false, p)[0]
		after := c.clock.Now()
		c.near("RetryAfter", d.RetryAfter, w.want)
		if early := d.RetryAfter - c.o.Tolerance - 1; early > 0 {
			c.clock.Advance(early - c.lead(early))
			allowed := c.take(key, w.cost, p)[0].Allowed
			if passed := c.clock.Now().Sub(before); allowed && passed <= early {
				c.Errorf("%d in %v, burst %d: RetryAfter was %v, and a cost of %d was let in after %v", w.quota, w.window, w.burst, d.RetryAfter, w.cost, passed)
			}
			if allowed {
				continue // a timer was late
			}
		}
		c.clock.Advance(d.RetryAfter + c.o.Tolerance - c.clock.Now().Sub(after))
		c.verdict("after a wait of RetryAfter", key, w.cost, true, p)
	}
}

// lead is how much earlier than asked to come, so that a timer that is late does not
// spoil the check.
func (c *check) lead(d time.Duration) time.Duration {
	if c.o.RealTime {
		return min(d/2, c.o.Tolerance)
	}
	return 0
}

// clockForward: a clock that jumps ahead fills a bucket, and no more than that.
func (c *check) clockForward() {
	c.fixedClock()
	p := hourly("p", 5)
	for _, jump := range []time.Duration{time.Hour, 24 * time.Hour, year, 10 * year, 20 * year} {
		c.verdict("a full bucket", "k", 5, true, p)
		c.verdict("an empty bucket", "k", 1, false, p)
		c.clock.Advance(jump)
		c.left("after a jump by "+jump.String(), "k", p, 5)
	}
}

// clockBack: a clock that goes back lets nothing more pass, and RetryAfter is still
// the truth by that clock.
func (c *check) clockBack() {
	c.fixedClock()
	for _, jump := range []time.Duration{1, time.Second, time.Hour, year, 10 * year} {
		p := hourly("p", 5)
		key := jump.String()
		c.verdict("a full bucket", key, 5, true, p)
		c.clock.Advance(-jump)
		d := c.verdict("an empty bucket, after a jump back by "+key, key, 1, false, p)[0]
		if c.o.Tolerance == 0 {
			c.clock.Advance(d.RetryAfter - 1)
			c.verdict("a moment before RetryAfter, after a jump back by "+key, key, 1, false, p)
			c.clock.Advance(1)
		} else {
			c.clock.Advance(d.RetryAfter + c.o.Tolerance)
		}
		c.verdict("at RetryAfter, after a jump back by "+key, key, 1, true, p)
		c.clock.Advance(time.Hour)
		c.verdict("an hour later", key, 5, true, p)
		c.clock.Advance(jump + time.Hour)
		c.left("after a jump back and forth by "+key, key, p, 5)
	}
}

func (c *check) fixedClock() {
	c.Helper()
	if c.o.RealTime {
		c.Skipf("the store has its own clock")
	}
}
