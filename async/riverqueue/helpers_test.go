package riverqueue_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// missing skips a test that needs a server, or fails it where servers are required.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("FORTHRIGHT_REQUIRE_SERVICES") == "1" {
		t.Fatalf("FORTHRIGHT_REQUIRE_SERVICES is 1, and %s", what)
	}
	t.Skip(what)
}

// postgresURL is that of the PostgreSQL for tests.
func postgresURL(t testing.TB) string {
	t.Helper()
	url := os.Getenv("FORTHRIGHT_POSTGRES_URL")
	if url == "" {
		missing(t, "FORTHRIGHT_POSTGRES_URL is not set")
	}
	return url
}

// poolOf is a pool that is closed with the test.
func poolOf(t testing.TB) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(postgresURL(t))
	if err != nil {
		t.Fatal("the URL of PostgreSQL cannot be read")
	}
	c.MaxConns = 12
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// schemaOf is the name of a schema that belongs to a name. It is dropped after the
// test.
func schemaOf(t testing.TB, pool *pgxpool.Pool, name string) string {
	t.Helper()
	h := fnv.New64a()
	h.Write([]byte(name))
	schema := fmt.Sprintf("test_%x", h.Sum64())
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return schema
}

// newSchema is a schema of a test's own, with the tables in it.
func newSchema(t testing.TB) (*pgxpool.Pool, string) {
	t.Helper()
	pool := poolOf(t)
	schema := schemaOf(t, pool, rand.Text())
	if err := riverqueue.Migrate(t.Context(), pool, riverqueue.MigrateOptions{Schema: schema}); err != nil {
		t.Fatal(err)
	}
	return pool, schema
}

var quiet = slog.New(slog.DiscardHandler)

// open opens a queue that is closed with the test, and logs nothing.
func open(t testing.TB, pool *pgxpool.Pool, o riverqueue.Options) *riverqueue.Queue {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet
	}
	q, err := riverqueue.Open(context.Background(), pool, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func newJob() async.NewJob {
	return async.NewJob{
		ID: rand.Text(), Kind: "work", Owner: rand.Text(), Input: []byte(`{"customer":"C-1017","format":"pdf"}`),
		Retention: time.Hour, Tombstone: time.Hour, MaxQueued: 1 << 30, MaxOwned: 100,
	}
}

func submit(t testing.TB, q *riverqueue.Queue, changes ...func(*async.NewJob)) async.Job {
	t.Helper()
	n := newJob()
	for _, change := range changes {
		change(&n)
	}
	job, existed, err := q.Submit(context.Background(), n)
	if err != nil || existed {
		t.Fatalf("Submit: existed is %v, error is %v", existed, err)
	}
	return job
}

func get(t testing.TB, q *riverqueue.Queue, id string) async.Job {
	t.Helper()
	job, err := q.Get(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

const patience = 15 * time.Second

// becomes waits until a job has this status.
func becomes(t testing.TB, q *riverqueue.Queue, id string, status async.Status) async.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	job := get(t, q, id)
	for job.Status != status {
		next, err := q.Watch(ctx, id, job.Version)
		if err != nil || next.Status.Final() && next.Status != status {
			t.Fatalf("the job is %s and not %s (%v)", next.Status, status, err)
		}
		job = next
	}
	return job
}

// run starts Run. The function that is returned ends it; the end of the test does, too.
func run(t testing.TB, q *riverqueue.Queue, x async.Executor) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx, x) }()
	ended := false
	stop = func() {
		t.Helper()
		if ended {
			return
		}
		ended = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not return")
		}
	}
	t.Cleanup(stop)
	return stop
}

// executor ends each job at once, or as execute says.
type executor struct {
	kinds   []string
	workers int
	drain   time.Duration
	execute func(context.Context, async.Job, func(async.Progress) error) async.Outcome
}

func (e *executor) Kinds() []string {
	if e.kinds == nil {
		return []string{"work"}
	}
	return e.kinds
}
func (e *executor) Workers() int         { return e.workers }
func (e *executor) Drain() time.Duration { return e.drain }
func (*executor) MaxInterrupted() int    { return 3 }
func (e *executor) Execute(ctx context.Context, job async.Job, report func(async.Progress) error) async.Outcome {
	if e.execute != nil {
		return e.execute(ctx, job, report)
	}
	return async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "application/json", Body: []byte(`{"url":"x"}`)}}
}

// query reads one value.
func query[T any](t testing.TB, pool *pgxpool.Pool, schema, sql string, args ...any) (v T) {
	t.Helper()
	sql = strings.ReplaceAll(sql, "{schema}", pgx.Identifier{schema}.Sanitize()+".")
	if err := pool.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// until waits until something is so.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("it did not come to it that %s", what)
		}
	}
}
