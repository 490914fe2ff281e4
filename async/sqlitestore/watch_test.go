package sqlitestore_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// TestManyWaiters: ten thousand wait for one job, and all are told of its end.
func TestManyWaiters(t *testing.T) {
	const many = 10_000
	s := open(t, file(t), sqlitestore.Options{})
	job := submit(t, s)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var told sync.WaitGroup
	var wrong atomic.Int32
	for range many {
		told.Go(func() {
			if got, err := s.Watch(context.Background(), job.ID, job.Version); err != nil || got.Status != async.Canceled {
				wrong.Add(1)
			}
		})
	}
	for s.Waiting(job.ID) < many {
		runtime.Gosched()
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	begun := time.Now()
	if _, err := s.Cancel(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	within(t, "to wake all", told.Wait)
	t.Logf("%d waiters: %d bytes each, woken in %v", many, (int64(during.HeapInuse+during.StackInuse)-int64(before.HeapInuse+before.StackInuse))/many, time.Since(begun))
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d waiters were told something else", n, many)
	}
	if n := s.Waiting(job.ID); n != 0 {
		t.Errorf("%d waiters are left", n)
	}
}

// TestNoLostWakeUp: a change between reading a job and waiting for it is told.
func TestNoLostWakeUp(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	run(t, s, &executor{workers: 8})
	within(t, "to follow jobs to their end", func() {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 250 {
					job, _, err := s.Submit(context.Background(), newJob())
					for err == nil && !job.Status.Final() {
						job, err = s.Watch(context.Background(), job.ID, job.Version)
					}
					if err != nil || job.Status != async.Succeeded {
						t.Errorf("%q, %v", job.Status, err)
						return
					}
				}
			})
		}
		all.Wait()
	})
	if n := s.Watched(); n != 0 {
		t.Errorf("%d jobs are still watched", n)
	}
}

// TestWatchGivenUp: waiters that give up leave nothing.
func TestWatchGivenUp(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	job := submit(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			_, err := s.Watch(ctx, job.ID, job.Version)
			want(t, "Watch that is given up", err, context.Canceled)
		})
	}
	for s.Waiting(job.ID) < 100 {
		runtime.Gosched()
	}
	cancel()
	all.Wait()
	if n := s.Watched(); n != 0 {
		t.Errorf("%d jobs are still watched", n)
	}
}
