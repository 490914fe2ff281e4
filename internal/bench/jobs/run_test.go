package jobs_test

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// BenchmarkEndToEnd submits jobs and has them done. B/job is what a job that is
// kept takes: its part of the file, or of the memory.
func BenchmarkEndToEnd(b *testing.B) {
	for _, store := range jobBackends {
		b.Run(store.name, func(b *testing.B) {
			before := heap()
			backend, stop := store.open(b)
			done := make(chan struct{}, 64)
			jobs, kind := worker(b, backend, func() {}, func() { done <- struct{}{} })
			end := running(b, jobs)
			b.ResetTimer()
			go among16(b, kind)
			for range b.N {
				<-done
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			end()
			bytes := stop()
			if bytes == 0 {
				bytes = heap() - before
			}
			b.ReportMetric(float64(bytes)/float64(b.N), "B/job")
			runtime.KeepAlive(backend)
		})
	}
}

// BenchmarkBegin is how long it takes from a submit until its handler begins,
// where a worker is free.
func BenchmarkBegin(b *testing.B) {
	for _, store := range jobBackends {
		b.Run(store.name, func(b *testing.B) {
			backend, _ := store.open(b)
			begun, done := make(chan time.Time, 1), make(chan struct{}, 1)
			jobs, kind := worker(b, backend, func() { begun <- time.Now() }, func() { done <- struct{}{} })
			defer running(b, jobs)()
			var total time.Duration
			for b.Loop() {
				submitted := time.Now()
				if _, err := kind.Submit(context.Background(), "", "", riverArgs{"C-1017"}); err != nil {
					b.Fatal(err)
				}
				total += (<-begun).Sub(submitted)
				<-done
			}
			b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns/begin")
		})
	}
}

// heap is how many bytes of memory are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func among16(b *testing.B, kind *async.Kind[riverArgs, async.None]) {
	var left atomic.Int64
	left.Store(int64(b.N))
	for range 16 {
		go func() {
			for left.Add(-1) >= 0 {
				if _, err := kind.Submit(context.Background(), "", "", riverArgs{"C-1017"}); err != nil {
					b.Error(err)
				}
			}
		}()
	}
}

// worker makes jobs that tell of their begin and their end.
func worker(b *testing.B, backend async.Backend, begin, end func()) (*async.Jobs, *async.Kind[riverArgs, async.None]) {
	b.Helper()
	jobs, err := async.New(backend, async.Options{
		URL: "https://api.example.com/jobs", Capability: true, MaxQueued: 1 << 30, Logger: slog.New(slog.DiscardHandler),
		OnEnd: func(async.Job, async.Outcome, error) { end() },
	})
	if err != nil {
		b.Fatal(err)
	}
	kind, err := async.Define(jobs, "work", func(context.Context, *async.Task, riverArgs) (async.None, error) { begin(); return async.None{}, nil })
	if err != nil {
		b.Fatal(err)
	}
	return jobs, kind
}

// running has jobs run until end is called.
func running(b *testing.B, jobs *async.Jobs) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- jobs.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}
