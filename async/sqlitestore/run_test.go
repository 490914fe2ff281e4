package sqlitestore_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// TestTwoRuns: a second Run takes nothing from the first, and what it did not take
// either works on.
func TestTwoRuns(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	begun := make(chan async.Job, 16)
	finish := make(chan struct{})
	hold := &executor{workers: 1, execute: func(ctx context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
		begun <- job
		<-finish
		return async.Outcome{Status: async.Succeeded}
	}}
	first, second := submit(t, s), submit(t, s)
	run(t, s, hold)
	if job := <-begun; job.ID != first.ID {
		t.Fatalf("the second job runs first")
	}
	stop := run(t, s, hold)
	if job := <-begun; job.ID != second.ID || job.Attempt != 1 || job.Interrupted != 0 {
		t.Fatalf("the second Run runs %+v", job)
	}
	close(finish)
	for _, id := range []string{first.ID, second.ID} {
		if job := becomes(t, s, id, async.Succeeded); job.Attempt != 1 || job.Interrupted != 0 {
			t.Errorf("%+v", job)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	becomes(t, s, submit(t, s).ID, async.Succeeded)
}

// TestBegunInTheSameCommit: a job begins with the commit that accepts it.
func TestBegunInTheSameCommit(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	begun := make(chan struct{}, 1)
	finish := make(chan struct{})
	run(t, s, &executor{workers: 1, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		begun <- struct{}{}
		<-finish
		return async.Outcome{Status: async.Succeeded}
	}})
	becomesRunning := func() int64 {
		before := s.Commits()
		submit(t, s)
		<-begun
		n := s.Commits() - before
		finish <- struct{}{}
		return n
	}
	becomesRunning() // Run has begun
	least := int64(100)
	for range 5 {
		least = min(least, becomesRunning()) // housekeeping may come between, and the end of the one before
	}
	if least != 1 {
		t.Errorf("to accept a job and to begin it took %d commits", least)
	}
}

// TestUnknownKind: a job of a kind that nobody runs waits without any work for it.
func TestUnknownKind(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	for range 10 {
		submit(t, s, func(n *async.NewJob) { n.Kind = "unknown" })
	}
	run(t, s, &executor{workers: 4})
	becomes(t, s, submit(t, s).ID, async.Succeeded)
	before := s.Commits()
	time.Sleep(1100 * time.Millisecond) // in which a runner that spins does thousands
	if n := s.Commits() - before; n > 5 {
		t.Errorf("%d commits in a second where there is nothing to do", n)
	}
	last := submit(t, s, func(n *async.NewJob) { n.Kind = "unknown" })
	if last.Position != 11 {
		t.Errorf("its position is %d", last.Position)
	}
}

// TestHandMade: rows that somebody has changed or removed by hand stop nothing.
func TestHandMade(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	begun := make(chan string, 16)
	finish := make(chan struct{})
	var runs atomic.Int32
	x := &executor{workers: 1, execute: func(_ context.Context, job async.Job, report func(async.Progress) error) async.Outcome {
		runs.Add(1)
		begun <- job.ID
		<-finish
		if job.Owner == "removed" {
			want(t, "report of a job that was removed", report(async.Progress{Done: 1}), async.ErrLost)
		}
		return async.Outcome{Status: async.Succeeded}
	}}
	run(t, s, x)
	owner := func(name string) func(*async.NewJob) { return func(n *async.NewJob) { n.Owner = name } }
	submit(t, s, owner("removed"))
	<-begun
	for range 40 { // as many seconds, were each to wait for housekeeping
		submit(t, s, owner("removed"))
	}
	submit(t, s, owner("changed"))
	last := submit(t, s)
	if err := s.Exec("DELETE FROM job WHERE owner = 'removed'; UPDATE job SET status = 'failed' WHERE owner = 'changed'"); err != nil {
		t.Fatal(err)
	}
	close(finish)
	becomes(t, s, last.ID, async.Succeeded)
	if runs.Load() != 2 {
		t.Errorf("%d jobs ran", runs.Load())
	}
}

// TestDamagedUnderRun: Run tells that the file is damaged.
func TestDamagedUnderRun(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	for range 20 {
		submit(t, s, func(n *async.NewJob) { n.Input = []byte(`"` + strings.Repeat("x", 20_000) + `"`) })
	}
	s.Close()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(content); at += 4096 { // the pages that hold nothing but input
		if bytes.Equal(content[at+4:at+4096], bytes.Repeat([]byte("x"), 4092)) {
			clear(content[at : at+4096])
		}
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, sqlitestore.Options{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := s.Run(t.Context(), &executor{workers: 1})
		if want(t, "Run on a damaged file", err, sqlitestore.ErrCorrupt); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
	}()
	within(t, "Run on a damaged file", func() {
		for running := true; running; { // which hinders nobody else
			select {
			case <-ended:
				running = false
			default:
			}
			submit(t, s)
		}
	})
}

// TestMany: many jobs in the queue, in order, with many owners.
func TestMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.sqlite")
	c := newClock()
	s := open(t, path, sqlitestore.Options{Now: c.Now})
	var jobs []async.Job
	for i := range 600 {
		if i%7 == 0 {
			c.advance(time.Millisecond)
		}
		jobs = append(jobs, submit(t, s, func(n *async.NewJob) { n.Owner = string(rune('a' + i%26)) }))
	}
	for i := 0; i < 600; i += 3 {
		if _, err := s.Cancel(t.Context(), jobs[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		place := 0
		for i, job := range jobs {
			want := 0
			if i%3 > 0 {
				place++
				want = place
			}
			if got := get(t, s, job.ID).Position; got != want {
				t.Fatalf("job %d has position %d, want %d", i, got, want)
			}
		}
	}
	check()
	s.Close()
	s = open(t, path, sqlitestore.Options{Now: c.Now})
	check()
	var order []string
	run(t, s, &executor{workers: 1, execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
		order = append(order, job.ID)
		return async.Outcome{Status: async.Succeeded}
	}})
	becomes(t, s, jobs[599].ID, async.Succeeded)
	if len(order) != 400 {
		t.Fatalf("%d jobs ran", len(order))
	}
	for i, id := range order {
		if want := jobs[i/2*3+i%2+1].ID; id != want {
			t.Fatalf("job %d ran out of order", i)
		}
	}
}

// TestWorkers: as many at once as may be, and no more.
func TestWorkers(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	var now atomic.Int32
	three := make(chan struct{})
	all := sync.OnceFunc(func() { close(three) })
	run(t, s, &executor{workers: 3, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		defer now.Add(-1)
		switch n := now.Add(1); {
		case n > 3:
			t.Errorf("%d jobs run at once, where 3 may", n)
		case n == 3:
			all()
		}
		<-three
		return async.Outcome{Status: async.Succeeded}
	}})
	var jobs []async.Job
	for range 60 {
		jobs = append(jobs, submit(t, s))
	}
	for _, job := range jobs {
		becomes(t, s, job.ID, async.Succeeded)
	}
}
