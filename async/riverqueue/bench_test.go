package riverqueue_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

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

type rawArgs struct {
	Customer string `json:"customer"`
	Format   string `json:"format"`
}

func (rawArgs) Kind() string { return "work" }

// rawInsert inserts as an author does with River alone, in a transaction.
func rawInsert(pool *pgxpool.Pool, client *river.Client[pgx.Tx]) error {
	ctx := context.Background()
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	if _, err := client.InsertTx(ctx, tx, rawArgs{"C-1017", "pdf"}, nil); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// BenchmarkSubmit accepts jobs, beside River alone.
func BenchmarkSubmit(b *testing.B) {
	pool, schema := newSchema(b)
	q := open(b, pool, riverqueue.Options{Schema: schema})
	raw, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: schema, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint("queue/", n), func(b *testing.B) {
			among(b, n, func() error {
				_, _, err := q.Submit(context.Background(), newJob())
				return err
			})
		})
		b.Run(fmt.Sprint("river/", n), func(b *testing.B) {
			among(b, n, func() error { return rawInsert(pool, raw) })
		})
	}
}

type rawWorker struct {
	river.WorkerDefaults[rawArgs]
	done *atomic.Int64
}

func (w *rawWorker) Work(context.Context, *river.Job[rawArgs]) error {
	w.done.Add(1)
	return nil
}

// BenchmarkEndToEnd submits and runs, beside River alone tuned alike.
func BenchmarkEndToEnd(b *testing.B) {
	const submitters, workers = 16, 200
	b.Run("queue", func(b *testing.B) {
		pool, schema := newSchema(b)
		q := open(b, pool, riverqueue.Options{Schema: schema, FetchCooldown: 20 * time.Millisecond})
		var done atomic.Int64
		run(b, q, &executor{workers: workers, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
			done.Add(1)
			return async.Outcome{Status: async.Succeeded}
		}})
		endToEnd(b, submitters, &done, func() error {
			_, _, err := q.Submit(context.Background(), newJob())
			return err
		})
	})
	b.Run("river", func(b *testing.B) {
		pool, schema := newSchema(b)
		var done atomic.Int64
		all := river.NewWorkers()
		river.AddWorker(all, &rawWorker{done: &done})
		client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
			Schema: schema, Logger: quiet, Workers: all, Queues: map[string]river.QueueConfig{"default": {MaxWorkers: workers}},
			FetchCooldown: 20 * time.Millisecond, FetchPollInterval: 250 * time.Millisecond,
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := client.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		endToEnd(b, submitters, &done, func() error { return rawInsert(pool, client) })
		if err := client.Stop(context.Background()); err != nil {
			b.Fatal(err)
		}
	})
}

func endToEnd(b *testing.B, submitters int, done *atomic.Int64, f func() error) {
	b.Helper()
	begun := time.Now()
	among(b, submitters, f)
	for done.Load() < int64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "jobs/s")
}
