package ratelimit

import "context"

// withoutStore decides by the choice of each policy. Where one is Closed, nothing is
// charged.
func (l *Limiter) withoutStore(ctx context.Context, plan *Plan, key string, cost int64, v *Verdict) {
	for i := range plan.policies {
		p := &plan.policies[i]
		v.Decisions[i] = Decision{Allowed: true, Remaining: p.Burst}
		if p.WhenDown == Closed && !p.Shadow {
			v.Decisions[i] = Decision{}
			v.Unavailable = true
			v.RetryAfter = l.options.RetryAfter
		}
	}
	if v.Unavailable {
		return
	}
	denied := false
	for i := range plan.policies {
		if p := &plan.policies[i]; p.WhenDown == Local {
			l.takeLocal(ctx, p, key, cost, &v.Decisions[i])
			denied = denied || !v.Decisions[i].Allowed && !p.Shadow
		}
	}
	if !denied {
		return
	}
	for i := range plan.policies { // where one denies, none is charged
		if p := &plan.policies[i]; p.WhenDown == Local && v.Decisions[i].Allowed {
			l.adjustLocal(ctx, p, key, -l.localCost(p, cost), &v.Decisions[i])
			v.Decisions[i].Allowed, v.Decisions[i].RetryAfter = true, 0
		}
	}
}

// takeLocal charges one policy in this process. Its memory fails at nothing.
func (l *Limiter) takeLocal(ctx context.Context, p *Policy, key string, cost int64, d *Decision) {
	own, decision := [1]Policy{l.localPolicy(p)}, [1]Decision{}
	_ = l.local.Take(ctx, key, l.localCost(p, cost), own[:], decision[:])
	*d = decision[0]
}

func (l *Limiter) adjustLocal(ctx context.Context, p *Policy, key string, cost int64, d *Decision) {
	own, decision := [1]Policy{l.localPolicy(p)}, [1]Decision{}
	_ = l.local.Adjust(ctx, key, cost, own[:], decision[:])
	*d = decision[0]
}

// chargeLocal charges what was used beyond a charge while the store was down.
func (l *Limiter) chargeLocal(ctx context.Context, r *reservation, real int64) {
	var ignored Decision
	for i := range r.plan.policies {
		if p := &r.plan.policies[i]; p.WhenDown == Local {
			l.adjustLocal(ctx, p, r.key, l.localCost(p, real)-l.localCost(p, r.cost), &ignored)
		}
	}
}

// giveBackLocal gives back what was charged while the store was down.
func (l *Limiter) giveBackLocal(ctx context.Context, r *reservation, back *[maxPolicies]int64) {
	var ignored Decision
	for i, n := range back {
		if n > 0 {
			l.adjustLocal(ctx, &r.plan.policies[i], r.key, -n, &ignored)
		}
	}
}

// localPolicy is a policy as one of several machines holds it alone.
func (l *Limiter) localPolicy(p *Policy) Policy {
	own := *p
	own.Quota, own.Burst = l.share(p.Quota), l.share(p.Burst)
	return own
}

// localCost lets one request that is within the policy's burst use all of this
// machine's share of it, rather than be refused for ever.
func (l *Limiter) localCost(p *Policy, cost int64) int64 {
	if cost > p.Burst {
		return cost
	}
	return min(cost, l.share(p.Burst))
}

// share is a machine's part, rounded down, and at least 1.
func (l *Limiter) share(n int64) int64 { return max(1, n/int64(l.options.Machines)) }
