package asynctest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/async"
)

type (
	report      = func(async.Progress) error
	executeFunc = func(ctx context.Context, job async.Job, report report) async.Outcome
)

// executor is an [async.Executor] that does what a check says: by default it runs
// the kind "work" in 4 workers, and does not wait at a drain.
type executor struct {
	kinds          []string
	workers        int
	drain          time.Duration
	maxInterrupted int
	execute        executeFunc
}

func (e *executor) Kinds() []string {
	if e.kinds == nil {
		return []string{"work"}
	}
	return e.kinds
}

func (e *executor) Workers() int {
	if e.workers == 0 {
		return 4
	}
	return max(e.workers, 0)
}

func (e *executor) Drain() time.Duration { return e.drain }

func (e *executor) MaxInterrupted() int {
	if e.maxInterrupted == 0 {
		return 3
	}
	return e.maxInterrupted
}

func (e *executor) Execute(ctx context.Context, job async.Job, report func(async.Progress) error) async.Outcome {
	return e.execute(ctx, job, report)
}

// succeed is what a job that is done at once does.
func succeed(context.Context, async.Job, report) async.Outcome {
	return async.Outcome{Status: async.Succeeded}
}

// held is an executor whose attempts are told of, and go on until the check lets
// them.
type held struct {
	ctx    context.Context // ends with the check
	begun  chan attempt
	inside atomic.Int32 // attempts that go on
}

// attempt is one that waits for its outcome.
type attempt struct {
	ctx    context.Context
	job    async.Job
	report report
	end    chan<- async.Outcome
}

func (c *check) hold() *held { return &held{ctx: c.ctx, begun: make(chan attempt, 1024)} }

func (h *held) execute(ctx context.Context, job async.Job, report report) async.Outcome {
	h.inside.Add(1)
	defer h.inside.Add(-1)
	end := make(chan async.Outcome, 1)
	h.begun <- attempt{ctx, job, report, end}
	select {
	case o := <-end:
		return o
	case <-h.ctx.Done():
		return async.Outcome{Status: async.Queued, Free: true}
	}
}

// running is a call of Run.
type running struct {
	c      *check
	cancel context.CancelFunc
	done   chan error
}

// run starts Run.
func (c *check) run(e async.Executor) *running {
	ctx, cancel := context.WithCancel(c.ctx)
	r := &running{c, cancel, make(chan error, 1)}
	b := c.b
	c.started.Go(func() { r.done <- b.Run(ctx, e) })
	return r
}

// stop ends Run, and returns when it has returned.
func (r *running) stop() {
	r.c.Helper()
	r.cancel()
	if err := await(r.c, "the return of Run", r.done); err != nil {
		r.c.Errorf("Run returned %v", err)
	}
}
