package asynctest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/async"
)

// outbox is the backend's, where it has one.
func (c *check) outbox() async.Outbox {
	c.Helper()
	o, ok := c.b.(async.Outbox)
	if !ok {
		c.Skipf("the backend is no Outbox")
	}
	return o
}

// due returns the callbacks that are due, by the id of the job.
func (c *check) due(n int) map[string]async.DueCallback {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	callbacks, err := c.outbox().DueCallbacks(ctx, n, c.o.Unit)
	if err != nil {
		c.Fatalf("DueCallbacks: %v", err)
	}
	due := map[string]async.DueCallback{}
	for _, d := range callbacks {
		if due[d.Job.ID] = d; !d.Job.Status.Final() || d.Job.Callback == "" {
			c.Errorf("the callback of a job that is %s is due, to %q", d.Job.Status, d.Job.Callback)
		}
	}
	if equal(c, "how many callbacks are of one job", len(callbacks)-len(due), 0); len(callbacks) > n {
		c.Errorf("%d callbacks are returned, where %d were asked for", len(callbacks), n)
	}
	return due
}

func (c *check) settleCallback(id string, done bool, units int) {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	if err := c.outbox().SettleCallback(ctx, id, done, time.Duration(units)*c.o.Unit); err != nil {
		c.Fatalf("SettleCallback: %v", err)
	}
}

func calling(n *async.NewJob) { n.Callback = "https://example.com/done?of=" + n.ID }

// callbacks: they are due when their job ends, again when the lease is over, and never
// once they are settled.
func (c *check) callbacks() {
	c.outbox()
	h := c.hold()
	c.run(&executor{execute: h.execute})
	job := c.submit(calling)
	run := await(c, "the attempt", h.begun)
	equal(c, "callbacks of a job that runs", len(c.due(10)), 0)
	run.end <- async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "text/plain", Body: []byte("made")}}
	end := c.becomes(job.ID, async.Succeeded)
	due, ok := c.due(10)[job.ID]
	if !ok {
		c.Fatalf("the callback of a job that has finished is not due")
	}
	equal(c, "attempts of a callback that was not sent", due.Sent, 0)
	equal(c, "the URL of a callback", due.Job.Callback, "https://example.com/done?of="+job.ID)
	if err := (told{end, nil}).differs(told{due.Job, nil}); err != nil {
		c.Errorf("the job of a callback: %v", err)
	}
	equal(c, "callbacks while they are leased", len(c.due(10)), 0)
	c.clock.Advance(c.o.Unit)
	if again, ok := c.due(10)[job.ID]; !ok || again.Sent != 0 {
		c.Errorf("when the lease is over the callback is due: %v, after %d attempts", ok, again.Sent)
	}
	for sent := 1; sent <= 2; sent++ {
		c.settleCallback(job.ID, false, 2)
		equal(c, "callbacks that are to wait", len(c.due(10)), 0)
		c.clock.Advance(c.o.Unit)
		equal(c, "callbacks that are to wait longer than a lease", len(c.due(10)), 0)
		c.clock.Advance(c.o.Unit)
		if again, ok := c.due(10)[job.ID]; !ok || again.Sent != sent {
			c.Errorf("after its wait the callback is due: %v, after %d attempts, want %d", ok, again.Sent, sent)
		}
	}
	c.settleCallback(job.ID, true, 0)
	c.settleCallback(job.ID, true, 0) // again
	c.settleCallback("unknown", false, 1)
	c.clock.Advance(2 * c.o.Unit)
	equal(c, "callbacks that are settled", len(c.due(10)), 0)

	silent := c.submit()
	await(c, "the attempt", h.begun).end <- async.Outcome{Status: async.Succeeded}
	c.becomes(silent.ID, async.Succeeded)
	want := []string{}
	for _, status := range []async.Status{async.Failed, async.Canceled} {
		job := c.submit(calling)
		await(c, "the attempt", h.begun).end <- async.Outcome{Status: status}
		c.becomes(job.ID, status)
		want = append(want, job.ID)
	}
	for range 3 {
		job := c.submit(calling, kind("other"))
		c.cancelEnds("a queued job", job.ID, async.Canceled, nil)
		want = append(want, job.ID)
	}
	var got []string
	for _, n := range []int{2, 2, 1, 0} {
		due := c.due(2)
		equal(c, "callbacks, 2 at a time", len(due), n)
		for id := range due {
			got = append(got, id)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.Errorf("the callbacks are not those of the jobs that have one")
	}
}

// raceCallbacks: many senders at once get each callback once.
func (c *check) raceCallbacks() {
	o := c.outbox()
	const jobs = 200
	for range jobs {
		c.cancelEnds("a queued job", c.submit(calling).ID, async.Canceled, nil)
	}
	var mu sync.Mutex
	times := map[string]int{}
	c.together(goroutines, func(int) error {
		for range 3 * jobs / goroutines {
			due, err := o.DueCallbacks(c.ctx, 3, c.o.Unit)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, d := range due {
				times[d.Job.ID]++
			}
			mu.Unlock()
		}
		return nil
	})
	equal(c, "how many callbacks were handed out", len(times), jobs)
	for _, n := range times {
		if n > 1 {
			c.Fatalf("a callback is handed out %d times during its lease", n)
		}
	}
}

// restartCallbacks: what was not settled is due after a restart, too.
func (c *check) restartCallbacks() {
	c.needsDurable()
	c.outbox()
	var ids []string
	for range 3 {
		job := c.submit(calling)
		c.cancelEnds("a queued job", job.ID, async.Canceled, nil)
		ids = append(ids, job.ID)
	}
	equal(c, "callbacks", len(c.due(10)), 3)
	c.settleCallback(ids[0], true, 0)
	c.settleCallback(ids[1], false, 1)
	c.reopen()
	c.clock.Advance(c.o.Unit)
	due := c.due(10)
	for i, want := range []string{"none", "1 attempts", "0 attempts"} {
		got := "none"
		if d, ok := due[ids[i]]; ok {
			got = fmt.Sprint(d.Sent, " attempts")
		}
		equal(c, fmt.Sprint("callback ", i+1, " after a restart"), got, want)
	}
}
