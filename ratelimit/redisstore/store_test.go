package redisstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// TestStore judges the store by the kit that judges any.
func TestStore(t *testing.T) {
	c := clientOf(t, redisURL(t))
	var prefix string
	ratelimittest.Store(t, func(t *testing.T, _ *ratelimittest.Clock) ratelimit.Store {
		prefix = prefixOf(t, c)
		return newStore(t, c, redisstore.Options{Prefix: prefix, Remember: -1})
	}, ratelimittest.Options{
		RealTime: true,
		Lose: func(t *testing.T, _ ratelimit.Store) {
			for _, key := range keysOf(t, c, prefix) {
				c.Del(t.Context(), key)
			}
		},
		Reopen: func(t *testing.T, s ratelimit.Store, _ *ratelimittest.Clock) ratelimit.Store {
			s.(*redisstore.Store).Close()
			return newStore(t, clientOf(t, redisURL(t)), redisstore.Options{Prefix: prefix, Remember: -1})
		},
	})
}

// TestStoreRemembers judges it with denials in memory, which know of no other process.
func TestStoreRemembers(t *testing.T) {
	c := clientOf(t, redisURL(t))
	ratelimittest.Store(t, func(t *testing.T, _ *ratelimittest.Clock) ratelimit.Store {
		return newStore(t, c, redisstore.Options{})
	}, ratelimittest.Options{RealTime: true})
}

// TestOneRoundTrip: an operation is one EVALSHA, however many policies it has.
func TestOneRoundTrip(t *testing.T) {
	c, n := clientOf(t, redisURL(t)), new(counter)
	s := newStore(t, c, redisstore.Options{Remember: -1})
	mustTake(t, s, "k", 1, hourly("a", 9))
	c.AddHook(n)
	policies := []ratelimit.Policy{hourly("a", 2), hourly("b", 5), hourly("c", 7)}
	for range 5 {
		mustTake(t, s, "k", 1, policies...)
	}
	n.want(t, "five takes", 5, 0)
	mustPeek(t, s, "k", policies...)
	n.want(t, "a peek", 1, 0)
	mustAdjust(t, s, "k", -1, policies...)
	n.want(t, "an adjustment", 1, 0)
	if err := s.Reset(t.Context(), "k", policies); err != nil {
		t.Error(err)
	}
	n.want(t, "a reset", 1, 0)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	n.want(t, "Ready", 1, 0)
	if d := make([]ratelimit.Decision, 0); s.Take(t.Context(), "k", 1, nil, d) != nil || s.Reset(t.Context(), "k", nil) != nil {
		t.Error("no policies are an error")
	}
	n.want(t, "no policies", 0, 0)
}

