package asynctest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/forthright-http/forthright/async"
)

// runs: an attempt gets the whole job, and its outcome is kept.
func (c *check) runs() {
	n := c.job(keyed("k", 1))
	n.Input, n.Callback = []byte(`{"a":[1,"\u0000é"]}`), "https://example.com/done"
	if _, _, err := c.b.Submit(c.ctx, n); err != nil {
		c.Fatalf("Submit: %v", err)
	}
	submitted := c.clock.Now()
	c.clock.Advance(c.o.Unit)
	h := c.hold()
	c.run(&executor{execute: h.execute})
	begun := c.clock.Now()
	run := await(c, "the attempt", h.begun)
	j := run.job
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"ID", j.ID, n.ID}, {"Kind", j.Kind, n.Kind}, {"Owner", j.Owner, n.Owner}, {"Key", j.Key, n.Key}, {"Callback", j.Callback, n.Callback},
		{"Input", string(j.Input), string(n.Input)}, {"Status", j.Status, async.Running}, {"Attempt", j.Attempt, 1}, {"Interrupted", j.Interrupted, 0},
	} {
		if f.got != f.want {
			c.Errorf("the executor's %s is %q, want %q", f.name, fmt.Sprint(f.got), fmt.Sprint(f.want))
		}
	}
	c.at("the executor's Created", j.Created, submitted)
	running := c.becomes(n.ID, async.Running)
	c.at("Started", running.Started, begun)
	c.at("Updated", running.Updated, begun)
	equal(c, "Attempt", running.Attempt, 1)
	equal(c, "Finished is zero", running.Finished.IsZero(), true)
	c.clock.Advance(c.o.Unit)
	ended := c.clock.Now()
	run.end <- async.Outcome{Status: async.Succeeded, Progress: async.Progress{Done: 2, Total: 3, Message: "é"}, Result: &async.Result{Type: "text/plain", Body: []byte("x")}}
	end := c.becomes(n.ID, async.Succeeded)
	c.at("Created of a finished job", end.Created, submitted)
	c.at("Started of a finished job", end.Started, begun)
	c.at("Finished", end.Finished, ended)
	c.at("Expires", end.Expires, ended.Add(n.Retention))
	equal(c, "the progress at the end", end.Progress, async.Progress{Done: 2, Total: 3, Message: "é"})
	equal(c, "Position of a finished job", end.Position, 0)
}

// outcomes: each is kept in every byte.
func (c *check) outcomes() {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	outcomes := []async.Outcome{
		{Status: async.Succeeded},
		{Status: async.Succeeded, Result: &async.Result{Type: "application/json", Body: []byte(`{"a":"\u0000"}`)}},
		{Status: async.Succeeded, Result: &async.Result{Type: "application/octet-stream", Body: every}},
		{Status: async.Succeeded, Result: &async.Result{Type: "application/octet-stream", Body: bytes.Repeat(every, 4096)}},
		{Status: async.Succeeded, Result: &async.Result{Type: "text/plain"}},
		{Status: async.Succeeded, Result: &async.Result{Location: "https://example.com/reports/1?a=b"}},
		{Status: async.Failed, Error: &async.Failure{Code: "out-of-credit", Message: "Not enough.", Problem: []byte(`{"type":"about:blank","status":409}`)}},
		{Status: async.Canceled},
		async.Interrupted(),
	}
	h := c.hold()
	c.run(&executor{execute: h.execute})
	for i, o := range outcomes {
		job := c.submit()
		await(c, "the attempt", h.begun).end <- o
		end := c.becomes(job.ID, o.Status)
		what := fmt.Sprintf("outcome %d (%s)", i+1, o.Status)
		if (end.Result == nil) != (o.Result == nil) || (end.Error == nil) != (o.Error == nil) {
			c.Errorf("%s: there is a result: %v, an error: %v", what, end.Result != nil, end.Error != nil)
			continue
		}
		if r := end.Result; r != nil && (r.Type != o.Result.Type || r.Location != o.Result.Location || !bytes.Equal(r.Body, o.Result.Body)) {
			c.Errorf("%s: the result is of type %q with %d bytes at %q, want %q, %d, %q or the bytes differ", what, r.Type, len(r.Body), r.Location, o.Result.Type, len(o.Result.Body), o.Result.Location)
		}
		if e := end.Error; e != nil && (e.Code != o.Error.Code || e.Message != o.Error.Message || !bytes.Equal(e.Problem, o.Error.Problem)) {
			c.Errorf("%s: the error is %q, %q, %s", what, e.Code, e.Message, e.Problem)
		}
		if end.Input != nil {
			c.Errorf("%s: a finished job has its input", what)
		}
	}
}

