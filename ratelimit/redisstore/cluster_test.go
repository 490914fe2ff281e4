//go:build unix

package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

const slots = 16384

// startCluster starts three nodes with a third of the slots each.
func startCluster(t *testing.T) []*server {
	t.Helper()
	var nodes []*server
	for i := range 3 {
		s := startServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
		c := clientOf(t, s.url())
		if err := c.Do(t.Context(), "cluster", "addslotsrange", i*slots/3, (i+1)*slots/3-1).Err(); err != nil {
			missing(t, "this redis-server makes no cluster: "+err.Error())
		}
		if i > 0 {
			if err := c.ClusterMeet(t.Context(), "127.0.0.1", strconv.Itoa(nodes[0].port)).Err(); err != nil {
				t.Fatal(err)
			}
		}
		nodes = append(nodes, s)
	}
	for _, s := range nodes {
		c := clientOf(t, s.url())
		eventually(t, "the cluster is complete", func() bool {
			info := c.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return nodes
}

func clusterClient(t *testing.T, nodes []*server) *redis.ClusterClient {
	t.Helper()
	o := &redis.ClusterOptions{ContextTimeoutEnabled: true}
	for _, s := range nodes {
		o.Addrs = append(o.Addrs, s.addr())
	}
	c := redis.NewClusterClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

// slotsAt says that all are at one node.
func slotsAt(addr string) func(context.Context) ([]redis.ClusterSlot, error) {
	return func(context.Context) ([]redis.ClusterSlot, error) {
		return []redis.ClusterSlot{{End: slots - 1, Nodes: []redis.ClusterNode{{Addr: addr}}}}, nil
	}
}

// TestCluster: the kit, keys on all nodes, and nodes that hang before the first call.
func TestCluster(t *testing.T) {
	nodes := startCluster(t)
	c := clusterClient(t, nodes)
	t.Run("Kit", func(t *testing.T) {
		var prefix string
		ratelimittest.Store(t, func(t *testing.T, _ *ratelimittest.Clock) ratelimit.Store {
			prefix = prefixOf(t, c)
			return newStore(t, c, redisstore.Options{Prefix: prefix, Remember: -1})
		}, ratelimittest.Options{RealTime: true, Lose: func(t *testing.T, _ ratelimit.Store) {
			for _, key := range keysOf(t, c, prefix) {
				c.Del(t.Context(), key)
			}
		}})
	})
	t.Run("Slots", func(t *testing.T) {
		s := newStore(t, c, redisstore.Options{})
		p := []ratelimit.Policy{hourly("a", 2), hourly("b", 3), policy("c", 4, time.Minute)}
		for i := range 60 {
			key := fmt.Sprint(i)
			for j := range 3 {
				if d := mustTake(t, s, key, 1, p...); d[0].Allowed != (j < 2) || !d[1].Allowed {
					t.Fatalf("key %d, take %d: %+v", i, j, d)
				}
			}
			if d := mustPeek(t, s, key, p...); d[0].Remaining != 0 || d[1].Remaining != 1 {
				t.Fatalf("key %d is left with %+v", i, d)
			}
		}
		for i, s := range nodes {
			if n := clientOf(t, s.url()).DBSize(t.Context()).Val(); n < 5 {
				t.Errorf("node %d has %d keys of 60", i, n)
			}
		}
	})
	t.Run("Hung", func(t *testing.T) {
		for _, s := range nodes {
			s.stop()
			defer s.goOn()
		}
		knowing := redis.NewClusterClient(&redis.ClusterOptions{ // the slots, and not yet the commands
			ContextTimeoutEnabled: true, ClusterSlots: slotsAt(nodes[0].addr()),
		})
		defer knowing.Close()
		for _, c := range []*redis.ClusterClient{clusterClient(t, nodes), knowing} {
			s := newStore(t, c, redisstore.Options{Prefix: "hung:"})
			l, err := ratelimit.New(s, ratelimit.Options{Policies: []ratelimit.Policy{hourly("p", 5)}})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				begin := time.Now()
				v, err := l.Take(t.Context(), "k", 1)
				if took := time.Since(begin); err != nil || v.Err == nil || !v.Allowed || took > 50*time.Millisecond+margin {
					t.Errorf("%+v, %v after %v", v, err, took)
				}
			}
		}
	})
}

// TestClusterRepeatsNothing: a cluster's client repeats what failed, but for what may
// have been counted.
func TestClusterRepeatsNothing(t *testing.T) {
	r := startServer(t, "--cluster-enabled", "yes")
	direct := clientOf(t, r.url())
	if err := direct.Do(t.Context(), "cluster", "addslotsrange", 0, slots-1).Err(); err != nil {
		missing(t, "this redis-server makes no cluster: "+err.Error())
	}
	eventually(t, "the cluster is complete", func() bool {
		return strings.Contains(direct.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	proxy := newCutter(t, r.addr())
	c := redis.NewClusterClient(&redis.ClusterOptions{
		ContextTimeoutEnabled: true, ClusterSlots: slotsAt(proxy.addr),
	})
	defer c.Close()
	s := newStore(t, c, redisstore.Options{Prefix: "cut:", Failures: -1})
	p := hourly("p", 100)
	mustTake(t, s, "k", 1, p)
	proxy.cut.Store(true) // the next command reaches Redis, its answer is lost
	if err := s.Take(t.Context(), "k", 1, []ratelimit.Policy{p}, make([]ratelimit.Decision, 1)); err == nil {
		t.Error("an answer that was lost is no error")
	}
	proxy.cut.Store(false)
	eventually(t, "the lost call is counted", func() bool { return mustPeek(t, s, "k", p)[0].Remaining <= 98 })
	if n := mustPeek(t, s, "k", p)[0].Remaining; n != 98 {
		t.Errorf("a call whose answer was lost was counted %d times", 99-n)
	}
}

// TestSentinel: a master that a Sentinel names.
func TestSentinel(t *testing.T) {
	master := startServer(t)
	port := freePort(t)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("bind 127.0.0.1\nport %d\nsentinel monitor limits 127.0.0.1 %d 1\n", port, master.port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", file, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	c := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "limits", SentinelAddrs: []string{fmt.Sprintf("127.0.0.1:%d", port)},
		ContextTimeoutEnabled: true, MaxRetries: -1,
	})
	defer c.Close()
	eventually(t, "the Sentinel answers", func() bool { return c.Ping(t.Context()).Err() == nil })
	s := newStore(t, c, redisstore.Options{Prefix: "s:"})
	for i := range 3 {
		if d := mustTake(t, s, "k", 1, hourly("p", 2))[0]; d.Allowed != (i < 2) {
			t.Errorf("take %d: %+v", i+1, d)
		}
	}
	if n := clientOf(t, master.url()).DBSize(t.Context()).Val(); n != 1 {
		t.Errorf("the master has %d keys", n)
	}
}
