package ratelimit_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// TestMemoryAllocations: no call allocates, once a store has its size.
func TestMemoryAllocations(t *testing.T) {
	m := memoryOf(t, ratelimit.MemoryOptions{MaxKeys: 2000})
	policies := []ratelimit.Policy{
		{Name: "burst", Quota: 1e9, Window: time.Second, Burst: 1e9},
		{Name: "hour", Quota: 1e12, Window: time.Hour, Burst: 1e12},
		{Name: "trial", Quota: 1, Window: time.Hour, Burst: 1, Shadow: true},
	}
	small := []ratelimit.Policy{memoryPolicy("small", 1)}
	d := make([]ratelimit.Decision, 3)
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = "client-" + strconv.Itoa(i)
		memoryTake(t, m, keys[i], policies...)
	}
	next := 0
	another := func() string { next++; return keys[next%len(keys)] }
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Take of a hot key":      func() error { return m.Take(ctx, "hot", 1, policies, d) },
		"Take of one policy":     func() error { return m.Take(ctx, "hot", 1, policies[:1], d[:1]) },
		"Take of new keys":       func() error { return m.Take(ctx, another(), 1, policies, d) },
		"Take that denies":       func() error { return m.Take(ctx, "denied", 1, small, d[:1]) },
		"Take of too much":       func() error { return m.Take(ctx, another(), 2e12, policies, d) },
		"Peek of a hot key":      func() error { return m.Peek(ctx, "hot", policies, d) },
		"Peek of other keys":     func() error { return m.Peek(ctx, another(), policies, d) },
		"Adjust of a hot key":    func() error { return m.Adjust(ctx, "hot", -1, policies, d) },
		"Adjust of new keys":     func() error { return m.Adjust(ctx, another(), 5, policies, d) },
		"Reset":                  func() error { return m.Reset(ctx, another(), policies) },
		"a call that is refused": func() error { m.Take(ctx, "hot", 0, policies, d); m.Take(ctx, "hot", 1, policies, nil); return nil },
	} {
		var failed error
		n := testing.AllocsPerRun(1000, func() {
			if err := call(); err != nil {
				failed = err
			}
		})
		if n != 0 || failed != nil {
			t.Errorf("%s: %v allocations, %v", name, n, failed)
		}
	}
}
