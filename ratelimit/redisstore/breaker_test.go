package redisstore_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// fault makes calls fail before they reach Redis.
type fault struct {
	redis.Hook
	fail  atomic.Pointer[func(ctx context.Context) error]
	calls atomic.Int64
}

func (f *fault) set(fail func(ctx context.Context) error) { f.fail.Store(&fail) }

func (f *fault) DialHook(next redis.DialHook) redis.DialHook { return next }
func (f *fault) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (f *fault) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if fail := f.fail.Load(); fail != nil && *fail != nil {
			f.calls.Add(1)
			if err := (*fail)(ctx); err != nil {
				return err
			}
		}
		return next(ctx, cmd)
	}
}

// told is what hooks were told.
type told struct {
	mu     sync.Mutex
	events []string
}

func (l *told) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, s)
}

func (l *told) want(t *testing.T, when string, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.events, want) {
		t.Errorf("%s: told %q, want %q", when, l.events, want)
	}
	l.events = nil
}

type faulty struct {
	*redisstore.Store
	*fault
	*hands
	breaker, calls told
}

func newFaulty(t *testing.T, failures int) *faulty {
	t.Helper()
	c := clientOf(t, redisURL(t))
	f := &faulty{fault: new(fault), hands: newHands()}
	f.Store = newStore(t, c, redisstore.Options{
		Failures: failures, Rest: time.Second, Now: f.hands.Now,
		OnBreaker: func(open bool) { f.breaker.add(map[bool]string{true: "open", false: "closed"}[open]) },
		OnCall: func(operation string, took time.Duration, err error) {
			if err != nil {
				operation += " failed"
			}
			f.calls.add(operation)
		},
	})
	mustPeek(t, f.Store, "k", hourly("p", 1))
	f.calls.want(t, "the first call", "peek")
	c.AddHook(f.fault)
	return f
}

func (f *faulty) try(ctx context.Context) error {
	return f.Take(ctx, "k", 1, []ratelimit.Policy{policy("p", 1_000_000, time.Hour)}, make([]ratelimit.Decision, 1))
}

func broken(context.Context) error { return io.ErrUnexpectedEOF }

// TestBreaker: it opens after failures in a row, lets one call through each rest, and
// closes when that works.
func TestBreaker(t *testing.T) {
	f := newFaulty(t, 3)
	ctx := t.Context()
	for _, fail := range []bool{true, true, false, true, true, false} {
		f.set(nil)
		if fail {
			f.set(broken)
		}
		if err := f.try(ctx); errors.Is(err, io.ErrUnexpectedEOF) != fail {
			t.Errorf("failing %v: %v", fail, err)
		}
	}
	f.breaker.want(t, "two failures and a success")
	f.calls.want(t, "calls", "take failed", "take failed", "take", "take failed", "take failed", "take")

	f.set(broken)
	for range 3 {
		f.try(ctx)
	}
	f.breaker.want(t, "three failures", "open")
	f.calls.want(t, "three failures", "take failed", "take failed", "take failed")
	f.fault.calls.Store(0)
	if err := f.try(ctx); !errors.Is(err, redisstore.ErrDown) {
		t.Errorf("while open: %v", err)
	}
	f.advance(time.Second - 1)
	p, d := []ratelimit.Policy{hourly("p", 1)}, make([]ratelimit.Decision, 1)
	for name, err := range map[string]error{"Take": f.try(ctx), "Peek": f.Peek(ctx, "k", p, d), "Adjust": f.Adjust(ctx, "k", 1, p, d), "Reset": f.Reset(ctx, "k", p)} {
		if !errors.Is(err, redisstore.ErrDown) {
			t.Errorf("%s while open: %v", name, err)
		}
	}
	if n := f.fault.calls.Load(); n != 0 {
		t.Errorf("%d calls while open", n)
	}
	f.calls.want(t, "while open")

	// One goes through, however long it takes and however many come.
	begun, end := make(chan struct{}), make(chan struct{})
	f.set(func(context.Context) error { close(begun); <-end; return io.ErrUnexpectedEOF })
	f.advance(1)
	var wg sync.WaitGroup
	wg.Go(func() { f.try(ctx) })
	select {
	case <-begun:
	case <-time.After(20 * time.Second):
		t.Fatal("after the rest, no call goes through")
	}
	for range 10 {
		if err := f.try(ctx); !errors.Is(err, redisstore.ErrDown) {
			t.Errorf("beside the call that tries: %v", err)
		}
	}
	close(end)
	wg.Wait()
	if err := f.try(ctx); !errors.Is(err, redisstore.ErrDown) {
		t.Errorf("after the call that tried and failed: %v", err)
	}
	f.breaker.want(t, "a try that failed")

	f.set(nil)
	if err := f.Ready(ctx); err != nil { // asks all the same, and does not decide
		t.Errorf("Ready: %v", err)
	}
	f.advance(time.Second)
	if err := f.try(ctx); err != nil {
		t.Errorf("the call that tries: %v", err)
	}
	f.breaker.want(t, "a try that worked", "closed")
	if err := f.try(ctx); err != nil {
		t.Errorf("after it: %v", err)
	}
	f.calls.want(t, "coming back", "take failed", "ready", "take", "take")
}

