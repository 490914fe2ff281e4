package riverqueue_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// TestSlowIsNotDead: a job that takes three leases runs once, though others look for
// the dead.
func TestSlowIsNotDead(t *testing.T) {
	queues := openSeveral(t, 2, riverqueue.Options{Lease: time.Second})
	var times atomic.Int32
	for _, q := range queues {
		run(t, q, &executor{workers: 2, execute: func(ctx context.Context, _ async.Job, _ func(async.Progress) error) async.Outcome {
			times.Add(1)
			select {
			case <-ctx.Done():
				t.Error("the attempt is cancelled:", context.Cause(ctx))
			case <-time.After(3200 * time.Millisecond):
			}
			return async.Outcome{Status: async.Succeeded}
		}})
	}
	job := submit(t, queues[0])
	end := becomes(t, queues[1], job.ID, async.Succeeded)
	if times.Load() != 1 || end.Attempt != 1 || end.Interrupted != 0 {
		t.Errorf("the job ran %d times, Attempt is %d, Interrupted is %d", times.Load(), end.Attempt, end.Interrupted)
	}
}

// TestLost: a worker whose lease was given away is told so, and what it returns changes
// nothing.
func TestLost(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Lease: time.Second})
	first, go1 := make(chan error, 1), make(chan struct{})
	var attempts atomic.Int32
	x := &executor{workers: 2, execute: func(ctx context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
		if attempts.Add(1) == 1 {
			<-ctx.Done()
			first <- context.Cause(ctx)
			<-go1
			return async.Outcome{Status: async.Failed, Error: &async.Failure{Code: "late", Problem: []byte(`{}`)}}
		}
		return async.Outcome{Status: async.Succeeded}
	}}
	run(t, q, x)
	job := submit(t, q)
	becomes(t, q, job.ID, async.Running)
	// As if the process had been silent for longer than its lease.
	if _, err := pool.Exec(t.Context(), "DELETE FROM "+schema+".async_process WHERE id <> ''"); err != nil {
		t.Fatal(err)
	}
	select {
	case cause := <-first:
		if !errors.Is(cause, async.ErrLost) {
			t.Errorf("the cause is %v, want %v", cause, async.ErrLost)
		}
	case <-time.After(patience):
		t.Fatal("the attempt is not told that it was lost")
	}
	end := becomes(t, q, job.ID, async.Succeeded)
	close(go1)
	until(t, "the late attempt has ended in River", func() bool {
		return query[int](t, pool, schema, "SELECT count(*) FROM {schema}river_job WHERE state = 'running'") == 0
	})
	if late := get(t, q, job.ID); late.Status != async.Succeeded || late.Version != end.Version || end.Interrupted != 1 {
		t.Errorf("after a late end the job is %s at version %d (%d), Interrupted is %d", late.Status, late.Version, end.Version, end.Interrupted)
	}
}

// TestStaleRiverJob: a job of River that comes again does not run a job that has
// finished.
func TestStaleRiverJob(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema})
	var times atomic.Int32
	run(t, q, &executor{workers: 1, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		times.Add(1)
		return async.Outcome{Status: async.Succeeded}
	}})
	job := submit(t, q)
	end := becomes(t, q, job.ID, async.Succeeded)
	number := query[int64](t, pool, schema, "SELECT river_id FROM {schema}async_job")
	state := func() rivertype.JobState {
		t.Helper()
		r, err := q.Client().JobGet(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		return r.State
	}
	until(t, "River knows of the end", func() bool { return state() == rivertype.JobStateCompleted })
	if _, err := q.Client().JobRetry(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	until(t, "River has tried again", func() bool { return state() == rivertype.JobStateCompleted })
	if late := get(t, q, job.ID); times.Load() != 1 || late.Version != end.Version || late.Status != async.Succeeded {
		t.Errorf("the job ran %d times and is %s at version %d, want once, succeeded, %d", times.Load(), late.Status, late.Version, end.Version)
	}
}

// TestNeverBegun: a job that River gave to a process which died before it began is
// begun by another.
func TestNeverBegun(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Lease: time.Second})
	job := submit(t, q)
	if _, err := pool.Exec(t.Context(), "UPDATE "+schema+".river_job SET state = 'running', attempted_at = now()"); err != nil {
		t.Fatal(err)
	}
	run(t, q, &executor{workers: 1})
	if end := becomes(t, q, job.ID, async.Succeeded); end.Attempt != 1 || end.Interrupted != 0 {
		t.Errorf("Attempt is %d, Interrupted is %d, want 1 and 0", end.Attempt, end.Interrupted)
	}
}
