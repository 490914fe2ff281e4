package riverqueue_test

import (
	"fmt"
	"testing"
	"time"
)

// TestFaultRescue kills the process that runs a job, and measures how long it takes
// until another runs it: with a short Lease, and with FORTHRIGHT_FAULT_TIME with the
// default, too.
func TestFaultRescue(t *testing.T) {
	faultChild()
	t.Run("Dead", func(t *testing.T) { t.Parallel(); rescued(t, killLease, 2) })
	t.Run("Alive", func(t *testing.T) { t.Parallel(); notRobbed(t) })
	if _, long := faultTime(t); long {
		t.Run("Default", func(t *testing.T) { t.Parallel(); rescued(t, 30*time.Second, 1) })
	}
}

// rescued kills a process that is at work.
func rescued(t *testing.T, lease time.Duration, times int) {
	s := newFaultService(t, 1, 0, func(o *faultSettings) { o.Lease, o.MaxInterrupted = lease, 20 })
	s.workers = make([]*faultProcess, 2)
	s.replaceWorker(t, 0)
	id := s.submit(0, "rescued", `{"name":"long","takes":600000}`)
	s.begins(t, 1, s.workers[0].name)
	var longest time.Duration
	for i := range times {
		next := (i + 1) % 2
		s.replaceWorker(t, next) // it is there before, and has nothing to do
		killed := time.Now()
		s.workers[i%2].kill()
		s.begins(t, 1, s.workers[next].name)
		took := first(s.begun, killed, s.workers[next].name).Sub(killed)
		t.Logf("with a Lease of %v the job ran again %v after its process was killed", lease, took.Round(time.Millisecond))
		longest = max(longest, took)
		if took < lease/2 {
			t.Errorf("the job ran again after %v, before the Lease can have been over", took)
		}
	}
	if most := lease + max(min(lease/10, 3*time.Second), 200*time.Millisecond) + time.Second; longest > most {
		t.Errorf("the job ran again after %v, which is later than %v", longest, most)
	}
	if d := s.ask(s.web(0), "GET", "/v1/jobs/"+id, "").document(); d.Status != "running" || d.Attempt != times+1 {
		t.Errorf("the job is %s at attempt %d, want running at %d", d.Status, d.Attempt, times+1)
	}
	s.tell(t)
}

// notRobbed has jobs that last longer than 3 Leases, and a process that dies beside
// theirs.
func notRobbed(t *testing.T) {
	const lease = killLease
	s := newFaultService(t, 1, 1, nil)
	for i := range faultWorkers {
		key := fmt.Sprint("alive-", i)
		id := s.submit(i, key, fmt.Sprintf(`{"name":%q,"takes":%d}`, key, (3*lease+lease/4)/time.Millisecond))
		s.users.Go(func() { s.follow(i, id, "") })
	}
	s.begins(t, faultWorkers, s.workers[0].name)
	s.workers = append(s.workers, nil)
	s.replaceWorker(t, 1)
	s.workers[1].kill()
	s.users.Wait()
	s.replaceWorker(t, 1)
	s.check(t)
	if n := len(s.begun); n != faultWorkers {
		s.fault("%d jobs of a process that lives began %d times", faultWorkers, n)
		s.explain(t)
		t.Errorf("%d jobs of a process that lives began %d times", faultWorkers, n)
	}
}
