package asynctest

import (
	"context"
	"errors"
	"time"

	"github.com/forthright-http/forthright/async"
)

// drains: what has not finished goes back into the queue and does not count, nothing
// else is begun, and Run waits for its attempts.
func (c *check) drains() {
	first := c.submit()
	h := c.hold()
	r := c.run(&executor{execute: h.execute, workers: 2, drain: time.Millisecond})
	run := await(c, "the attempt", h.begun)
	stopped := c.submit()
	other := await(c, "the attempt", h.begun)
	c.cancelEnds("a running job", stopped.ID, async.Cancelling, nil)
	waiting := c.submit()
	r.cancel()
	await(c, "the end of the attempt's context in a drain", run.ctx.Done())
	if cause := context.Cause(run.ctx); !errors.Is(cause, async.ErrDraining) {
		c.Errorf("its cause is %v, want %v", cause, async.ErrDraining)
	}
	other.end <- async.Outcome{Status: async.Queued, Free: true}
	c.becomes(stopped.ID, async.Canceled)
	equal(c, "how many Runs have returned while an attempt goes on", len(r.done), 0)
	run.end <- async.Outcome{Status: async.Queued, Free: true, Progress: async.Progress{Done: 4}}
	r.stop()
	equal(c, "how many attempts are begun in a drain", len(h.begun), 0)
	back := c.get(first.ID)
	equal(c, "the status after a drain", back.Status, async.Queued)
	equal(c, "Attempt after a drain", back.Attempt, 0)
	equal(c, "Interrupted after a drain", back.Interrupted, 0)
	equal(c, "the progress after a drain", back.Progress, async.Progress{Done: 4})
	equal(c, "the status of a job that waited", c.get(waiting.ID).Status, async.Queued)

	r = c.run(&executor{execute: h.execute, workers: 1})
	for _, id := range []string{first.ID, waiting.ID} {
		run := await(c, "an attempt after a drain", h.begun)
		equal(c, "the job that runs after a drain", run.job.ID, id)
		equal(c, "its Attempt", run.job.Attempt, 1)
		run.end <- async.Outcome{Status: async.Succeeded}
		c.becomes(id, async.Succeeded)
	}
	r.stop()
}

// drainInTime: an attempt that ends within the time for it is not disturbed.
func (c *check) drainInTime() {
	job := c.submit()
	h := c.hold()
	r := c.run(&executor{execute: h.execute, drain: 10 * c.o.Patience})
	run := await(c, "the attempt", h.begun)
	r.cancel()
	late := c.submit()
	for i := range int64(100) { // it goes on as before
		if err := run.report(async.Progress{Done: i}); err != nil {
			c.Fatalf("report in a drain: %v", err)
		}
		c.until("further", job.ID, func(j async.Job) bool { return j.Progress.Done == i })
	}
	if err := run.ctx.Err(); err != nil {
		c.Errorf("the context of an attempt that may still go on: %v", err)
	}
	run.end <- async.Outcome{Status: async.Succeeded}
	r.stop()
	equal(c, "the status", c.get(job.ID).Status, async.Succeeded)
	equal(c, "the status of a job that came in the drain", c.get(late.ID).Status, async.Queued)
	equal(c, "how many attempts are begun in a drain", len(h.begun), 0)

	job = c.submit()
	r = c.run(&executor{execute: h.execute, workers: 1, drain: 10 * c.o.Patience})
	for range 2 {
		run = await(c, "the attempt", h.begun)
		if run.job.ID == job.ID {
			break
		}
		run.end <- async.Outcome{Status: async.Succeeded}
	}
	r.cancel()
	c.cancelEnds("a running job, in a drain", job.ID, async.Cancelling, nil)
	await(c, "the end of the context of a job canceled in a drain", run.ctx.Done())
	if cause := context.Cause(run.ctx); !errors.Is(cause, async.ErrCanceled) {
		c.Errorf("its cause is %v, want %v", cause, async.ErrCanceled)
	}
	run.end <- async.Outcome{Status: async.Canceled}
	r.stop()
}
