package sqlitestore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// file is a file in a folder of the test's own.
func file(t testing.TB) string { return filepath.Join(t.TempDir(), "jobs.sqlite") }

func submit(t testing.TB, s *sqlitestore.Store, changes ...func(*async.NewJob)) async.Job {
	t.Helper()
	n := newJob()
	for _, change := range changes {
		change(&n)
	}
	job, existed, err := s.Submit(t.Context(), n)
	if err != nil || existed {
		t.Fatalf("Submit: existed is %v, error is %v", existed, err)
	}
	return job
}

func get(t testing.TB, s *sqlitestore.Store, id string) async.Job {
	t.Helper()
	job, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return job
}

// becomes waits until a job has this status.
func becomes(t testing.TB, s *sqlitestore.Store, id string, status async.Status) async.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	job := get(t, s, id)
	for job.Status != status {
		next, err := s.Watch(ctx, id, job.Version)
		if err != nil || next.Status.Final() && next.Status != status {
			t.Fatalf("the job is %q and not %q: %v", next.Status, status, err)
		}
		job = next
	}
	return job
}

// want fails unless an error is another.
func want(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error is %v, want %v", what, err, want)
	}
}

// within fails where f takes too long.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Fatalf("%s takes too long", what)
	}
}

// run starts Run; stop ends it and returns what it returned.
func run(t testing.TB, s *sqlitestore.Store, x async.Executor) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	done := make(chan struct{})
	go func() { defer close(done); err = s.Run(ctx, x) }()
	stop = func() error {
		cancel()
		within(t, "the return of Run", func() { <-done })
		return err
	}
	t.Cleanup(func() { cancel(); <-done })
	return stop
}

// query returns the first value of a query on a file that no store has.
func query[T any](t testing.TB, path, text string) (v T) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(text).Scan(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// clock is one that a test moves, and that can hold the writer.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	hold chan chan struct{}
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	now, hold := c.now, c.hold
	c.mu.Unlock()
	if hold != nil {
		wait := make(chan struct{})
		hold <- wait
		<-wait
	}
	return now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// stop has the next caller of Now wait. held is told, and lets it go on.
func (c *clock) stop() (held <-chan chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = make(chan chan struct{})
	return c.hold
}

func (c *clock) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = nil
}

// childRole is what a test does in a process of its own, "" in the first.
func childRole() string { return os.Getenv("SQLITESTORE_ROLE") }

// child runs this test again in another process, in a role, and returns what that
// printed.
func child(t *testing.T, role string, prepare func(*exec.Cmd)) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), "SQLITESTORE_ROLE="+role)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if prepare != nil {
		prepare(cmd)
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("the child: %v\n%s", err, out.String())
	}
	return out.String()
}
