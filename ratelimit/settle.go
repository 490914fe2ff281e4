package ratelimit

import (
	"context"
	"math"
	"sync/atomic"
)

// Settle says what the request with this context really cost, below a [Limiter]
// with [Options.Settle]: the difference to what was charged before the handler ran
// is given back, but for what has refilled meanwhile ([Options.Count]), or charged even
// where it is not there, when the handler returns. It goes to each policy of the
// request, also to one that counts requests where another counts bytes: give those
// limiters of their own. The r= of the answer is that of before, since its header is
// sent first.
//
// The last call counts; a negative cost counts as 0. Of limiters that stack, the
// innermost is meant. It returns false where nothing is to be settled.
func Settle(ctx context.Context, cost int64) bool {
	u, ok := ctx.Value(usageKey{}).(*usage)
	if !ok {
		return false
	}
	u.real.Store(min(max(cost, 0), math.MaxInt64-1) + 1)
	return true
}

// usage is the context of a request whose real cost is known later.
type usage struct {
	context.Context
	cost int64        // what was charged beforehand
	real atomic.Int64 // what was said, and 1
}

type usageKey struct{}

func (u *usage) Value(key any) any {
	if key == (usageKey{}) {
		return u
	}
	return u.Context.Value(key)
}

func (u *usage) settled() int64 {
	if said := u.real.Load(); said != 0 {
		return said - 1
	}
	return u.cost
}

// settle charges or gives back after the fact, also for a client that went away.
// Where the store is down now, the charge of before stays.
func (l *Limiter) settle(ctx context.Context, r *reservation, real int64) {
	ctx = context.WithoutCancel(ctx)
	back := l.release(r, min(real, r.cost))
	switch {
	case real > r.cost && r.down:
		l.chargeLocal(ctx, r, real)
	case real > r.cost:
		_ = l.adjust(ctx, r.plan.policies, r.key, real-r.cost)
	case r.down:
		l.giveBackLocal(ctx, r, &back)
	default:
		l.giveBack(ctx, r, &back)
	}
}

// giveBack is one call of the store, but where some policies get back less than
// others.
func (l *Limiter) giveBack(ctx context.Context, r *reservation, back *[maxPolicies]int64) {
	for i, n := range back {
		if n == 0 {
			continue
		}
		var same []Policy
		for j := i; j < len(r.plan.policies); j++ {
			if back[j] == n {
				same, back[j] = append(same, r.plan.policies[j]), 0
			}
		}
		_ = l.adjust(ctx, same, r.key, -n)
	}
}
