package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
)

// Options are the settings of a [Store]. The zero value is useful.
type Options struct {
	// Prefix begins all Redis keys, by default "ratelimit:". It has no braces.
	Prefix string
	// Failures is how many calls in a row may fail until the breaker opens, by
	// default 5; negative: it never does. A call whose caller went away is no
	// failure, nor is one that had less than 10 ms.
	Failures int
	// Rest is how long the breaker stays open before a call may try again, by
	// default 1 s.
	Rest time.Duration
	// Remember is the longest time for which a denial is answered from this process's
	// memory, so that a flood of one key does not reach Redis: until its RetryAfter,
	// and at most this, by default 5 s; negative: not at all. What another process
	// gives back (Adjust, Reset) is seen that much later; so a limiter that gives back
	// by itself (ratelimit.Options.Count, Settle) asks Redis each time ([Store.Fresh]).
	// At most 10,000 keys are remembered.
	Remember time.Duration
	// OnCall is called after each call of Redis, for metrics, with "take", "adjust",
	// "peek", "reset" or "ready". What is answered without a call is not told.
	OnCall func(operation string, took time.Duration, err error)
	// OnBreaker is called when the breaker opens and when it closes, one call at a
	// time.
	OnBreaker func(open bool)
	// Now is the clock of this process, for the breaker and for what is remembered,
	// by default time.Now. Decisions are by the clock of Redis.
	Now func() time.Time
}

const (
	defaultPrefix   = "ratelimit:"
	defaultFailures = 5
	defaultRest     = time.Second
	defaultRemember = 5 * time.Second
)

// Store is a [ratelimit.Store] in Redis. [Open] and [New] make it. It is safe for
// concurrent use. After [Store.Close] its methods return [ratelimit.ErrClosed].
type Store struct {
	client  redis.UniversalClient
	owned   bool
	closed  atomic.Bool
	options Options
	script  script
	breaker breaker
	denials denials
}

var _ ratelimit.Store = (*Store)(nil)

// ErrDown: Redis failed often of late, and was not asked.
var ErrDown = errors.New("redisstore: Redis is down")

// Take implements [ratelimit.Store].
func (s *Store) Take(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	return s.take(ctx, key, cost, policies, decisions, s.options.Remember > 0)
}

func (s *Store) take(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision, remember bool) error {
	if cost < 1 {
		return ratelimit.ErrCost
	}
	if err := s.check(policies, decisions); err != nil || len(policies) == 0 {
		return err
	}
	t := tagOf(key)
	var room [maxPolicies]int64
	ids := numbers(room[:0], policies)
	denied, version := false, uint32(0)
	if remember {
		denied, version = s.denials.answer(t, s.options.Now(), cost, ids, policies, decisions)
	}
	if denied {
		return nil
	}
	list, err := s.run(ctx, take, t, cost, ids, policies)
	if err != nil {
		return err
	}
	for i := range list {
		p := &policies[i]
		if list[i].charged {
			decisions[i] = charged(p, list[i].amount)
			continue
		}
		decisions[i] = asked(p, list[i].amount, cost)
		denied = denied || !decisions[i].Allowed && !p.Shadow
	}
	if denied && remember {
		s.denials.note(t, version, s.options.Now(), ids, list)
	}
	return nil
}

// Adjust implements [ratelimit.Store]. A debt is cut at 71 years of refill.
func (s *Store) Adjust(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	return s.look(ctx, adjust, key, cost, policies, decisions)
}

// Peek implements [ratelimit.Store]. It asks Redis also where a denial is remembered.
func (s *Store) Peek(ctx context.Context, key string, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	return s.look(ctx, peek, key, 0, policies, decisions)
}

// look reports what is there, after an adjustment or without.
func (s *Store) look(ctx context.Context, op operation, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	if err := s.check(policies, decisions); err != nil || len(policies) == 0 {
		return err
	}
	t := tagOf(key)
	list, err := s.run(ctx, op, t, cost, numbers(nil, policies), policies)
	s.denials.forget(t)
	if err != nil {
		return err
	}
	for i := range list {
		decisions[i] = asked(&policies[i], list[i].amount, 1)
	}
	return nil
}

