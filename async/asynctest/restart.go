package asynctest

import (
	"fmt"
	"slices"
	"time"

	"github.com/forthright-http/forthright/async"
)

// restart: all that was kept is there again, and counts.
func (c *check) restart() {
	c.needsDurable()
	h := c.hold()
	r := c.run(&executor{execute: h.execute, kinds: []string{"held"}})
	var jobs []async.Job
	for i, o := range []async.Outcome{
		{Status: async.Succeeded, Result: &async.Result{Type: "application/octet-stream", Body: []byte{0, 1, 254, 255}}, Progress: async.Progress{Done: 1, Total: 2, Message: "é"}},
		{Status: async.Succeeded, Result: &async.Result{Location: "https://example.com/1"}},
		{Status: async.Failed, Error: &async.Failure{Code: "c", Message: "m", Problem: []byte(`{"status":409}`)}},
		{Status: async.Canceled},
		{Status: async.Queued, Delay: 5 * c.o.Unit, Progress: async.Progress{Done: 3}},
	} {
		job := c.submit(kind("held"), keyed(fmt.Sprint("k", i), 1))
		await(c, "the attempt", h.begun).end <- o
		jobs = append(jobs, c.becomes(job.ID, o.Status))
	}
	brief := c.submit(func(n *async.NewJob) { n.Retention, n.Tombstone = c.o.Unit, 3*c.o.Unit }, keyed("brief", 1))
	c.cancelEnds("a queued job", brief.ID, async.Canceled, nil)
	c.clock.Advance(2 * c.o.Unit)
	for i := range 5 {
		jobs = append(jobs, c.submit(keyed(fmt.Sprint("q", i), 1)))
		c.clock.Advance(time.Millisecond)
	}
	listed := c.list("ana", "", 100)
	r.stop()
	c.reopen()

	for i, before := range jobs {
		after := c.get(before.ID)
		what := fmt.Sprintf("after a restart, job %d (%s)", i+1, before.Status)
		if err := (told{before, nil}).differs(told{after, nil}); err != nil {
			c.Errorf("%s: %v", what, err)
		}
		if a, b := remembered(after), remembered(before); a != b {
			c.Errorf("%s is %s, and was %s", what, a, b)
		}
		c.at(what+": Created", after.Created, before.Created)
		c.at(what+": RunAt", after.RunAt, before.RunAt)
		c.at(what+": Expires", after.Expires, before.Expires)
		again := c.submitEnds(what+": its key", true, nil, keyed(before.Key, 1))
		equal(c, what+": the job of its key", again.ID, before.ID)
		c.submitEnds(what+": its key, with another fingerprint", false, async.ErrKeyReused, keyed(before.Key, 2))
	}
	equal(c, "the job of a tombstone's key", c.submitEnds("with a tombstone's key", true, nil, keyed("brief", 1)).ID, brief.ID)
	c.getEnds("of a tombstone after a restart", brief.ID, async.ErrGone)
	if got := c.list("ana", "", 100); !slices.Equal(got, listed) {
		c.Errorf("List after a restart has %d jobs, and had %d, or the order differs", len(got), len(listed))
	}
	c.submitEnds("after a restart, where 6 may be and are", false, async.ErrFull, func(n *async.NewJob) { n.MaxQueued = 6 })
	c.submitEnds("after a restart, where an owner may have 6 and has", false, async.ErrFull, func(n *async.NewJob) { n.MaxOwned = 6 })
	last := c.submit(func(n *async.NewJob) { n.MaxQueued, n.MaxOwned = 7, 7 })
	if first := c.list("ana", "", 1); !slices.Equal(first, []string{last.ID}) {
		c.Errorf("a job that is submitted after a restart is not the first of the list")
	}

	c.run(&executor{execute: h.execute, workers: 1, kinds: []string{"held", "work"}})
	for i, want := range append(jobs[5:], last) {
		run := await(c, "an attempt after a restart", h.begun)
		equal(c, fmt.Sprintf("attempt %d after a restart", i+1), run.job.ID, want.ID)
		equal(c, "its input", string(run.job.Input), `{"n":1}`)
		run.end <- async.Outcome{Status: async.Succeeded}
		c.becomes(want.ID, async.Succeeded)
	}
	c.clock.Advance(5 * c.o.Unit)
	run := await(c, "the second attempt of a job, after a restart", h.begun)
	equal(c, "the job whose delay has passed", run.job.ID, jobs[4].ID)
	equal(c, "its Attempt", run.job.Attempt, 2)
	if w, ok := c.b.(async.Watcher); ok {
		if _, err := w.Watch(c.ctx, run.job.ID, 0); err != nil {
			c.Errorf("Watch after a restart: %v", err)
		}
	}
}

// remembered is what of a job must be the same after a restart, beyond what readers
// compare.
func remembered(j async.Job) string {
	j.Input, j.Position = nil, 0
	j.Created, j.Started, j.Updated, j.RunAt, j.Finished, j.Expires = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	var failure async.Failure
	if j.Error != nil {
		failure = *j.Error
	}
	var result async.Result
	if j.Result != nil {
		result = *j.Result
	}
	j.Error, j.Result = nil, nil
	return fmt.Sprintf("%+v %+v %q", j, result, fmt.Sprint(failure.Code, failure.Message, string(failure.Problem)))
}

// restartRuns: what was running when the process shut down runs again, and does not
// count; what was asked to stop does not.
func (c *check) restartRuns() {
	c.needsDurable()
	job := c.submit()
	h := c.hold()
	r := c.run(&executor{execute: h.execute})
	run := await(c, "the attempt", h.begun)
	stopped := c.submit()
	other := await(c, "the attempt", h.begun)
	if err := run.report(async.Progress{Done: 4}); err != nil {
		c.Fatalf("report: %v", err)
	}
	c.cancelEnds("a running job", stopped.ID, async.Cancelling, nil)
	r.cancel()
	await(c, "the end of the attempt's context in a drain", run.ctx.Done())
	other.end <- async.Outcome{Status: async.Queued, Free: true}
	run.end <- async.Outcome{Status: async.Queued, Free: true, Progress: async.Progress{Done: 4}}
	r.stop()
	c.reopen()
	equal(c, "the status of a job that was asked to stop", c.get(stopped.ID).Status, async.Canceled)
	equal(c, "the status of a job that was put back", c.get(job.ID).Status, async.Queued)
	c.run(&executor{execute: h.execute})
	run = await(c, "the attempt after a restart", h.begun)
	equal(c, "the job that runs after a restart", run.job.ID, job.ID)
	equal(c, "its Attempt", run.job.Attempt, 1)
	equal(c, "its Interrupted", run.job.Interrupted, 0)
	equal(c, "its progress", run.job.Progress, async.Progress{Done: 4})
	run.end <- async.Outcome{Status: async.Succeeded}
	c.becomes(job.ID, async.Succeeded)
}

func (c *check) needsDurable() {
	c.Helper()
	if !c.o.Durable {
		c.Skipf("the backend ends with the process")
	}
}
