package riverqueue_test

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// TestFaultCancelAtOnce cancels jobs on one process as soon as another tells that they
// run: the process that runs them hears it by then, and not by a heartbeat.
func TestFaultCancelAtOnce(t *testing.T) {
	pool, schema := newSchema(t)
	o := riverqueue.Options{Schema: schema, Lease: 10 * time.Minute} // no heartbeat helps
	works, watches, cancels := open(t, pool, o), open(t, pool, o), open(t, poolOf(t), o)
	run(t, works, &executor{workers: 16, execute: func(ctx context.Context, _ async.Job, _ func(async.Progress) error) async.Outcome {
		<-ctx.Done()
		return async.Outcome{Status: async.Canceled}
	}})
	for range 30 {
		var ids []string
		for range 8 {
			ids = append(ids, submit(t, watches).ID)
		}
		ended := make(chan error, len(ids))
		for _, id := range ids {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience/3)
				defer cancel()
				job, err := watches.Watch(ctx, id, 1) // it runs
				if err == nil {
					_, err = cancels.Cancel(ctx, id)
				}
				for err == nil && !job.Status.Final() {
					job, err = watches.Watch(ctx, id, job.Version)
				}
				ended <- err
			}()
		}
		for range ids {
			if err := <-ended; err != nil {
				t.Fatalf("a job that was asked to stop did not hear it: %v", err)
			}
		}
	}
}
