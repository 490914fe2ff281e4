package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
	{"memory", func(tb testing.TB) func(context.Context) error {
		m, err := async.NewMemory(async.MemoryOptions{MaxJobs: 1 << 30, MaxBytes: 1 << 40})
		return submitter(tb, m, err)
	}},
	{"sqlite", func(tb testing.TB) func(context.Context) error {
		s, err := sqlitestore.Open(filepath.Join(tb.TempDir(), "jobs.sqlite"), sqlitestore.Options{})
		tb.Cleanup(func() { s.Close() })
		return submitter(tb, s, err)
	}},
	{"river-sqlite", riverSubmitter},
}

func submitter(tb testing.TB, backend async.Backend, err error) func(context.Context) error {
	if err != nil {
		tb.Fatal(err)
	}
	return func(ctx context.Context) error {
		_, _, err := backend.Submit(ctx, async.NewJob{
			ID: rand.Text(), Kind: "work", Owner: "ana", Input: []byte(`{"customer":"C-1017"}`),
			Retention: time.Hour, Tombstone: time.Hour, MaxQueued: 1 << 30, MaxOwned: 1 << 30,
		})
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

// BenchmarkAsyncEndToEnd submits jobs and has them done.
func BenchmarkAsyncEndToEnd(b *testing.B) {
	for _, name := range []string{"memory", "sqlite"} {
		b.Run(name, func(b *testing.B) {
			jobs, kind, done := worker(b, name)
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- jobs.Run(ctx) }()
			b.ResetTimer()
			go among16(b, kind)
			for range b.N {
				<-done
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			stop()
			if err := <-ended; err != nil {
				b.Error(err)
			}
		})
	}
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

// worker makes jobs that do nothing and tell so.
func worker(b *testing.B, store string) (*async.Jobs, *async.Kind[riverArgs, async.None], chan struct{}) {
	b.Helper()
	var backend async.Backend
	var err error
	if store == "memory" {
		backend, err = async.NewMemory(async.MemoryOptions{MaxJobs: 1 << 30, MaxBytes: 1 << 40})
	} else {
		var s *sqlitestore.Store
		s, err = sqlitestore.Open(filepath.Join(b.TempDir(), "jobs.sqlite"), sqlitestore.Options{})
		b.Cleanup(func() { s.Close() })
		backend = s
	}
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{}, b.N+1)
	jobs, err := async.New(backend, async.Options{
		URL: "https://api.example.com/jobs", Capability: true, MaxQueued: 1 << 30, Logger: slog.New(slog.DiscardHandler),
		OnEnd: func(async.Job, async.Outcome, error) { done <- struct{}{} },
	})
	if err != nil {
		b.Fatal(err)
	}
	kind, err := async.Define(jobs, "work", func(context.Context, *async.Task, riverArgs) (async.None, error) { return async.None{}, nil })
	if err != nil {
		b.Fatal(err)
	}
	return jobs, kind, done
}

// BenchmarkAsyncHTTP is what the HTTP half adds: a submit and a status read through the
// handlers, and the same calls of the backend in memory.
func BenchmarkAsyncHTTP(b *testing.B) {
	jobs, kind, _ := worker(b, "memory")
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
