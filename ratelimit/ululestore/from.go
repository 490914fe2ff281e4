package ululestore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/forthright-http/forthright/ratelimit"
)

// Options are the settings of [From].
type Options struct {
	// Now is the clock that the store's times are compared with, time.Now by default.
	Now func() time.Time
}

// From makes a ratelimit.Store of a limiter.Store. Policies with a Burst of their own
// are refused with [ErrBurst]; a Window is rounded up to whole milliseconds, below
// which such stores misbehave.
func From(store limiter.Store, options ...Options) (ratelimit.Store, error) {
	if store == nil {
		return nil, errors.New("ululestore: there is no store")
	}
	f := &from{store: store, now: time.Now}
	if len(options) > 1 {
		return nil, fmt.Errorf("ululestore: %d Options are given, where one is taken", len(options))
	}
	if len(options) == 1 && options[0].Now != nil {
		f.now = options[0].Now
	}
	return f, nil
}

// ErrBurst: a fixed window has no burst.
var ErrBurst = errors.New("ululestore: the policy has a Burst other than its Quota, which a limiter.Store cannot keep")

type from struct {
	store limiter.Store
	now   func() time.Time
}

// Rate is the limiter.Rate of a policy. Its Burst is left out.
func Rate(p ratelimit.Policy) limiter.Rate {
	period := (p.Window + time.Millisecond - 1).Truncate(time.Millisecond)
	return limiter.Rate{Formatted: p.Name, Period: period, Limit: p.Quota}
}

// name is the key of a policy's count. A limiter.Store leaves the rate out of it, so
// that two policies would share one.
func name(key string, p *ratelimit.Policy) string {
	return p.Name + ":" + strconv.FormatInt(p.Quota, 10) + ":" + strconv.FormatInt(int64(p.Window), 10) + ":" + key
}

func check(policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	if len(decisions) != len(policies) {
		return fmt.Errorf("ululestore: %d decisions for %d policies", len(decisions), len(policies))
	}
	for i := range policies {
		if p := &policies[i]; p.Burst != 0 && p.Burst != p.Quota {
			return fmt.Errorf("%w: %s", ErrBurst, p.Name)
		}
	}
	return nil
}

// Take looks at all policies, and charges all of them or none.
func (f *from) Take(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	if cost < 1 {
		return ratelimit.ErrCost
	}
	if err := check(policies, decisions); err != nil {
		return err
	}
	all := true
	for i := range policies {
		p := &policies[i]
		seen, err := f.store.Peek(ctx, name(key, p), Rate(*p))
		if err != nil {
			return err
		}
		decisions[i] = f.decision(p, seen, seen.Remaining >= cost)
		all = all && (decisions[i].Allowed || p.Shadow)
	}
	if !all {
		return nil
	}
	for i := range policies {
		p := &policies[i]
		if !decisions[i].Allowed {
			continue
		}
		got, err := f.store.Increment(ctx, name(key, p), cost, Rate(*p))
		if err != nil {
			return errors.Join(err, f.giveBack(ctx, key, cost, policies[:i], decisions[:i]))
		}
		decisions[i] = f.decision(p, got, !got.Reached)
		if !got.Reached {
			continue
		}
		// Another request came between the look and the charge.
		if err := f.giveBack(ctx, key, cost, policies[i:i+1], []ratelimit.Decision{{Allowed: true}}); err != nil {
			return err
		}
		if !p.Shadow {
			return f.giveBack(ctx, key, cost, policies[:i], decisions[:i])
		}
	}
	return nil
}

// giveBack takes the charges of the policies back that allowed the cost.
func (f *from) giveBack(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	var errs []error
	for i := range policies {
		if decisions[i].Allowed {
			_, err := f.store.Increment(context.WithoutCancel(ctx), name(key, &policies[i]), -cost, Rate(policies[i]))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Adjust charges or gives back: no more than is left, since such a store does not tell
// what was charged beyond, and no more than was charged in this window.
func (f *from) Adjust(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	if err := check(policies, decisions); err != nil {
		return err
	}
	for i := range policies {
		p := &policies[i]
		seen, err := f.store.Peek(ctx, name(key, p), Rate(*p))
		if err != nil {
			return err
		}
		change := max(min(cost, seen.Remaining), seen.Remaining-p.Quota)
		if change != 0 {
			if seen, err = f.store.Increment(ctx, name(key, p), change, Rate(*p)); err != nil {
				return err
			}
		}
		decisions[i] = f.decision(p, seen, seen.Remaining >= 1)
	}
	return nil
}

// Peek implements ratelimit.Store.
func (f *from) Peek(ctx context.Context, key string, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	if err := check(policies, decisions); err != nil {
		return err
	}
	for i := range policies {
		p := &policies[i]
		seen, err := f.store.Peek(ctx, name(key, p), Rate(*p))
		if err != nil {
			return err
		}
		decisions[i] = f.decision(p, seen, seen.Remaining >= 1)
	}
	return nil
}

// Reset implements ratelimit.Store.
func (f *from) Reset(ctx context.Context, key string, policies []ratelimit.Policy) error {
	var errs []error
	for i := range policies {
		_, err := f.store.Reset(ctx, name(key, &policies[i]), Rate(policies[i]))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// decision makes one of what the store says. Its Reset is cut to whole seconds, so
// that who waits until then may be a second early: one is added.
func (f *from) decision(p *ratelimit.Policy, c limiter.Context, allowed bool) ratelimit.Decision {
	d := ratelimit.Decision{Allowed: allowed, Remaining: min(max(c.Remaining, 0), p.Quota)}
	if d.Remaining < p.Quota {
		d.Full = min(max(time.Unix(c.Reset+1, 0).Sub(f.now()), 0), Rate(*p).Period+time.Second)
	}
	if !allowed {
		d.RetryAfter = max(d.Full, time.Nanosecond)
	}
	return d
}
