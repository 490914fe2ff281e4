package asynctest

import (
	"context"
	"errors"
	"math"

	"github.com/forthright-http/forthright/async"
)

// watches: Watch returns at once, at a change, or when its context ends.
func (c *check) watches() {
	w, ok := c.b.(async.Watcher)
	if !ok {
		c.Skipf("the backend is no Watcher")
	}
	job := c.submit()
	watch := func(ctx context.Context, id string, after int64) <-chan told {
		out := make(chan told, 1)
		go func() {
			job, err := w.Watch(ctx, id, after)
			out <- told{job, err}
		}()
		return out
	}
	for _, after := range []int64{math.MinInt64, -1, 0, job.Version - 1} {
		got := await(c, "the return of Watch where the version is above already", watch(c.ctx, job.ID, after))
		if got.err != nil || got.job.ID != job.ID || got.job.Version != job.Version {
			c.Fatalf("Watch behind version %d of version %d: version %d, %v", after, job.Version, got.job.Version, got.err)
		}
	}
	ctx, cancel := context.WithCancel(c.ctx)
	silent := watch(ctx, job.ID, job.Version)
	high := watch(ctx, job.ID, job.Version+1000)
	const many = 20
	var waiting [many]<-chan told
	for i := range waiting {
		waiting[i] = watch(c.ctx, job.ID, job.Version)
	}
	cancel()
	for _, out := range []<-chan told{silent, high} {
		if got := await(c, "the return of Watch when its context ends", out); !errors.Is(got.err, context.Canceled) {
			c.Errorf("Watch whose context has ended returns %v", got.err)
		}
	}
	if got := await(c, "the return of Watch whose context had ended", watch(ctx, job.ID, job.Version)); !errors.Is(got.err, context.Canceled) {
		c.Errorf("Watch whose context had ended returns %v", got.err)
	}
	select {
	case got := <-waiting[0]:
		c.Fatalf("Watch returns without a change: version %d, %v", got.job.Version, got.err)
	default:
	}
	end := c.cancelEnds("a queued job", job.ID, async.Canceled, nil)
	for _, out := range waiting {
		got := await(c, "the return of Watch at a change", out)
		if got.err != nil || got.job.Status != async.Canceled || got.job.Version != end.Version {
			c.Fatalf("Watch at a change: %q at version %d, %v", got.job.Status, got.job.Version, got.err)
		}
	}
	if got := await(c, "the return of Watch of a finished job", watch(c.ctx, job.ID, end.Version)); got.err != nil || got.job.Status != async.Canceled {
		c.Errorf("Watch of a finished job: %q, %v", got.job.Status, got.err)
	}
	c.clock.Advance(10 * c.o.Unit)
	if got := await(c, "the return of Watch of a tombstone", watch(c.ctx, job.ID, 0)); !errors.Is(got.err, async.ErrGone) {
		c.Errorf("Watch of a tombstone: %v, want %v", got.err, async.ErrGone)
	}
}

// versions: the version grows with each change that there is.
func (c *check) versions() {
	job := c.submit()
	h := c.hold()
	c.run(&executor{execute: h.execute})
	last := job.Version
	grew := func(what string, enough func(async.Job) bool) {
		c.Helper()
		got := c.until(what, job.ID, enough)
		if got.Version <= last {
			c.Errorf("the version does not grow when the job is %s: %d after %d", what, got.Version, last)
		}
		last = got.Version
	}
	running := func(attempt int) func(async.Job) bool {
		return func(j async.Job) bool { return j.Status == async.Running && j.Attempt == attempt }
	}
	run := await(c, "the attempt", h.begun)
	grew("running", running(1))
	if err := run.report(async.Progress{Done: 1}); err != nil {
		c.Fatalf("report: %v", err)
	}
	grew("further", func(j async.Job) bool { return j.Progress.Done == 1 })
	run.end <- async.Outcome{Status: async.Queued, Delay: 2 * c.o.Unit, Progress: async.Progress{Done: 1}}
	grew("queued again", func(j async.Job) bool { return j.Status == async.Queued })
	c.clock.Advance(2 * c.o.Unit)
	run = await(c, "the second attempt", h.begun)
	grew("running again", running(2))
	c.cancelEnds("a running job", job.ID, async.Cancelling, nil)
	grew("being cancelled", func(j async.Job) bool { return j.Status == async.Cancelling })
	run.end <- async.Outcome{Status: async.Succeeded}
	grew("finished", func(j async.Job) bool { return j.Status == async.Succeeded })
}
