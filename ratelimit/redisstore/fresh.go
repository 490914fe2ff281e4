package redisstore

import (
	"context"

	"github.com/forthright-http/forthright/ratelimit"
)

// Fresh is the same store, with the same client, breaker and hooks, but one that asks
// Redis also where a denial is remembered, and remembers none: a limiter asks for it
// that gives back what it charged ([ratelimit.Options].Count, Settle).
func (s *Store) Fresh() ratelimit.Store { return fresh{s} }

type fresh struct{ *Store }

func (f fresh) Take(ctx context.Context, key string, cost int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) error {
	return f.take(ctx, key, cost, policies, decisions, false)
}
