package riverqueue_test

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// TestFaultForgotten has River hand a job to a process that others have taken for dead,
// before its next heartbeat tells it: the job is not lost. So it is after PostgreSQL was
// down for longer than the Lease, and for a process that was suspended.
func TestFaultForgotten(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema, Lease: 6 * time.Second}) // a heartbeat each second
	run(t, q, &executor{workers: 2})
	becomes(t, q, submit(t, q).ID, async.Succeeded) // it is at work
	if _, err := pool.Exec(context.Background(), "DELETE FROM "+schema+".async_process WHERE id <> ''"); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		id := submit(t, q).ID
		defer becomes(t, q, id, async.Succeeded)
	}
}
