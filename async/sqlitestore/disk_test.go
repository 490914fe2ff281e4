package sqlitestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// diskFails is how a store fares whose disk begins to refuse writes, and then takes
// them again. kinds are the errors by which it may say so.
func diskFails(t *testing.T, path string, refuse, allow func(*sqlitestore.Store), kinds ...error) {
	t.Helper()
	var log bytes.Buffer
	s := open(t, path, sqlitestore.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	finish := make(chan struct{})
	begun := make(chan string, 64)
	var runs, now, most atomic.Int32
	x := &executor{workers: 1, execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
		runs.Add(1)
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		begun <- job.ID
		<-finish
		time.Sleep(time.Millisecond)
		return async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "text/plain", Body: bytes.Repeat([]byte("x"), 10_000)}}
	}}
	stop := run(t, s, x)
	running := submit(t, s)
	<-begun
	kept := []string{running.ID}

	refuse(s)
	var failed error
	for range 10_000 {
		n := newJob()
		n.Kind, n.Input = "later", []byte(strings.Repeat("1", 3000))
		job, _, err := s.Submit(t.Context(), n)
		if err != nil {
			if failed = err; job.ID != "" {
				t.Error("Submit that failed returns a job")
			}
			if _, err := s.Get(t.Context(), n.ID); !errors.Is(err, async.ErrNotFound) {
				t.Errorf("Get of a job whose Submit failed: %v", err)
			}
			break
		}
		kept = append(kept, job.ID)
	}
	if !isAny(failed, kinds) {
		t.Fatalf("Submit when the disk refuses, after %d jobs: %v", len(kept), failed)
	}
	if !strings.Contains(failed.Error(), path) {
		t.Errorf("the error does not name the file: %v", failed)
	}
	large := func(n *async.NewJob) { n.Kind, n.Input = "later", make([]byte, 500_000) }
	for range 3 {
		n := newJob()
		large(&n)
		_, _, err := s.Submit(t.Context(), n)
		if !isAny(err, kinds) {
			t.Errorf("Submit of a large job: %v", err)
		}
	}
	for _, id := range kept { // reading goes on
		get(t, s, id)
	}
	before := s.Failures()
	close(finish) // the result waits for room, if there is none for it
	within(t, "to keep a result", func() {
		for s.Failures() == before && get(t, s, running.ID).Status == async.Running {
			runtime.Gosched()
		}
	})

	allow(s)
	end := becomes(t, s, running.ID, async.Succeeded)
	if len(end.Result.Body) != 10_000 || end.Attempt != 1 || runs.Load() != 1 {
		t.Errorf("a job whose outcome had to wait: %d bytes after %d attempts", len(end.Result.Body), runs.Load())
	}
	n := newJob()
	large(&n)
	n.MaxQueued = len(kept) // one of them has finished
	job, _, err := s.Submit(t.Context(), n)
	if err != nil {
		t.Fatalf("Submit when the disk takes it again: %v", err)
	}
	kept = append(kept, job.ID)
	n = newJob()
	n.MaxQueued = len(kept) - 1
	_, _, err = s.Submit(t.Context(), n)
	want(t, fmt.Sprintf("Submit with %d of as many jobs", n.MaxQueued), err, async.ErrFull)
	for range 20 {
		kept = append(kept, submit(t, s).ID)
	}
	for _, id := range kept[len(kept)-20:] {
		becomes(t, s, id, async.Succeeded)
	}
	if most.Load() != 1 {
		t.Errorf("%d jobs were running at once, where one may", most.Load())
	}
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if text := log.String(); strings.Count(text, "cannot write") < 1 || strings.Count(text, "can write again") < 1 {
		t.Errorf("the log does not tell that the disk failed and came back:\n%s", text)
	}
	if got := query[string](t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("the file is not whole: %s", got)
	}
	s = open(t, path, sqlitestore.Options{})
	jobs, err := s.List(t.Context(), "ana", "", 1<<20)
	if err != nil || len(jobs) != len(kept) {
		t.Fatalf("%d jobs of %d are there: %v", len(jobs), len(kept), err)
	}
	for i, job := range jobs {
		if want := kept[len(kept)-1-i]; job.ID != want {
			t.Fatalf("job %d of the list is another", i)
		}
	}
	s.Close()
}

func isAny(err error, kinds []error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// TestFull: SQLite itself refuses to let the file grow.
func TestFull(t *testing.T) {
	diskFails(t, file(t), func(s *sqlitestore.Store) {
		if err := s.Exec("PRAGMA max_page_count = 60"); err != nil {
			t.Fatal(err)
		}
	}, func(s *sqlitestore.Store) {
		if err := s.Exec("PRAGMA max_page_count = 1000000"); err != nil {
			t.Fatal(err)
		}
	}, sqlitestore.ErrDiskFull)
}

// TestResultTooLarge: a result that no file can take fails its job, and nothing waits
// for it for ever.
func TestResultTooLarge(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	run(t, s, &executor{workers: 1, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		return async.Outcome{Status: async.Succeeded, Result: &async.Result{Body: make([]byte, 512<<20+1)}}
	}})
	job := becomes(t, s, submit(t, s).ID, async.Failed)
	if job.Error == nil || job.Error.Code != async.CodeTooLarge || job.Result != nil {
		t.Errorf("%+v, %v", job.Error, job.Result)
	}
}
