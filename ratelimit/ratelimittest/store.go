package ratelimittest

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// Options are the settings of [Store]. The zero value is for a store that takes a
// [Clock] and is exact to the nanosecond.
type Options struct {
	// RealTime: the store has its own clock. The Clock given to open is the real one
	// then; checks that have to move it are skipped, and some others wait.
	RealTime bool
	// Tolerance is how far off the store's times may be: by default 0, or 50 ms with
	// RealTime. Where there is one, decisions are not compared with those of the
	// exact model, but bounds are kept all the same.
	Tolerance time.Duration
	// Lose makes the store forget all buckets without knowing, as when the server
	// behind it is flushed. nil: that is not judged.
	Lose func(t *testing.T, s ratelimit.Store)
	// Reopen ends s and returns another with its buckets, as after a restart of the
	// process. nil: that is not judged.
	Reopen func(t *testing.T, s ratelimit.Store, clock *Clock) ratelimit.Store
	// Scripts is how many random scripts of 40 calls are compared with the model, by
	// default 250.
	Scripts int
	// Seed begins the random numbers, by default 1. A seed gives the same scripts
	// each time.
	Seed uint64
}

const (
	defaultTolerance = 50 * time.Millisecond
	defaultScripts   = 250
)

func (o *Options) setDefaults() {
	if o.RealTime && o.Tolerance == 0 {
		o.Tolerance = defaultTolerance
	}
	if o.Scripts == 0 {
		o.Scripts = defaultScripts
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
}

// Store judges a store. open is called for each check, and by one of them often. It
// returns a store without buckets, whose time is that of clock. What open has to clean up it leaves to
// t.Cleanup.
func Store(t *testing.T, open func(t *testing.T, clock *Clock) ratelimit.Store, o Options) {
	t.Helper()
	o.setDefaults()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(newCheck(t, t, open, o)) })
	}
}

// checks are all that a store is judged by.
var checks = []struct {
	name string
	run  func(*check)
}{
	{"Model", (*check).model},
	{"Bound", (*check).bound},
	{"RetryAfter", (*check).retryAfter},
	{"AllOrNothing", (*check).allOrNothing},
	{"Shadow", (*check).shadow},
	{"Peek", (*check).peeks},
	{"Adjust", (*check).adjusts},
	{"Reset", (*check).resets},
	{"Cost", (*check).costs},
	{"Overflow", (*check).overflow},
	{"PoliciesApart", (*check).policiesApart},
	{"KeysApart", (*check).keysApart},
	{"Names", (*check).names},
	{"Parallel", (*check).parallel},
	{"ParallelPolicies", (*check).parallelPolicies},
	{"ParallelAdjust", (*check).parallelAdjust},
	{"ClockForward", (*check).clockForward},
	{"ClockBack", (*check).clockBack},
	{"Slices", (*check).slices},
	{"Cancelled", (*check).cancelled},
	{"Lost", (*check).lost},
	{"Restart", (*check).restart},
}

// reporter is what a check needs of a test.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// check is one store under judgement.
type check struct {
	reporter
	t       *testing.T // for what a user gave
	o       Options
	open    func(*testing.T, *Clock) ratelimit.Store
	clock   *Clock
	store   ratelimit.Store
	started time.Time
}

func newCheck(r reporter, t *testing.T, open func(*testing.T, *Clock) ratelimit.Store, o Options) *check {
	r.Helper()
	c := &check{reporter: r, t: t, o: o, open: open, started: time.Now()}
	c.reopen()
	return c
}

// reopen begins again with a new clock and a new store.
func (c *check) reopen() {
	c.Helper()
	c.clock = &Clock{real: c.o.RealTime}
	if c.store = c.open(c.t, c.clock); c.store == nil {
		c.Fatalf("open returned no store")
	}
}

