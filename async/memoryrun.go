package async

import (
	"context"
	"slices"
	"sync"
	"time"
)

// memoryRunner is a call of Run.
type memoryRunner struct {
	executor Executor
	kinds    []string
	wake     chan struct{} // holds a token where there may be something to do
	attempts context.Context
	running  sync.WaitGroup
}

// housekeeping is how long a runner rests at most.
const housekeeping = time.Second

// Run implements [Backend]. It may run more than once at a time.
func (m *Memory) Run(ctx context.Context, e Executor) error {
	attempts, end := context.WithCancelCause(context.Background())
	defer end(nil)
	r := &memoryRunner{executor: e, kinds: e.Kinds(), wake: make(chan struct{}, 1), attempts: attempts}
	m.join(r)
	defer m.leave(r)
	m.work(ctx, r)
	done := make(chan struct{})
	go func() { r.running.Wait(); close(done) }()
	timer := time.NewTimer(e.Drain())
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		end(ErrDraining)
		<-done
	}
	return nil
}

// work begins attempts until ctx ends.
func (m *Memory) work(ctx context.Context, r *memoryRunner) {
	free := make(chan struct{}, max(r.executor.Workers(), 0))
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		e, run, next := m.claim(ctx, r)
		if e == nil {
			<-free
			r.rest(ctx, next)
			continue
		}
		r.running.Add(1)
		go func() {
			defer r.running.Done()
			m.attempt(r, e, run)
			<-free
		}()
	}
}

// rest waits until there may be something to do.
func (r *memoryRunner) rest(ctx context.Context, next time.Duration) {
	timer := time.NewTimer(next)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-timer.C:
	}
}

func (m *Memory) join(r *memoryRunner) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runners = append(m.runners, r)
}

func (m *Memory) leave(r *memoryRunner) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runners = slices.DeleteFunc(m.runners, func(other *memoryRunner) bool { return other == r })
}

// enqueue puts a job into the queue of its kind, and tells the runners. The token
// outlasts a runner that is just about to rest, so none is missed.
func (m *Memory) enqueue(e *entry) {
	q := m.queued[e.job.Kind]
	if q == nil {
		q = &timeline{}
		m.queued[e.job.Kind] = q
	}
	e.at = e.job.RunAt
	q.insert(e)
	for _, r := range m.runners {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// memoryAttempt is an attempt that runs.
type memoryAttempt struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	job    Job
}

// claim takes the first job whose time has come. Where there is none, it tells when
// to look again.
func (m *Memory) claim(ctx context.Context, r *memoryRunner) (*entry, *memoryAttempt, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.sweep()
	var e *entry
	for _, kind := range r.kinds {
		if first := m.queued[kind].first(); first != nil && (e == nil || compareEntries(first, e) < 0) {
			e = first
		}
	}
	if e == nil || ctx.Err() != nil {
		return nil, nil, housekeeping
	}
	if wait := e.at.Sub(now); wait > 0 {
		return nil, nil, min(wait, housekeeping)
	}
	m.queued[e.job.Kind].remove(e)
	e.job.Status = Running
	e.job.Attempt++
	if e.job.Started.IsZero() {
		e.job.Started = now
	}
	m.changed(e, now)
	run := &memoryAttempt{job: e.job}
	run.ctx, run.cancel = context.WithCancelCause(r.attempts)
	e.cancel = &run.cancel
	return e, run, 0
}

// attempt runs a claimed job once.
func (m *Memory) attempt(r *memoryRunner, e *entry, run *memoryAttempt) {
	defer run.cancel(nil)
	out := r.executor.Execute(run.ctx, run.job, func(p Progress) error { return m.report(e, run, p) })
	m.mu.Lock()
	defer m.mu.Unlock()
	e.cancel = nil
	switch {
	case out.Status == Queued && e.job.Status == Cancelling:
		m.finish(e, Outcome{Status: Canceled, Progress: out.Progress})
	case out.Status == Queued:
		m.putBack(e, out)
	case !out.Status.Final(): // an executor that is wrong
		out.Status = Failed
		fallthrough
	default:
		m.finish(e, out)
	}
}

// report keeps progress, of an attempt that has not ended.
func (m *Memory) report(e *entry, run *memoryAttempt, p Progress) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.cancel != &run.cancel {
		return ErrLost
	}
	if e.job.Progress != p {
		e.job.Progress = p
		m.changed(e, m.options.Now())
	}
	return nil
}

// putBack queues a job again.
func (m *Memory) putBack(e *entry, o Outcome) {
	now := m.options.Now()
	if o.Free {
		e.job.Attempt--
	}
	if !o.Free || o.Delay > 0 {
		e.job.RunAt = now.Add(o.Delay)
	}
	e.job.Status, e.job.Progress = Queued, o.Progress
	m.enqueue(e)
	m.changed(e, now)
}
