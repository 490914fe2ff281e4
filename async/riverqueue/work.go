package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/forthright-http/forthright/async"
)

// worker is what River calls for each job that it has fetched.
type worker struct {
	river.WorkerDefaults[riverArgs]
	runner *runner
}

// attempt is a job that runs here.
type attempt struct {
	runner  *runner
	worker  string
	riverID int64
	job     async.Job
	ctx     context.Context
	cancel  context.CancelCauseFunc
	since   time.Time
	ended   atomic.Bool // what it returned is being kept
}

// Work implements river.Worker. A job that is no longer this attempt's is passed over:
// so one that has finished is never run or changed by a job of River that is late.
func (w *worker) Work(ctx context.Context, job *river.Job[riverArgs]) error {
	r := w.runner
	r.slots <- struct{}{} // River has as many for each queue
	defer func() { <-r.slots }()
	a, err := r.claim(ctx, job)
	if a == nil {
		return err
	}
	defer a.cancel(nil)
	defer r.forget(a)
	stop := context.AfterFunc(ctx, func() { a.cancelledInRiver(ctx) })
	defer stop()
	o := r.executor.Execute(a.ctx, a.job, a.report)
	a.ended.Store(true)
	return riverEnd(a.keep(o))
}

// errNotKept: an attempt ended, and its outcome could not be kept.
var errNotKept = errors.New("riverqueue: the outcome of the attempt was not kept")

// riverEnd is what River is told of the end of an attempt: it shows that, and does
// nothing with it.
func riverEnd(o async.Outcome, err error) error {
	switch {
	case err != nil:
		return river.JobCancel(err)
	case o.Status == async.Failed && o.Error != nil:
		return river.JobCancel(fmt.Errorf("failed: %s: %s", o.Error.Code, o.Error.Message))
	case o.Status == async.Canceled:
		return river.JobCancel(async.ErrCanceled)
	case o.Status == async.Queued && o.Free:
		return river.JobCancel(errors.New("put back into the queue"))
	case o.Status == async.Queued:
		return river.JobCancel(fmt.Errorf("failed: another attempt comes in %v", o.Delay))
	}
	return nil
}

// claim begins an attempt of a job, or returns none where it is not to be begun.
func (r *runner) claim(ctx context.Context, job *river.Job[riverArgs]) (*attempt, error) {
	c := &change{what: claims, id: job.Args.ID, riverID: job.ID}
	r.claiming(c)
	defer r.claimed(c)
	for wait, doubt := retryLeast, false; ; wait = min(2*wait, retryMost) {
		if r.draining.Load() && !doubt {
			return nil, river.JobSnooze(0)
		}
		err := errForgotten
		if c.worker = r.name(); c.worker != "" {
			err = r.queue.apply(context.WithoutCancel(ctx), c)
		}
		switch {
		case err == nil:
			return r.attemptOf(c), nil
		case errors.Is(err, async.ErrLost):
			return nil, nil
		case errors.Is(err, errForgotten): // the next heartbeat gets a new name
			r.lookSoon()
		default:
			doubt = true // it may have been kept
		}
		if doubt && r.draining.Load() || !pause(r.attempts, r.queue.closed, wait) {
			r.mu.Lock()
			r.left = true
			r.mu.Unlock()
			return nil, err
		}
	}
}

func (r *runner) attemptOf(c *change) *attempt {
	a := &attempt{runner: r, worker: c.worker, riverID: c.riverID, job: c.row.Job, since: time.Now()}
	a.ctx, a.cancel = context.WithCancelCause(r.attempts)
	r.mu.Lock()
	if r.live[a.job.ID] != nil { // River has it twice
		r.mu.Unlock()
		a.cancel(nil)
		return nil
	}
	r.live[a.job.ID] = a
	lost, stopped := r.worker != a.worker, r.claims[c]
	r.mu.Unlock()
	switch {
	case lost:
		a.cancel(async.ErrLost)
	case stopped, a.job.Status == async.Cancelling:
		a.cancel(async.ErrCanceled)
		a.job.Status = async.Running // as the executor expects it
	default:
		r.queue.hub.tell(a.job.ID, a.known())
	}
	return a
}

// claiming notes a claim that is on its way: who asks the job to stop may be faster than
// its answer.
func (r *runner) claiming(c *change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claims[c] = false
}

func (r *runner) claimed(c *change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.claims, c)
}

