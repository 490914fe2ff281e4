package ratelimit_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
)

// memoryPolicy is a policy that lets n pass, and the next one an hour later.
func memoryPolicy(name string, n int64) ratelimit.Policy {
	return ratelimit.Policy{Name: name, Quota: 1, Window: time.Hour, Burst: n}
}

// memoryTake returns whether a cost of 1 is let in.
func memoryTake(t testing.TB, m *ratelimit.Memory, key string, policies ...ratelimit.Policy) bool {
	t.Helper()
	d := make([]ratelimit.Decision, len(policies))
	if err := m.Take(context.Background(), key, 1, policies, d); err != nil {
		t.Fatal(err)
	}
	for i := range d {
		if !d[i].Allowed {
			return false
		}
	}
	return true
}

func TestNewMemoryRefuses(t *testing.T) {
	if m, err := ratelimit.NewMemory(ratelimit.MemoryOptions{MaxKeys: -1}); err == nil || m != nil {
		t.Errorf("a negative MaxKeys: %v, %v", m, err)
	}
}

// TestMemoryRefuses: what no limiter asks is an error that charges nothing, and not a
// panic.
func TestMemoryRefuses(t *testing.T) {
	m := memoryOf(t, ratelimit.MemoryOptions{})
	good := memoryPolicy("p", 3)
	with := func(change func(p *ratelimit.Policy)) []ratelimit.Policy {
		p := good
		change(&p)
		return []ratelimit.Policy{good, p}
	}
	nine := make([]ratelimit.Policy, 9)
	for i := range nine {
		nine[i] = memoryPolicy("p"+strconv.Itoa(i), 3)
	}
	for name, c := range map[string]struct {
		policies  []ratelimit.Policy
		decisions int
	}{
		"9 policies":         {nine, 9},
		"too few decisions":  {nine[:2], 1},
		"no decisions":       {nine[:2], 0},
		"too many decisions": {nine[:2], 3},
		"no Quota":           {with(func(p *ratelimit.Policy) { p.Quota = 0 }), 2},
		"negative Quota":     {with(func(p *ratelimit.Policy) { p.Quota = -1 }), 2},
		"large Quota":        {with(func(p *ratelimit.Policy) { p.Quota = most + 1 }), 2},
		"no Burst":           {with(func(p *ratelimit.Policy) { p.Burst = 0 }), 2},
		"large Burst":        {with(func(p *ratelimit.Policy) { p.Burst = most + 1 }), 2},
		"no Window":          {with(func(p *ratelimit.Policy) { p.Window = 0 }), 2},
		"short Window":       {with(func(p *ratelimit.Policy) { p.Window = 999 }), 2},
		"long Window":        {with(func(p *ratelimit.Policy) { p.Window = years + 1 }), 2},
	} {
		d := make([]ratelimit.Decision, c.decisions)
		if err := m.Take(t.Context(), "k", 1, c.policies, d); err == nil {
			t.Errorf("%s: Take has no error", name)
		}
		if err := m.Peek(t.Context(), "k", c.policies, d); err == nil {
			t.Errorf("%s: Peek has no error", name)
		}
		if err := m.Adjust(t.Context(), "k", 1, c.policies, d); err == nil {
			t.Errorf("%s: Adjust has no error", name)
		}
	}
	if n := m.Len(); n != 0 {
		t.Errorf("%d buckets are kept", n)
	}
	eight := nine[:8]
	if !memoryTake(t, m, "k", eight...) || m.Len() != 8 {
		t.Errorf("8 policies have %d buckets", m.Len())
	}
	if err := m.Take(t.Context(), "k", 1, nil, nil); err != nil {
		t.Errorf("no policy: %v", err)
	}
}

