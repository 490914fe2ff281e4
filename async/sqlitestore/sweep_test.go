package sqlitestore_test

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// houseOnly is an executor that begins nothing: its Run keeps house.
var houseOnly = &executor{workers: 0}

// TestSweep: what has expired is a tombstone, in the file too, and then gone; keys are
// free again; who waits is told.
func TestSweep(t *testing.T) {
	path := file(t)
	c := newClock()
	s := open(t, path, sqlitestore.Options{Now: c.Now})
	stop := run(t, s, &executor{workers: 1})
	var jobs []async.Job
	for i := range 450 { // more than are swept at once
		jobs = append(jobs, submit(t, s, func(n *async.NewJob) {
			n.Key, n.Fingerprint = string(rune(0x4e00+i)), [32]byte{1}
			n.Retention, n.Tombstone = time.Hour, 2*time.Hour
		}))
	}
	open1 := submit(t, s, func(n *async.NewJob) { n.Kind = "unknown" })
	for _, job := range jobs {
		becomes(t, s, job.ID, async.Succeeded)
	}
	stop()
	count := func(where string) (n int64) {
		t.Helper()
		return s.Value("SELECT count(*) FROM job WHERE " + where).(int64)
	}
	if n := count("body IS NOT NULL AND input IS NULL"); n != 450 {
		t.Fatalf("%d finished jobs have a result and no input", n)
	}
	c.advance(time.Hour)
	_, err := s.Get(t.Context(), jobs[0].ID)
	want(t, "Get of an expired job that was not swept", err, async.ErrGone)
	stop = run(t, s, houseOnly)
	awaitZero(t, "expired jobs with a result", func() int64 { return count("body IS NOT NULL OR type IS NOT NULL") })
	job, err := s.Get(t.Context(), jobs[449].ID)
	want(t, "Get of an expired job that was swept", err, async.ErrGone)
	if job.Status != async.Succeeded || job.Finished.IsZero() || job.Key == "" || job.Version != 3 {
		t.Errorf("the tombstone is %+v", job)
	}
	if n := count("1"); n != 451 {
		t.Errorf("%d jobs are kept", n)
	}
	stop()
	c.advance(2 * time.Hour)
	_, err = s.Get(t.Context(), jobs[0].ID)
	want(t, "Get of a forgotten job that was not swept", err, async.ErrNotFound)
	again := submit(t, s, func(n *async.NewJob) { n.Key, n.Fingerprint, n.Kind = string(rune(0x4e00)), [32]byte{2}, "unknown" })
	run(t, s, houseOnly)
	awaitZero(t, "forgotten jobs", func() int64 { return count("1") - 2 })
	get(t, s, open1.ID)
	get(t, s, again.ID)
}

func awaitZero(t *testing.T, what string, n func() int64) {
	t.Helper()
	within(t, what, func() {
		for n() != 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
	})
}

// TestWatchOfExpired: a Watch that goes on while the job expires ends.
func TestWatchOfExpired(t *testing.T) {
	c := newClock()
	s := open(t, file(t), sqlitestore.Options{Now: c.Now})
	run(t, s, &executor{workers: 1, execute: func(context.Context, async.Job, func(async.Progress) error) async.Outcome {
		return async.Outcome{Status: async.Succeeded}
	}})
	job := submit(t, s, func(n *async.NewJob) { n.Retention = 0 })
	_, err := s.Watch(t.Context(), job.ID, 2)
	want(t, "Watch of a job that expires as it ends", err, async.ErrGone)
}

// TestSweepOfMany: a heap of expired jobs is swept at one go, in many transactions.
func TestSweepOfMany(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	err := s.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
		INSERT INTO job (id, kind, owner, callback, status, created, updated, finished, run_at, retention, tombstone, expires, due)
		SELECT 'j' || i, 'work', 'ana', '', 'succeeded', 1, 1, 1, 1, 1, 1, 2, 2 FROM n`)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Commits()
	run(t, s, houseOnly)
	awaitZero(t, "jobs", func() int64 { return s.Value("SELECT count(*) FROM job").(int64) })
	if n := s.Commits() - before; n < 40 {
		t.Errorf("8000 jobs were swept in %d transactions: nobody else had a turn", n)
	}
}
