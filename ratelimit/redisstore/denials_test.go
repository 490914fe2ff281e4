package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// hands is the clock of the process, which a test moves.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func newHands() *hands { return &hands{now: time.Unix(1_790_000_000, 0)} }

func (h *hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hands) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// remembering is a store that knows its script, a clock, and a counter of calls.
func remembering(t *testing.T) (*redisstore.Store, *hands, *counter) {
	t.Helper()
	c, h, n := clientOf(t, redisURL(t)), newHands(), new(counter)
	s := newStore(t, c, redisstore.Options{Now: h.Now})
	mustPeek(t, s, "another", hourly("p", 1))
	c.AddHook(n)
	return s, h, n
}

// TestDeniedKeyIsRemembered: a flood of it does not reach Redis, and is told a wait that
// ends when it should.
func TestDeniedKeyIsRemembered(t *testing.T) {
	s, h, n := remembering(t)
	p, q := policy("p", 1, time.Hour, 3), policy("q", 100, time.Hour)
	for range 3 {
		mustTake(t, s, "k", 1, p, q)
	}
	first := mustTake(t, s, "k", 1, p, q)
	n.want(t, "up to the first denial", 4, 0)
	for range 1000 {
		d := mustTake(t, s, "k", 1, p, q)
		if d[0] != first[0] || d[1].Allowed != true || d[1].Remaining != 97 {
			t.Fatalf("remembered as %+v, and was %+v", d, first)
		}
	}
	h.advance(3 * time.Second)
	if d := mustTake(t, s, "k", 1, p, q)[0]; d.Allowed || d.RetryAfter != first[0].RetryAfter-3*time.Second || d.Full != first[0].Full-3*time.Second {
		t.Errorf("3 s later: %+v, and was %+v", d, first[0])
	}
	n.want(t, "a flood", 0, 0)
	mustTake(t, s, "other", 1, p, q)
	n.want(t, "another key", 1, 0)
	h.advance(2 * time.Second)
	mustTake(t, s, "k", 1, p, q)
	n.want(t, "after Remember", 1, 0)
	mustTake(t, s, "k", 1, p, q)
	n.want(t, "remembered anew", 0, 0)
	h.advance(-time.Minute)
	mustTake(t, s, "k", 1, p, q)
	n.want(t, "a clock that went back", 1, 0)
}

// TestDenialEnds with its wait, where that is shorter than Remember.
func TestDenialEnds(t *testing.T) {
	s, h, n := remembering(t)
	p := policy("p", 1, 2*time.Second)
	mustTake(t, s, "k", 1, p)
	wait := mustTake(t, s, "k", 1, p)[0].RetryAfter
	n.want(t, "the first denial", 2, 0)
	h.advance(wait - time.Microsecond)
	if d := mustTake(t, s, "k", 1, p)[0]; d.Allowed || d.RetryAfter != time.Microsecond {
		t.Errorf("a microsecond early: %+v", d)
	}
	n.want(t, "a microsecond early", 0, 0)
	h.advance(time.Microsecond)
	mustTake(t, s, "k", 1, p)
	n.want(t, "in time", 1, 0)
}

// TestDenialIsForgotten when the same process gives back.
func TestDenialIsForgotten(t *testing.T) {
	s, _, n := remembering(t)
	p := []ratelimit.Policy{hourly("p", 2), hourly("q", 9)}
	for name, give := range map[string]func(key string) error{
		"Adjust": func(key string) error {
			return s.Adjust(t.Context(), key, -1, p, make([]ratelimit.Decision, 2))
		},
		"Adjust of one policy": func(key string) error {
			return s.Adjust(t.Context(), key, -1, p[:1], make([]ratelimit.Decision, 1))
		},
		"Reset": func(key string) error { return s.Reset(t.Context(), key, p[:1]) },
	} {
		mustTake(t, s, name, 2, p...)
		mustTake(t, s, name, 1, p...)
		if d := mustTake(t, s, name, 1, p...)[0]; d.Allowed {
			t.Errorf("%s: before it, %+v", name, d)
		}
		n.want(t, name+", before", 2, 0)
		if err := give(name); err != nil {
			t.Fatal(err)
		}
		if d := mustTake(t, s, name, 1, p...)[0]; !d.Allowed {
			t.Errorf("%s: after it, %+v", name, d)
		}
		n.want(t, name, 2, 0)
	}
}