// TestMemoryPolicyChanged: a copy of a policy that was checked, whose fields are then
// changed, has a bucket of its own.
func TestMemoryPolicyChanged(t *testing.T) {
	m := memoryOf(t, ratelimit.MemoryOptions{})
	l, err := ratelimit.New(m, ratelimit.Options{Policies: []ratelimit.Policy{memoryPolicy("p", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := l.Take(t.Context(), "k", 1)
	if err != nil || !v.Allowed {
		t.Fatal(v, err)
	}
	checked := v.Policies[0]
	if memoryTake(t, m, "k", checked) {
		t.Error("the same policy was not used up")
	}
	for name, change := range map[string]func(p *ratelimit.Policy){
		"Name":   func(p *ratelimit.Policy) { p.Name = "q" },
		"Quota":  func(p *ratelimit.Policy) { p.Quota = 2 },
		"Window": func(p *ratelimit.Policy) { p.Window *= 2 },
		"Burst":  func(p *ratelimit.Policy) { p.Burst = 2 },
	} {
		p := checked
		if change(&p); !memoryTake(t, m, "k", p) {
			t.Errorf("a policy with another %s shares the bucket", name)
		}
	}
}

// TestMemoryLen: what is asked and not charged is not kept.
func TestMemoryLen(t *testing.T) {
	m := memoryOf(t, ratelimit.MemoryOptions{})
	p, q := memoryPolicy("p", 1), memoryPolicy("q", 5)
	d := make([]ratelimit.Decision, 2)
	both := []ratelimit.Policy{p, q}
	for i, step := range []struct {
		do   func() error
		want int
	}{
		{func() error { return m.Peek(t.Context(), "k", both, d) }, 0},
		{func() error { return m.Take(t.Context(), "k", 2, both, d) }, 0}, // p denies
		{func() error { return m.Adjust(t.Context(), "k", -1, both, d) }, 0},
		{func() error { return m.Adjust(t.Context(), "k", 0, both, d) }, 0},
		{func() error { return m.Reset(t.Context(), "k", both) }, 0},
		{func() error { return m.Take(t.Context(), "k", 1, both, d) }, 2},
		{func() error { return m.Take(t.Context(), "k", 1, both, d) }, 2},
		{func() error { return m.Take(t.Context(), "j", 1, both[1:], d[1:]) }, 3},
		{func() error { return m.Adjust(t.Context(), "i", 1, both, d) }, 5},
		{func() error { return m.Reset(t.Context(), "k", both[:1]) }, 4},
		{func() error { return m.Reset(t.Context(), "k", both) }, 3},
		{func() error { return m.Close() }, 0},
	} {
		if err := step.do(); err != nil || m.Len() != step.want {
			t.Errorf("step %d: %d buckets, %v, want %d", i+1, m.Len(), err, step.want)
		}
	}
}

// TestMemoryClose: after Close, or while it runs, every call is decided or refused.
func TestMemoryClose(t *testing.T) {
	m := memoryOf(t, ratelimit.MemoryOptions{})
	p := []ratelimit.Policy{memoryPolicy("p", 5)}
	calls := map[string]func() error{
		"Take":   func() error { return m.Take(t.Context(), "k", 1, p, make([]ratelimit.Decision, 1)) },
		"Peek":   func() error { return m.Peek(t.Context(), "k", p, make([]ratelimit.Decision, 1)) },
		"Adjust": func() error { return m.Adjust(t.Context(), "k", 1, p, make([]ratelimit.Decision, 1)) },
		"Reset":  func() error { return m.Reset(t.Context(), "k", p) },
	}
	var wg sync.WaitGroup
	for name, call := range calls {
		for range 4 {
			wg.Go(func() {
				for {
					switch err := call(); {
					case errors.Is(err, ratelimit.ErrClosed):
						return
					case err != nil:
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
	}
	wg.Go(func() {
		for m.Len() == 0 { // until one has charged
		}
		m.Close()
	})
	wg.Wait()
	for name, call := range calls {
		if err := call(); !errors.Is(err, ratelimit.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if err := m.Close(); err != nil || m.Len() != 0 {
		t.Errorf("Close, again: %v; %d buckets are kept", err, m.Len())
	}
}

// TestMemoryMaxKeys: up to MaxKeys nothing is lost, and beyond it no more are kept.
func TestMemoryMaxKeys(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 7, 8, 33, 63, 64, 65, 1000, 1024, 5000, 70_001} {
		m := memoryOf(t, ratelimit.MemoryOptions{MaxKeys: limit})
		p := memoryPolicy("p", 1)
		for i := range limit {
			if !memoryTake(t, m, strconv.Itoa(i), p) {
				t.Fatalf("MaxKeys %d: key %d is denied at first", limit, i)
			}
		}
		for i := range limit {
			if memoryTake(t, m, strconv.Itoa(i), p) {
				t.Fatalf("MaxKeys %d: key %d, which denies, was lost", limit, i)
			}
		}
		for i := range 100 {
			key := "more-" + strconv.Itoa(i)
			if !memoryTake(t, m, key, p) || memoryTake(t, m, key, p) {
				t.Fatalf("MaxKeys %d: key %d above it is not held to its limit", limit, i)
			}
		}
		if n := m.Len(); n != limit {
			t.Errorf("MaxKeys %d: %d buckets are kept", limit, n)
		}
	}
}

// TestMemoryClockPanics: a clock that panics leaves no lock behind.
func TestMemoryClockPanics(t *testing.T) {
	var clock ratelimittest.Clock
	broken := false
	m := memoryOf(t, ratelimit.MemoryOptions{Now: func() time.Time {
		if broken {
			panic("no time")
		}
		return clock.Now()
	}})
	p, d := []ratelimit.Policy{memoryPolicy("p", 5)}, make([]ratelimit.Decision, 1)
	for _, call := range []func() error{
		func() error { return m.Take(t.Context(), "k", 1, p, d) },
		func() error { return m.Peek(t.Context(), "k", p, d) },
		func() error { return m.Adjust(t.Context(), "k", 1, p, d) },
	} {
		broken = true
		func() {
			defer func() { recover() }()
			call()
		}()
		broken = false
		if err := call(); err != nil {
			t.Error(err)
		}
	}
}
