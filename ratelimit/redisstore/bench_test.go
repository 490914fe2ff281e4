package redisstore_test

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// BenchmarkTake is a decision by one policy and by two, at 16 goroutines over 10,000
// keys, beside PING, which is the least that a round trip takes.
func BenchmarkTake(b *testing.B) {
	c := clientOf(b, redisURL(b))
	s := newStore(b, c, redisstore.Options{})
	policies := []ratelimit.Policy{policy("second", 999_999_999, time.Second), policy("hour", 999_999_999_999, time.Hour)}
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = "203.0.113." + strconv.Itoa(i)
	}
	at16 := func(name string, f func(i int64) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(max(1, 16/runtime.GOMAXPROCS(0)))
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := f(n.Add(1)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	take := func(n int) func(i int64) error {
		return func(i int64) error {
			return s.Take(b.Context(), keys[i%int64(len(keys))], 1, policies[:n], make([]ratelimit.Decision, n))
		}
	}
	at16("PING", func(int64) error { return c.Ping(b.Context()).Err() })
	at16("OnePolicy", take(1))
	at16("TwoPolicies", take(2))
}

// BenchmarkDenied is a decision that is remembered.
func BenchmarkDenied(b *testing.B) {
	s := newStore(b, clientOf(b, redisURL(b)), redisstore.Options{Remember: time.Hour})
	p, d := []ratelimit.Policy{hourly("a", 1), hourly("b", 9)}, make([]ratelimit.Decision, 2)
	s.Take(b.Context(), "k", 1, p, d)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Take(b.Context(), "k", 1, p, d); err != nil || d[0].Allowed {
			b.Fatal(err, d)
		}
	}
}
