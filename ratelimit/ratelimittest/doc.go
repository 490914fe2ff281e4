// Package ratelimittest judges stores of package ratelimit: those that come with it,
// and those that others write.
//
//	func TestStore(t *testing.T) {
//		ratelimittest.Store(t, func(t *testing.T, clock *ratelimittest.Clock) ratelimit.Store {
//			s, err := ratelimit.NewMemory(ratelimit.MemoryOptions{Now: clock.Now})
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { s.Close() })
//			return s
//		}, ratelimittest.Options{})
//	}
//
// Each check is a subtest with a store of its own, which has to begin without
// buckets: a store on a server gets a prefix, a database or a flush. A store that has
// its own clock, as one on a Redis server, is judged with [Options.RealTime]:
//
//	ratelimittest.Store(t, open, ratelimittest.Options{
//		RealTime: true,
//		Lose:     func(t *testing.T, _ ratelimit.Store) { flush(t) },
//		Reopen:   func(t *testing.T, _ ratelimit.Store, _ *ratelimittest.Clock) ratelimit.Store { return connect(t) },
//	})
//
// What is judged is the contract in the documentation of [ratelimit.Store]: that
// every decision is that of a slow and exact model (a token bucket in rational
// numbers), that no window lets more pass than burst + rate * time, that a client
// that waits for exactly RetryAfter is let in and one that comes earlier is not, that
// all policies are charged or none, that goroutines do not pass a limit together, that
// costs which overflow and clocks that jump do no harm, that a bucket that was lost is
// full, and that no two buckets are one. Run it with -race.
//
// What is not judged: how a store behaves while what is behind it is down, and how
// much it keeps.
//
// It is for tests alone: it imports testing.
package ratelimittest
