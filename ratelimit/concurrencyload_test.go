package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// Thousands of requests with random ranks, keys and cancels: never more than Max at
// once, each is answered once, and in the end all places are free.
func TestConcurrencyLosesNoPlace(t *testing.T) {
	const limit, clients, each = 3, 64, 100
	var shed atomic.Int64
	c := concurrencyOf(t, ratelimit.ConcurrencyOptions{
		Max: limit, Queue: 8, Wait: 200 * time.Microsecond, Priority: rankOf, Key: keyHeader("User"),
		OnShed: func(*http.Request) { shed.Add(1) },
	})
	var running [2]atomic.Int64
	var passed, refused, gone atomic.Int64
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(client), 1))
			for range each {
				user := random.IntN(2)
				ctx, cancel := context.WithCancel(context.Background())
				r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
				r.Header.Set("User", "u"+strconv.Itoa(user))
				ranked(random.IntN(3))(r)
				if random.IntN(3) == 0 {
					go cancel()
				}
				done, err := c.Enter(r)
				switch {
				case err == nil:
					if n := running[user].Add(1); n > limit {
						t.Errorf("%d at once", n)
					}
					for range random.IntN(20) {
						runtime.Gosched()
					}
					passed.Add(1)
					running[user].Add(-1)
					done()
				case errors.Is(err, context.Canceled):
					gone.Add(1)
				default:
					refused.Add(1)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if passed.Load()+refused.Load()+gone.Load() != clients*each || refused.Load() != shed.Load() || passed.Load() == 0 {
		t.Errorf("%d passed, %d refused (%d told), %d gone", passed.Load(), refused.Load(), shed.Load(), gone.Load())
	}
	for _, user := range []string{"u0", "u1"} { // all places are free, and no more
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User", user)
		var dones []func()
		for range limit {
			done, err := c.Enter(r)
			if err != nil {
				t.Fatalf("a place was lost: %v", err)
			}
			dones = append(dones, done)
		}
		if _, err := c.Enter(r); err == nil {
			t.Error("a place was doubled")
		}
		for _, done := range dones {
			done()
		}
	}
}

// A turn that comes as the client goes away goes on to the next.
func TestConcurrencyTurnOfAClientThatWentAway(t *testing.T) {
	c := concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1, Queue: 1, Wait: time.Hour})
	r := httptest.NewRequest("GET", "/", nil)
	gone := 0
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			done, err := c.Enter(r)
			if err != nil {
				t.Fatalf("a place was lost: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				done, err := c.Enter(r.WithContext(ctx))
				if err != nil {
					gone++
					return
				}
				done()
			}()
			synctest.Wait() // it waits
			cancel()
			done()
		})
	}
	if gone == 0 {
		t.Error("none went away")
	}
}

// What is kept of a key goes with its last request, whether it ran or waited.
func TestConcurrencyKeepsNoKeys(t *testing.T) {
	c := concurrencyOf(t, ratelimit.ConcurrencyOptions{Max: 1, Queue: 1, Wait: 1, Key: keyHeader("User")})
	r := httptest.NewRequest("GET", "/", nil)
	use := func(from, to int) {
		for i := from; i < to; i++ {
			r.Header["User"] = []string{fmt.Sprintf("%0100d", i)}
			done, err := c.Enter(r)
			if err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				_, _ = c.Enter(r) // waits, and is shed
			}
			done()
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	use(0, 1000)
	before := heap()
	use(1000, 51_000) // 5 MB of keys
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew by %d kB", (after-before)>>10)
	}
	runtime.KeepAlive(c)
}
