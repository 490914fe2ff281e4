package ratelimittest

import (
	"testing"

	"github.com/forthright-http/forthright/ratelimit"
)

// TestModel judges the model itself, which has to know nothing of how others do it.
func TestModel(t *testing.T) {
	Store(t, func(_ *testing.T, clock *Clock) ratelimit.Store { return newModel(clock) }, Options{
		Scripts: 20,
		Lose:    func(_ *testing.T, s ratelimit.Store) { clear(s.(*model).buckets) },
		Reopen: func(_ *testing.T, s ratelimit.Store, clock *Clock) ratelimit.Store {
			return &model{clock: clock, buckets: s.(*model).buckets}
		},
	})
}

// TestRealTime judges a store with its own clock.
func TestRealTime(t *testing.T) {
	Store(t, func(t *testing.T, _ *Clock) ratelimit.Store {
		s, err := ratelimit.NewMemory(ratelimit.MemoryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}, Options{RealTime: true})
}