// hourly is a policy whose bucket does not refill by a unit while a check runs.
func hourly(name string, quota int64) ratelimit.Policy {
	return ratelimit.Policy{Name: name, Quota: quota, Window: time.Hour, Burst: quota}
}

// junk is in decisions before a call: a store sets all of them.
var junk = ratelimit.Decision{Allowed: true, Remaining: -7, RetryAfter: -7, Full: -7}

func decisionsFor(policies []ratelimit.Policy) []ratelimit.Decision {
	d := make([]ratelimit.Decision, len(policies))
	for i := range d {
		d[i] = junk
		d[i].Allowed = i%2 == 0
	}
	return d
}

func (c *check) take(key string, cost int64, policies ...ratelimit.Policy) []ratelimit.Decision {
	c.Helper()
	d := decisionsFor(policies)
	if err := c.store.Take(context.Background(), key, cost, policies, d); err != nil {
		c.Fatalf("Take at a cost of %d: %v", cost, err)
	}
	c.sane("Take", policies, d)
	return d
}

func (c *check) peek(key string, policies ...ratelimit.Policy) []ratelimit.Decision {
	c.Helper()
	d := decisionsFor(policies)
	if err := c.store.Peek(context.Background(), key, policies, d); err != nil {
		c.Fatalf("Peek: %v", err)
	}
	c.sane("Peek", policies, d)
	return d
}

func (c *check) adjust(key string, cost int64, policies ...ratelimit.Policy) []ratelimit.Decision {
	c.Helper()
	d := decisionsFor(policies)
	if err := c.store.Adjust(context.Background(), key, cost, policies, d); err != nil {
		c.Fatalf("Adjust by %d: %v", cost, err)
	}
	c.sane("Adjust", policies, d)
	return d
}

// sane holds of every decision.
func (c *check) sane(call string, policies []ratelimit.Policy, decisions []ratelimit.Decision) {
	c.Helper()
	for i, d := range decisions {
		switch {
		case d.Remaining < 0 || d.Remaining > policies[i].Burst:
			c.Fatalf("%s: policy %s has %d of %d units left", call, policies[i].Name, d.Remaining, policies[i].Burst)
		case d.RetryAfter < 0 || d.Full < 0:
			c.Fatalf("%s: policy %s has a RetryAfter of %v and a Full of %v", call, policies[i].Name, d.RetryAfter, d.Full)
		case d.Allowed && d.RetryAfter != 0:
			c.Fatalf("%s: policy %s allows the cost, with a RetryAfter of %v", call, policies[i].Name, d.RetryAfter)
		}
	}
}

// left fails where a policy does not have want units.
func (c *check) left(when, key string, p ratelimit.Policy, want int64) {
	c.Helper()
	if got := c.peek(key, p)[0].Remaining; got != want {
		c.Errorf("%s: policy %s has %d units left, want %d", when, p.Name, got, want)
	}
}

// near fails where a time is not the one it should be, but for the tolerance and, with
// real time, the time that has passed since the check began.
func (c *check) near(what string, got, want time.Duration) {
	c.Helper()
	early := c.o.Tolerance
	if c.o.RealTime {
		early += time.Since(c.started)
	}
	if got < want-early || got > want+c.o.Tolerance {
		c.Errorf("%s is %v, want %v", what, got, want)
	}
}

// passes: no policy that counts denies.
func passes(policies []ratelimit.Policy, decisions []ratelimit.Decision) bool {
	for i := range policies {
		if !decisions[i].Allowed && !policies[i].Shadow {
			return false
		}
	}
	return true
}

// verdict fails where a cost is not let in, or is, against want.
func (c *check) verdict(when, key string, cost int64, want bool, policies ...ratelimit.Policy) []ratelimit.Decision {
	c.Helper()
	d := c.take(key, cost, policies...)
	if got := passes(policies, d); got != want {
		c.Errorf("%s: a cost of %d was let in: %v, want %v", when, cost, got, want)
	}
	return d
}
