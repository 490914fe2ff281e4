package sqlitestore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/async"
)

// housekeeping is how often a runner looks whether something has expired.
const housekeeping = time.Second

// runner is a call of Run.
type runner struct {
	executor async.Executor
	ctx      context.Context // no job begins once it has ended
	kinds    map[string]bool
	free     int // workers; the writer's
	attempts context.Context
	running  sync.WaitGroup
	alarm    chan time.Duration // when the next job is to be run
	stalled  chan error         // why none can begin
}

// Run implements async.Backend. Jobs that were running when the process before this
// one ended are put back into the queue first. It returns early with [ErrClosed]
// when the store is closed, and with [ErrCorrupt] where the file turns out to be
// damaged; a disk that is full is waited for.
func (s *Store) Run(ctx context.Context, x async.Executor) error {
	attempts, end := context.WithCancelCause(context.Background())
	defer end(nil)
	r := &runner{
		executor: x, ctx: ctx, kinds: map[string]bool{}, free: max(x.Workers(), 0), attempts: attempts,
		alarm: make(chan time.Duration, 1), stalled: make(chan error, 1),
	}
	for _, kind := range x.Kinds() {
		r.kinds[kind] = true
	}
	err := s.do(ctx, func(t *transaction) error { return t.recover(x.MaxInterrupted()) })
	switch {
	case err != nil && ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	s.join(r)
	err = s.tend(ctx, r)
	s.leave(r)
	s.barrier() // what was just beginning has begun
	finished := make(chan struct{})
	go func() { r.running.Wait(); close(finished) }()
	if errors.Is(err, ErrClosed) {
		end(async.ErrLost) // what it makes cannot be kept
	}
	timer := time.NewTimer(x.Drain())
	defer timer.Stop()
	select {
	case <-finished:
	case <-s.closed:
		end(async.ErrLost)
	case <-timer.C:
		end(async.ErrDraining)
	}
	<-finished
	return err
}

// tend keeps house, and has jobs begun whose time comes. Those that can begin at once
// need it not.
func (s *Store) tend(ctx context.Context, r *runner) error {
	house := time.NewTicker(housekeeping)
	defer house.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	sweep := true
	for {
		more := false
		err := s.do(ctx, func(t *transaction) (err error) {
			if t.ring = true; sweep {
				more, err = t.sweep()
			}
			return err
		})
		if sweep && !more && err == nil {
			err = s.do(ctx, (*transaction).shrink)
		}
		if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrClosed) {
			return err
		}
		if sweep = more; more {
			continue
		}
		for woken := false; !woken; {
			select {
			case <-ctx.Done():
				return nil
			case <-s.closed:
				return ErrClosed
			case err := <-r.stalled:
				if errors.Is(err, ErrCorrupt) {
					return err
				}
			case d := <-r.alarm:
				next.Reset(d)
			case <-next.C:
				woken = true
			case <-house.C:
				woken, sweep = true, true
			}
		}
	}
}

// wakeAt sets when the runner looks again. Only the writer does.
func (r *runner) wakeAt(d time.Duration) {
	select {
	case <-r.alarm:
	default:
	}
	r.alarm <- d
}

// stall tells the runner why no job can begin. Only the writer does.
func (r *runner) stall(err error) {
	select {
	case <-r.stalled:
	default:
	}
	r.stalled <- err
}

func (s *Store) join(r *runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(slices.Clone(s.running), r)
}

func (s *Store) leave(r *runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = slices.DeleteFunc(slices.Clone(s.running), func(other *runner) bool { return other == r })
}

// runners are the calls of Run that begin jobs. The slice is not changed.
func (s *Store) runners() []*runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// work runs an attempt, and keeps how it ended.
func (s *Store) work(a *attempt) {
	defer a.runner.running.Done()
	defer a.cancel(nil)
	o := a.runner.executor.Execute(a.ctx, a.job.Job, func(p async.Progress) error {
		return s.do(context.Background(), func(t *transaction) error { return t.report(a, p) })
	})
	s.keep(a, o)
}

// keep keeps an outcome. Where the disk is full it waits for room: the job has been
// done, and must not be done again for that. When the process ends before then, it
// will.
func (s *Store) keep(a *attempt, o async.Outcome) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, housekeeping) {
		err := s.do(context.Background(), func(t *transaction) error { return t.conclude(a, o) })
		switch {
		case err == nil, errors.Is(err, ErrClosed), errors.Is(err, async.ErrLost):
			return
		case errors.Is(context.Cause(a.runner.attempts), async.ErrDraining):
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.closed:
		case <-a.runner.attempts.Done():
		}
		timer.Stop()
	}
}
