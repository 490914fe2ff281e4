package sqlitestore

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// op is a write that waits for its turn. Without a do it only waits for those before
// it.
type op struct {
	do    func(*transaction) error
	state atomic.Int32
	err   error
	done  chan struct{}
}

// The states of an op.
const (
	opWaiting int32 = iota
	opTaken
	opAbandoned
)

// do has the writer do something, and returns once that is on the disk. An error says
// that it is not: where ctx ends before the writer has begun, that is the error, and
// afterwards the outcome is waited for. f may be called more than once; what it did
// before then was taken back.
func (s *Store) do(ctx context.Context, f func(*transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := &op{do: f, done: make(chan struct{})}
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	select {
	case s.ops <- o:
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		if o.state.CompareAndSwap(opWaiting, opAbandoned) {
			return ctx.Err()
		}
	case <-s.ended:
	}
	select {
	case <-o.done:
		return o.err
	case <-s.ended: // the writer has ended, maybe just behind this one
		select {
		case <-o.done:
			return o.err
		default:
			return ErrClosed
		}
	}
}

// barrier returns once all is done that was asked for before.
func (s *Store) barrier() {
	if s.do(context.Background(), nil) != nil { // the store is closed
		<-s.ended
	}
}

// writer is what the writing goroutine has for itself.
type writer struct {
	*conn
	statements writeStatements
	replays    replayStatements
	outbox     outboxStatements
	space      spaceStatements
	pageSize   int64          // bytes
	open       int            // jobs that have not finished
	owned      map[string]int // and by owner
	attempts   map[string]*attempt
	unchecked  int // transactions since the log was looked at
	hurried    int // batches for which nobody is waited
	failing    bool
	shrunk     bool // the file is to be cut once the log is put into it
}

// write does what comes, many at once where they come at once: all of a batch share
// one transaction, and so one sync of the disk.
func (s *Store) write() {
	defer close(s.ended)
	batch := make([]*op, 0, s.options.Batch)
	for {
		select {
		case o := <-s.ops:
			batch = s.gatherAll(append(batch[:0], o))
			s.settle(batch)
			s.checkpoint()
		case <-s.closed:
			for {
				if batch = s.gather(batch[:0]); len(batch) == 0 {
					return
				}
				s.settle(batch)
			}
		}
	}
}

// gatherAll adds what is there, and what comes of those who were just told of the last
// batch: else there would be two groups for ever, of which one waits while the other
// is written. Where the process is so busy that to let others run takes long, it does
// not for a while.
func (s *Store) gatherAll(batch []*op) []*op {
	batch = s.gather(batch)
	if s.writer.hurried > 0 {
		s.writer.hurried--
		return batch
	}
	begun := time.Now()
	for idle := 0; idle < yields && len(batch) < s.options.Batch; idle++ {
		before := len(batch)
		runtime.Gosched()
		if batch = s.gather(batch); len(batch) > before {
			idle = 0
		}
	}
	if time.Since(begun) > longYield {
		s.writer.hurried = hurriedBatches
	}
	return batch
}

const (
	yields         = 3 // how often others are let run before a batch is taken for whole
	longYield      = 200 * time.Microsecond
	hurriedBatches = 64
)

// gather adds what is there.
func (s *Store) gather(batch []*op) []*op {
	for len(batch) < s.options.Batch {
		select {
		case o := <-s.ops:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// settle does a batch and tells each of its outcome.
func (s *Store) settle(batch []*op) {
	var taken []*op
	for _, o := range batch {
		if o.state.CompareAndSwap(opWaiting, opTaken) {
			taken = append(taken, o)
		}
	}
	s.transact(taken)
	for _, o := range taken {
		close(o.done)
	}
}

// transact does writes in one transaction. One that says no (the queue is full) has
// changed nothing, and the others go on. Where the database refuses one, each is done
// by itself, so that none fails for another; and where it refuses to let jobs begin,
// that is left for later.
func (s *Store) transact(ops []*op) {
	t, err := s.attemptAll(ops, true)
	if err != nil && t.failedIn == claiming {
		s.stall(err)
		t, err = s.attemptAll(ops, false)
	}
	switch {
	case err == nil:
	case t.failedIn == working && len(ops) > 1:
		for i := range ops {
			s.transact(ops[i : i+1])
		}
		return
	default:
		for _, o := range ops {
			o.err = s.named(err)
		}
	}
	s.health(err)
}

// attemptAll does it once: all of it, or nothing.
func (s *Store) attemptAll(ops []*op, claim bool) (*transaction, error) {
	t := &transaction{store: s, writer: &s.writer, now: s.options.Now()}
	if err := t.begin(); err != nil {
		return t, err
	}
	t.failedIn = working
	for _, o := range ops {
		if o.err = nil; o.do == nil {
			continue
		}
		if o.err = o.do(t); t.broken != nil {
			return t, t.rollback()
		}
	}
	if t.failedIn = claiming; claim {
		if t.claim(); t.broken != nil {
			return t, t.rollback()
		}
	}
	t.failedIn = committing
	return t, t.commit()
}

// health logs that the file cannot be written, and that it can again.
func (s *Store) health(err error) {
	if err != nil {
		s.failures.Add(1)
	}
	if failing := err != nil; failing != s.writer.failing {
		s.writer.failing = failing
		if failing {
			s.options.Logger.Error("sqlitestore: cannot write", "file", s.path, "error", err)
		} else {
			s.options.Logger.Info("sqlitestore: can write again", "file", s.path)
		}
	}
}

// stall tells the runners that no job can begin.
func (s *Store) stall(err error) {
	for _, r := range s.runners() {
		r.stall(s.named(err))
	}
}
