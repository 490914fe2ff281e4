package riverqueue

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/forthright-http/forthright/async"
)

// runner is a call of Run.
type runner struct {
	queue    *Queue
	executor async.Executor
	slots    chan struct{} // a place for each attempt
	attempts context.Context
	end      context.CancelCauseFunc
	draining atomic.Bool
	look     chan struct{} // the heartbeat is to come at once

	mu     sync.Mutex
	worker string              // the name by which it has jobs, "" for none yet
	live   map[string]*attempt // by id
	claims map[*change]bool    // those on their way; true: the job was asked to stop meanwhile
	left   bool                // it may have jobs that it does not know of
}

// Run implements async.Backend. While PostgreSQL cannot be used, attempts go on and
// what they return waits; where that takes longer than the Lease they are lost, with
// [async.ErrLost] as the cause. Run goes on by itself afterwards. It returns early with
// [ErrClosed] when the queue is closed.
func (q *Queue) Run(ctx context.Context, x async.Executor) error {
	if err := q.isClosed(); err != nil {
		return err
	}
	r := &runner{queue: q, executor: x, slots: make(chan struct{}, max(x.Workers(), 0)), look: make(chan struct{}, 1), live: map[string]*attempt{}, claims: map[*change]bool{}}
	r.attempts, r.end = context.WithCancelCause(context.Background())
	defer r.end(nil)
	q.join(r)
	defer q.leave(r)
	keeping, stop := context.WithCancel(q.background)
	var keepers sync.WaitGroup
	defer keepers.Wait()
	defer stop()
	keepers.Go(func() { r.keepHouse(keeping) })
	if x.Workers() <= 0 || len(x.Kinds()) == 0 {
		select {
		case <-ctx.Done():
			return nil
		case <-q.closed:
			return ErrClosed
		}
	}
	if !r.untilDone(ctx, r.register) { // before it has jobs
		return q.isClosed()
	}
	keepers.Go(func() { r.beats(keeping) })
	return r.work(ctx)
}

// untilDone calls f until it succeeds, or reports that ctx has ended or the queue was
// closed.
func (r *runner) untilDone(ctx context.Context, f func(context.Context) error) bool {
	for wait := retryLeast; ; wait = min(2*wait, retryMost) {
		within, cancel := context.WithTimeout(ctx, timeout)
		err := f(within)
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() == nil {
			r.queue.health(err)
		}
		if !pause(ctx, r.queue.closed, wait) {
			return false
		}
	}
}

// How long it takes until what failed is tried again.
const (
	retryLeast = 50 * time.Millisecond
	retryMost  = time.Second
)

// pause waits, and reports false where ctx ended or the queue was closed.
func pause(ctx context.Context, closed <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-closed:
	}
	return false
}

// work has River fetch jobs until ctx ends, and then drains.
func (r *runner) work(ctx context.Context) error {
	q := r.queue
	var client *river.Client[pgx.Tx]
	var wrong error
	started := r.untilDone(ctx, func(within context.Context) error {
		if client, wrong = r.client(); wrong != nil {
			return nil // it is no better later
		}
		return client.Start(context.Background()) // it ends by Stop
	})
	if !started || wrong != nil {
		r.retire()
		if wrong != nil {
			return known(wrong)
		}
		return q.isClosed()
	}
	var err error
	select {
	case <-ctx.Done():
	case <-q.closed:
		err = ErrClosed
		r.end(async.ErrLost) // what it makes cannot be kept
	}
	r.draining.Store(true)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = client.Stop(context.Background())
	}()
	timer := time.NewTimer(r.executor.Drain())
	defer timer.Stop()
	select {
	case <-stopped:
	case <-timer.C:
		r.end(async.ErrDraining)
	case <-q.closed:
		r.end(async.ErrLost)
	}
	<-stopped
	r.retire()
	return err
}

// client makes the client of River that fetches.
func (r *runner) client() (*river.Client[pgx.Tx], error) {
	q, o := r.queue, r.queue.options
	workers, queues := river.NewWorkers(), map[string]river.QueueConfig{}
	for _, kind := range r.executor.Kinds() {
		river.AddWorkerArgs(workers, riverArgs{kind: riverKind(kind)}, &worker{runner: r})
		queues[o.of(kind).Queue] = river.QueueConfig{MaxWorkers: min(r.executor.Workers(), river.QueueNumWorkersMax)}
	}
	c := &river.Config{
		FetchCooldown: o.FetchCooldown, FetchPollInterval: o.FetchPollInterval, FetchOnlyKnownKinds: true,
		Logger: q.riverLogger(), RetryPolicy: retrySoon{},
	}
	if o.River != nil {
		o.River(c)
	}
	c.Schema, c.Queues, c.Workers, c.JobTimeout = q.schema, queues, workers, -1
	return river.NewClient(riverpgxv5.New(q.pool), c)
}

// retrySoon has River try again after a second: what failed is the way to PostgreSQL,
// and not a job.
type retrySoon struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retrySoon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().UTC().Add(time.Second) }

// retire makes the runner unknown. Where it may have jobs that were not put back, they
// are rescued when its lease is over.
func (r *runner) retire() {
	r.mu.Lock()
	left := r.left || len(r.live) > 0
	name := r.worker
	r.mu.Unlock()
	if left || name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, _ = r.queue.pool.Exec(ctx, r.queue.sql.unregister, name)
}

func (r *runner) name() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.worker
}

func (q *Queue) join(r *runner) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.runners = append(slices.Clone(q.runners), r)
}

func (q *Queue) leave(r *runner) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.runners = slices.DeleteFunc(slices.Clone(q.runners), func(other *runner) bool { return other == r })
}

// runs are the calls of Run that go on. The slice is not changed.
func (q *Queue) runs() []*runner {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.runners
}

// stopAttempt cancels the attempt of a job that was asked to stop, where it runs here.
func (q *Queue) stopAttempt(id string) {
	for _, r := range q.runs() {
		r.stopAttempt(id)
	}
}
