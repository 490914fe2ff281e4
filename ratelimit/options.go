package ratelimit

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// Options are the settings of a [Limiter]. Policies or Choose is required.
type Options struct {
	// Policies are what each request is held against, all of them at once: where
	// one denies, none is charged.
	Policies []Policy
	// Choose picks the policies of a request by its plan, route or method, in
	// place of Policies, where it returns a [Plan] that is not nil. Where it returns
	// nil and there are no Policies, the request is not limited.
	Choose func(*http.Request) *Plan
	// Key finds the partition key of a request. By default, and where it finds
	// none, that is the address of the peer: see [ByAddress]. An address that stands
	// in for a Key is marked, so that no key of a Key's own making is the same.
	Key Key
	// Cost is what a request costs, by default 1. Where it returns 0 or less, the
	// request is not limited: a cost that is computed from what the client sent, such
	// as a page size of -1, must be brought to 1 or more, or it is a way around the
	// limit. One that costs more than a policy's Burst never fits, and is answered by
	// 422, [CostTooHigh], without Retry-After.
	Cost func(*http.Request) int64
	// Count decides by its status whether an answer is counted. By default all are.
	//
	// The cost is charged before the handler runs and given back after it where it is
	// not counted, so that requests in parallel do not pass a limit together.
	//
	// MIND: so it also bounds the requests in flight. With a Burst of 5, the sixth
	// request that one key has in flight gets 429, though none has failed. For a guard,
	// which counts failures, choose a Quota above what an address (an office, a mobile
	// network) has in flight in good times, or put it around the login route alone.
	// And name the statuses that a wrong password gets, as in Statuses(401):
	// [Failures] around a whole API counts each 404 and 422 too.
	//
	// Units that have refilled while the handler ran are not given back, since they
	// were there for others. So, over any time t, at most Burst + Quota*t/Window of
	// what is counted passes, and one unit, however long requests are held open. Of N
	// limiters or processes that share a bucket, each knows only its own requests in
	// flight: then N-1 times the Burst more may pass.
	//
	// A handler that panics before it answered counts as 500, a connection that was
	// taken over as 101, and a client that went away before the answer as 499
	// ([problem.ClientGone]).
	Count func(status int) bool
	// Settle lets handlers say what a request really cost: see [Settle].
	Settle bool
	// Problems writes the refusals. By default a writer with the defaults.
	Problems *problem.Writer
	// Fields are the header fields that tell clients of their limits, by default
	// [Draft].
	Fields Fields
	// Quiet sends the fields on refusals alone: for a limiter that guards another.
	Quiet bool
	// Expose names the fields in Access-Control-Expose-Headers, so that scripts of
	// other origins can read them.
	Expose bool
	// PartitionSecret, of 16 bytes or more, adds to RateLimit a parameter "pk":
	// a keyed hash of the partition key, so that a client can tell its buckets
	// apart. The key itself is never sent. By default there is none.
	PartitionSecret []byte
	// Jitter spreads the Retry-After of different keys over this share of the wait,
	// so that clients do not come back all at once: 0 to 1, by default 0.1; negative:
	// none. It only ever adds, at most a minute, and is the same each time for a
	// key.
	Jitter float64
	// Deadline is how long a decision may take until the store counts as down, by
	// default 50 ms; negative: for as long as the request lives. [Memory] does not
	// block, and has none.
	Deadline time.Duration
	// Machines is how many processes share the limits: what [Local] divides by,
	// rounded down, and at least 1. By default 1.
	Machines int
	// RetryAfter is what a 503 of a [Closed] policy says, by default 5 s.
	RetryAfter time.Duration
	// OnDecision is called for each decision, for metrics. A request whose context
	// ended while the store was asked has none.
	OnDecision func(Event)
	// Logger gets a record when the store begins to fail (level warn), whatever the
	// policies choose, and one when it has answered again and not failed for a second
	// (info): not one for each request. There is no key in them, but for what the
	// store's error says. By default slog.Default() at the time of the record.
	Logger *slog.Logger
	// Now is the clock for X-RateLimit-Reset, for [Local], and for what Count and
	// Settle give back, by default time.Now and the monotonic clock.
	Now func() time.Time
}

// Event tells of one decision.
type Event struct {
	Request *http.Request
	// Key is the partition key, as [Limiter.Reset] wants it. It may name a person.
	Key string
	// Fallback: [Options.Key] found none, and the address of the peer stands in: behind
	// a proxy, that of the proxy. [By] finds one always.
	Fallback bool
	// Policies are those of the request. They are not to be changed.
	Policies []Policy
	// Decisions are those of the policies, in their order. They are valid until
	// OnDecision returns.
	Decisions []Decision
	// Allowed: the request was let in.
	Allowed bool
	// Err is why the store could not decide, nil where it did. What the policies
	// choose for that time was done.
	Err error
}

const (
	defaultDeadline   = 50 * time.Millisecond
	defaultRetryAfter = 5 * time.Second
	defaultJitter     = 0.1
	minSecret         = 16
)

// settles: what was charged may be given back.
func (o *Options) settles() bool { return o.Count != nil || o.Settle }

// complete sets the defaults, and says what is wrong.
func (o *Options) complete() error {
	if len(o.Policies) == 0 && o.Choose == nil {
		return errors.New("there are neither Policies nor Choose")
	}
	if o.Key == nil {
		o.Key = ByAddress
	}
	if o.Problems == nil {
		o.Problems = new(problem.Writer)
	}
	if o.Fields > None {
		return errors.New("Fields is none of its values")
	}
	if n := len(o.PartitionSecret); n > 0 && n < minSecret {
		return fmt.Errorf("a PartitionSecret of %d bytes is shorter than %d", n, minSecret)
	}
	o.PartitionSecret = slices.Clone(o.PartitionSecret)
	switch {
	case o.Jitter == 0:
		o.Jitter = defaultJitter
	case o.Jitter < 0:
		o.Jitter = 0
	case !(o.Jitter <= 1): // nor a number
		return errors.New("Jitter is not at most 1")
	}
	if o.Deadline == 0 {
		o.Deadline = defaultDeadline
	}
	if o.Machines == 0 {
		o.Machines = 1
	}
	if o.Machines < 0 {
		return errors.New("Machines is negative")
	}
	if o.RetryAfter == 0 {
		o.RetryAfter = defaultRetryAfter
	}
	if o.RetryAfter < 0 {
		return errors.New("RetryAfter is negative")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}
