package ratelimit_test

import (
	"testing"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
)

// TestMemoryStore judges Memory by the kit that judges any store: 40,000 random calls
// are compared with a model in rational numbers, among other things.
func TestMemoryStore(t *testing.T) {
	ratelimittest.Store(t, func(t *testing.T, clock *ratelimittest.Clock) ratelimit.Store {
		return memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now})
	}, ratelimittest.Options{Scripts: 1000})
}

// TestMemoryStoreSmall judges one that has a single shard.
func TestMemoryStoreSmall(t *testing.T) {
	ratelimittest.Store(t, func(t *testing.T, clock *ratelimittest.Clock) ratelimit.Store {
		return memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now, MaxKeys: 100})
	}, ratelimittest.Options{Scripts: 50, Seed: 2})
}

func memoryOf(t testing.TB, o ratelimit.MemoryOptions) *ratelimit.Memory {
	t.Helper()
	m, err := ratelimit.NewMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}
