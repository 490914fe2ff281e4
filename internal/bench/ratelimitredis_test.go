package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	ululeredis "github.com/ulule/limiter/v3/drivers/store/redis"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

const (
	rateRedisGoroutines = 16
	rateRedisKeys       = 1000
)

// rateRedis makes a limiter in Redis of one quota or two. What it keeps has names that
// begin with prefix, after words of its own.
type rateRedis struct {
	name string
	make func(tb testing.TB, c *redis.Client, prefix string, quotas ...rateQuota) func() rateAsk
	// late: where the machine is busy, a decision may miss its deadline.
	late bool
	// burns: a request that one quota denies is charged to the one before it.
	burns bool
}

var rateRedisContenders = []rateRedis{
	{name: "ping", make: ratePing},
	{name: "forthright", make: rateRedisOurs},
	{name: "forthright-limiter", make: rateRedisLimiter, late: true},
	{name: "ulule", make: rateRedisUlule, burns: true},
	{name: "redis_rate", make: rateRedisRate, burns: true},
}

// rateRedisURL is that of the Redis for tests.
func rateRedisURL(tb testing.TB) string {
	tb.Helper()
	url := os.Getenv("FORTHRIGHT_REDIS_URL")
	switch {
	case url != "":
	case os.Getenv("FORTHRIGHT_REQUIRE_SERVICES") == "1":
		tb.Fatal("FORTHRIGHT_REQUIRE_SERVICES is 1, and FORTHRIGHT_REDIS_URL is not set")
	default:
		tb.Skip("FORTHRIGHT_REDIS_URL is not set")
	}
	return url
}

// rateClientOf is one client for all, and a prefix whose keys are deleted in the end.
func rateClientOf(tb testing.TB) (c *redis.Client, prefix string) {
	tb.Helper()
	o, err := redis.ParseURL(rateRedisURL(tb))
	if err != nil {
		tb.Fatal("the URL of Redis cannot be read")
	}
	o.ContextTimeoutEnabled, o.MaxRetries = true, -1
	o.PoolSize, o.MinIdleConns = 2*rateRedisGoroutines, rateRedisGoroutines
	c, prefix = redis.NewClient(o), "bench-"+rand.Text()+":"
	tb.Cleanup(func() {
		ctx := context.Background()
		for it := c.Scan(ctx, 0, "*"+prefix+"*", 1000).Iterator(); it.Next(ctx); {
			c.Del(ctx, it.Val())
		}
		c.Close()
	})
	return c, prefix
}

// ratePing is the floor: a round trip.
func ratePing(_ testing.TB, c *redis.Client, _ string, _ ...rateQuota) func() rateAsk {
	return func() rateAsk {
		return func(string) bool { return c.Ping(context.Background()).Err() == nil }
	}
}

func rateRedisOurs(tb testing.TB, c *redis.Client, prefix string, quotas ...rateQuota) func() rateAsk {
	store := rateMust(redisstore.New(c, redisstore.Options{Prefix: prefix}))
	policies := ratePolicies(quotas...)
	return func() rateAsk {
		ctx, decisions := context.Background(), make([]ratelimit.Decision, len(policies))
		return func(key string) bool {
			if err := store.Take(ctx, key, 1, policies, decisions); err != nil {
				tb.Error(err)
			}
			return rateAllows(decisions)
		}
	}
}

// rateRedisLimiter has a deadline of 50 ms for each decision, as every request has.
func rateRedisLimiter(tb testing.TB, c *redis.Client, prefix string, quotas ...rateQuota) func() rateAsk {
	store := rateMust(redisstore.New(c, redisstore.Options{Prefix: prefix}))
	limits := rateMust(ratelimit.New(store, ratelimit.Options{Policies: ratePolicies(quotas...)}))
	return func() rateAsk {
		ctx := context.Background()
		return func(key string) bool {
			v, err := limits.Take(ctx, key, 1)
			return err == nil && v.Err == nil && v.Allowed
		}
	}
}

// rateRedisUlule needs a call for each quota, and a key: the store leaves the rate out
// of it.
func rateRedisUlule(tb testing.TB, c *redis.Client, prefix string, quotas ...rateQuota) func() rateAsk {
	store := rateMust(ululeredis.NewStoreWithOptions(c, limiter.StoreOptions{Prefix: prefix}))
	return func() rateAsk {
		ctx := context.Background()
		return func(key string) bool {
			for i, q := range quotas {
				got, err := store.Get(ctx, strconv.Itoa(i)+":"+key, limiter.Rate{Period: q.window, Limit: int64(q.n)})
				if err != nil {
					tb.Error(err)
				}
				if err != nil || got.Reached {
					return false
				}
			}
			return true
		}
	}
}

// rateRedisRate needs the same.
func rateRedisRate(tb testing.TB, c *redis.Client, prefix string, quotas ...rateQuota) func() rateAsk {
	l := redis_rate.NewLimiter(c)
	return func() rateAsk {
		ctx := context.Background()
		return func(key string) bool {
			for i, q := range quotas {
				got, err := l.Allow(ctx, prefix+strconv.Itoa(i)+":"+key, redis_rate.Limit{Rate: q.n, Burst: q.n, Period: q.window})
				if err != nil {
					tb.Error(err)
				}
				if err != nil || got.Allowed == 0 {
					return false
				}
			}
			return true
		}
	}
}

// BenchmarkRateRedis decides from 16 goroutines, of a thousand clients. The time is that
// of the whole divided by the decisions, and not that of one round trip.
func BenchmarkRateRedis(b *testing.B) {
	c, prefix := rateClientOf(b)
	_, hosts := rateAddresses(rateRedisKeys)
	quotas := []rateQuota{ratePlenty, {10 * ratePlenty.n, ratePlenty.window}}
	for n := 1; n <= len(quotas); n++ {
		for _, contender := range rateRedisContenders {
			b.Run(fmt.Sprintf("%d/%s", n, contender.name), func(b *testing.B) {
				ask := contender.make(b, c, prefix, quotas[:n]...)
				ask()(hosts[0]) // the script is there
				var from, refused atomic.Int64
				b.SetParallelism(rateRedisGoroutines / runtime.GOMAXPROCS(0))
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					one, i := ask(), int(from.Add(rateRedisKeys/rateRedisGoroutines))
					for ; pb.Next(); i++ {
						if !one(hosts[i%rateRedisKeys]) {
							refused.Add(1)
						}
					}
				})
				rateErrors(b, refused.Load(), contender.late)
			})
		}
	}
}

// TestRateRedis holds all contenders to letting in exactly their limit, and notes what
// a request costs that is denied.
func TestRateRedis(t *testing.T) {
	c, prefix := rateClientOf(t)
	wide, narrow := rateQuota{10, time.Hour}, rateQuota{3, 24 * time.Hour}
	passes := func(one rateAsk, key string, tries int) (n int) {
		for range tries {
			if one(key) {
				n++
			}
		}
		return n
	}
	for _, contender := range rateRedisContenders[1:] {
		t.Run(contender.name, func(t *testing.T) {
			own := prefix + contender.name + ":"
			alone := contender.make(t, c, own, wide)()
			if n := passes(alone, "a", 15); n != 10 {
				t.Errorf("one quota of 10: %d pass", n)
			}
			if n := passes(contender.make(t, c, own, wide, narrow)(), "b", 5); n != 3 {
				t.Errorf("quotas of 10 and 3: %d pass", n)
			}
			want := 7
			if contender.burns {
				want = 5
			}
			if n := passes(alone, "b", 15); n != want {
				t.Errorf("%d are left of 10 after 5 of which 3 passed, want %d", n, want)
			}
		})
	}
}
