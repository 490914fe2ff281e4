package asynctest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
)

// handler is what a job of the checks does; its input is a number.
type handler = func(ctx context.Context, t *async.Task, n int) (string, error)

// jobs runs a handler through [async.Jobs] on the backend.
func (c *check) jobs(handle handler, o async.Options, k async.KindOptions) (*async.Kind[int, string], *running) {
	c.Helper()
	o.URL, o.Capability, o.Now = "https://example.com/jobs", true, c.clock.Now
	o.Logger = slog.New(slog.DiscardHandler)
	if o.Drain == 0 {
		o.Drain = -1
	}
	jobs, err := async.New(c.b, o)
	if err != nil {
		c.Fatalf("async.New: %v", err)
	}
	kind, err := async.Define(jobs, "work", handle, k)
	if err != nil {
		c.Fatalf("async.Define: %v", err)
	}
	ctx, cancel := context.WithCancel(c.ctx)
	r := &running{c, cancel, make(chan error, 1)}
	c.started.Go(func() { r.done <- jobs.Run(ctx) })
	return kind, r
}

func (c *check) submitTo(k *async.Kind[int, string], n int) string {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	job, err := k.Submit(ctx, "ana", "", n)
	if err != nil {
		c.Fatalf("Submit: %v", err)
	}
	return job.ID
}

// failure fails unless a job failed with this code.
func (c *check) failure(what, id, code string, attempts int) {
	c.Helper()
	end := c.becomes(id, async.Failed)
	if end.Error == nil || end.Error.Code != code || !json.Valid(end.Error.Problem) {
		c.Fatalf("%s: the failure is %+v, want the code %q", what, end.Error, code)
	}
	equal(c, "attempts of a job: "+what, end.Attempt, attempts)
}

// jobsAttempts: an error is tried again after a wait that grows, up to MaxAttempts.
func (c *check) jobsAttempts() {
	begun := make(chan int, 100)
	kind, _ := c.jobs(func(_ context.Context, t *async.Task, n int) (string, error) {
		begun <- t.Attempt()
		if t.Attempt() < n {
			return "", errors.New("not yet")
		}
		return "done", nil
	}, async.Options{}, async.KindOptions{MaxAttempts: 3, Backoff: func(attempt int) time.Duration { return time.Duration(attempt) * c.o.Unit }})
	for _, w := range []struct{ succeeds, attempts int }{{1, 1}, {3, 3}, {4, 3}} {
		id := c.submitTo(kind, w.succeeds)
		for attempt := 1; attempt <= w.attempts; attempt++ {
			equal(c, "Task.Attempt", await(c, "an attempt", begun), attempt)
			if attempt < w.attempts {
				at := c.clock.Now()
				c.at("RunAt", c.becomes(id, async.Queued).RunAt, at.Add(time.Duration(attempt)*c.o.Unit))
				c.clock.Advance(time.Duration(attempt) * c.o.Unit)
			}
		}
		if w.succeeds > w.attempts {
			c.failure("an error each time", id, async.CodeInternal, 3)
			continue
		}
		end := c.becomes(id, async.Succeeded)
		equal(c, "the result", string(end.Result.Body), `"done"`)
		equal(c, "the attempts", end.Attempt, w.attempts)
	}
}

// jobsEnds: a panic, a client's error, a permanent one and a timeout.
func (c *check) jobsEnds() {
	kind, _ := c.jobs(func(ctx context.Context, _ *async.Task, n int) (string, error) {
		switch n {
		case 0:
			panic("in a handler")
		case 1:
			return "", problem.Conflict("It is sold out.")
		case 2:
			return "", async.Permanent(errors.New("for ever"))
		}
		<-ctx.Done()
		return "", ctx.Err()
	}, async.Options{}, async.KindOptions{MaxAttempts: 2, Timeout: 50 * time.Millisecond, Backoff: func(int) time.Duration { return 0 }})
	c.failure("a panic", c.submitTo(kind, 0), async.CodeInternal, 2)
	c.failure("a problem of the client", c.submitTo(kind, 1), "failed", 1)
	c.failure("a permanent error", c.submitTo(kind, 2), async.CodeInternal, 1)
	c.failure("no time left", c.submitTo(kind, 3), async.CodeTimedOut, 1)
}

// jobsCancel: a handler is told, and its success wins.
func (c *check) jobsCancel() {
	begun := make(chan struct{}, 1)
	kind, _ := c.jobs(func(ctx context.Context, _ *async.Task, n int) (string, error) {
		begun <- struct{}{}
		<-ctx.Done()
		if n > 0 {
			return "done all the same", nil
		}
		return "", ctx.Err()
	}, async.Options{}, async.KindOptions{})
	for n, want := range []async.Status{async.Canceled, async.Succeeded} {
		id := c.submitTo(kind, n)
		await(c, "the attempt", begun)
		c.cancelEnds("a running job", id, async.Cancelling, nil)
		end := c.becomes(id, want)
		equal(c, "there is a result", end.Result != nil, want == async.Succeeded)
	}
}

// jobsProgress: what a handler tells is seen while it works, and at its end.
func (c *check) jobsProgress() {
	finish := make(chan struct{})
	kind, _ := c.jobs(func(ctx context.Context, t *async.Task, _ int) (string, error) {
		t.Progress(1, 2)
		t.Message("half")
		select {
		case <-finish:
		case <-ctx.Done():
		}
		t.Progress(2, 2)
		return "", nil
	}, async.Options{}, async.KindOptions{})
	id := c.submitTo(kind, 0)
	c.until("half done", id, func(j async.Job) bool {
		return j.Status == async.Running && j.Progress == async.Progress{Done: 1, Total: 2, Message: "half"}
	})
	close(finish)
	equal(c, "the progress at the end", c.becomes(id, async.Succeeded).Progress, async.Progress{Done: 2, Total: 2, Message: "half"})
}

// jobsDrain: a shutdown puts a job back, and another process finishes it.
func (c *check) jobsDrain() {
	begun := make(chan int, 2)
	stubborn := func(ctx context.Context, t *async.Task, n int) (string, error) {
		begun <- t.Attempt()
		<-ctx.Done()
		return "", errors.New("of its own")
	}
	kind, r := c.jobs(stubborn, async.Options{}, async.KindOptions{MaxAttempts: 1})
	id := c.submitTo(kind, 0)
	await(c, "the attempt", begun)
	r.stop()
	back := c.get(id)
	equal(c, "the status after a drain", back.Status, async.Queued)
	equal(c, "Attempt after a drain", back.Attempt, 0)
	_, r = c.jobs(func(_ context.Context, t *async.Task, _ int) (string, error) {
		begun <- t.Attempt()
		return "", nil
	}, async.Options{}, async.KindOptions{MaxAttempts: 1})
	equal(c, "Task.Attempt after a drain", await(c, "an attempt", begun), 1)
	c.becomes(id, async.Succeeded)
	r.stop()
}
