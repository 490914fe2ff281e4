package asynctest

import (
	"context"
	"errors"

	"github.com/forthright-http/forthright/async"
)

// cancelQueued: a queued job is Canceled at once, and never runs.
func (c *check) cancelQueued() {
	job := c.submit()
	now := c.clock.Now()
	got := c.cancelEnds("a queued job", job.ID, async.Canceled, nil)
	for _, j := range []async.Job{got, c.get(job.ID)} {
		equal(c, "the status", j.Status, async.Canceled)
		equal(c, "the attempts", j.Attempt, 0)
		if j.Version <= job.Version {
			c.Errorf("the version does not grow: %d after %d", j.Version, job.Version)
		}
		c.at("Finished", j.Finished, now)
		c.at("Expires", j.Expires, now.Add(10*c.o.Unit))
		c.at("Updated", j.Updated, now)
		equal(c, "Started is zero", j.Started.IsZero(), true)
	}
	again := c.cancelEnds("a canceled job", job.ID, async.Canceled, async.ErrFinished)
	equal(c, "the version, canceled twice", again.Version, got.Version)

	next := c.submit()
	h := c.hold()
	c.run(&executor{execute: h.execute})
	run := await(c, "an attempt", h.begun)
	equal(c, "the job that runs", run.job.ID, next.ID)
	equal(c, "how many else run", len(h.begun), 0)
}

// cancelRunning: a running job is asked to stop, once, and ends when its attempt does.
func (c *check) cancelRunning() {
	job := c.submit()
	h := c.hold()
	c.run(&executor{execute: h.execute})
	run := await(c, "the attempt", h.begun)
	if err := run.ctx.Err(); err != nil {
		c.Errorf("the context of an attempt that nobody cancelled: %v", err)
	}
	running := c.becomes(job.ID, async.Running)
	got := c.cancelEnds("a running job", job.ID, async.Cancelling, nil)
	if got.Version <= running.Version {
		c.Errorf("the version does not grow: %d after %d", got.Version, running.Version)
	}
	await(c, "the end of the context of a canceled attempt", run.ctx.Done())
	if cause := context.Cause(run.ctx); !errors.Is(cause, async.ErrCanceled) {
		c.Errorf("its cause is %v, want %v", cause, async.ErrCanceled)
	}
	again := c.cancelEnds("a job that is being cancelled", job.ID, async.Cancelling, nil)
	equal(c, "the version, asked twice", again.Version, got.Version)
	equal(c, "the status while the attempt goes on", c.get(job.ID).Status, async.Cancelling)
	run.end <- async.Outcome{Status: async.Canceled, Progress: async.Progress{Done: 3}}
	end := c.becomes(job.ID, async.Canceled)
	equal(c, "the progress", end.Progress, async.Progress{Done: 3})
	equal(c, "the attempts", end.Attempt, 1)
	c.at("Expires", end.Expires, end.Finished.Add(10*c.o.Unit))
	c.cancelEnds("a canceled job", job.ID, async.Canceled, async.ErrFinished)
}

// cancelLoses: what an attempt made is kept, although the job was asked to stop.
func (c *check) cancelLoses() {
	h := c.hold()
	c.run(&executor{execute: h.execute})
	for _, o := range []async.Outcome{
		{Status: async.Succeeded, Result: &async.Result{Type: "text/plain", Body: []byte("made")}},
		{Status: async.Failed, Error: &async.Failure{Code: "c", Message: "m", Problem: []byte(`{"status":500}`)}},
	} {
		job := c.submit()
		run := await(c, "the attempt", h.begun)
		c.cancelEnds("a running job", job.ID, async.Cancelling, nil)
		run.end <- o
		end := c.becomes(job.ID, o.Status)
		if (end.Result == nil) != (o.Result == nil) || (end.Error == nil) != (o.Error == nil) {
			c.Errorf("a job that is %s lacks what its attempt made", o.Status)
		}
	}
}

// cancelFinished: a finished job is not changed.
func (c *check) cancelFinished() {
	h := c.hold()
	c.run(&executor{execute: h.execute})
	for _, status := range []async.Status{async.Succeeded, async.Failed, async.Canceled} {
		job := c.submit()
		await(c, "the attempt", h.begun).end <- async.Outcome{Status: status}
		end := c.becomes(job.ID, status)
		got := c.cancelEnds("a finished job", job.ID, status, async.ErrFinished)
		equal(c, "the version of a finished job", got.Version, end.Version)
		equal(c, "its version, afterwards", c.get(job.ID).Version, end.Version)
	}
}
