package ratelimittest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

const (
	goroutines = 64
	tries      = 25 // by each
)

// once is a policy that lets n pass, and the next one an hour later.
func once(name string, n int64) ratelimit.Policy {
	return ratelimit.Policy{Name: name, Quota: 1, Window: time.Hour, Burst: n}
}

// together runs f in many goroutines at once.
func (c *check) together(f func(goroutine int) error) {
	c.Helper()
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	begin := make(chan struct{})
	for i := range goroutines {
		wg.Go(func() {
			<-begin
			for range tries {
				if err := f(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	close(begin)
	wg.Wait()
	if err := failed.Load(); err != nil {
		c.Fatalf("among %d goroutines: %v", goroutines, *err)
	}
}

// takeIn is Take where a failure cannot end the test.
func (c *check) takeIn(key string, cost int64, let *atomic.Int64, policies ...ratelimit.Policy) error {
	d := decisionsFor(policies)
	err := c.store.Take(context.Background(), key, cost, policies, d)
	if err == nil && passes(policies, d) {
		let.Add(cost)
	}
	return err
}

// parallel: exactly the limit passes, however many ask at once.
func (c *check) parallel() {
	p := once("p", 1000)
	var let atomic.Int64
	c.together(func(int) error { return c.takeIn("k", 1, &let, p) })
	if n := let.Load(); n != 1000 {
		c.Errorf("of %d goroutines with %d tries each, %d passed a limit of 1000", goroutines, tries, n)
	}
	c.left("after all", "k", p, 0)
}

// parallelPolicies: the policy with more is charged as often as the one with less lets
// pass, in whatever order they are named.
func (c *check) parallelPolicies() {
	policies := []ratelimit.Policy{once("large", 2000), once("small", 500)}
	turned := slices.Clone(policies)
	slices.Reverse(turned)
	var let atomic.Int64
	c.together(func(i int) error {
		if i%2 == 0 {
			return c.takeIn("k", 1, &let, turned...)
		}
		return c.takeIn("k", 1, &let, policies...)
	})
	if n := let.Load(); n != 500 {
		c.Errorf("%d passed a limit of 500", n)
	}
	c.left("after all", "k", policies[0], 1500)
	c.left("after all", "k", policies[1], 0)
}

// parallelAdjust: what is reserved and given back is not lost.
func (c *check) parallelAdjust() {
	p := once("p", 10_000)
	var let atomic.Int64
	c.together(func(int) error {
		if err := c.takeIn("k", 5, &let, p); err != nil {
			return err
		}
		return c.store.Adjust(context.Background(), "k", -4, []ratelimit.Policy{p}, make([]ratelimit.Decision, 1))
	})
	if n := let.Load(); n != 5*goroutines*tries {
		c.Errorf("%d of %d units were let in", n, 5*goroutines*tries)
	}
	c.left("after all", "k", p, 10_000-goroutines*tries)
}
