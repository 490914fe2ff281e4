package ratelimittest

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// allOrNothing: where one policy denies, none is charged, wherever it stands.
func (c *check) allOrNothing() {
	large, small := hourly("large", 10), hourly("small", 2)
	for key, policies := range map[string][]ratelimit.Policy{
		"first": {small, large}, "last": {large, small}, "between": {large, small, hourly("other", 10)},
	} {
		c.verdict(key, key, 1, true, policies...)
		c.verdict(key, key, 1, true, policies...)
		for range 3 {
			d := c.verdict(key, key, 1, false, policies...)
			for i, p := range policies {
				switch {
				case p == small && (d[i].Allowed || d[i].Remaining != 0 || d[i].RetryAfter == 0):
					c.Errorf("%s: the policy that denies says %+v", key, d[i])
				case p != small && (!d[i].Allowed || d[i].Remaining != 8):
					c.Errorf("%s: policy %s, which has 8 of 10, says %+v", key, p.Name, d[i])
				}
			}
		}
		c.verdict(key+", a cost that no policy has", key, 9, false, policies...)
		c.left(key, key, large, 8)
		c.left(key, key, small, 0)
	}
}

// shadow: it never denies, and is charged where it would have allowed.
func (c *check) shadow() {
	real, trial := hourly("real", 5), hourly("trial", 2)
	trial.Shadow = true
	for i := range 5 {
		d := c.verdict("beside a shadow policy", "small", 1, true, real, trial)
		if want := i < 2; d[1].Allowed != want {
			c.Errorf("a shadow policy of 2 says to take %d: %v, want %v", i+1, d[1].Allowed, want)
		}
	}
	c.verdict("the real policy is used up", "small", 1, false, real, trial)
	c.left("a shadow policy", "small", trial, 0)

	real.Quota, real.Burst, trial.Quota, trial.Burst = 2, 2, 5, 5
	for i := range 4 {
		d := c.verdict("a shadow policy", "large", 1, i < 2, trial, real)
		if want := int64(max(4-i, 3)); d[0].Remaining != want || !d[0].Allowed {
			c.Errorf("a shadow policy of 5 says to take %d: %+v, want %d left", i+1, d[0], want)
		}
	}
	trial.Shadow = false
	c.left("a policy that was Shadow", "large", trial, 3)

	trial.Shadow = true
	for i := range 7 {
		if d := c.verdict("a shadow policy alone", "alone", 1, true, trial); d[0].Allowed != (i < 5) {
			c.Errorf("a shadow policy of 5 says to take %d: %+v", i+1, d[0])
		}
	}
}

// peeks: Peek charges nothing, and tells what a cost of 1 would be told.
func (c *check) peeks() {
	p, q := hourly("p", 3), hourly("q", 50)
	for range 10 {
		for _, d := range c.peek("k", p, q) {
			if !d.Allowed || d.RetryAfter != 0 || d.Full != 0 {
				c.Fatalf("Peek of a full bucket says %+v", d)
			}
		}
	}
	for i := range int64(3) {
		c.left("before a take", "k", p, 3-i)
		c.verdict("a peek before", "k", 1, true, p, q)
	}
	var d ratelimit.Decision
	for range 10 {
		if d = c.peek("k", p, q)[0]; d.Allowed {
			c.Fatalf("Peek of an empty bucket says %+v", d)
		}
	}
	c.near("RetryAfter of Peek", d.RetryAfter, 20*time.Minute)
	c.near("Full of Peek", d.Full, time.Hour)
	c.left("after a peek", "k", q, 47)
	if d := c.verdict("an empty bucket", "k", 1, false, p)[0]; d.Remaining != 0 {
		c.Errorf("an empty bucket says %+v", d)
	}
}

