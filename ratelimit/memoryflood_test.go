package ratelimit_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
)

// memoryHeap is how much of the heap is in use.
func memoryHeap() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// TestMemoryFlood: a million keys of a flood leave a store as large as it was told to
// be, and those that it denied are still denied.
func TestMemoryFlood(t *testing.T) {
	const maxKeys, denied, flood = 100_000, 5_000, 1_000_000
	before := memoryHeap()
	m := memoryOf(t, ratelimit.MemoryOptions{MaxKeys: maxKeys})
	login, hour := memoryPolicy("login", 1), ratelimit.Policy{Name: "hour", Quota: 1000, Window: time.Hour, Burst: 1000}
	for i := range denied {
		memoryTake(t, m, "denied-"+strconv.Itoa(i), login)
	}
	for i := range flood {
		memoryTake(t, m, strconv.Itoa(i), hour)
	}
	used := memoryHeap() - before
	t.Logf("%d buckets in %d bytes: %.1f each", m.Len(), used, float64(used)/maxKeys)
	if m.Len() != maxKeys {
		t.Errorf("%d buckets are kept, want %d", m.Len(), maxKeys)
	}
	if used > 56*maxKeys { // 54 at most, and the shards
		t.Errorf("the heap has grown by %d bytes, %.1f for each of MaxKeys", used, float64(used)/maxKeys)
	}
	lost := 0
	for i := range denied {
		if memoryTake(t, m, "denied-"+strconv.Itoa(i), login) {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d keys that were denied are let in after the flood", lost, denied)
	}
	runtime.KeepAlive(m)
}

// TestMemoryFloodSpent: buckets that are full again make room, so that a flood that
// goes on for long does not make a store larger than those of a while need.
func TestMemoryFloodSpent(t *testing.T) {
	var clock ratelimittest.Clock
	m := memoryOf(t, ratelimit.MemoryOptions{MaxKeys: 1_000_000, Now: clock.Now})
	p, kept := ratelimit.Policy{Name: "p", Quota: 10, Window: time.Second, Burst: 10}, memoryPolicy("kept", 1)
	for i := range 1000 {
		memoryTake(t, m, "kept-"+strconv.Itoa(i), kept)
	}
	for i := range 200_000 {
		memoryTake(t, m, strconv.Itoa(i), p)
		clock.Advance(100 * time.Microsecond) // each is full after 0.1 s: 1,000 at a time
	}
	if n := m.Len(); n > 10_000 {
		t.Errorf("%d buckets are kept, of which 2,000 are of use", n)
	}
	for i := range 1000 {
		if memoryTake(t, m, "kept-"+strconv.Itoa(i), kept) {
			t.Fatalf("key %d, which denies, was lost", i)
		}
	}
}
