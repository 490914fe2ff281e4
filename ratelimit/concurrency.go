package ratelimit

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// ConcurrencyOptions are the settings of [NewConcurrency]. Max is required.
type ConcurrencyOptions struct {
	// Max is how many requests are in flight at once. Required.
	Max int
	// Queue is how many more wait for their turn, by default none.
	Queue int
	// Wait is how long one waits at most, by default a second.
	Wait time.Duration
	// Priority ranks requests: of those that wait, the highest comes first, and where
	// the queue has no room, the lowest is shed. Of one rank, the first come is the
	// first served. By default all are of rank 0.
	Priority func(*http.Request) int
	// Key limits the requests in flight for each key, in place of all together. Where
	// it finds none, that is the address of the peer.
	Key Key
	// RetryAfter is what the 503 says, by default a second.
	RetryAfter time.Duration
	// Problems writes the refusals. By default a writer with the defaults.
	Problems *problem.Writer
	// OnShed is called for each request that is refused, for metrics.
	OnShed func(*http.Request)
}

// Concurrency limits how many requests are in flight. What is too much is answered
// by 503 with Retry-After, never by 429: it is the service that has no capacity,
// whoever asks (RFC 9110 §15.6.4). It is safe for concurrent use.
//
// Inside a [Limiter] it sheds requests that were charged there already: set
// [Options.Count] to leave 503 out, or that is paid for as well.
type Concurrency struct {
	options ConcurrencyOptions
	busy    *problem.Problem

	mu    sync.Mutex
	lanes map[string]*lane
}

// lane is the requests of one key.
type lane struct {
	running int
	waiting []*waiter // in the order of their turns
}

type waiter struct {
	rank int
	turn chan bool // true: go on; false: shed
}

// NewConcurrency makes a [Concurrency]. It returns an error for a Max below 1 and
// for negative settings.
func NewConcurrency(o ConcurrencyOptions) (*Concurrency, error) {
	if o.Max < 1 {
		return nil, errors.New("ratelimit: Max is less than 1")
	}
	if o.Queue < 0 || o.Wait < 0 || o.RetryAfter < 0 {
		return nil, errors.New("ratelimit: Queue, Wait or RetryAfter is negative")
	}
	if o.Wait == 0 {
		o.Wait = time.Second
	}
	if o.RetryAfter == 0 {
		o.RetryAfter = time.Second
	}
	if o.Key == nil {
		o.Key = Everyone
	}
	if o.Problems == nil {
		o.Problems = new(problem.Writer)
	}
	busy := ReducedCapacity.Of(problem.Unavailable(o.RetryAfter)).WithDetail("Too many requests are in flight. Send the same request again later.")
	return &Concurrency{options: o, busy: busy, lanes: map[string]*lane{}}, nil
}

// Handler lets as many requests through as there is room for.
func (c *Concurrency) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done, err := c.Enter(r)
		if err != nil {
			dropLater(w.Header(), c.options.RetryAfter) // of limiters around
			c.options.Problems.Write(w, r, err)
			return
		}
		defer done()
		next.ServeHTTP(w, r)
	})
}

// Enter waits for the request's turn. It returns a function that ends it, which is
// to be called, and does nothing when called again; or a problem that answers the
// request; for one whose context ended meanwhile, its context's error.
func (c *Concurrency) Enter(r *http.Request) (done func(), err error) {
	key, _ := keyOf(c.options.Key, r)
	rank := 0
	if c.options.Priority != nil {
		rank = c.options.Priority(r)
	}
	if w := c.join(key, rank); w != nil {
		switch c.await(r.Context(), key, w) {
		case gone:
			return nil, r.Context().Err()
		case shed:
			if c.options.OnShed != nil {
				c.options.OnShed(r)
			}
			return nil, c.busy
		}
	}
	return sync.OnceFunc(func() { c.leave(key) }), nil
}

// join takes a place that is free (and returns nil), or one in the queue.
func (c *Concurrency) join(key string, rank int) *waiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[key]
	if l == nil {
		l = &lane{}
		c.lanes[key] = l
	}
	if l.running < c.options.Max {
		l.running++
		return nil
	}
	w := &waiter{rank: rank, turn: make(chan bool, 1)}
	at := len(l.waiting)
	for at > 0 && l.waiting[at-1].rank < rank {
		at--
	}
	l.waiting = slices.Insert(l.waiting, at, w)
	if len(l.waiting) > c.options.Queue {
		n := len(l.waiting) - 1
		l.waiting[n].turn <- false
		l.waiting = slices.Delete(l.waiting, n, n+1)
	}
	return w
}

type outcome int

const (
	served outcome = iota
	shed
	gone
)

// await waits for a turn. A turn that comes at the same moment as the end of the
// wait is taken: it is not lost.
func (c *Concurrency) await(ctx context.Context, key string, w *waiter) outcome {
	select {
	case turn := <-w.turn: // shed at once, most often
		return outcomeOf(turn)
	default:
	}
	timer := time.NewTimer(c.options.Wait)
	defer timer.Stop()
	result := shed
	select {
	case turn := <-w.turn:
		return outcomeOf(turn)
	case <-timer.C:
	case <-ctx.Done():
		result = gone
	}
	if c.quit(key, w) {
		return result
	}
	turn := <-w.turn
	if turn && result == gone {
		c.leave(key)
		return gone
	}
	return outcomeOf(turn)
}

func outcomeOf(turn bool) outcome {
	if turn {
		return served
	}
	return shed
}

// quit leaves the queue. It returns false where the turn has come meanwhile.
func (c *Concurrency) quit(key string, w *waiter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[key]
	if l == nil {
		return false
	}
	i := slices.Index(l.waiting, w)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// leave ends a request, and gives its place to the next.
func (c *Concurrency) leave(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[key]
	if len(l.waiting) > 0 {
		l.waiting[0].turn <- true // it has room for one
		l.waiting = slices.Delete(l.waiting, 0, 1)
		return
	}
	if l.running--; l.running == 0 {
		delete(c.lanes, key)
	}
}
