package sqlitestore

import (
	"context"
	"runtime"
)

// Commits is how many transactions were committed.
func (s *Store) Commits() int64 { return s.commits.Load() }

// Failures is how many transactions failed.
func (s *Store) Failures() int64 { return s.failures.Load() }

// Checkpoints is how often the log was begun anew.
func (s *Store) Checkpoints() int64 { return s.checkpoints.Load() }

// AwaitQueued returns once so many writes wait for the writer.
func (s *Store) AwaitQueued(n int) {
	for len(s.ops) < n {
		runtime.Gosched()
	}
}

// Exec runs a script on the connection that writes, outside of a transaction.
func (s *Store) Exec(script string) (err error) {
	_ = s.do(context.Background(), func(t *transaction) error {
		t.then = append(t.then, func() { err = t.writer.run(script) })
		return nil
	})
	return err
}

// BeforeNext runs a script on the connection that writes, while the writer is held.
func (s *Store) BeforeNext(script string) {
	if err := s.writer.run(script); err != nil {
		panic(err)
	}
}

// CheckpointNow puts the log into the file.
func (s *Store) CheckpointNow() {
	_ = s.do(context.Background(), func(t *transaction) error {
		t.then = append(t.then, s.putLog)
		return nil
	})
}

// Shrink does one step of giving pages back, and returns when the log was looked at.
func (s *Store) Shrink() {
	_ = s.do(context.Background(), (*transaction).shrink)
	s.barrier()
}

// Value returns the first value of a query on the connection that writes.
func (s *Store) Value(query string) (v any) {
	_ = s.do(context.Background(), func(t *transaction) (err error) {
		v, err = t.writer.value(query)
		return err
	})
	return v
}

// Waiting is how many wait for a job, and Watched how many jobs are waited for.
func (s *Store) Waiting(id string) int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if c := s.hub.jobs[id]; c != nil {
		return c.waiting
	}
	return 0
}

func (s *Store) Watched() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return len(s.hub.jobs)
}

// LogMost sets at how many pages the log is put into the file, before anything is
// written.
func (s *Store) LogMost(pages int64) { s.logMost = pages }

// URIPath is an absolute path in a URI.
func URIPath(path string) string { return uriPath(path) }
