package riverqueue_test

import (
	"testing"
	"time"
)

// TestFaultRolling restarts each process that works, one after the other, under load.
// Some of the jobs take longer than a drain.
func TestFaultRolling(t *testing.T) {
	faultChild()
	_, long := faultTime(t)
	rounds := 2
	if long {
		rounds = 8
	}
	s := newFaultService(t, 2, 2, func(o *faultSettings) { o.Drain = 100 * time.Millisecond })
	s.takes = 400
	s.load()
	for range rounds {
		for i := range s.workers {
			s.begins(t, 2*faultWorkers, s.workers[i].name)
			s.workers[i].end(t)
			s.replaceWorker(t, i)
		}
	}
	s.rest(t)
	s.check(t)
	if n := query[int](t, s.pool, s.settings.Schema, "SELECT count(*) FROM {schema}async_job WHERE interrupted > 0"); n != 0 {
		t.Errorf("%d jobs were interrupted, where each process drained", n)
	}
	again, failed := 0, 0
	for id, j := range s.jobs {
		n := query[int](t, s.pool, s.settings.Schema, "SELECT attempt FROM {schema}async_job WHERE id = $1", id)
		failed += max(0, n-1)
		again += max(0, len(j.begins)-n)
		if n > 2 || n == 2 && j.status == "succeeded" && j.begins[0].Attempt != 1 {
			t.Errorf("a job that fails once at most ended with attempt %d; it began %d times", n, len(j.begins))
		}
	}
	t.Logf("%d processes drained; %d attempts were put back without being counted, %d failed", 2*rounds, again, failed)
	if again == 0 {
		t.Error("no attempt was put back: that is no proof")
	}
}