// TestKeys: one for all policies of a key, which says nothing of it, and ends when all
// its buckets are full.
func TestKeys(t *testing.T) {
	c := clientOf(t, redisURL(t))
	prefix := prefixOf(t, c)
	s := newStore(t, c, redisstore.Options{Prefix: prefix})
	second, hour := policy("second", 3, time.Second), policy("hour", 100, time.Hour, 50)
	ends := func(when string, least, most time.Duration) {
		t.Helper()
		keys := keysOf(t, c, prefix)
		if len(keys) != 1 {
			t.Fatalf("%s: the keys are %q", when, keys)
		}
		if ttl := c.PTTL(t.Context(), keys[0]).Val(); ttl < least || ttl > most {
			t.Errorf("%s: it ends in %v, want %v to %v", when, ttl, least, most)
		}
	}
	none := func(when string) {
		t.Helper()
		if keys := keysOf(t, c, prefix); len(keys) != 0 {
			t.Errorf("%s: the keys are %q", when, keys)
		}
	}
	mustPeek(t, s, "secret", second, hour)
	none("a peek")
	for i := range time.Duration(10) { // the longest counts, wherever it stands
		mustTake(t, s, "secret", 1, policy("a", 60, (i+1)*time.Second), hour, policy("b", 60, time.Minute+i*time.Millisecond))
		ends("a unit of 36 s and two of less", 30*time.Second, 37*time.Second)
		if err := s.Reset(t.Context(), "secret", []ratelimit.Policy{hour}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Del(t.Context(), keysOf(t, c, prefix)...).Err(); err != nil {
		t.Fatal(err)
	}
	mustTake(t, s, "secret", 1, second)
	ends("a third of a second", time.Millisecond, 400*time.Millisecond)
	mustTake(t, s, "secret", 1, second, hour)
	ends("a unit of 36 s", 30*time.Second, 37*time.Second)
	mustTake(t, s, "secret", 3, second, hour)
	ends("a denial", 30*time.Second, 37*time.Second)
	mustAdjust(t, s, "secret", 200, hour)
	ends("a debt", 2*time.Hour, 2*time.Hour+37*time.Second)
	mustAdjust(t, s, "secret", -101, hour)
	ends("a gift", 50*time.Minute, time.Hour+time.Second)
	if key := keysOf(t, c, prefix)[0]; strings.Contains(key, "secret") || len(key) != len(prefix)+24 || key[len(prefix)] != '{' || !strings.HasSuffix(key, "}") {
		t.Errorf("the key is %q", key)
	}
	mustAdjust(t, s, "secret", -100, second, hour)
	none("full buckets")
	mustTake(t, s, "secret", 1, second, hour)
	if err := s.Reset(t.Context(), "secret", []ratelimit.Policy{hour}); err != nil {
		t.Fatal(err)
	}
	ends("a reset of one", time.Millisecond, 400*time.Millisecond)
	if err := s.Reset(t.Context(), "secret", []ratelimit.Policy{second, hour}); err != nil {
		t.Fatal(err)
	}
	none("a reset of all")
	mustTake(t, s, "secret", 1, policy("tiny", 2, time.Microsecond))
	eventually(t, "what is full again has no key", func() bool { return len(keysOf(t, c, prefix)) == 0 })
}

// TestFullBucketsLeave: a key that is used without a pause does not keep what is full.
func TestFullBucketsLeave(t *testing.T) {
	c := clientOf(t, redisURL(t))
	prefix := prefixOf(t, c)
	s := newStore(t, c, redisstore.Options{Prefix: prefix})
	for i := range int64(100) {
		mustTake(t, s, "k", 1, policy("p", i+1, time.Microsecond), hourly("q", 1000))
	}
	eventually(t, "two buckets at most", func() bool {
		mustTake(t, s, "k", 1, hourly("q", 1000))
		return c.StrLen(t.Context(), keysOf(t, c, prefix)[0]).Val() <= 8+2*24
	})
}

// TestForeignValues: what is no bucket is a full one.
func TestForeignValues(t *testing.T) {
	c := clientOf(t, redisURL(t))
	p := []ratelimit.Policy{policy("p", 7, 7*time.Hour, 5), hourly("q", 5)}
	ctx := t.Context()
	now, nan, inf := float64(time.Now().UnixMicro()), math.NaN(), math.Inf(1)
	set := func(values ...float64) func(key string, id float64) error { // with the number of the first policy in place of 0
		return func(key string, id float64) error {
			for i := range values {
				if i > 0 && values[i] == 0 {
					values[i] = id
				}
			}
			return c.Set(ctx, key, doubles(values...), 0).Err()
		}
	}
	text := func(s string) func(string, float64) error {
		return func(key string, _ float64) error { return c.Set(ctx, key, s, 0).Err() }
	}
	for name, spoil := range map[string]func(key string, id float64) error{
		"list": func(key string, _ float64) error { return c.RPush(ctx, key, "x").Err() },
		"hash": func(key string, _ float64) error { return c.HSet(ctx, key, "x", "y").Err() },
		"stream": func(key string, _ float64) error {
			return c.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"a", "b"}}).Err()
		},
		"nothing":          text(""),
		"text":             text("garbage"),
		"a number":         text("9223372036854775807"),
		"8 letters":        text("abcdefgh"),
		"32 letters":       text("abcdefghABCDEFGHijklmnopqrstuvwx"),
		"56 digits":        text(strings.Repeat("1", 56)),
		"32 zeros":         text(strings.Repeat("\x00", 32)),
		"32 high bytes":    text(strings.Repeat("\xff", 32)),
		"cut off":          set(now, 0, 1e9),
		"no number":        set(now, nan, 1e9, 1),
		"no time":          set(now, 0, nan, 1),
		"no part":          set(now, 0, 1e9, nan),
		"infinite":         set(now, 0, inf, 1),
		"negative":         set(now, 0, -5, 1),
		"a negative part":  set(now, 0, 1e9, -1),
		"centuries":        set(now, 0, 1e16, 1),
		"a great part":     set(now, 0, 1e9, 7),
		"half a part":      set(now, 0, 1e9, 0.5),
		"half a time":      set(now, 0, 1e9+0.5, 1),
		"never written":    set(nan, 0, 1e9, 1),
		"written long ago": set(-inf, 0, 1e9, 1),
	} {
		prefix := prefixOf(t, c)
		s := newStore(t, c, redisstore.Options{Prefix: prefix, Remember: -1})
		mustTake(t, s, "k", 5, p[0])
		key := keysOf(t, c, prefix)[0]
		value, err := c.GetDel(ctx, key).Bytes()
		if err != nil || len(value) != 32 {
			t.Fatalf("a bucket is %d bytes: %v", len(value), err)
		}
		if err := spoil(key, math.Float64frombits(binary.LittleEndian.Uint64(value[8:]))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := mustPeek(t, s, "k", p...); !d[0].Allowed || d[0].Remaining != 5 || !d[1].Allowed {
			t.Errorf("%s: Peek says %+v", name, d)
		}
		if d := mustTake(t, s, "k", 5, p...); !d[0].Allowed || d[0].Remaining != 0 {
			t.Errorf("%s: Take says %+v", name, d)
		}
		if d := mustTake(t, s, "k", 1, p...); d[0].Allowed {
			t.Errorf("%s: after it was overwritten, Take says %+v", name, d)
		}
		if ttl := c.PTTL(ctx, key).Val(); ttl <= 0 {
			t.Errorf("%s: the bucket ends in %v", name, ttl)
		}
	}
}