// order: what is due first runs first, and of that what was submitted first.
func (c *check) order() {
	var want, got []string
	for range 10 {
		want = append(want, c.submit().ID)
		c.clock.Advance(time.Millisecond)
	}
	begun := make(chan string, len(want))
	c.run(&executor{workers: 1, execute: func(_ context.Context, job async.Job, _ report) async.Outcome {
		begun <- job.ID
		return async.Outcome{Status: async.Succeeded}
	}})
	for range want {
		got = append(got, await(c, "an attempt", begun))
	}
	if !slices.Equal(got, want) {
		c.Errorf("the jobs are not begun in the order of their submission")
	}
}

// kinds: jobs of other kinds wait, and are in nobody's way.
func (c *check) kinds() {
	for range 50 {
		c.submit(kind("other"))
	}
	job := c.submit()
	third := c.submit(kind("third"))
	h := c.hold()
	c.run(&executor{execute: h.execute, kinds: []string{"third", "work"}})
	for range 2 {
		run := await(c, "the attempt", h.begun)
		if run.job.Kind == "other" {
			c.Fatalf("a job of a kind that the executor has not is begun")
		}
		run.end <- async.Outcome{Status: async.Succeeded}
	}
	c.becomes(job.ID, async.Succeeded)
	c.becomes(third.ID, async.Succeeded)
	equal(c, "how many else run", len(h.begun), 0)
	c.run(&executor{execute: succeed, kinds: []string{"other"}})
	for _, id := range c.list("ana", "", 100) {
		c.becomes(id, async.Succeeded)
	}
}

