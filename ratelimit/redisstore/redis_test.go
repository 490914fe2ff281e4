package redisstore_test

import (
	"context"
	"crypto/rand"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// missing skips a test that needs a server, or fails it where servers are required.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("FORTHRIGHT_REQUIRE_SERVICES") == "1" {
		t.Fatalf("FORTHRIGHT_REQUIRE_SERVICES is 1, and %s", what)
	}
	t.Skip(what)
}

// redisURL is that of the Redis for tests.
func redisURL(t testing.TB) string {
	t.Helper()
	url := os.Getenv("FORTHRIGHT_REDIS_URL")
	if url == "" {
		missing(t, "FORTHRIGHT_REDIS_URL is not set")
	}
	return url
}

// clientOf is a client with what a store asks for.
func clientOf(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal("the URL of Redis cannot be read")
	}
	o.ContextTimeoutEnabled, o.MaxRetries = true, -1
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

// prefixOf is a prefix of a test's own, whose keys are deleted after it.
func prefixOf(t testing.TB, c redis.UniversalClient) string {
	t.Helper()
	prefix := "test-" + rand.Text() + ":"
	t.Cleanup(func() {
		for _, key := range keysOf(t, c, prefix) {
			c.Del(context.Background(), key)
		}
	})
	return prefix
}

// keysOf are the Redis keys with a prefix, in order.
func keysOf(t testing.TB, c redis.UniversalClient, prefix string) []string {
	t.Helper()
	ctx := context.Background()
	var all []string
	scan := func(ctx context.Context, c *redis.Client) error {
		for it := c.Scan(ctx, 0, prefix+"*", 1000).Iterator(); it.Next(ctx); {
			all = append(all, it.Val())
		}
		return nil
	}
	switch c := c.(type) {
	case *redis.Client:
		scan(ctx, c)
	case *redis.ClusterClient:
		var nodes []*redis.Client
		turn := make(chan struct{}, 1)
		c.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
			turn <- struct{}{}
			nodes = append(nodes, node)
			<-turn
			return nil
		})
		for _, node := range nodes {
			scan(ctx, node)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// newStore makes a store with a prefix of the test's own.
func newStore(t testing.TB, c redis.UniversalClient, o redisstore.Options) *redisstore.Store {
	t.Helper()
	if o.Prefix == "" {
		o.Prefix = prefixOf(t, c)
	}
	s, err := redisstore.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// policy is one as a limiter gives it to a store.
func policy(name string, quota int64, window time.Duration, burst ...int64) ratelimit.Policy {
	p := ratelimit.Policy{Name: name, Quota: quota, Window: window, Burst: quota}
	if len(burst) > 0 {
		p.Burst = burst[0]
	}
	return p
}

// hourly is one that does not refill while a test runs.
func hourly(name string, quota int64) ratelimit.Policy { return policy(name, 1, time.Hour, quota) }

func mustTake(t testing.TB, s *redisstore.Store, key string, cost int64, policies ...ratelimit.Policy) []ratelimit.Decision {
	t.Helper()
	d := make([]ratelimit.Decision, len(policies))
	if err := s.Take(t.Context(), key, cost, policies, d); err != nil {
		t.Fatalf("Take: %v", err)
	}
	return d
}

func mustPeek(t testing.TB, s *redisstore.Store, key string, policies ...ratelimit.Policy) []ratelimit.Decision {
	t.Helper()
	d := make([]ratelimit.Decision, len(policies))
	if err := s.Peek(t.Context(), key, policies, d); err != nil {
		t.Fatalf("Peek: %v", err)
	}
	return d
}

func mustAdjust(t testing.TB, s *redisstore.Store, key string, cost int64, policies ...ratelimit.Policy) []ratelimit.Decision {
	t.Helper()
	d := make([]ratelimit.Decision, len(policies))
	if err := s.Adjust(t.Context(), key, cost, policies, d); err != nil {
		t.Fatalf("Adjust: %v", err)
	}
	return d
}

// counter counts the commands of a client.
type counter struct{ evalsha, eval, other atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch strings.ToLower(cmd.Name()) {
		case "evalsha":
			c.evalsha.Add(1)
		case "eval":
			c.eval.Add(1)
		case "hello", "client":
		default:
			c.other.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// want fails where the calls since the last time are others.
func (c *counter) want(t testing.TB, when string, evalsha, eval int64) {
	t.Helper()
	if a, b, o := c.evalsha.Swap(0), c.eval.Swap(0), c.other.Swap(0); a != evalsha || b != eval || o != 0 {
		t.Errorf("%s: %d EVALSHA, %d EVAL and %d other commands, want %d, %d and 0", when, a, b, o, evalsha, eval)
	}
}

// eventually waits for what comes by itself.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}
