package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/forthright-http/forthright/async"
)

// Store is an async.Backend in a SQLite file. [Open] makes it.
type Store struct {
	options Options
	path    string
	lock    *fileLock
	writer  writer
	readers chan *reader
	opened  int // readers
	queue   queue
	hub     hub

	ops    chan *op
	closed chan struct{} // Close was called
	ended  chan struct{} // the writer has ended
	close  func() error

	mu      sync.Mutex
	running []*runner

	logMost     int64        // pages of the log
	commits     atomic.Int64 // for tests, as these
	failures    atomic.Int64
	checkpoints atomic.Int64
}

// Open opens the file, or makes it, and brings its tables to this version. The folder
// has to be there.
func Open(path string, o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(lockName(path))
	if err != nil {
		return nil, inFile(path, err)
	}
	s := &Store{
		options: o, path: path, lock: lock, readers: make(chan *reader, o.Readers), logMost: logMost,
		ops: make(chan *op, o.Batch), closed: make(chan struct{}), ended: make(chan struct{}),
		writer: writer{owned: map[string]int{}, attempts: map[string]*attempt{}},
	}
	s.close = sync.OnceValue(s.end)
	if err := s.open(); err != nil {
		return nil, inFile(path, errors.Join(err, s.shut()))
	}
	go s.write()
	return s, nil
}

func (s *Store) open() (err error) {
	if err := checkRest(s.path); err != nil {
		return err
	}
	w := &s.writer
	if err := w.connect(s.path); err != nil {
		return err
	}
	for range s.options.Readers {
		r, err := openReading(s.path)
		if err != nil {
			return err
		}
		s.readers <- r
		s.opened++
	}
	return w.statements.open.query(func(row []driver.Value) bool {
		c := cells(row)
		t := ticket{serial: c.number(), kind: c.text(), runAt: c.number()}
		w.count(c.text(), 1)
		if async.Status(c.text()) == async.Queued {
			s.queue.add(t)
		}
		return true
	})
}

// openWriting opens the connection that writes: with a log ahead, and a sync for each
// commit. The log is put into the file by the writer and not by SQLite, which would do
// it within a commit.
func openWriting(path string) (*conn, error) {
	c, err := connect(path)
	if err != nil {
		return nil, err
	}
	version, err := inspect(c)
	if err == nil {
		err = c.run("PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16000")
	}
	if err == nil && version == 0 { // before the first table
		err = c.run("PRAGMA auto_vacuum = INCREMENTAL")
	}
	if err == nil {
		err = logAhead(c)
	}
	if err == nil {
		err = migrate(c, version)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// logAhead sets the write-ahead log, which some file systems cannot have.
func logAhead(c *conn) error {
	mode, err := c.value("PRAGMA journal_mode = WAL")
	if err == nil && mode != "wal" {
		err = fmt.Errorf("sqlitestore: the file cannot have a write-ahead log: its journal mode is %v", mode)
	}
	return err
}

// Close ends the store. Writes that were asked for are done; those that come later
// return [ErrClosed], and so does a Run that goes on: let it return before. Close may
// be called again.
func (s *Store) Close() error { return s.close() }

func (s *Store) end() error {
	close(s.closed)
	<-s.ended
	return s.shut()
}

// shut closes all that was opened, once nobody uses it.
func (s *Store) shut() error {
	var errs []error
	for range s.opened { // those that are in use come back
		errs = append(errs, (<-s.readers).close())
	}
	if s.writer.conn != nil {
		errs = append(errs, s.writer.close())
	}
	return errors.Join(append(errs, s.lock.unlock())...)
}

// Submit implements async.Backend. Where ctx ends before the job is being written, it
// is not kept; afterwards it is waited for.
func (s *Store) Submit(ctx context.Context, n async.NewJob) (job async.Job, existed bool, err error) {
	var r record
	err = s.do(ctx, func(t *transaction) (err error) {
		r, existed, err = t.submit(n)
		return err
	})
	if err != nil {
		return async.Job{}, false, err
	}
	return s.placed(r), existed, nil
}

// Get implements async.Backend.
func (s *Store) Get(ctx context.Context, id string) (job async.Job, err error) {
	err = s.reading(ctx, func(r *reader) error {
		found, err := r.get(id, s.options.Now())
		job = s.placed(found)
		return err
	})
	return job, err
}

// List implements async.Backend.
func (s *Store) List(ctx context.Context, owner, after string, limit int) (jobs []async.Job, err error) {
	err = s.reading(ctx, func(r *reader) error {
		found, err := r.list(owner, after, limit, s.options.Now())
		for _, f := range found {
			jobs = append(jobs, s.placed(f))
		}
		return err
	})
	return jobs, err
}

// Cancel implements async.Backend.
func (s *Store) Cancel(ctx context.Context, id string) (async.Job, error) {
	var r record
	err := s.do(ctx, func(t *transaction) (err error) {
		r, err = t.cancel(id)
		return err
	})
	if err != nil && !errors.Is(err, async.ErrFinished) && !errors.Is(err, async.ErrGone) {
		return async.Job{}, err
	}
	return r.Job, err
}

// Watch implements async.Watcher.
func (s *Store) Watch(ctx context.Context, id string, after int64) (async.Job, error) {
	for {
		next := s.hub.wait(id) // before it is read: a change between the two is told
		job, err := s.Get(ctx, id)
		if err != nil || job.Version > after || job.Status.Final() {
			s.hub.leave(id, next)
			return job, err
		}
		select {
		case <-next.done:
			s.hub.leave(id, next)
			if told := next.job; told.ID != "" && told.Version > after {
				return aged(told, s.options.Now())
			}
		case <-s.closed:
			s.hub.leave(id, next)
			return job, ErrClosed
		case <-ctx.Done():
			s.hub.leave(id, next)
			return job, ctx.Err()
		}
	}
}

// tell tells those who wait for a job.
func (s *Store) tell(r record) { s.hub.tell(r.ID, s.placed(r)) }
