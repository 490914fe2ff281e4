package riverqueue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// TestRiverSeesJobs: River's own programs find jobs by their kind, queue and priority.
func TestRiverSeesJobs(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Priority: 2, Kinds: map[string]riverqueue.KindOptions{"big": {Queue: "slow", Priority: 4}, "x": {}}})
	for _, kind := range []string{"work", "big", "x"} {
		submit(t, q, func(n *async.NewJob) { n.Kind = kind })
	}
	for _, want := range []struct {
		kind, queue string
		priority    int
	}{{"work", river.QueueDefault, 2}, {"big", "slow", 4}, {"kind:x", river.QueueDefault, 2}} {
		found, err := q.Client().JobList(t.Context(), river.NewJobListParams().Kinds(want.kind))
		if err != nil || len(found.Jobs) != 1 {
			t.Fatalf("the list of %s: %v, %v", want.kind, found, err)
		}
		if r := found.Jobs[0]; r.Queue != want.queue || r.Priority != want.priority {
			t.Errorf("a job of the kind %s has the queue %q and the priority %d, want %q and %d", want.kind, r.Queue, r.Priority, want.queue, want.priority)
		}
	}
	run(t, q, &executor{kinds: []string{"work", "big", "x"}, workers: 2})
	until(t, "all jobs have succeeded", func() bool {
		return query[int](t, pool, schema, "SELECT count(*) FROM {schema}async_job WHERE status = 'succeeded'") == 3
	})
}

// TestWorkersAmongQueues: Workers counts for all queues together.
func TestWorkersAmongQueues(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Kinds: map[string]riverqueue.KindOptions{"other": {Queue: "other"}}})
	inside := make(chan struct{}, 100)
	run(t, q, &executor{kinds: []string{"work", "other"}, workers: 2, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		inside <- struct{}{}
		defer func() { <-inside }()
		if n := len(inside); n > 2 {
			t.Errorf("%d attempts at once, with 2 workers", n)
		}
		time.Sleep(5 * time.Millisecond)
		return async.Outcome{Status: async.Succeeded}
	}})
	var jobs []string
	for i := range 20 {
		jobs = append(jobs, submit(t, q, func(n *async.NewJob) { n.Kind = []string{"work", "other"}[i%2] }).ID)
	}
	for _, id := range jobs {
		becomes(t, q, id, async.Succeeded)
	}
}

// TestPriority: a job of a higher priority begins first.
func TestPriority(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Priority: 3, Kinds: map[string]riverqueue.KindOptions{"urgent": {Priority: 1}}})
	later := submit(t, q)
	first := submit(t, q, func(n *async.NewJob) { n.Kind = "urgent" })
	if a, b := get(t, q, first.ID).Position, get(t, q, later.ID).Position; a != 1 || b != 2 {
		t.Errorf("the positions are %d and %d, want 1 and 2", a, b)
	}
	begun := make(chan string, 2)
	run(t, q, &executor{kinds: []string{"work", "urgent"}, workers: 1, execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
		begun <- job.Kind
		return async.Outcome{Status: async.Succeeded}
	}})
	if got := <-begun; got != "urgent" {
		t.Errorf("the first that begins is %s", got)
	}
}

// TestCancelInRiver: who cancels a job in River cancels ours.
func TestCancelInRiver(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Lease: time.Second})
	number := func(id string) int64 {
		return query[int64](t, pool, schema, "SELECT river_id FROM {schema}async_job WHERE id = $1", id)
	}
	cancel := func(id string) {
		t.Helper()
		if _, err := q.Client().JobCancel(t.Context(), number(id)); err != nil {
			t.Fatal(err)
		}
	}
	begun := make(chan struct{}, 1)
	run(t, q, &executor{workers: 1, execute: func(ctx context.Context, _ async.Job, _ func(async.Progress) error) async.Outcome {
		begun <- struct{}{}
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, async.ErrCanceled) {
			t.Errorf("the cause is %v, want %v", cause, async.ErrCanceled)
		}
		return async.Outcome{Status: async.Canceled}
	}})
	running := submit(t, q)
	<-begun
	queued := submit(t, q)
	cancel(queued.ID)
	becomes(t, q, queued.ID, async.Canceled)
	cancel(running.ID)
	becomes(t, q, running.ID, async.Canceled)
}
