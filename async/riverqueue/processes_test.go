package riverqueue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// openSeveral opens queues on one schema, each with its own pool as in processes of its
// own.
func openSeveral(t *testing.T, n int, o riverqueue.Options) []*riverqueue.Queue {
	t.Helper()
	var queues []*riverqueue.Queue
	_, o.Schema = newSchema(t)
	for range n {
		queues = append(queues, open(t, poolOf(t), o))
	}
	return queues
}

// TestProcesses: a job is submitted in one process, run in a second, watched in a third
// and cancelled in a fourth.
func TestProcesses(t *testing.T) {
	all := openSeveral(t, 4, riverqueue.Options{})
	submits, runs, watches, cancels := all[0], all[1], all[2], all[3]
	begun := make(chan struct{})
	run(t, runs, &executor{workers: 1, execute: func(ctx context.Context, _ async.Job, report func(async.Progress) error) async.Outcome {
		if err := report(async.Progress{Done: 7}); err != nil {
			t.Error(err)
		}
		begun <- struct{}{}
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, async.ErrCanceled) {
			t.Errorf("the cause is %v, want %v", cause, async.ErrCanceled)
		}
		return async.Outcome{Status: async.Canceled}
	}})
	job := submit(t, submits)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	var seen []async.Status
	var canceled time.Time
	for last := job; !last.Status.Final(); {
		next, err := watches.Watch(ctx, job.ID, last.Version)
		if err != nil {
			t.Fatal(err)
		}
		if next.Version <= last.Version {
			t.Fatalf("version %d came after %d", next.Version, last.Version)
		}
		seen = append(seen, next.Status)
		if next.Progress.Done == 7 && canceled.IsZero() {
			<-begun
			canceled = time.Now()
			if got, err := cancels.Cancel(ctx, job.ID); err != nil || got.Status != async.Cancelling {
				t.Fatalf("Cancel: %q, %v", got.Status, err)
			}
		}
		last = next
	}
	if last := seen[len(seen)-1]; last != async.Canceled {
		t.Errorf("the job is %s", last)
	}
	t.Logf("the end was seen %v after the cancellation", time.Since(canceled))
}

// TestLimitsAmongProcesses: no more are let in than may be, whoever asks.
func TestLimitsAmongProcesses(t *testing.T) {
	queues := openSeveral(t, 2, riverqueue.Options{})
	for _, limit := range []struct {
		all, owned, owners, want int
	}{{50, 1000, 1, 50}, {1000, 5, 8, 40}} {
		var let atomic.Int32
		var ids sync.Map
		among64(t, func(i int) error {
			for range 3 {
				n := newJob()
				n.Owner, n.MaxQueued, n.MaxOwned = fmt.Sprint("owner ", limit.owners, i%limit.owners), limit.all, limit.owned
				_, _, err := queues[i%2].Submit(context.Background(), n)
				switch {
				case err == nil:
					let.Add(1)
					ids.Store(n.ID, true)
				case !errors.Is(err, async.ErrFull):
					return err
				}
			}
			return nil
		})
		if n := int(let.Load()); n != limit.want {
			t.Errorf("with limits of %d and %d for each of %d owners, %d were let in, want %d", limit.all, limit.owned, limit.owners, n, limit.want)
		}
		ids.Range(func(id, _ any) bool {
			if _, err := queues[0].Cancel(t.Context(), id.(string)); err != nil {
				t.Error(err)
			}
			return true
		})
	}
}

// TestKeyAmongProcesses: of many with one key in two processes one makes a job.
func TestKeyAmongProcesses(t *testing.T) {
	queues := openSeveral(t, 2, riverqueue.Options{})
	for round := range 5 {
		var created atomic.Int32
		var ids sync.Map
		among64(t, func(i int) error {
			n := newJob()
			n.Owner, n.Key, n.MaxOwned = "ana", fmt.Sprint("k", round), 1000
			job, existed, err := queues[i%2].Submit(context.Background(), n)
			if err == nil && !existed {
				created.Add(1)
			}
			ids.Store(job.ID, true)
			return err
		})
		different := 0
		ids.Range(func(any, any) bool { different++; return true })
		if created.Load() != 1 || different != 1 {
			t.Fatalf("%d jobs were created for one key, and %d returned", created.Load(), different)
		}
	}
}

// TestManyProcessesRunOnce: with several that run, no job is run twice.
func TestManyProcessesRunOnce(t *testing.T) {
	queues := openSeveral(t, 3, riverqueue.Options{})
	var times sync.Map
	for _, q := range queues {
		run(t, q, &executor{workers: 8, execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
			n, _ := times.LoadOrStore(job.ID, new(atomic.Int32))
			n.(*atomic.Int32).Add(1)
			return async.Outcome{Status: async.Succeeded}
		}})
	}
	among64(t, func(i int) error {
		for range 10 {
			n := newJob()
			if _, _, err := queues[i%3].Submit(context.Background(), n); err != nil {
				return err
			}
			becomes(t, queues[(i+1)%3], n.ID, async.Succeeded)
		}
		return nil
	})
	total := 0
	times.Range(func(_, n any) bool {
		if total++; n.(*atomic.Int32).Load() != 1 {
			t.Errorf("a job ran %d times", n.(*atomic.Int32).Load())
		}
		return true
	})
	if total != 640 {
		t.Errorf("%d jobs ran, want 640", total)
	}
}

func among64(t *testing.T, f func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range 64 {
		wg.Go(func() {
			<-begin
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
