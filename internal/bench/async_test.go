package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// The store of the files is where b.TempDir is (TMPDIR): let that be a disk.

// among has n goroutines do b.N things.
func among(b *testing.B, n int, f func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for range n {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// jobStores are what a job may be submitted to.
var jobStores = []struct {
	name string
	open func(testing.TB) func(context.Context) error
}{
	{"memory", func(tb testing.TB) func(context.Context) error { return submitter(openMemory(tb)) }},
	{"sqlite", func(tb testing.TB) func(context.Context) error { return submitter(openSQLite(tb)) }},
	{"river-sqlite", riverSubmitter},
}

// jobBackends are those of ours. stop closes one and returns how many bytes of the disk
// it has.
var jobBackends = []struct {
	name string
	open func(testing.TB) (backend async.Backend, stop func() int64)
}{{"memory", openMemory}, {"sqlite", openSQLite}}

func openMemory(tb testing.TB) (async.Backend, func() int64) {
	m, err := async.NewMemory(async.MemoryOptions{MaxJobs: 1 << 30, MaxBytes: 1 << 40})
	if err != nil {
		tb.Fatal(err)
	}
	return m, func() int64 { return 0 }
}

func openSQLite(tb testing.TB) (async.Backend, func() int64) {
	path := filepath.Join(tb.TempDir(), "jobs.sqlite")
	s, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s, func() int64 {
		if err := s.Close(); err != nil { // which puts the log into the file
			tb.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			tb.Fatal(err)
		}
		return info.Size()
	}
}

func newJob() async.NewJob {
	return async.NewJob{
		ID: rand.Text(), Kind: "work", Owner: "ana", Input: []byte(`{"customer":"C-1017"}`),
		Retention: time.Hour, Tombstone: time.Hour, MaxQueued: 1 << 30, MaxOwned: 1 << 30,
	}
}

func submitter(backend async.Backend, _ func() int64) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, err := backend.Submit(ctx, newJob())
		return err
	}
}

type riverArgs struct {
	Customer string `json:"customer"`
}

func (riverArgs) Kind() string { return "work" }

// riverSubmitter is River on SQLite, by the settings of its documentation, and synced
// as ours is.
func riverSubmitter(tb testing.TB) func(context.Context) error {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(tb.TempDir(), "river.sqlite")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() { db.Close() })
	driver := riversqlite.New(db)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		tb.Fatal(err)
	}
	client, err := river.NewClient(driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return func(ctx context.Context) error {
		_, err := client.Insert(ctx, riverArgs{"C-1017"}, nil)
		return err
	}
}

func TestAsyncStores(t *testing.T) {
	for _, s := range jobStores {
		if err := s.open(t)(t.Context()); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

// BenchmarkAsyncSubmit accepts jobs: from submitters at once, each job kept and synced
// before the next of its submitter.
func BenchmarkAsyncSubmit(b *testing.B) {
	for _, n := range []int{1, 16} {
		for _, s := range jobStores {
			b.Run(fmt.Sprintf("%d/%s", n, s.name), func(b *testing.B) {
				submit := s.open(b)
				among(b, n, func() error { return submit(context.Background()) })
			})
		}
	}
}

// BenchmarkAsyncEndToEnd submits jobs and has them done. B/job is what a job that is
// kept takes: its part of the file, or of the memory.
func BenchmarkAsyncEndToEnd(b *testing.B) {
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

// BenchmarkAsyncBegin is how long it takes from a submit until its handler begins,
// where a worker is free.
func BenchmarkAsyncBegin(b *testing.B) {
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

// BenchmarkAsyncRead reads the status of jobs that are queued, with their place among
// 2,000.
func BenchmarkAsyncRead(b *testing.B) {
	for _, store := range jobBackends {
		b.Run(store.name, func(b *testing.B) {
			backend, _ := store.open(b)
			var ids []string
			for range 2000 {
				job, _, err := backend.Submit(b.Context(), newJob())
				if err != nil {
					b.Fatal(err)
				}
				ids = append(ids, job.ID)
			}
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := backend.Get(context.Background(), ids[i%len(ids)]); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
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

// BenchmarkAsyncHTTP is what the HTTP half adds: a submit and a status read through the
// handlers, and the same calls of the backend in memory.
func BenchmarkAsyncHTTP(b *testing.B) {
	backend, _ := openMemory(b)
	jobs, kind := worker(b, backend, func() {}, func() {})
	job, err := kind.Submit(context.Background(), "", "", riverArgs{"C-1017"})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("submit/handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := httptest.NewRequest(http.MethodPost, "/exports", strings.NewReader(`{"customer":"C-1017"}`))
			r.Header["Content-Type"] = []string{"application/json"}
			w := httptest.NewRecorder()
			if kind.ServeHTTP(w, r); w.Code != http.StatusAccepted {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
	b.Run("submit/backend", func(b *testing.B) {
		b.ReportAllocs()
		submit := jobStores[0].open(b)
		for b.Loop() {
			if err := submit(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("submit/request", func(b *testing.B) { // what the benchmark itself costs
		b.ReportAllocs()
		for b.Loop() {
			r := httptest.NewRequest(http.MethodPost, "/exports", strings.NewReader(`{"customer":"C-1017"}`))
			r.Header["Content-Type"] = []string{"application/json"}
			httptest.NewRecorder().WriteHeader(202)
		}
	})
	read := httptest.NewRequest(http.MethodGet, "/jobs/"+job.ID, nil)
	b.Run("read/handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			if jobs.ServeHTTP(w, read); w.Code != http.StatusAccepted {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
}
