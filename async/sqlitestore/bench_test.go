package sqlitestore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

func newJob() async.NewJob {
	return async.NewJob{
		ID: rand.Text(), Kind: "work", Owner: "ana", Input: []byte(`{"customer":"C-1017","format":"pdf"}`),
		Retention: time.Hour, Tombstone: time.Hour, MaxQueued: 1 << 30, MaxOwned: 1 << 30,
	}
}

// among has n goroutines do b.N things.
func among(b *testing.B, n int, f func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkSubmit accepts jobs. The file is where b.TempDir is (TMPDIR): let that be a
// disk, and not a tmpfs.
func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b, file(b), sqlitestore.Options{})
			among(b, n, func() error {
				_, _, err := s.Submit(context.Background(), newJob())
				return err
			})
			b.ReportMetric(float64(b.N)/float64(s.Commits()), "jobs/sync")
		})
	}
}

// BenchmarkGet reads the status of jobs: of queued ones with their position among
// 2,000, and of finished ones with their result.
func BenchmarkGet(b *testing.B) {
	s := open(b, file(b), sqlitestore.Options{})
	ids := map[string][]string{}
	for range 2000 {
		queued, finished := newJob(), newJob()
		queued.Kind = "other"
		ids["queued"], ids["finished"] = append(ids["queued"], queued.ID), append(ids["finished"], finished.ID)
		for _, n := range []async.NewJob{queued, finished} {
			if _, _, err := s.Submit(b.Context(), n); err != nil {
				b.Fatal(err)
			}
		}
	}
	run(b, s, &executor{workers: 16})
	for _, id := range ids["finished"] {
		becomes(b, s, id, async.Succeeded)
	}
	for _, status := range []string{"queued", "finished"} {
		b.Run(status, func(b *testing.B) {
			ids := ids[status]
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := s.Get(context.Background(), ids[i%len(ids)]); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}

// BenchmarkEndToEnd submits, runs and reads to the end.
func BenchmarkEndToEnd(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := file(b)
			s := open(b, path, sqlitestore.Options{})
			stop := run(b, s, &executor{workers: 16})
			among(b, n, func() error {
				job, _, err := s.Submit(context.Background(), newJob())
				for err == nil && !job.Status.Final() {
					job, err = s.Watch(context.Background(), job.ID, job.Version)
				}
				return err
			})
			if err := stop(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/float64(s.Commits()), "jobs/sync")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(size(b, path))/float64(b.N), "B/job")
		})
	}
}

// BenchmarkBegin is how long it takes from a submit until the job is running.
func BenchmarkBegin(b *testing.B) {
	s := open(b, file(b), sqlitestore.Options{})
	begun := make(chan struct{})
	run(b, s, &executor{workers: 1, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		begun <- struct{}{}
		return async.Outcome{Status: async.Succeeded}
	}})
	var total time.Duration
	for b.Loop() {
		n := newJob()
		start := time.Now()
		go func() { _, _, _ = s.Submit(context.Background(), n) }()
		<-begun
		total += time.Since(start)
		for job, err := s.Get(b.Context(), n.ID); !job.Status.Final() || err != nil; {
			job, err = s.Watch(b.Context(), n.ID, job.Version)
		}
	}
	b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns/begin")
}

// executor ends each job at once, or as execute says.
type executor struct {
	workers int
	execute func(context.Context, async.Job, func(async.Progress) error) async.Outcome
}

func (*executor) Kinds() []string      { return []string{"work"} }
func (e *executor) Workers() int       { return e.workers }
func (*executor) Drain() time.Duration { return 0 }
func (*executor) MaxInterrupted() int  { return 3 }
func (e *executor) Execute(ctx context.Context, job async.Job, report func(async.Progress) error) async.Outcome {
	if e.execute != nil {
		return e.execute(ctx, job, report)
	}
	return async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "application/json", Body: []byte(`{"url":"x"}`)}}
}