// stopAttempt cancels the attempt of a job, or the one that is to come of a claim.
func (r *runner) stopAttempt(id string) {
	r.mu.Lock()
	a := r.live[id]
	for c := range r.claims {
		if c.id == id {
			r.claims[c] = true
		}
	}
	r.mu.Unlock()
	if a != nil {
		a.cancel(async.ErrCanceled)
	}
}

// abandoned is how long River takes a job of its own for running until it gives it up,
// where the process that had it is dead: none of ours waits for that. It bounds nothing
// else, since attempts do not have River's context.
const abandoned = 24 * time.Hour

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[riverArgs]) time.Duration { return abandoned }

// known is the job without its input, for those who read it.
func (a *attempt) known() async.Job {
	job := a.job
	job.Input = nil
	return job
}

func (r *runner) forget(a *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live[a.job.ID] == a {
		delete(r.live, a.job.ID)
	}
}

// lost reports whether the job is this worker's no longer.
func (a *attempt) lost() bool { return errors.Is(context.Cause(a.ctx), async.ErrLost) }

// cancelledInRiver asks the job to stop where somebody has cancelled its job of River,
// in its user interface for one.
func (a *attempt) cancelledInRiver(ctx context.Context) {
	if errors.Is(context.Cause(ctx), rivertype.ErrJobCancelledRemotely) && !a.ended.Load() {
		_, _ = a.runner.queue.Cancel(a.runner.queue.background, a.job.ID)
	}
}

// report keeps progress.
func (a *attempt) report(p async.Progress) error {
	if a.ended.Load() || a.lost() {
		return async.ErrLost
	}
	c := &change{what: reports, id: a.job.ID, riverID: a.riverID, worker: a.worker, progress: p}
	err := a.runner.queue.apply(context.Background(), c)
	switch {
	case errors.Is(err, async.ErrLost):
		if !a.ended.Load() {
			a.cancel(async.ErrLost)
		}
		return async.ErrLost
	case err != nil:
		return err
	}
	job := a.known()
	job.Status, job.Version, job.Progress, job.Updated = c.status, c.version, p, c.updated
	a.runner.queue.heard(job)
	return nil
}

// keep keeps an outcome. While PostgreSQL cannot be used it waits, until the lease is
// over: the job has been done, and must not be done again for that.
func (a *attempt) keep(o async.Outcome) (async.Outcome, error) {
	if o.Result != nil && len(o.Result.Body) > largest {
		progress := o.Progress
		o = async.TooLarge()
		o.Progress = progress
	}
	if o.Status != async.Queued && !o.Status.Final() { // an executor that is wrong
		o.Status = async.Failed
	}
	for wait := retryLeast; ; wait = min(2*wait, retryMost) {
		if a.lost() {
			return o, async.ErrLost
		}
		err := a.keepOnce(o)
		switch {
		case err == nil, errors.Is(err, async.ErrLost):
			return o, err
		case errors.Is(err, ErrClosed), !errors.Is(err, ErrUnavailable) && wait == retryMost:
			a.runner.mu.Lock()
			a.runner.left = true
			a.runner.mu.Unlock()
			return o, fmt.Errorf("%w: %w", errNotKept, err)
		}
		pause(context.Background(), a.runner.queue.closed, wait)
	}
}

func (a *attempt) keepOnce(o async.Outcome) error {
	q := a.runner.queue
	if o.Status == async.Queued {
		return a.again(o)
	}
	c := &change{what: finishes, id: a.job.ID, riverID: a.riverID, worker: a.worker, outcome: o, interrupted: a.job.Interrupted}
	if err := q.apply(context.Background(), c); err != nil {
		return err
	}
	q.heard(c.ended(a.job))
	return nil
}

// again puts the job back into the queue. One that did not fail keeps its place.
func (a *attempt) again(o async.Outcome) error {
	q := a.runner.queue
	b := &requeue{id: a.job.ID, decide: func(r row, _ bool, now time.Time) *verdict {
		switch {
		case r.riverID != a.riverID || r.worker != a.worker:
			return nil
		case r.Status == async.Cancelling:
			return &verdict{outcome: async.Outcome{Status: async.Canceled, Progress: o.Progress}, interrupted: r.Interrupted}
		}
		v := &verdict{outcome: o, attempt: r.Attempt, interrupted: r.Interrupted, runAt: now.Add(o.Delay)}
		if o.Free {
			v.attempt--
		}
		if o.Free && o.Delay <= 0 {
			v.runAt = r.RunAt
		}
		return v
	}}
	if err := q.putBack(context.Background(), b); err != nil {
		return err
	}
	if !b.done {
		return async.ErrLost
	}
	return nil
}