// Reset implements [ratelimit.Store].
func (s *Store) Reset(ctx context.Context, key string, policies []ratelimit.Policy) error {
	return s.look(ctx, reset, key, 0, policies, make([]ratelimit.Decision, len(policies)))
}

// Ready asks Redis for a bucket that nobody uses, whether or not the breaker is open:
// for a readiness probe. It writes nothing, so it does not tell that Redis is full.
func (s *Store) Ready(ctx context.Context) error {
	if s.closed.Load() {
		return ratelimit.ErrClosed
	}
	policies := []ratelimit.Policy{{Name: "ready", Quota: 1, Window: time.Second, Burst: 1}}
	begun := s.options.Now()
	out, err := s.script.run(ctx, s.client, s.name(tag{}), pack(peek, 0, numbers(nil, policies), policies))
	if err == nil {
		_, err = states(out, policies)
	}
	s.told("ready", begun, err)
	return wrap("ready", err)
}

// Close closes the store, and the client where [Open] made it.
func (s *Store) Close() error {
	if s.closed.Swap(true) || !s.owned {
		return nil
	}
	return s.client.Close()
}

// run runs the script, unless the breaker is open.
func (s *Store) run(ctx context.Context, op operation, t tag, cost int64, ids []int64, policies []ratelimit.Policy) ([]state, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap(op.String(), err)
	}
	begun := s.options.Now()
	if !s.breaker.enter(begun) {
		return nil, ErrDown
	}
	var list []state
	out, err := s.script.run(ctx, s.client, s.name(t), pack(op, cost, ids, policies))
	if err == nil {
		list, err = states(out, policies)
	}
	now := s.options.Now()
	s.breaker.leave(now, judge(ctx, now.Sub(begun), err))
	s.told(op.String(), begun, err)
	return list, wrap(op.String(), err)
}

// patience is how long a call waits at least before it says that Redis is slow.
const patience = 10 * time.Millisecond

// judge tells a failure of Redis from a caller that went away, or came late.
func judge(ctx context.Context, took time.Duration, err error) outcome {
	var timeout net.Error
	switch {
	case err == nil:
		return worked
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return nothing
	case took < patience && errors.As(err, &timeout) && timeout.Timeout():
		return nothing
	}
	return failed
}

func (s *Store) told(operation string, begun time.Time, err error) {
	if s.options.OnCall != nil {
		s.options.OnCall(operation, s.options.Now().Sub(begun), err)
	}
}

func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redisstore: %s: %w", operation, err)
}

// Bounds of what a call may ask: those of package ratelimit's policies.
const (
	maxPolicies = 8
	maxQuota    = 999_999_999_999_999
	maxWindow   = 366 * 24 * time.Hour
	maxFill     = 10 * maxWindow
)

var (
	errTooMany    = errors.New("redisstore: there are more than 8 policies")
	errLength     = errors.New("redisstore: there are more or fewer decisions than policies")
	errIncomplete = errors.New("redisstore: a policy has a Quota, Window or Burst that makes no sense")
)

// check refuses what no limiter asks.
func (s *Store) check(policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	switch {
	case s.closed.Load():
		return ratelimit.ErrClosed
	case len(policies) > maxPolicies:
		return errTooMany
	case len(policies) != len(decisions):
		return errLength
	}
	for i := range policies {
		p := &policies[i]
		if p.Quota < 1 || p.Quota > maxQuota || p.Burst < 1 || p.Burst > maxQuota ||
			p.Window < time.Microsecond || p.Window > maxWindow || p.Window%time.Microsecond != 0 ||
			units(p, uint64(p.Burst)).us > int64(maxFill/time.Microsecond) {
			return errIncomplete
		}
	}
	return nil
}