// TestDenialIsOfItsPolicies: of all that tells a bucket from another, in any place.
func TestDenialIsOfItsPolicies(t *testing.T) {
	s, _, n := remembering(t)
	full, used := policy("full", 9, time.Hour), policy("used", 3, time.Hour, 2)
	mustTake(t, s, "k", 2, full, used)
	mustTake(t, s, "k", 1, full, used)
	n.want(t, "the denial", 2, 0)
	for name, p := range map[string][]ratelimit.Policy{
		"Name":         {full, policy("other", 3, time.Hour, 2)},
		"Quota":        {full, policy("used", 2, time.Hour, 2)},
		"Window":       {full, policy("used", 3, 2*time.Hour, 2)},
		"Burst":        {full, policy("used", 3, time.Hour, 3)},
		"fewer":        {full},
		"first Burst":  {policy("full", 9, time.Hour, 8), policy("used", 3, time.Hour, 1)},
		"first Window": {policy("full", 9, time.Minute), policy("used", 9, time.Hour, 1)},
	} {
		if d := mustTake(t, s, "k", 1, p...); !d[0].Allowed || !d[len(d)-1].Allowed {
			t.Errorf("another %s: %+v", name, d)
		}
		n.want(t, "another "+name, 1, 0)
	}
	mustTake(t, s, "k", 1, full, used)
	n.want(t, "the same", 0, 0)
	mustTake(t, s, "k", 1, used) // another list of the same key, denied too
	n.want(t, "the denied policy alone", 1, 0)
	for range 10 {
		mustTake(t, s, "k", 1, full, used)
		mustTake(t, s, "k", 1, used)
	}
	n.want(t, "both lists in turn", 0, 0)
	shadow := used
	shadow.Shadow = true
	if d := mustTake(t, s, "k", 1, full, shadow); !d[0].Allowed || d[1].Allowed {
		t.Errorf("with the one that denied as Shadow: %+v", d)
	}
	n.want(t, "Shadow", 1, 0)
}

// TestDenialOfCosts: more than what was denied is denied for longer; less, where it
// fits, is asked for.
func TestDenialOfCosts(t *testing.T) {
	s, _, n := remembering(t)
	p, q := policy("p", 60, time.Hour), policy("q", 12, time.Hour) // a minute, 5 minutes
	mustTake(t, s, "k", 10, p, q)                                  // leaves 50 and 2
	mustTake(t, s, "k", 3, p, q)
	n.want(t, "the denial", 2, 0)
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if got > want || got < want-time.Minute {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	d := mustTake(t, s, "k", 3, p, q)
	near("a cost of 3", d[1].RetryAfter, 5*time.Minute)
	d = mustTake(t, s, "k", 7, p, q)
	near("a cost of 7", d[1].RetryAfter, 25*time.Minute)
	d = mustTake(t, s, "k", 55, p, q)
	if d[0].Allowed {
		t.Errorf("a cost of 55: %+v", d)
	}
	near("a cost of 55", d[0].RetryAfter, 5*time.Minute)
	near("a cost above the burst", d[1].RetryAfter, 50*time.Minute) // until it is full
	n.want(t, "greater costs", 0, 0)
	if d := mustTake(t, s, "k", 2, p, q); !d[0].Allowed || !d[1].Allowed {
		t.Errorf("a cost of 2: %+v", d)
	}
	n.want(t, "a cost that fits", 1, 0)
}

// meanwhile runs a function once, between the answer of Redis and its reading.
type meanwhile struct {
	redis.Hook
	run func()
}

func (m *meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }
func (m *meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if run := m.run; run != nil && strings.HasPrefix(cmd.Name(), "eval") {
			m.run = nil
			run()
		}
		return err
	}
}

// TestDenialOvertaken: what was given back while a denial was under way is seen.
func TestDenialOvertaken(t *testing.T) {
	c := clientOf(t, redisURL(t))
	s := newStore(t, c, redisstore.Options{})
	p := hourly("p", 2)
	mustTake(t, s, "k", 2, p)
	m := &meanwhile{run: func() { mustAdjust(t, s, "k", -1, p) }}
	c.AddHook(m)
	if d := mustTake(t, s, "k", 1, p)[0]; d.Allowed {
		t.Fatalf("the overtaken take: %+v", d)
	}
	if d := mustTake(t, s, "k", 1, p)[0]; !d.Allowed {
		t.Errorf("after the gift: %+v", d)
	}
}

// TestDenialsAreBounded by their number.
func TestDenialsAreBounded(t *testing.T) {
	s, h, _ := remembering(t)
	p := policy("p", 1, time.Hour)
	const keys = redisstore.MaxDenials + 500
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := i; j < keys; j += 8 {
				d := make([]ratelimit.Decision, 1)
				if err := s.Take(t.Context(), fmt.Sprint(j), 2, []ratelimit.Policy{p}, d); err != nil || d[0].Allowed {
					t.Errorf("key %d: %+v, %v", j, d[0], err)
				}
			}
		})
	}
	wg.Wait()
	if n := s.Remembered(); n != redisstore.MaxDenials {
		t.Errorf("%d denials are kept of %d", n, keys)
	}
	h.advance(time.Minute) // all are over: the next makes room among them
	mustTake(t, s, "another", 2, p)
	if n := s.Remembered(); n >= redisstore.MaxDenials {
		t.Errorf("%d denials are kept when all but one are over", n)
	}
}
