package redisstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// TestNewRefuses clients that would hold a request or count it twice.
func TestNewRefuses(t *testing.T) {
	const addr = "127.0.0.1:1"
	client := func(timeouts bool, retries int) redis.UniversalClient {
		return redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: timeouts, MaxRetries: retries})
	}
	cluster := func(timeouts bool, retries int) redis.UniversalClient {
		return redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, ContextTimeoutEnabled: timeouts, MaxRetries: retries})
	}
	sentinel := func(timeouts bool, retries int) redis.UniversalClient {
		return redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "m", SentinelAddrs: []string{addr}, ContextTimeoutEnabled: timeouts, MaxRetries: retries})
	}
	ring := func(timeouts bool, retries int) redis.UniversalClient {
		return redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": addr}, ContextTimeoutEnabled: timeouts, MaxRetries: retries})
	}
	universal := func(timeouts bool, retries int) redis.UniversalClient {
		return redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{addr}, ContextTimeoutEnabled: timeouts, MaxRetries: retries})
	}
	for _, c := range []struct {
		name   string
		client redis.UniversalClient
		want   string // in the error, none where it is empty
	}{
		{"nil", nil, "no client"},
		{"a nil client", (*redis.Client)(nil), "no client"},
		{"a nil cluster", (*redis.ClusterClient)(nil), "no client"},
		{"a nil ring", (*redis.Ring)(nil), "no client"},
		{"client, defaults", client(false, 0), "ContextTimeoutEnabled"},
		{"client, without deadlines", client(false, -1), "ContextTimeoutEnabled"},
		{"client, that repeats by default", client(true, 0), "MaxRetries"},
		{"client, that repeats once", client(true, 1), "MaxRetries"},
		{"client", client(true, -1), ""},
		{"cluster, defaults", cluster(false, 0), "ContextTimeoutEnabled"},
		{"cluster, that repeats", cluster(true, 2), "MaxRetries"},
		{"cluster, with deadlines", cluster(true, 0), ""},
		{"cluster", cluster(true, -1), ""},
		{"sentinel, defaults", sentinel(false, 0), "ContextTimeoutEnabled"},
		{"sentinel, that repeats by default", sentinel(true, 0), "MaxRetries"},
		{"sentinel", sentinel(true, -1), ""},
		{"ring, without deadlines", ring(false, -1), "ContextTimeoutEnabled"},
		{"ring, that repeats by default", ring(true, 0), "MaxRetries"},
		{"ring", ring(true, -1), ""},
		{"universal, defaults", universal(false, 0), "ContextTimeoutEnabled"},
		{"universal", universal(true, -1), ""},
	} {
		_, err := redisstore.New(c.client, redisstore.Options{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if c.client != nil && !strings.Contains(c.name, "nil") {
			c.client.Close()
		}
	}
	good := client(true, -1)
	defer good.Close()
	for name, o := range map[string]redisstore.Options{"Rest": {Rest: -1}, "brace": {Prefix: "a{b"}, "closing brace": {Prefix: "a}"}} {
		if _, err := redisstore.New(good, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestOpenRefuses what is no URL, without telling what it holds.
func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{
		"", "127.0.0.1:6379", "http://:secret@127.0.0.1", "redis://:secret@host:port/0", "redis://:secret@127.0.0.1/x", "redis://user:secret@127.0.0.1/0?nonsense=1",
		"redis://:secret@[::1/0", "redis://%zzsecret@127.0.0.1", "://secret",
	} {
		if _, err := redisstore.Open(url, redisstore.Options{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error is %v", url, err)
		}
	}
	if _, err := redisstore.Open("redis://127.0.0.1:1", redisstore.Options{Rest: -1}); err == nil {
		t.Error("a negative Rest: no error")
	}
}

// TestOpen: the store of a URL keeps what was said, whatever the query says.
func TestOpen(t *testing.T) {
	url := redisURL(t)
	join := "?"
	if strings.Contains(url, "?") {
		join = "&"
	}
	prefix := prefixOf(t, clientOf(t, url))
	s, err := redisstore.Open(url+join+"max_retries=5&pool_size=3", redisstore.Options{Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	p := hourly("p", 2)
	for i := range 3 {
		if d := mustTake(t, s, "k", 1, p)[0]; d.Allowed != (i < 2) {
			t.Errorf("take %d: %+v", i+1, d)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if err := s.Take(t.Context(), "k", 1, []ratelimit.Policy{p}, make([]ratelimit.Decision, 1)); err != ratelimit.ErrClosed {
		t.Errorf("Take after Close: %v", err)
	}
}

// TestOpenIsNotWaiting: nothing listens there, and that is no error of Open.
func TestOpenIsNotWaiting(t *testing.T) {
	begin := time.Now()
	s, err := redisstore.Open("redis://user:secret@127.0.0.1:1", redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Ready(t.Context())
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Ready: %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