// adjusts: Adjust charges what is not there, and gives back up to a full bucket.
func (c *check) adjusts() {
	p, q := hourly("p", 10), hourly("q", 20)
	c.verdict("a full bucket", "k", 6, true, p, q)
	for _, step := range []struct{ cost, p, q int64 }{
		{0, 4, 14},   // 4 and 14 of 10 and 20
		{-2, 6, 16},  // given back
		{3, 3, 13},   // charged
		{5, 0, 8},    // 2 more than p has
		{-1, 0, 9},   // still 1 of debt
		{-3, 2, 12},  // paid
		{-9, 10, 20}, // 1 more than p holds, and 1 more than q does
		{1, 9, 19},   // what was too much is not kept
	} {
		d := c.adjust("k", step.cost, p, q)
		if d[0].Remaining != step.p || d[1].Remaining != step.q {
			c.Fatalf("Adjust by %d: %d and %d units are left, want %d and %d", step.cost, d[0].Remaining, d[1].Remaining, step.p, step.q)
		}
		if d[0].Allowed != (step.p > 0) {
			c.Errorf("Adjust by %d: Allowed is %v with %d units left", step.cost, d[0].Allowed, step.p)
		}
		c.left("after Adjust", "k", p, step.p)
	}
	d := c.adjust("debt", 15, p)[0] // 5 units of debt, at 6 minutes each
	c.near("Full with a debt", d.Full, 90*time.Minute)
	c.near("RetryAfter with a debt", d.RetryAfter, 36*time.Minute)
	c.verdict("with a debt", "debt", 1, false, p)
	c.adjust("new", -5, p)
	c.left("what was given back to a full bucket", "new", p, 10)
	c.verdict("more than a full bucket", "new", 11, false, p)
}

// resets: Reset fills the buckets that are named, and no other.
func (c *check) resets() {
	p, q := hourly("p", 3), hourly("q", 5)
	for _, key := range []string{"k", "other"} {
		c.verdict("a full bucket", key, 3, true, p, q)
	}
	c.adjust("k", 100, p)
	reset := func(key string, policies ...ratelimit.Policy) {
		c.Helper()
		if err := c.store.Reset(context.Background(), key, policies); err != nil {
			c.Fatalf("Reset: %v", err)
		}
	}
	reset("k", p)
	c.left("after Reset", "k", p, 3)
	c.left("after Reset of another policy", "k", q, 2)
	c.left("after Reset of another key", "other", p, 0)
	reset("k", p, q)
	reset("never seen", p, q)
	c.left("after Reset of both", "k", q, 5)
	c.verdict("after Reset", "k", 3, true, p, q)
	c.verdict("after Reset, once more", "k", 1, false, p, q)
}

// costs: less than 1 is an error that charges nothing.
func (c *check) costs() {
	policies := []ratelimit.Policy{hourly("p", 3), hourly("q", 5)}
	c.verdict("a full bucket", "k", 1, true, policies...)
	for _, cost := range []int64{0, -1, -5, math.MinInt64} {
		err := c.store.Take(context.Background(), "k", cost, policies, decisionsFor(policies))
		if !errors.Is(err, ratelimit.ErrCost) {
			c.Errorf("Take at a cost of %d: the error is %v, want ErrCost", cost, err)
		}
		c.left("after a cost below 1", "k", policies[0], 2)
	}
	c.verdict("all that is left", "k", 2, true, policies...)
	c.verdict("a whole bucket", "whole", 3, true, policies...)
}

// overflow: costs near what a number holds neither wrap nor stay.
func (c *check) overflow() {
	p, q := hourly("p", 5), hourly("q", 50)
	c.verdict("a full bucket", "k", 1, true, p, q)
	for _, cost := range []int64{6, 51, 1 << 31, 1 << 32, 1 << 53, math.MaxInt64/2 + 1, math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64} {
		d := c.verdict("more than a bucket holds", "k", cost, false, p, q)[0]
		c.near("RetryAfter of a cost that never fits", d.RetryAfter, 12*time.Minute)
		c.left("after a cost that does not fit", "k", p, 4)
	}
	for _, cost := range []int64{math.MaxInt64, math.MaxInt64, 1} {
		if d := c.adjust("k", cost, p, q); d[0].Allowed || d[0].Remaining != 0 || d[1].Allowed {
			c.Fatalf("Adjust by %d says %+v", cost, d)
		}
	}
	c.verdict("with the greatest debt", "k", 1, false, p, q)
	if err := c.store.Reset(context.Background(), "k", []ratelimit.Policy{p, q}); err != nil {
		c.Fatalf("Reset: %v", err)
	}
	c.left("after Reset of the greatest debt", "k", p, 5)
	c.verdict("a full bucket", "k", 3, true, p, q)
	for _, cost := range []int64{math.MinInt64, math.MinInt64 + 1, -1 << 53} {
		c.adjust("k", cost, p, q)
		c.left("after the greatest gift", "k", p, 5)
	}
	c.verdict("all of a full bucket", "k", 5, true, p, q)
	c.verdict("more than that", "k", 1, false, p, q)
}