// TestBreakerNever: a negative number of failures.
func TestBreakerNever(t *testing.T) {
	f := newFaulty(t, -1)
	f.set(broken)
	for range 20 {
		if err := f.try(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	}
	f.breaker.want(t, "20 failures")
}

// TestBreakerJudges: a caller that went away, or came late, says nothing of Redis.
func TestBreakerJudges(t *testing.T) {
	f := newFaulty(t, 2)
	gone := func() context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		f.set(func(context.Context) error { cancel(); return context.Canceled })
		return ctx
	}
	for range 5 {
		if err := f.try(gone()); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	f.fault.calls.Store(0)
	for range 5 {
		f.try(over)
	}
	if n := f.fault.calls.Load(); n != 0 {
		t.Errorf("%d calls for callers that had gone before", n)
	}
	after := func(d time.Duration) func(context.Context) error {
		return func(context.Context) error { f.advance(d); return context.DeadlineExceeded }
	}
	f.set(after(9 * time.Millisecond))
	for range 5 {
		f.try(t.Context())
	}
	f.breaker.want(t, "callers that went away or came late")
	f.set(after(10 * time.Millisecond))
	f.try(t.Context())
	f.try(t.Context())
	f.breaker.want(t, "a slow Redis", "open")

	f.advance(time.Second)
	f.try(gone()) // the call that tries says nothing: the next may, at once
	f.set(nil)
	if err := f.try(t.Context()); err != nil {
		t.Errorf("after a try whose caller went away: %v", err)
	}
	f.breaker.want(t, "the next try", "closed")
}

// TestBreakerTells in order, one at a time, also a hook that asks the store.
func TestBreakerTells(t *testing.T) {
	c, f := clientOf(t, redisURL(t)), new(fault)
	var s *redisstore.Store
	var telling, last atomic.Int64
	s = newStore(t, c, redisstore.Options{Failures: 1, Rest: time.Nanosecond, OnBreaker: func(open bool) {
		if telling.Add(1) != 1 {
			t.Error("told twice at once")
		}
		now := int64(1)
		if open {
			now = 2
		}
		if last.Swap(now) == now {
			t.Error("told the same twice")
		}
		s.Ready(context.Background())
		s.Peek(context.Background(), "k", []ratelimit.Policy{hourly("p", 1)}, make([]ratelimit.Decision, 1))
		telling.Add(-1)
	}})
	c.AddHook(f)
	var n atomic.Int64
	f.set(func(context.Context) error {
		if n.Add(1)%3 == 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				s.Peek(t.Context(), "k", []ratelimit.Policy{hourly("p", 1)}, make([]ratelimit.Decision, 1))
			}
		})
	}
	wg.Wait()
	if last.Load() == 0 {
		t.Error("told nothing")
	}
}
