package sqlitestore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// TestFileDoesNotGrow: what is dropped makes room for what comes.
func TestFileDoesNotGrow(t *testing.T) {
	path := file(t)
	c := newClock()
	s := open(t, path, sqlitestore.Options{Now: c.Now})
	s.LogMost(100)
	x := &executor{workers: 4, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		return async.Outcome{Status: async.Succeeded, Result: &async.Result{Body: bytes.Repeat([]byte("x"), 5000)}}
	}}
	var first int64
	for round := range 4 {
		stop := run(t, s, x)
		for range 50 {
			becomes(t, s, submit(t, s, func(n *async.NewJob) { n.Retention, n.Tombstone = time.Minute, 0 }).ID, async.Succeeded)
		}
		stop()
		c.advance(time.Minute)
		stop = run(t, s, houseOnly) // which sweeps as it begins
		awaitZero(t, "jobs", func() int64 { return s.Value("SELECT count(*) FROM job").(int64) })
		stop()
		if n := size(t, path); round == 1 {
			first = n
		} else if round > 1 && n > first+first/4 {
			t.Fatalf("the file had %d bytes after 2 rounds of the same, and has %d after %d", first, n, round+1)
		}
	}
	s.Close()
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the log is left after Close")
	}
}

// TestFileShrinks: after a heap of jobs, the system gets most of its room back while
// the store is open, in small steps, and what is kept stays whole.
func TestFileShrinks(t *testing.T) {
	path := file(t)
	c := newClock()
	s := open(t, path, sqlitestore.Options{Now: c.Now})
	heavy := func(n *async.NewJob) { n.Input = bytes.Repeat([]byte("1"), 100_000) }
	var all, kept []string
	for range 60 {
		all = append(all, submit(t, s, heavy).ID)
	}
	for i, id := range all {
		if i%12 == 11 {
			kept = append(kept, id)
		} else if _, err := s.Cancel(t.Context(), id); err != nil { // which drops its input
			t.Fatal(err)
		}
	}
	s.CheckpointNow()
	before := size(t, path)
	if before < 6_000_000 {
		t.Fatalf("the file has %d bytes: that is no heap", before)
	}
	stop := run(t, s, houseOnly)
	within(t, "a first step of Run", func() {
		for size(t, path) == before && t.Context().Err() == nil {
			runtime.Gosched()
		}
	})
	stop()
	for last, rounds := size(t, path), 0; ; rounds++ {
		s.Shrink()
		now := size(t, path)
		if now > last || last-now > 260*4096 {
			t.Fatalf("a step brought the file from %d bytes to %d", last, now)
		}
		if now == last {
			if rounds < 4 {
				t.Errorf("%d bytes were given back in %d steps", before-now, rounds)
			}
			break
		}
		last = now
	}
	if after := size(t, path); after > 2_000_000 { // 0.5 MB are kept, and 1 MiB is free
		t.Errorf("the file had %d bytes, and has %d", before, after)
	}
	for _, id := range kept {
		get(t, s, id)
	}
	s.Close()
	if got := query[string](t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("the file is not whole: %s", got)
	}
	if n := query[int](t, path, "SELECT count(*) FROM job WHERE length(input) = 100000"); n != len(kept) {
		t.Errorf("%d jobs of %d have their input", n, len(kept))
	}
}

// TestMaxBytes: where there is no room for more, nothing new is accepted; what was is
// done, and makes room as it expires.
func TestMaxBytes(t *testing.T) {
	const most = 1 << 20
	path := file(t)
	c := newClock()
	s := open(t, path, sqlitestore.Options{Now: c.Now, MaxBytes: most})
	job := func(key string) async.NewJob {
		n := newJob()
		n.Key, n.Fingerprint, n.Input = key, [32]byte{1}, bytes.Repeat([]byte("1"), 9_000)
		n.Retention, n.Tombstone = time.Hour, 0
		return n
	}
	first, _, err := s.Submit(t.Context(), job("first"))
	if err != nil {
		t.Fatal(err)
	}
	kept := []string{first.ID}
	for len(kept) < 200 {
		n := job("")
		job, _, err := s.Submit(t.Context(), n)
		if errors.Is(err, async.ErrFull) {
			if _, err := s.Get(t.Context(), n.ID); !errors.Is(err, async.ErrNotFound) {
				t.Errorf("Get of a job that was refused: %v", err)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, job.ID)
	}
	if len(kept) < 80 || len(kept) > 110 { // of 9,000 bytes each
		t.Errorf("%d jobs were accepted", len(kept))
	}
	if again, existed, err := s.Submit(t.Context(), job("first")); err != nil || !existed || again.ID != first.ID {
		t.Errorf("a key that is known: existed is %v, %v", existed, err)
	}
	claim := async.Claim{Key: [32]byte{1}, Token: "a", Now: c.Now(), Until: c.Now().Add(time.Minute)}
	small := newJob()
	small.Tombstone = 0
	err = nil
	for tries := 0; err == nil && tries < 100; tries++ { // a few small ones may fit
		small.ID = rand.Text()
		_, _, err = s.Submit(t.Context(), small)
	}
	want(t, "Submit of a small job", err, async.ErrFull)
	_, err = s.Replays().Begin(t.Context(), claim)
	want(t, "Begin", err, async.ErrFull)

	body := bytes.Repeat([]byte("x"), 20_000) // more than there is room for
	stop := run(t, s, &executor{workers: 4, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		return async.Outcome{Status: async.Succeeded, Result: &async.Result{Body: body}}
	}})
	for _, id := range kept {
		if job := becomes(t, s, id, async.Succeeded); len(job.Result.Body) != len(body) {
			t.Fatalf("a result has %d bytes", len(job.Result.Body))
		}
	}
	stop()
	_, _, err = s.Submit(t.Context(), job(""))
	want(t, "Submit where results take the room", err, async.ErrFull)
	c.advance(time.Hour)
	stop = run(t, s, houseOnly)
	awaitZero(t, "jobs that have finished", func() int64 { return s.Value("SELECT count(*) FROM job WHERE due > 0").(int64) })
	stop()
	if _, _, err := s.Submit(t.Context(), job("")); err != nil {
		t.Errorf("Submit when there is room again: %v", err)
	}
	claim.Now, claim.Until = c.Now(), c.Now().Add(time.Minute)
	if _, err := s.Replays().Begin(t.Context(), claim); err != nil {
		t.Errorf("Begin when there is room again: %v", err)
	}
}

// TestMaxBytesInABatch: those who come at once get no more room than those who come one
// by one.
func TestMaxBytesInABatch(t *testing.T) {
	s, goOn := heldStoreWith(t, sqlitestore.Options{MaxBytes: 1 << 20})
	errs := make(chan error, 200)
	for range cap(errs) {
		n := newJob()
		n.Input = make([]byte, 9_000)
		go func() {
			_, _, err := s.Submit(context.Background(), n)
			errs <- err
		}()
	}
	s.AwaitQueued(cap(errs))
	want(t, "the first submit", goOn(cap(errs)), nil)
	accepted := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			accepted++
		} else if !errors.Is(err, async.ErrFull) {
			t.Error(err)
		}
	}
	if accepted < 80 || accepted > 110 {
		t.Errorf("%d jobs were accepted", accepted)
	}
}