// TestLostExpiry: a key that does not end is full again all the same.
func TestLostExpiry(t *testing.T) {
	c := clientOf(t, redisURL(t))
	prefix := prefixOf(t, c)
	s := newStore(t, c, redisstore.Options{Prefix: prefix, Remember: -1})
	p := policy("p", 2, 50*time.Millisecond)
	mustTake(t, s, "k", 2, p)
	key := keysOf(t, c, prefix)[0]
	if !c.Persist(t.Context(), key).Val() {
		t.Fatal("the key had no expiry")
	}
	eventually(t, "a key without an end fills", func() bool { return mustPeek(t, s, "k", p)[0].Remaining == 2 })
	if d := mustTake(t, s, "k", 2, p)[0]; !d.Allowed {
		t.Errorf("Take says %+v", d)
	}
	if ttl := c.PTTL(t.Context(), key).Val(); ttl <= 0 {
		t.Errorf("the next charge leaves it without an end: %v", ttl)
	}
}

// TestScriptFlushed: Redis forgets the script, and is told again, without a request that
// is counted twice or not at all.
func TestScriptFlushed(t *testing.T) {
	s := startServer(t)
	c, n := clientOf(t, s.url()), new(counter)
	c.AddHook(n)
	st := newStore(t, c, redisstore.Options{})
	p := hourly("p", 100)
	for i := range int64(3) {
		if err := c.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		n.other.Store(0)
		for j := range int64(3) {
			if d := mustTake(t, st, "k", 1, p)[0]; d.Remaining != 99-3*i-j {
				t.Errorf("after %d flushes, %d takes leave %d", i+1, j+1, d.Remaining)
			}
		}
		n.want(t, "three takes after a flush", 3, 1)
	}
}

// TestRefused: what no limiter asks is an error, and no call.
func TestRefused(t *testing.T) {
	c, n := clientOf(t, redisURL(t)), new(counter)
	s := newStore(t, c, redisstore.Options{})
	c.AddHook(n)
	nine := make([]ratelimit.Policy, 9)
	for i := range nine {
		nine[i] = hourly("p", int64(i+1))
	}
	for name, policies := range map[string][]ratelimit.Policy{
		"9 policies":        nine,
		"no quota":          {policy("p", 0, time.Second, 1)},
		"no burst":          {policy("p", 1, time.Second, 0)},
		"a great quota":     {policy("p", 1e15, time.Second, 1)},
		"a great burst":     {policy("p", 1, time.Second, 1e15)},
		"no window":         {policy("p", 1, 0)},
		"nanoseconds":       {policy("p", 1, time.Second+1)},
		"a long window":     {policy("p", 1, 367*24*time.Hour)},
		"centuries to fill": {policy("p", 1, 24*time.Hour, 1e9)},
	} {
		d := make([]ratelimit.Decision, len(policies))
		if s.Take(t.Context(), "k", 1, policies, d) == nil || s.Peek(t.Context(), "k", policies, d) == nil || s.Adjust(t.Context(), "k", 1, policies, d) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s.Take(t.Context(), "k", 1, []ratelimit.Policy{hourly("p", 1)}, nil) == nil {
		t.Error("no decisions: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Take(ctx, "k", 1, []ratelimit.Policy{hourly("p", 1)}, make([]ratelimit.Decision, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
	s.Close()
	p, d := []ratelimit.Policy{hourly("p", 1)}, make([]ratelimit.Decision, 1)
	for name, err := range map[string]error{
		"Take": s.Take(t.Context(), "k", 1, p, d), "Adjust": s.Adjust(t.Context(), "k", 1, p, d), "Peek": s.Peek(t.Context(), "k", p, d),
		"Reset": s.Reset(t.Context(), "k", p), "Ready": s.Ready(t.Context()),
	} {
		if !errors.Is(err, ratelimit.ErrClosed) {
			t.Errorf("%s of a store that was closed: %v", name, err)
		}
	}
	n.want(t, "what is refused", 0, 0)
	if s.Close() != nil || c.Ping(context.Background()).Err() != nil {
		t.Error("Close closes a client that is not the store's")
	}
}
