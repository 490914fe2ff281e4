package asynctest

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// KillOptions are the settings of [Kill]. The zero value is useful.
type KillOptions struct {
	// Rounds is how many processes are killed at their work, one after the other on
	// the same Dir, by default 3.
	Rounds int
	// Submitters is how many goroutines submit jobs, by default 16.
	Submitters int
	// Kept is how many jobs are accepted in a round before its process is killed, at
	// least; some more, at random. By default 500.
	Kept int
	// Again is how long it may take until a job whose worker died runs again,
	// counted from when the next process has opened the backend, by default 5 s.
	Again time.Duration
	// Patience is how long is waited for all else, by default 30 s.
	Patience time.Duration
	// Inspect looks at what is kept when all is over and the backend is closed, for
	// what it alone can see.
	Inspect func(t *testing.T, s Setup)
}

func (o *KillOptions) setDefaults() {
	defaultTo(&o.Rounds, 3)
	defaultTo(&o.Submitters, 16)
	defaultTo(&o.Kept, 500)
	defaultTo(&o.Again, 5*time.Second)
	defaultTo(&o.Patience, 30*time.Second)
}

// Kill judges what of a durable backend is left when its process is killed without
// warning (SIGKILL), while many submit and many run: every job whose Submit returned
// comes to its end in a later process, once by its key and once in the list, with its
// result; a job that was seen to have finished is as it was, and does not run again. A
// job whose worker died runs again, until that has happened three times; then it is
// failed as [async.Interrupted] says. One that was asked to stop is Canceled.
//
// It runs the test binary again with nothing but the test that calls it, and open is
// called there, too: open has to depend on its Setup alone. The time is real.
func Kill(t *testing.T, open func(t *testing.T, s Setup) async.Backend, o KillOptions) {
	t.Helper()
	o.setDefaults()
	if role := os.Getenv(roleVariable); role != "" {
		child(t, open, o, role)
		return
	}
	t.Run("Load", func(t *testing.T) { killLoad(t, t, open, o) })
	t.Run("Interrupted", func(t *testing.T) { killInterrupted(t, t, open, o) })
}

func (o *KillOptions) check() Options {
	options := Options{Durable: true, RealTime: true, Patience: o.Patience}
	options.setDefaults()
	return options
}

// killLoad kills a process at its work, again and again, and looks at what is left.
func killLoad(r reporter, t *testing.T, open func(*testing.T, Setup) async.Backend, o KillOptions) {
	r.Helper()
	c, end := newCheck(r, t, open, o.check())
	defer end()
	l := newLedger()
	for range o.Rounds {
		p := c.process(roleLoad, l)
		for range o.Kept + rand.IntN(o.Kept) {
			p.next("kept")
		}
		p.kill()
		c.setup.Reopened = true
	}
	c.settle(o, l)
	if o.Inspect != nil {
		c.close()
		o.Inspect(t, c.setup)
	}
}

// settle opens the backend in this process, lets it finish all, and compares it with
// the ledger.
func (c *check) settle(o KillOptions, l *ledger) {
	c.Helper()
	c.reopen()
	before := len(l.ended)
	for id, version := range l.ended { // as they were when they were seen
		if job := c.get(id); job.Status != async.Succeeded || job.Version != version {
			c.Fatalf("a job that was seen to have succeeded at version %d is %s at version %d after the kill", version, job.Status, job.Version)
		}
	}
	run := c.run(&executor{workers: 8, execute: func(_ context.Context, job async.Job, _ report) async.Outcome {
		l.note(event{what: "run", id: job.ID})
		return made(job)
	}})
	for id := range l.kept {
		job := c.until("finished", id, func(j async.Job) bool { return j.Status.Final() })
		if want := made(job); job.Status != async.Succeeded || job.Result == nil || string(job.Result.Body) != string(want.Result.Body) {
			c.Fatalf("a job that was kept is %s with %v attempts, and its result is not its own", job.Status, job.Attempt)
		}
	}
	run.stop()
	for id, key := range l.kept {
		n := c.job(keyed(key, 1))
		job, existed, err := c.b.Submit(c.ctx, n)
		if err != nil || !existed || job.ID != id {
			c.Fatalf("a key that was kept: existed is %v, error is %v, it is the same job: %v", existed, err, job.ID == id)
		}
	}
	seen := map[string]bool{}
	for after := ""; ; {
		page := c.list("ana", after, 1000)
		for _, id := range page {
			if seen[id] {
				c.Fatalf("a job is in the list twice")
			}
			seen[id], after = true, id
		}
		if len(page) < 1000 {
			break
		}
	}
	for id := range l.kept {
		if !seen[id] {
			c.Errorf("a job that was kept is not in the list")
		}
	}
	if most := len(l.kept) + o.Rounds*o.Submitters; len(seen) > most {
		c.Errorf("%d jobs are there, of which %d were kept before a kill, and at most %d more can have been on their way", len(seen), len(l.kept), o.Rounds*o.Submitters)
	}
	if l.twice > 0 {
		c.Errorf("%d jobs ran again, although they had been seen to have finished", l.twice)
	}
	if len(l.kept) < o.Rounds*o.Kept || before == 0 {
		c.Errorf("only %d jobs were kept, and %d seen to have finished: that is no load", len(l.kept), before)
	}
}

// killInterrupted kills the workers of one job until it is given up.
func killInterrupted(r reporter, t *testing.T, open func(*testing.T, Setup) async.Backend, o KillOptions) {
	r.Helper()
	c, end := newCheck(r, t, open, o.check())
	defer end()
	l := newLedger()
	var held, stopped string
	for round := range 3 {
		p := c.process(roleHold, l)
		if round == 0 {
			held, stopped = p.next("held").id, p.next("stopping").id
		}
		ready := p.next("ready").at
		run := p.next("again")
		if round > 0 {
			if took := run.at.Sub(ready); took > o.Again {
				c.Errorf("a job whose worker died ran again after %v, which is more than %v", took, o.Again)
			}
		}
		if run.id != held || run.attempt != round+1 || run.interrupted != round {
			c.Fatalf("after %d kills attempt %d runs with Interrupted %d, or another job", round, run.attempt, run.interrupted)
		}
		p.kill()
		c.setup.Reopened = true
	}
	c.reopen()
	c.run(&executor{kinds: []string{"held", "stop"}, execute: func(context.Context, async.Job, report) async.Outcome {
		l.note(event{what: "more"})
		return async.Outcome{Status: async.Succeeded}
	}})
	job := c.until("finished", held, func(j async.Job) bool { return j.Status.Final() })
	if job.Status != async.Failed || job.Error == nil || job.Error.Code != async.CodeInterrupted || job.Interrupted != 3 || job.Attempt != 3 {
		c.Errorf("a job that lost its worker 3 times is %s after %d attempts, Interrupted is %d, and the failure %+v", job.Status, job.Attempt, job.Interrupted, job.Error)
	}
	job = c.becomes(stopped, async.Canceled)
	equal(c, "the attempts of a job whose worker died after it was asked to stop", job.Attempt, 1)
	if l.count("more") > 0 {
		c.Errorf("a job that was given up or asked to stop ran once more")
	}
}
