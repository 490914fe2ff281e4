package async_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/asynctest"
)

// memoryModel is a queue as simple as can be.
type memoryModel []async.Job

// sort puts it in the order of RunAt, and else leaves that of submission.
func (q memoryModel) sort() {
	slices.SortStableFunc(q, func(a, b async.Job) int { return a.RunAt.Compare(b.RunAt) })
}

// TestMemoryOrder: thousands of jobs, many put back with delays and many cancelled, are
// begun in the order of RunAt, and each Position is its place.
func TestMemoryOrder(t *testing.T) {
	var clock asynctest.Clock
	m := memoryOf(t, async.MemoryOptions{Now: clock.Now})
	random := rand.New(rand.NewPCG(1, 2))
	delays := map[string]time.Duration{}
	const jobs = 3000
	for i := range jobs {
		n := memoryJob(fmt.Sprint("j", i))
		n.MaxQueued, n.MaxOwned = jobs, jobs
		memorySubmit(t, m, nil, n)
		delays[n.ID] = time.Duration(random.IntN(600)) * time.Second // many of the same
		if i%3 == 0 {
			clock.Advance(time.Millisecond)
		}
	}
	state := func() (q memoryModel) {
		t.Helper()
		for i := range jobs {
			if job, err := m.Get(t.Context(), fmt.Sprint("j", i)); err == nil && job.Status == async.Queued {
				q = append(q, job)
			}
		}
		q.sort()
		for i, job := range q {
			if job.Position != i+1 {
				t.Fatalf("the job that is number %d of %d has Position %d", i+1, len(q), job.Position)
			}
		}
		return q
	}
	run := func(n int, o func(async.Job) async.Outcome) (ids []string) {
		t.Helper()
		begun := make(chan string)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = m.Run(ctx, memoryExecutor{execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
				begun <- job.ID
				return o(job)
			}})
		}()
		for range n {
			ids = append(ids, <-begun)
		}
		cancel()
		for {
			select {
			case id := <-begun: // it was begun before
				ids = append(ids, id)
			case <-done:
				return ids
			}
		}
	}
	want := state()
	if len(want) != jobs {
		t.Fatalf("%d are queued", len(want))
	}
	got := run(jobs, func(job async.Job) async.Outcome {
		return async.Outcome{Status: async.Queued, Delay: time.Second + delays[job.ID]}
	})
	for i, id := range got {
		if id != want[i].ID {
			t.Fatalf("number %d is %s, want %s", i+1, id, want[i].ID)
		}
	}
	for i := range jobs {
		if random.IntN(3) == 0 {
			if _, err := m.Cancel(t.Context(), fmt.Sprint("j", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	want = state()
	clock.Advance(time.Hour)
	half := len(want) / 2
	got = run(half, func(async.Job) async.Outcome { return async.Outcome{Status: async.Succeeded} })
	state()
	got = append(got, run(len(want)-len(got), func(async.Job) async.Outcome { return async.Outcome{Status: async.Succeeded} })...)
	for i, id := range got {
		if id != want[i].ID {
			t.Fatalf("after delays, number %d is %s, want %s", i+1, id, want[i].ID)
		}
	}
	if len(state()) != 0 {
		t.Error("some are left")
	}
}

// TestMemoryManyRuns: several Runs at once share the jobs, and none is run twice or
// left.
func TestMemoryManyRuns(t *testing.T) {
	m := memoryOf(t, async.MemoryOptions{})
	const jobs = 2000
	var runs [jobs]atomic.Int32
	var left sync.WaitGroup
	left.Add(jobs)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			if err := m.Run(ctx, memoryExecutor{workers: 8, execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
				var i int
				_, _ = fmt.Sscan(job.ID, &i)
				if runs[i].Add(1) == 1 {
					left.Done()
				}
				return async.Outcome{Status: async.Succeeded}
			}}); err != nil {
				t.Error(err)
			}
		})
	}
	var submitting sync.WaitGroup
	for lane := range 4 {
		submitting.Go(func() {
			for i := lane; i < jobs; i += 4 {
				n := memoryJob(fmt.Sprint(i))
				n.MaxQueued, n.MaxOwned = jobs, jobs
				if _, _, err := m.Submit(ctx, n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	submitting.Wait()
	left.Wait()
	cancel()
	running.Wait()
	for i := range runs {
		if n := runs[i].Load(); n != 1 {
			t.Errorf("job %d ran %d times", i, n)
		}
	}
}

// TestMemoryWrongOutcome: what is no outcome is a failure, and the job ends.
func TestMemoryWrongOutcome(t *testing.T) {
	for _, status := range []async.Status{"", async.Running, async.Cancelling, "other"} {
		m := memoryOf(t, async.MemoryOptions{})
		memorySubmit(t, m, nil, memoryJob("a"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- m.Run(ctx, memoryExecutor{execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
				return async.Outcome{Status: status}
			}})
		}()
		for version := int64(1); ; {
			job, err := m.Watch(ctx, "a", version)
			if err != nil || job.Status.Final() {
				if err != nil || job.Status != async.Failed {
					t.Errorf("an outcome of status %q: %s, %v", status, job.Status, err)
				}
				break
			}
			version = job.Version
		}
		cancel()
		if err := cmp.Or(<-done); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkMemoryEndToEnd is a job from its submission to its end.
func BenchmarkMemoryEndToEnd(b *testing.B) {
	for _, submitters := range []int{1, 16} {
		b.Run(fmt.Sprint("submitters=", submitters), func(b *testing.B) {
			m := memoryOf(b, async.MemoryOptions{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var left sync.WaitGroup
			go func() {
				_ = m.Run(ctx, memoryExecutor{workers: 8, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
					left.Done()
					return async.Outcome{Status: async.Succeeded}
				}})
			}()
			b.ReportAllocs()
			left.Add(b.N)
			var next atomic.Int64
			var submitting sync.WaitGroup
			for range submitters {
				submitting.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						n := memoryJob(fmt.Sprint(i))
						n.MaxQueued, n.MaxOwned = 10_000, 10_000
						for {
							_, _, err := m.Submit(ctx, n)
							if err == nil {
								break
							}
							runtime.Gosched() // the workers are behind
						}
					}
				})
			}
			submitting.Wait()
			left.Wait()
		})
	}
}

// BenchmarkMemoryGet is a status read, among 10,000 jobs that wait.
func BenchmarkMemoryGet(b *testing.B) {
	m := memoryOf(b, async.MemoryOptions{})
	for i := range 10_000 {
		n := memoryJob(fmt.Sprint(i))
		n.MaxQueued, n.MaxOwned = 1<<30, 1<<30
		memorySubmit(b, m, nil, n)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := m.Get(context.Background(), "7777"); err != nil {
				b.Error(err)
			}
		}
	})
}
