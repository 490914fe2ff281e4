package sqlitestore_test

import (
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

var _ interface {
	async.Backend
	async.Watcher
	async.Outbox
} = (*sqlitestore.Store)(nil)

// TestOutbox: the callback of a job is due when that has finished, in a lease, until
// it is settled, over a restart and beyond the job's expiry.
func TestOutbox(t *testing.T) {
	path := file(t)
	c := newClock()
	s := open(t, path, sqlitestore.Options{Now: c.Now})
	called := func(n *async.NewJob) {
		n.Callback, n.Retention, n.Tombstone = "https://example.com/done", time.Hour, time.Hour
	}
	due := func(n int, ids ...string) []async.DueCallback {
		t.Helper()
		found, err := s.DueCallbacks(t.Context(), n, time.Minute)
		if err != nil || len(found) != len(ids) {
			t.Fatalf("%d callbacks are due, want %d: %v", len(found), len(ids), err)
		}
		for i, id := range ids {
			if found[i].Job.ID != id {
				t.Fatalf("callback %d is of another job", i)
			}
		}
		return found
	}
	first, second := submit(t, s, called), submit(t, s, called)
	submit(t, s)
	due(10)
	run(t, s, &executor{workers: 1})
	for _, job := range []async.Job{first, second} {
		becomes(t, s, job.ID, async.Succeeded)
		c.advance(time.Second)
	}
	if d := due(1, first.ID)[0]; d.Sent != 0 || d.Job.Status != async.Succeeded || d.Job.Callback == "" || string(d.Job.Result.Body) != `{"url":"x"}` {
		t.Errorf("the callback that is due is %+v", d)
	}
	due(10, second.ID)
	due(10)
	c.advance(time.Minute) // both leases have run out
	due(10, first.ID, second.ID)
	settle := func(id string, done bool, wait time.Duration) {
		t.Helper()
		if err := s.SettleCallback(t.Context(), id, done, wait); err != nil {
			t.Errorf("SettleCallback: %v", err)
		}
	}
	settle(first.ID, false, 3*time.Hour)
	settle(second.ID, true, 0)
	settle(second.ID, false, 0) // it is settled
	settle("unknown", true, 0)
	due(10)
	s.Close()
	s = open(t, path, sqlitestore.Options{Now: c.Now})
	c.advance(3*time.Hour - time.Second)
	due(10)
	_, err := s.Get(t.Context(), first.ID)
	want(t, "Get of a job beyond its tombstone", err, async.ErrNotFound)
	run(t, s, houseOnly)
	awaitZero(t, "forgotten jobs", func() int64 { return s.Value("SELECT count(*) FROM job WHERE id = '" + second.ID + "'").(int64) })
	c.advance(time.Second)
	if d := due(10, first.ID)[0]; d.Sent != 1 || d.Job.Result == nil {
		t.Errorf("the callback beyond the job's expiry is %+v", d)
	}
	settle(first.ID, true, 0)
	c.advance(time.Hour)
	due(10)
	awaitZero(t, "settled jobs", func() int64 { return s.Value("SELECT count(*) FROM job WHERE id = '" + first.ID + "'").(int64) })
}
