package async_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// TestWaiters: 10,000 wait for one job. They are told of the same change all, soon, and
// cost little more than a goroutine each.
func TestWaiters(t *testing.T) {
	const (
		waiters = 10_000
		most    = 16 << 10 // bytes for each: half a dozen times what it takes
		soon    = 10 * time.Second
	)
	m := memoryOf(t, async.MemoryOptions{})
	memorySubmit(t, m, nil, memoryJob("a"))
	before := waitersMemory()
	var done, woken sync.WaitGroup
	var entered atomic.Int64
	var wrong atomic.Int32
	release := make(chan struct{}) // the goroutines are kept until they are counted
	for range waiters {
		woken.Add(1)
		done.Go(func() {
			entered.Add(1)
			job, err := m.Watch(t.Context(), "a", 1)
			if err != nil || job.Status != async.Canceled || job.Version != 2 {
				wrong.Add(1)
			}
			woken.Done()
			<-release
		})
	}
	for entered.Load() < waiters {
		runtime.Gosched()
	}
	each := (waitersMemory() - before) / waiters
	begun := time.Now()
	if _, err := m.Cancel(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	called := time.Since(begun)
	woken.Wait()
	took := time.Since(begun)
	close(release)
	done.Wait()
	t.Logf("%d waiters: %d bytes each, Cancel returned after %v, all were awake after %v", waiters, each, called, took)
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d waiters were told of something else", n, waiters)
	}
	if each > most {
		t.Errorf("a waiter takes %d bytes, which is more than %d", each, most)
	}
	if took > soon {
		t.Errorf("all were awake after %v, which is more than %v", took, soon)
	}
}

// TestWaitersLeave: who stops waiting leaves nothing behind.
func TestWaitersLeave(t *testing.T) {
	m := memoryOf(t, async.MemoryOptions{})
	memorySubmit(t, m, nil, memoryJob("a"))
	before := waitersMemory()
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if _, err := m.Watch(ctx, "a", 1); err != context.Canceled {
					t.Errorf("Watch returns %v", err)
				}
			})
		}
		cancel()
		wg.Wait()
	}
	if left := (waitersMemory() - before) / 10_000; left > 512 {
		t.Errorf("10,000 who have left hold %d bytes each", left)
	}
}

// waitersMemory is what the heap and the stacks hold, without garbage.
func waitersMemory() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc + s.StackInuse)
}