// workers: as many attempts at once as there are workers, and no more.
func (c *check) workers() {
	const workers = 5
	h := c.hold()
	c.run(&executor{execute: h.execute, workers: workers})
	for range 6 * workers { // some are left at the end, for one worker too many
		c.submit()
	}
	var inside []attempt
	for range workers {
		inside = append(inside, await(c, "an attempt for a free worker", h.begun))
	}
	for range 3 * workers {
		if n := h.inside.Load(); n > workers {
			c.Fatalf("%d attempts at once, with %d workers", n, workers)
		}
		inside[0].end <- async.Outcome{Status: async.Succeeded}
		inside = append(inside[1:], await(c, "an attempt for a worker that is free again", h.begun))
	}
	for range 50 { // one too many may come a little later
		if n := h.inside.Load(); n > workers {
			c.Fatalf("%d attempts at once, with %d workers", n, workers)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// noWorkers: without workers nothing is begun, and Run goes on until its context ends.
func (c *check) noWorkers() {
	job := c.submit()
	idle := c.run(&executor{workers: -1, execute: succeed})
	busy := c.run(&executor{execute: succeed, kinds: []string{"other"}})
	other := c.submit(kind("other"))
	c.becomes(other.ID, async.Succeeded)
	equal(c, "the status without workers", c.get(job.ID).Status, async.Queued)
	equal(c, "how many Runs have returned", len(idle.done)+len(busy.done), 0)
	idle.stop()
	busy.stop()
}

// wakeUps: jobs that come one by one to free workers are begun when they come, and
// not when a runner happens to look.
func (c *check) wakeUps() {
	c.run(&executor{workers: 32, execute: succeed})
	c.run(&executor{workers: 4, execute: succeed, kinds: []string{"other"}})
	begun := time.Now()
	const jobs = 100
	for i := range jobs {
		name := "work"
		if i%4 == 3 {
			name = "other"
		}
		c.becomes(c.submit(kind(name)).ID, async.Succeeded)
		if took := time.Since(begun); took > c.o.Patience {
			c.Fatalf("%d jobs, one after the other, took %v, with workers that were free", i+1, took)
		}
	}
}

// again: a failed attempt is repeated when its delay has passed.
func (c *check) again() {
	job := c.submit()
	h := c.hold()
	c.run(&executor{execute: h.execute})
	first := await(c, "the attempt", h.begun)
	begun := c.becomes(job.ID, async.Running).Started
	put := c.clock.Now()
	first.end <- async.Outcome{Status: async.Queued, Delay: 2 * c.o.Unit, Progress: async.Progress{Done: 5}}
	queued := c.becomes(job.ID, async.Queued)
	equal(c, "Attempt of a job that waits for its second", queued.Attempt, 1)
	equal(c, "its progress", queued.Progress, async.Progress{Done: 5})
	equal(c, "Finished is zero", queued.Finished.IsZero(), true)
	c.at("RunAt", queued.RunAt, put.Add(2*c.o.Unit))
	c.clock.Advance(c.o.Unit)
	for range 3 { // those that are due do not wait for those that are not
		other := c.submit()
		run := await(c, "an attempt", h.begun)
		equal(c, "the job that runs before the delay has passed", run.job.ID, other.ID)
		run.end <- async.Outcome{Status: async.Succeeded}
		c.becomes(other.ID, async.Succeeded)
	}
	equal(c, "how many else run before the delay has passed", len(h.begun), 0)
	c.clock.Advance(c.o.Unit)
	second := await(c, "the second attempt", h.begun)
	equal(c, "the job of the second attempt", second.job.ID, job.ID)
	equal(c, "Attempt", second.job.Attempt, 2)
	equal(c, "the progress that the second attempt begins with", second.job.Progress, async.Progress{Done: 5})
	equal(c, "the input of the second attempt", string(second.job.Input), `{"n":1}`)
	c.at("Started, of the first attempt", c.becomes(job.ID, async.Running).Started, begun)
	second.end <- async.Outcome{Status: async.Queued}
	third := await(c, "the third attempt, without a delay", h.begun)
	equal(c, "Attempt", third.job.Attempt, 3)
	third.end <- async.Outcome{Status: async.Succeeded}
	equal(c, "Attempt of a finished job", c.becomes(job.ID, async.Succeeded).Attempt, 3)
}

// againCanceled: a job that was asked to stop is not queued again.
func (c *check) againCanceled() {
	h := c.hold()
	c.run(&executor{execute: h.execute})
	for _, o := range []async.Outcome{{Status: async.Queued}, {Status: async.Queued, Delay: c.o.Unit}, {Status: async.Queued, Free: true}} {
		job := c.submit()
		run := await(c, "the attempt", h.begun)
		c.cancelEnds("a running job", job.ID, async.Cancelling, nil)
		run.end <- o
		end := c.becomes(job.ID, async.Canceled)
		equal(c, "Expires is set", end.Expires.IsZero(), false)
	}
	job := c.submit()
	await(c, "the attempt", h.begun).end <- async.Outcome{Status: async.Queued, Delay: c.o.Unit}
	c.becomes(job.ID, async.Queued)
	c.cancelEnds("a job that waits for its second attempt", job.ID, async.Canceled, nil)
	c.clock.Advance(c.o.Unit)
	c.submit()
	equal(c, "the attempt of the next job", await(c, "an attempt", h.begun).job.Attempt, 1)
}

// free: an attempt that does not count leaves no trace in Attempt, and the job keeps
// its place.
func (c *check) free() {
	job := c.submit()
	c.clock.Advance(time.Millisecond)
	c.submit()
	c.clock.Advance(time.Millisecond)
	h := c.hold()
	c.run(&executor{execute: h.execute, workers: 1})
	for range 3 {
		run := await(c, "the attempt", h.begun)
		equal(c, "the job that runs, put back for free", run.job.ID, job.ID)
		equal(c, "Attempt", run.job.Attempt, 1)
		run.end <- async.Outcome{Status: async.Queued, Free: true}
	}
	run := await(c, "the attempt", h.begun)
	run.end <- async.Outcome{Status: async.Succeeded}
	equal(c, "Attempt of the finished job", c.becomes(job.ID, async.Succeeded).Attempt, 1)
}

// reports: progress is seen as soon as it is reported, by an attempt that goes on.
func (c *check) reports() {
	job := c.submit()
	h := c.hold()
	c.run(&executor{execute: h.execute})
	run := await(c, "the attempt", h.begun)
	for _, p := range []async.Progress{{Done: 1, Total: 3, Message: "one"}, {Done: 2, Total: 3, Message: "two\x00é"}, {Done: -1}, {}} {
		if err := run.report(p); err != nil {
			c.Fatalf("report: %v", err)
		}
		got := c.until("further", job.ID, func(j async.Job) bool { return j.Progress == p })
		equal(c, "the status of a job that reports", got.Status, async.Running)
	}
	c.cancelEnds("a running job", job.ID, async.Cancelling, nil)
	if err := run.report(async.Progress{Done: 7}); err != nil {
		c.Errorf("report of a job that is being cancelled: %v", err)
	}
	c.until("further", job.ID, func(j async.Job) bool { return j.Progress.Done == 7 && j.Status == async.Cancelling })
	run.end <- async.Outcome{Status: async.Canceled, Progress: async.Progress{Done: 8}}
	end := c.becomes(job.ID, async.Canceled)
	if err := run.report(async.Progress{Done: 99}); err == nil {
		c.Errorf("report of an attempt that has ended has no error")
	}
	late := c.get(job.ID)
	equal(c, "the progress after a report that is late", late.Progress, async.Progress{Done: 8})
	equal(c, "the version after a report that is late", late.Version, end.Version)
}
