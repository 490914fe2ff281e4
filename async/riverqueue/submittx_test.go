package riverqueue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// TestSubmitTx: a job and its job of River come and go with the author's transaction.
func TestSubmitTx(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema})
	jobs, err := async.New(q, async.Options{URL: "https://example.com/jobs", Capability: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	kind, err := async.Define(jobs, "work", func(context.Context, *async.Task, int) (int, error) { return 0, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, commit := range []bool{false, true} {
		tx, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		kept, err := riverqueue.SubmitTx(t.Context(), tx, kind, "ana", "k", 1)
		job := kept.Job
		if err != nil || job.Status != async.Queued || kept.Repeated {
			t.Fatalf("SubmitTx: %q, %v, %v", job.Status, kept.Repeated, err)
		}
		again, err := riverqueue.SubmitTx(t.Context(), tx, kind, "ana", "k", 1)
		if err != nil || again.Job.ID != job.ID || !again.Repeated {
			t.Errorf("SubmitTx with a key of the same transaction: %q, %v, %v, want %q", again.Job.ID, again.Repeated, err, job.ID)
		}
		if _, err := q.Get(t.Context(), job.ID); !errors.Is(err, async.ErrNotFound) {
			t.Errorf("before the commit, Get: %v, want %v", err, async.ErrNotFound)
		}
		want := 0
		if commit {
			err, want = tx.Commit(t.Context()), 1
		} else {
			err = tx.Rollback(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"async_job", "river_job"} {
			if n := query[int](t, pool, schema, "SELECT count(*) FROM {schema}"+table); n != want {
				t.Errorf("commit %v: %d rows in %s, want %d", commit, n, table, want)
			}
		}
		if commit {
			run(t, q, &executor{workers: 1})
			becomes(t, q, job.ID, async.Succeeded)
		}
	}
}

// TestSubmitTxLimits: within a transaction the limits hold, too, and one that is
// refused does not end it.
func TestSubmitTxLimits(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema})
	submit(t, q)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	ctx := riverqueue.WithTx(t.Context(), tx)
	for i, want := range []error{nil, async.ErrFull, async.ErrFull} {
		n := newJob()
		n.MaxQueued = 2
		if _, _, err := q.Submit(ctx, n); !errors.Is(err, want) {
			t.Errorf("submit %d within a transaction, where 2 may be: %v, want %v", i+2, err, want)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, pool, schema, "SELECT count(*) FROM {schema}river_job"); n != 2 {
		t.Errorf("River has %d jobs, want 2", n)
	}
}

// TestKeyOfOpenTransaction: a key that an open transaction has is waited for, and those
// with other keys do not wait.
func TestKeyOfOpenTransaction(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema})
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := newJob()
	n.Key = "k"
	if _, _, err := q.Submit(riverqueue.WithTx(t.Context(), tx), n); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		job     async.Job
		existed bool
		err     error
	}
	same := make(chan answer, 1)
	go func() {
		m := n
		m.ID = newJob().ID
		job, existed, err := q.Submit(context.Background(), m)
		same <- answer{job, existed, err}
	}()
	until(t, "the submit waits", func() bool {
		return query[int](t, pool, schema, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid' AND state = 'active'") > 0
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // less than the other waits
	defer cancel()
	for range 3 {
		if _, _, err := q.Submit(ctx, newJob()); err != nil {
			t.Fatalf("a submit without that key waits, too: %v", err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-same:
		if got.err != nil || !got.existed || got.job.ID != n.ID {
			t.Errorf("Submit with the key: existed is %v, error is %v, it is the same job: %v", got.existed, got.err, got.job.ID == n.ID)
		}
	case <-time.After(patience):
		t.Fatal("Submit does not return")
	}
	if n := query[int](t, pool, schema, "SELECT count(*) FROM {schema}river_job"); n != 4 {
		t.Errorf("River has %d jobs, want 4", n)
	}
}

// TestJoins: a transaction that is none, or of another database, is refused, and no job
// is kept beside it.
func TestJoins(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema})
	config := pool.Config().ConnConfig
	config.Database = "template1"
	other, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Skipf("the other database cannot be had: %v", err)
	}
	defer other.Close(context.Background())
	theirs, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, tx := range map[string]any{"none": nil, "no transaction": 1, "of another database": theirs} {
		if _, _, err := q.Submit(async.WithTx(t.Context(), tx), newJob()); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if n := query[int](t, pool, schema, "SELECT count(*) FROM {schema}async_job"); n != 0 {
		t.Errorf("%d jobs were kept", n)
	}
}
