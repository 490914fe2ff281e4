package asynctest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// reporter is what a check needs of a test.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// check is one backend under judgement.
type check struct {
	reporter
	t       *testing.T // for open
	o       Options
	open    func(*testing.T, Setup) async.Backend
	setup   Setup
	clock   *Clock
	b       async.Backend
	ctx     context.Context // ends with the check
	started sync.WaitGroup
}

// judge runs a check. What it started has ended when judge returns, unless the
// backend does not end.
func judge(r reporter, t *testing.T, open func(*testing.T, Setup) async.Backend, o Options, run func(*check)) {
	r.Helper()
	c, end := newCheck(r, t, open, o)
	defer end()
	c.reopen()
	run(c)
}

// newCheck makes a check that has no backend yet.
func newCheck(r reporter, t *testing.T, open func(*testing.T, Setup) async.Backend, o Options) (c *check, end func()) {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c = &check{reporter: r, t: t, o: o, open: open, clock: &Clock{real: o.RealTime}, ctx: ctx}
	c.setup = Setup{Clock: c.clock, Dir: t.TempDir()}
	return c, func() {
		cancel()
		c.within("Run does not return once its context has ended", c.started.Wait)
	}
}

// within fails where f does not return in time.
func (c *check) within(otherwise string, f func()) bool {
	c.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	timer := time.NewTimer(c.o.Patience)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		c.Errorf("%s within %v", otherwise, c.o.Patience)
		return false
	}
}

// reopen opens the backend, after it has closed the one before.
func (c *check) reopen() {
	c.Helper()
	c.close()
	if c.b = c.open(c.t, c.setup); c.b == nil {
		c.Fatalf("open returned no backend")
	}
	c.setup.Reopened = true
}

func (c *check) close() {
	c.Helper()
	if c.b == nil {
		return
	}
	closer, ok := c.b.(io.Closer)
	if !ok {
		c.Fatalf("a backend that is durable is an io.Closer")
	}
	if err := closer.Close(); err != nil {
		c.Fatalf("Close: %v", err)
	}
	c.b = nil
}

// patience is a context for what should not take long.
func (c *check) patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.ctx, c.o.Patience)
}

// job is a new job of kind "work" with nothing special.
func (c *check) job(changes ...func(*async.NewJob)) async.NewJob {
	n := async.NewJob{
		ID: rand.Text(), Kind: "work", Owner: "ana", Input: []byte(`{"n":1}`),
		Retention: 10 * c.o.Unit, Tombstone: 10 * c.o.Unit, MaxQueued: 100_000, MaxOwned: 100_000,
	}
	for _, change := range changes {
		change(&n)
	}
	return n
}

func kind(s string) func(*async.NewJob)  { return func(n *async.NewJob) { n.Kind = s } }
func owner(s string) func(*async.NewJob) { return func(n *async.NewJob) { n.Owner = s } }

// keyed sets an idempotency key, and the first byte of the fingerprint.
func keyed(s string, print byte) func(*async.NewJob) {
	return func(n *async.NewJob) { n.Key, n.Fingerprint = s, [32]byte{print, 31: 1} }
}

// submit submits a job that has to be created.
func (c *check) submit(changes ...func(*async.NewJob)) async.Job {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	job, existed, err := c.b.Submit(ctx, c.job(changes...))
	if err != nil || existed {
		c.Fatalf("Submit of a new job: existed is %v, error is %v", existed, err)
	}
	return job
}

// submits fails unless a Submit ends as it should.
func (c *check) submitEnds(when string, existed bool, want error, changes ...func(*async.NewJob)) async.Job {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	job, got, err := c.b.Submit(ctx, c.job(changes...))
	if !errors.Is(err, want) || got != existed {
		c.Fatalf("Submit %s: existed is %v, error is %v, want %v, %v", when, got, err, existed, want)
	}
	return job
}

func (c *check) get(id string) async.Job {
	c.Helper()
	return c.getEnds("of a job that is kept", id, nil)
}

// getEnds fails unless Get returns this error.
func (c *check) getEnds(when, id string, want error) async.Job {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	job, err := c.b.Get(ctx, id)
	if !errors.Is(err, want) {
		c.Fatalf("Get %s: error is %v, want %v", when, err, want)
	}
	return job
}

// cancelEnds fails unless Cancel returns a job of this status and this error.
func (c *check) cancelEnds(when, id string, status async.Status, want error) async.Job {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	job, err := c.b.Cancel(ctx, id)
	if !errors.Is(err, want) || job.Status != status {
		c.Fatalf("Cancel of %s: %q, %v, want %q, %v", when, job.Status, err, status, want)
	}
	return job
}

// list returns the ids of a page.
func (c *check) list(owner, after string, limit int) []string {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	jobs, err := c.b.List(ctx, owner, after, limit)
	if err != nil {
		c.Fatalf("List: %v", err)
	}
	ids := make([]string, len(jobs))
	for i, job := range jobs {
		if ids[i] = job.ID; job.Owner != owner {
			c.Errorf("List returned a job of another owner")
		}
	}
	return ids
}

// watch waits for a version above after.
func (c *check) watch(ctx context.Context, id string, after int64) (async.Job, error) {
	if w, ok := c.b.(async.Watcher); ok {
		return w.Watch(ctx, id, after)
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		job, err := c.b.Get(ctx, id)
		if err != nil || job.Version > after || job.Status.Final() {
			return job, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return job, ctx.Err()
		}
	}
}

// until waits until a job is as it should be.
func (c *check) until(what, id string, enough func(async.Job) bool) async.Job {
	c.Helper()
	ctx, cancel := c.patience()
	defer cancel()
	job := c.get(id)
	for !enough(job) {
		next, err := c.watch(ctx, id, job.Version)
		if err != nil || job.Status.Final() {
			c.Fatalf("the job is not %s: it is %q at version %d (%v)", what, job.Status, job.Version, err)
		}
		job = next
	}
	return job
}

// becomes waits until a job has this status.
func (c *check) becomes(id string, status async.Status) async.Job {
	c.Helper()
	return c.until(string(status), id, func(job async.Job) bool { return job.Status == status })
}

// await waits for something that an executor tells.
func await[T any](c *check, what string, from <-chan T) T {
	c.Helper()
	timer := time.NewTimer(c.o.Patience)
	defer timer.Stop()
	select {
	case v := <-from:
		return v
	case <-timer.C:
		c.Fatalf("%s did not happen within %v", what, c.o.Patience)
		panic("not reached")
	}
}

// at fails where a time is not what it should be.
func (c *check) at(what string, got, want time.Time) {
	c.Helper()
	if off := got.Sub(want).Abs(); off > c.o.Tolerance {
		c.Errorf("%s is %v, want %v", what, got, want)
	}
}

// equal fails where two things differ.
func equal[T comparable](c *check, what string, got, want T) {
	c.Helper()
	if got != want {
		c.Errorf("%s: %v, want %v", what, got, want)
	}
}
