package ratelimittest

import (
	"context"
	"slices"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// slices: a store sets each decision, changes no policy, and keeps neither slice.
func (c *check) slices() {
	policies := []ratelimit.Policy{hourly("p", 5), hourly("q", 7)}
	given, decisions := slices.Clone(policies), decisionsFor(policies)
	for i := range 3 {
		for j := range decisions {
			decisions[j] = junk
		}
		if err := c.store.Take(context.Background(), "k", 1, given, decisions); err != nil {
			c.Fatalf("Take: %v", err)
		}
		if !slices.Equal(given, policies) {
			c.Fatalf("Take changed the policies it was given")
		}
		for j, p := range policies {
			if d := decisions[j]; !d.Allowed || d.Remaining != p.Burst-1-int64(i) || d.RetryAfter != 0 || d.Full <= 0 {
				c.Fatalf("Take did not set all of a decision: %+v", d)
			}
		}
		kept := slices.Clone(decisions)
		c.verdict("another key", "other"+policies[i%2].Name, int64(2+i/2), true, policies...)
		if !slices.Equal(kept, decisions) {
			c.Fatalf("a call changed the decisions of the call before")
		}
		for j := range given { // the caller does with its own what it likes
			given[j] = hourly("changed", 1)
		}
		c.left("after the caller changed its slice", "k", policies[0], 4-int64(i))
		copy(given, policies)
	}
}

// cancelled: a context that is over makes no call hang or panic, and a call that fails
// for it does not charge more than once.
func (c *check) cancelled() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := hourly("p", 20)
	policies := []ratelimit.Policy{p}
	begin := time.Now()
	most := int64(0)
	for range 3 {
		most++
		d := decisionsFor(policies)
		if err := c.store.Take(ctx, "k", 1, policies, d); err == nil && (!d[0].Allowed || d[0].Remaining < 20-most) {
			c.Errorf("Take with a context that is over has no error and says %+v", d[0])
		}
	}
	d := decisionsFor(policies)
	if err := c.store.Peek(ctx, "k", policies, d); err == nil && d[0].Remaining < 20-most {
		c.Errorf("Peek with a context that is over has no error and says %+v", d[0])
	}
	_ = c.store.Adjust(ctx, "k", 1, policies, d)
	_ = c.store.Reset(ctx, "other", policies)
	if took := time.Since(begin); took > 5*time.Second {
		c.Errorf("calls with a context that is over took %v", took)
	}
	if left := c.peek("k", p)[0].Remaining; left < 20-most-1 {
		c.Errorf("%d calls with a context that is over charged %d units", most+1, 20-left)
	}
	c.verdict("after a context that was over", "k", 1, true, p)
}

// lost: a bucket that is gone is a full one.
func (c *check) lost() {
	if c.o.Lose == nil {
		c.Skipf("Options.Lose is not set")
	}
	p, q := hourly("p", 3), hourly("q", 9)
	for i := range 3 {
		c.verdict("a full bucket", "k", 3, true, p, q)
		if i < 2 {
			c.verdict("an empty bucket", "k", 1, false, p, q)
		}
		c.o.Lose(c.t, c.store)
		switch i {
		case 0:
			c.left("after the bucket was lost", "k", p, 3)
			c.left("after the bucket was lost", "k", q, 9)
		case 1:
			c.verdict("after the bucket was lost", "k", 1, true, p, q)
			c.adjust("k", -1, p, q)
			c.left("after a lost bucket was given to", "k", p, 3)
		case 2:
			c.adjust("k", -3, p)
			c.left("after a bucket was lost, and given to", "k", p, 3)
		}
	}
}

// restart: a store that is opened again has what was used.
func (c *check) restart() {
	if c.o.Reopen == nil {
		c.Skipf("Options.Reopen is not set")
	}
	p, q := hourly("p", 3), hourly("q", 9)
	c.verdict("a full bucket", "k", 2, true, p, q)
	c.adjust("debt", 5, p)
	if c.store = c.o.Reopen(c.t, c.store, c.clock); c.store == nil {
		c.Fatalf("Reopen returned no store")
	}
	c.left("after a restart", "k", p, 1)
	c.left("after a restart", "k", q, 7)
	c.left("a debt after a restart", "debt", p, 0)
	c.verdict("after a restart", "k", 1, true, p, q)
	c.verdict("after a restart, when used up", "k", 1, false, p, q)
}
