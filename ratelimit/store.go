package ratelimit

import (
	"context"
	"errors"
	"time"
)

// Store keeps what was used. [NewMemory] makes one for a single process; package
// redisstore has one for many. ratelimittest.Store judges any.
//
// A key, which may be any string, together with a policy's Name, Quota, Window and
// Burst names a bucket: keys that differ in a byte, and policies that differ in one of
// these, never share one. Shadow and WhenDown are no part of the name. A bucket that
// is not kept is full: what a store has lost never denies.
//
// Policies given to a store are complete: they were checked, and Burst is set. There
// are at most 8, no two of which name the same bucket. decisions has the length of
// policies, and may hold anything; decisions[i] becomes that of policies[i], with all
// its fields.
//
// A store does not keep, change or log the slices, and is safe for concurrent use.
// All policies of a call are decided and charged at one moment. While its clock has
// gone back, nothing refills, and no more passes than would have.
//
// An error says that it is not known whether anything was charged, but for [ErrCost]
// and [ErrClosed]: then nothing was. A call never charges twice. The text of an error
// has no key in it, since it is logged.
//
// A store that answers a denial from what it remembers, so that it may be late to see
// what others gave back, has a method
//
//	Fresh() Store
//
// that returns one of the same buckets which remembers nothing. [New] asks for it where
// a limiter gives back by itself ([Options].Count, Settle): what some requests have
// reserved for a moment is no reason to deny others for seconds.
type Store interface {
	// Take charges cost to every policy, or, where one that is no Shadow denies, to
	// none: then those that would have allowed it say so, with what they have. A
	// Shadow policy is charged with the others where it allows the cost, and left as
	// it is where not. A cost of less than 1 is ErrCost; one above the Burst, up to
	// the greatest int64, is denied as any other.
	Take(ctx context.Context, key string, cost int64, policies []Policy, decisions []Decision) error
	// Adjust charges cost without asking, more than there is too, so that what is
	// missing has to refill first; a negative cost gives back, up to a full bucket.
	// Any int64 may come. A debt that takes more than 10 years to refill may be cut
	// to that. Decisions are those of Peek, afterwards.
	Adjust(ctx context.Context, key string, cost int64, policies []Policy, decisions []Decision) error
	// Peek reports what is there, and what a cost of 1 would be told (Allowed and
	// RetryAfter), and charges nothing.
	Peek(ctx context.Context, key string, policies []Policy, decisions []Decision) error
	// Reset fills the buckets, also those with a debt.
	Reset(ctx context.Context, key string, policies []Policy) error
}

// Decision is what one policy says to a cost.
type Decision struct {
	// Allowed: the cost fits.
	Allowed bool
	// Remaining is how many whole units are left, after the cost where it was
	// charged: 0 where there is a debt.
	Remaining int64
	// RetryAfter is, where the cost does not fit, the time after which it will, if
	// nothing else is charged meanwhile, rounded up to what the store can tell: who
	// waits for exactly that long is let in. That is by the store's clock as it is: after
	// that has gone back, it includes the jump, since nothing refills until the clock is
	// where it was. For a cost above the policy's Burst, which never fits
	// ([Verdict].Never), it is the time after which the bucket is full. Otherwise it is
	// 0.
	RetryAfter time.Duration
	// Full is the time after which the bucket is full, if nothing is charged.
	Full time.Duration
}

// Errors of a store.
var (
	// ErrCost: a cost of less than 1 for Take.
	ErrCost = errors.New("ratelimit: a cost is less than 1")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("ratelimit: the store is closed")
)
