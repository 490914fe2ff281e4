package ululestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/forthright-http/forthright/ratelimit"
)

// Of makes a limiter.Store of a ratelimit.Store. It passes the tests that limiter has
// for its own stores. What differs from those:
//
//   - The limit refills without a pause; it does not come back all at once at the end
//     of a window. So Reset is the time at which all of it is there, cut to whole seconds
//     as limiter does: who waits for it may be a second early.
//   - What is denied is not charged: Increment by more than there is leaves the count
//     as it is.
//   - Two rates never share a count.
//   - A rate that makes no sense is an error.
func Of(store ratelimit.Store, options ...Options) (limiter.Store, error) {
	if store == nil {
		return nil, errors.New("ululestore: there is no store")
	}
	if len(options) > 1 {
		return nil, fmt.Errorf("ululestore: %d Options are given, where one is taken", len(options))
	}
	o := &of{store: store, now: time.Now}
	if len(options) == 1 && options[0].Now != nil {
		o.now = options[0].Now
	}
	return o, nil
}

type of struct {
	store ratelimit.Store
	now   func() time.Time
}

// Names of the policies that a rate becomes: the count, and whether a request was
// denied since there was none left, which a Peek tells.
const countName, deniedName = "ulule", "ulule-denied"

// Policy is the ratelimit.Policy of a rate. It returns an error for a rate that is
// none.
func Policy(name string, rate limiter.Rate) (ratelimit.Policy, error) {
	p := ratelimit.Policy{Name: name, Quota: rate.Limit, Burst: rate.Limit, Window: rate.Period}
	if _, err := ratelimit.NewPlan(p); err != nil {
		return ratelimit.Policy{}, err
	}
	return p, nil
}

// policies are the count's, and that of the mark for a denied request: it holds for
// as long as one unit takes to come back.
func policies(rate limiter.Rate) (count, denied []ratelimit.Policy, err error) {
	p, err := Policy(countName, rate)
	if err != nil {
		return nil, nil, err
	}
	mark := p
	mark.Name, mark.Quota, mark.Burst, mark.Window = deniedName, 1, 1, max(rate.Period/time.Duration(rate.Limit), time.Microsecond).Truncate(time.Microsecond)
	return []ratelimit.Policy{p}, []ratelimit.Policy{mark}, nil
}

// Get implements limiter.Store.
func (o *of) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return o.Increment(ctx, key, 1, rate)
}

// Increment implements limiter.Store. A count of less than 1 gives back.
func (o *of) Increment(ctx context.Context, key string, count int64, rate limiter.Rate) (limiter.Context, error) {
	policy, denied, err := policies(rate)
	if err != nil {
		return limiter.Context{}, err
	}
	d := make([]ratelimit.Decision, 1)
	if count < 1 {
		if err := o.store.Adjust(ctx, key, count, policy, d); err != nil {
			return limiter.Context{}, err
		}
		return o.context(rate, d[0], false), nil
	}
	if err := o.store.Take(ctx, key, count, policy, d); err != nil {
		return limiter.Context{}, err
	}
	if !d[0].Allowed {
		mark := make([]ratelimit.Decision, 1)
		if err := o.store.Take(ctx, key, 1, denied, mark); err != nil {
			return limiter.Context{}, err
		}
	}
	return o.context(rate, d[0], !d[0].Allowed), nil
}

// Peek implements limiter.Store. Reached is true once a request was denied, and not
// yet when the last one that fits was let in.
func (o *of) Peek(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	policy, denied, err := policies(rate)
	if err != nil {
		return limiter.Context{}, err
	}
	d, mark := make([]ratelimit.Decision, 1), make([]ratelimit.Decision, 1)
	if err := o.store.Peek(ctx, key, policy, d); err != nil {
		return limiter.Context{}, err
	}
	if d[0].Remaining == 0 {
		if err := o.store.Peek(ctx, key, denied, mark); err != nil {
			return limiter.Context{}, err
		}
	}
	return o.context(rate, d[0], d[0].Remaining == 0 && !mark[0].Allowed), nil
}

// Reset implements limiter.Store.
func (o *of) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	policy, denied, err := policies(rate)
	if err != nil {
		return limiter.Context{}, err
	}
	if err := o.store.Reset(ctx, key, append(policy, denied...)); err != nil {
		return limiter.Context{}, err
	}
	return o.context(rate, ratelimit.Decision{Remaining: rate.Limit}, false), nil
}

// context is what limiter's users read: Reset in seconds since 1970.
func (o *of) context(rate limiter.Rate, d ratelimit.Decision, reached bool) limiter.Context {
	return limiter.Context{
		Limit: rate.Limit, Remaining: d.Remaining, Reached: reached,
		Reset: o.now().Add(d.Full).Unix(),
	}
}
