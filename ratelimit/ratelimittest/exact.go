package ratelimittest

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

const (
	scriptCalls     = 40
	scriptsPerStore = 25 // of about a year each, so that no clock runs out
	maxQuota        = 999_999_999_999_999
	year            = 366 * 24 * time.Hour
)

// model compares every decision of random scripts with that of the model.
func (c *check) model() {
	if c.o.Tolerance > 0 {
		c.Skipf("the store's times are not exact")
	}
	for i := range c.o.Scripts {
		if i > 0 && i%scriptsPerStore == 0 {
			c.reopen()
		}
		s := script{c: c, random: rand.New(rand.NewPCG(c.o.Seed, uint64(i))), model: newModel(c.clock)}
		s.key = "script-" + string(rune('a'+i%26)) + time.Duration(i).String()
		if !s.run() {
			c.Errorf("that was script %d of the seed %d", i, c.o.Seed)
			return
		}
	}
}

// script is a run of random calls on one key.
type script struct {
	c        *check
	random   *rand.Rand
	model    *model
	key      string
	policies []ratelimit.Policy
}

func (s *script) run() bool {
	for i := range 1 + s.random.IntN(4) {
		p := s.policy()
		p.Name = string(rune('a' + i))
		s.policies = append(s.policies, p)
	}
	var before []ratelimit.Decision
	for range scriptCalls {
		s.pass(before)
		got, ok := s.call()
		if !ok {
			return false
		}
		before = got
	}
	return true
}

// upTo is a number from 1 to n: small ones, large ones and the two ends alike.
func (s *script) upTo(n int64) int64 {
	switch s.random.IntN(8) {
	case 0:
		return 1
	case 1:
		return n
	}
	return 1 + int64(math.Exp(s.random.Float64()*math.Log(float64(n))))%n
}

func (s *script) policy() ratelimit.Policy {
	for {
		p := ratelimit.Policy{
			Quota:  s.upTo(maxQuota),
			Window: time.Duration(s.upTo(int64(year/time.Microsecond))) * time.Microsecond,
			Shadow: s.random.IntN(5) == 0,
		}
		if s.random.IntN(2) == 0 {
			p.Quota = s.upTo(100)
		}
		p.Burst = p.Quota
		if s.random.IntN(2) == 0 {
			p.Burst = s.upTo(maxQuota)
		}
		if float64(p.Burst)*float64(p.Window)/float64(p.Quota) < float64(9*year) {
			return p
		}
	}
}

// pass lets time pass: often exactly what a decision spoke of, or a nanosecond less.
func (s *script) pass(before []ratelimit.Decision) {
	if s.random.IntN(3) == 0 {
		return
	}
	d := time.Duration(s.upTo(int64(year)))
	p := s.policies[s.random.IntN(len(s.policies))]
	switch s.random.IntN(6) {
	case 0, 1:
		d = min(d, p.Window)
	case 2:
		d = time.Duration(s.upTo(max(1, int64(p.Window)/p.Quota)))
	case 3, 4:
		if before == nil {
			return
		}
		b := before[s.random.IntN(len(before))]
		d = b.RetryAfter
		if d == 0 {
			d = b.Full
		}
		d = max(0, min(d, year)-time.Duration(s.random.IntN(2)))
	}
	s.c.clock.Advance(d)
}

// cost is what a call may ask of the policies.
func (s *script) cost() int64 {
	p := s.policies[s.random.IntN(len(s.policies))]
	switch s.random.IntN(12) {
	case 0:
		return p.Burst
	case 1:
		return p.Burst + 1
	case 2:
		return math.MaxInt64
	case 3, 4:
		return s.upTo(p.Burst)
	}
	return 1 + s.upTo(p.Burst)/4
}

// correction is a cost for Adjust that is no debt of centuries.
func (s *script) correction() int64 {
	n := s.upTo(maxQuota)
	for _, p := range s.policies {
		n = min(n, 2*p.Burst, max(1, int64(float64(year)/float64(p.Window)*float64(p.Quota))))
	}
	if s.random.IntN(2) == 0 {
		return -n
	}
	return n
}

// call does the same with the store and the model.
func (s *script) call() ([]ratelimit.Decision, bool) {
	type method func(st ratelimit.Store, d []ratelimit.Decision) error
	ctx := context.Background()
	var name string
	var do method
	var cost int64
	switch n := s.random.IntN(20); {
	case n < 14:
		name, cost = "Take", s.cost()
		do = func(st ratelimit.Store, d []ratelimit.Decision) error {
			return st.Take(ctx, s.key, cost, s.policies, d)
		}
	case n < 16:
		name = "Peek"
		do = func(st ratelimit.Store, d []ratelimit.Decision) error { return st.Peek(ctx, s.key, s.policies, d) }
	case n < 19:
		name, cost = "Adjust", s.correction()
		do = func(st ratelimit.Store, d []ratelimit.Decision) error {
			return st.Adjust(ctx, s.key, cost, s.policies, d)
		}
	default:
		name = "Reset"
		do = func(st ratelimit.Store, d []ratelimit.Decision) error { return st.Reset(ctx, s.key, s.policies) }
	}
	got, want := decisionsFor(s.policies), decisionsFor(s.policies)
	errGot, errWant := do(s.c.store, got), do(s.model, want)
	if errGot != errWant { // neither should be one
		s.c.Errorf("%s of %d: the error is %v", name, cost, errGot)
		return got, false
	}
	for i, p := range s.policies {
		if got[i] != want[i] {
			s.c.Errorf("%s of %d at %v, policy %d of %d (%d in %v, burst %d, shadow %v): got %+v, want %+v",
				name, cost, s.c.clock.Now().Sub(start), i+1, len(s.policies), p.Quota, p.Window, p.Burst, p.Shadow, got[i], want[i])
			return got, false
		}
	}
	return got, true
}
