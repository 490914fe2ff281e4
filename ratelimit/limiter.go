package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// Limiter holds requests against policies. [New] makes it. It is safe for
// concurrent use.
type Limiter struct {
	options Options
	store   Store
	direct  bool    // the store does not block
	plan    *Plan   // of Policies; nil where there are none
	local   *Memory // for policies that are Local, while the store is down
	began   time.Time

	reserved    *reservations
	outage      *outage
	unavailable *problem.Problem
	exposed     []string
	partitions  *partitions // nil without a secret
}

// New makes a [Limiter] whose buckets are in store. It returns an error for
// settings that make no sense.
func New(store Store, o Options) (*Limiter, error) {
	if store == nil {
		return nil, errors.New("ratelimit: there is no store")
	}
	now := o.Now
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("ratelimit: %w", err)
	}
	if s, ok := store.(interface{ Fresh() Store }); ok && o.settles() {
		store = s.Fresh()
	}
	l := &Limiter{
		options: o, store: store, began: o.Now(),
		reserved:   &reservations{lines: map[account][]*reservation{}},
		outage:     &outage{logger: o.Logger, now: o.Now},
		partitions: newPartitions(o.PartitionSecret),
	}
	_, l.direct = store.(*Memory)
	if len(o.Policies) > 0 {
		plan, err := NewPlan(o.Policies...)
		if err != nil {
			return nil, err
		}
		l.plan = plan
	}
	l.unavailable = ReducedCapacity.Of(problem.Unavailable(o.RetryAfter)).WithDetail("Limits cannot be decided at the moment. Send the same request again later.")
	l.exposed = o.Fields.exposed()
	var err error
	l.local, err = NewMemory(MemoryOptions{MaxKeys: localKeys, Now: now})
	return l, err
}

// localKeys is how many buckets a process keeps while the store is down.
const localKeys = 100_000

// Verdict is what came of holding a key against the policies of a plan.
type Verdict struct {
	// Allowed: no policy denies.
	Allowed bool
	// Unavailable: the store is down, and a policy is Closed.
	Unavailable bool
	// Never: the cost is above the Burst of a policy that denies, so that it does
	// not help to wait.
	Never bool
	// RetryAfter is how long to wait where the cost is not allowed: the longest of
	// the policies that deny. It has no jitter. It is 0 where Never.
	RetryAfter time.Duration
	// Policies are those of the plan. They are not to be changed.
	Policies []Policy
	// Decisions are those of Policies, in their order.
	Decisions []Decision
	// Err is why the store could not decide, nil where it did. Then each policy
	// chose: nothing is known of the buckets of those that are Open.
	Err error
}

// errNoPlan: the limiter has only [Options.Choose], which wants a request.
var errNoPlan = errors.New("ratelimit: the limiter has no Policies, and what Choose picks depends on a request: see Limiter.With")

// With is the same limiter for another plan, in place of what Policies and Choose
// say: to Take, Peek, Reset and Adjust for the plan of a customer. It panics where the
// plan is nil.
func (l *Limiter) With(plan *Plan) *Limiter {
	if plan == nil {
		panic("ratelimit: With: the plan is nil")
	}
	other := *l
	other.plan, other.options.Choose = plan, nil
	return &other
}

// Take charges cost for a key to the limiter's policies, or to none where one
// denies: for what is no HTTP request. That the store is down is answered as the
// policies choose. The error is [ErrCost], that of a context that ended, or tells that
// the limiter has no Policies.
func (l *Limiter) Take(ctx context.Context, key string, cost int64) (Verdict, error) {
	if l.plan == nil {
		return Verdict{}, errNoPlan
	}
	if cost < 1 {
		return Verdict{}, ErrCost
	}
	v := newVerdict(l.plan)
	if err := l.decide(ctx, l.plan, key, cost, &v); err != nil {
		return Verdict{}, err
	}
	return v, nil
}

// Peek tells what is left for a key ([Limiter.KeyOf]), and charges nothing. The
// store's error is returned.
func (l *Limiter) Peek(ctx context.Context, key string) (Verdict, error) {
	if l.plan == nil {
		return Verdict{}, errNoPlan
	}
	v := newVerdict(l.plan)
	err := l.ask(ctx, func(ctx context.Context) error {
		return l.store.Peek(ctx, key, v.Policies, v.Decisions)
	})
	if err != nil {
		return Verdict{}, err
	}
	v.conclude(1)
	return v, nil
}

// Reset fills the buckets of a key ([Limiter.KeyOf], [Event].Key): after a payment, or
// by an operator's hand. The store's error is returned.
func (l *Limiter) Reset(ctx context.Context, key string) error {
	if l.plan == nil {
		return errNoPlan
	}
	return l.ask(ctx, func(ctx context.Context) error {
		return l.store.Reset(ctx, key, l.plan.policies)
	})
}

// Adjust charges what was used beyond what [Limiter.Take] was told, or gives back
// what was not (a negative cost): reserve an estimate, then settle. What has refilled
// since the charge is not to be given back, or more than the limit passes: keep the
// charge where it is as old as the [Decision].Full that Take returned. The store's
// error is returned.
func (l *Limiter) Adjust(ctx context.Context, key string, cost int64) error {
	if l.plan == nil {
		return errNoPlan
	}
	return l.adjust(ctx, l.plan.policies, key, cost)
}

func (l *Limiter) adjust(ctx context.Context, policies []Policy, key string, cost int64) error {
	decisions := make([]Decision, len(policies))
	return l.ask(ctx, func(ctx context.Context) error {
		return l.store.Adjust(ctx, key, cost, policies, decisions)
	})
}

func newVerdict(plan *Plan) Verdict {
	return Verdict{Policies: plan.policies, Decisions: make([]Decision, len(plan.policies))}
}

// decide asks the store within the deadline, and does what the policies choose
// where it is down. It returns the error of a context that ended meanwhile: that is
// no failure of the store, and a request that nobody waits for is not let in
// uncounted.
func (l *Limiter) decide(ctx context.Context, plan *Plan, key string, cost int64, v *Verdict) error {
	v.Err = l.ask(ctx, func(ctx context.Context) error {
		return l.store.Take(ctx, key, cost, plan.policies, v.Decisions)
	})
	if v.Err != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.withoutStore(ctx, plan, key, cost, v)
	}
	v.conclude(cost)
	return nil
}

// conclude makes one answer of those of the policies.
func (v *Verdict) conclude(cost int64) {
	v.Allowed = true
	for i := range v.Decisions {
		if d := &v.Decisions[i]; !d.Allowed && !v.Policies[i].Shadow {
			v.Allowed = false
			v.Never = v.Never || cost > v.Policies[i].Burst && !v.Unavailable
			v.RetryAfter = max(v.RetryAfter, d.RetryAfter)
		}
	}
	if v.Never {
		v.RetryAfter = 0
	}
}

// known reports whether the decision of policy i tells of a bucket.
func (v *Verdict) known(i int) bool { return v.Err == nil || v.Policies[i].WhenDown == Local }

// ask calls a store that may block. One that is in memory does not, and a context
// with a deadline costs more than its decision. A call whose caller went away says
// nothing of the store.
func (l *Limiter) ask(ctx context.Context, call func(context.Context) error) error {
	if l.direct {
		return call(ctx)
	}
	limited := ctx
	if l.options.Deadline >= 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, l.options.Deadline)
		defer cancel()
	}
	err := call(limited)
	if err == nil || ctx.Err() == nil {
		l.outage.note(ctx, err)
	}
	return err
}
