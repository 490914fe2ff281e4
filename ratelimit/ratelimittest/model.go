package ratelimittest

import (
	"context"
	"math"
	"math/big"
	"sync"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// model is the slow and exact store that others are compared with: for each bucket
// the units that are in it, as a rational number, and when that was so.
type model struct {
	clock *Clock

	mu      sync.Mutex
	buckets map[bucket]level
}

type bucket struct {
	key, name     string
	quota, burst  int64
	windowInNanos time.Duration
}

type level struct {
	units *big.Rat
	at    time.Time
}

func newModel(clock *Clock) *model { return &model{clock: clock, buckets: map[bucket]level{}} }

func bucketOf(key string, p *ratelimit.Policy) bucket {
	return bucket{key, p.Name, p.Quota, p.Burst, p.Window}
}

// have is how many units are in a bucket now.
func (m *model) have(key string, p *ratelimit.Policy, now time.Time) *big.Rat {
	burst := new(big.Rat).SetInt64(p.Burst)
	l, ok := m.buckets[bucketOf(key, p)]
	if !ok {
		return burst
	}
	refilled := new(big.Rat).Mul(big.NewRat(p.Quota, int64(p.Window)), new(big.Rat).SetInt64(int64(now.Sub(l.at))))
	if refilled.Add(refilled, l.units).Cmp(burst) > 0 {
		return burst
	}
	return refilled
}

// use leaves units in a bucket, not more than it holds.
func (m *model) use(key string, p *ratelimit.Policy, units *big.Rat, now time.Time) *big.Rat {
	if burst := new(big.Rat).SetInt64(p.Burst); units.Cmp(burst) > 0 {
		units = burst
	}
	m.buckets[bucketOf(key, p)] = level{units, now}
	return units
}

// refill is how long it takes from some units to others, in whole nanoseconds,
// rounded up.
func refill(p *ratelimit.Policy, from, to *big.Rat) time.Duration {
	d := new(big.Rat).Sub(to, from)
	if d.Sign() <= 0 {
		return 0
	}
	d.Mul(d, big.NewRat(int64(p.Window), p.Quota))
	whole, rest := new(big.Int).QuoRem(d.Num(), d.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	if !whole.IsInt64() {
		return math.MaxInt64
	}
	return time.Duration(whole.Int64())
}

// describe is the decision for a cost where a bucket has those units now, and is left
// with others.
func describe(p *ratelimit.Policy, have *big.Rat, cost int64, left *big.Rat) ratelimit.Decision {
	burst, asked := new(big.Rat).SetInt64(p.Burst), new(big.Rat).SetInt64(cost)
	var d ratelimit.Decision
	if d.Allowed = have.Cmp(asked) >= 0; !d.Allowed {
		if cost > p.Burst {
			asked = burst
		}
		d.RetryAfter = refill(p, have, asked)
	}
	if left.Sign() > 0 {
		d.Remaining = new(big.Int).Quo(left.Num(), left.Denom()).Int64()
	}
	d.Full = refill(p, left, burst)
	return d
}

func (m *model) Take(_ context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	if cost < 1 {
		return ratelimit.ErrCost
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now, asked, allowed := m.clock.Now(), new(big.Rat).SetInt64(cost), true
	for i := range policies {
		if p := &policies[i]; !p.Shadow && m.have(key, p, now).Cmp(asked) < 0 {
			allowed = false
		}
	}
	for i := range policies {
		p := &policies[i]
		have := m.have(key, p, now)
		left := have
		if allowed && have.Cmp(asked) >= 0 {
			left = m.use(key, p, new(big.Rat).Sub(have, asked), now)
		}
		decisions[i] = describe(p, have, cost, left)
	}
	return nil
}

func (m *model) Adjust(_ context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	for i := range policies {
		p := &policies[i]
		left := m.use(key, p, new(big.Rat).Sub(m.have(key, p, now), new(big.Rat).SetInt64(cost)), now)
		decisions[i] = describe(p, left, 1, left)
	}
	return nil
}

func (m *model) Peek(_ context.Context, key string, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range policies {
		have := m.have(key, &policies[i], m.clock.Now())
		decisions[i] = describe(&policies[i], have, 1, have)
	}
	return nil
}

func (m *model) Reset(_ context.Context, key string, policies []ratelimit.Policy) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range policies {
		delete(m.buckets, bucketOf(key, &policies[i]))
	}
	return nil
}
