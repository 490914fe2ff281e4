package riverqueue_test

import (
	"fmt"
	"testing"
	"time"
)

// TestFaultRestart restarts PostgreSQL under load, and stops it for a while: 3 s, or
// 20 s with FORTHRIGHT_FAULT_TIME.
func TestFaultRestart(t *testing.T) {
	faultChild()
	lasts, long := faultTime(t)
	down := 3 * time.Second
	if long {
		down = 20 * time.Second
	}
	server := newFaultServer(t)
	t.Setenv("FORTHRIGHT_POSTGRES_URL", server.url())
	s := newFaultService(t, 2, 1, nil)
	begun := time.Now()
	s.load()
	s.progress(t, 200)

	server.stop(t)
	server.start(t)
	s.recovered(t, "restarted")
	s.progress(t, 200)

	server.stop(t)
	refused := s.count("POST 503")
	for i := range 8 { // whoever submits may wait for its jobs
		key := fmt.Sprint("down-", i)
		s.users.Go(func() { s.follow(i, s.submit(i, key, `{"name":"down","takes":10}`), "") })
	}
	for over := time.Now().Add(down); time.Now().Before(over); {
		time.Sleep(100 * time.Millisecond) // it is to be down so long
	}
	if n := s.count("POST 503") - refused; n < 8 {
		t.Errorf("%d jobs were refused while PostgreSQL was down: that is no proof", n)
	}
	server.start(t)
	s.recovered(t, "started")
	s.progress(t, 200)
	if long {
		time.Sleep(time.Until(begun.Add(lasts)))
	}
	s.rest(t)
	s.pool.Reset() // its connections are those of the server before
	s.check(t)
	for _, p := range s.all {
		gone, back := p.logged("PostgreSQL cannot be used"), p.logged("PostgreSQL can be used again")
		// What was on its way when it came back may fail once more.
		if len(gone) < 2 || len(gone) > 3 || len(back) != len(gone) {
			t.Errorf("%s logged %d times that PostgreSQL went and %d that it came back, want 2: %q", p.name, len(gone), len(back), p.logged(""))
		}
		t.Logf("%s logged %d records besides", p.name, len(p.logged(""))-len(gone)-len(back))
	}
}

// progress waits until so many more jobs are accepted, and a tenth of them begun.
func (s *faultService) progress(t *testing.T, n int) {
	t.Helper()
	s.faultLedger.mu.Lock()
	accepted, begun := len(s.accepted)+n, len(s.begun)+n/10
	s.faultLedger.mu.Unlock()
	s.until(t, "more jobs are accepted and begun", func() bool { return len(s.accepted) >= accepted && len(s.begun) >= begun })
}

// recovered waits until each process that accepts does so again, and one that works
// begins a job; and it logs how long that took.
func (s *faultService) recovered(t *testing.T, what string) {
	t.Helper()
	from := time.Now()
	var a, b, begin time.Time
	s.until(t, "all is as it was", func() bool {
		a, b, begin = first(s.accepted, from, s.webs[0].name), first(s.accepted, from, s.webs[1].name), first(s.begun, from)
		return !a.IsZero() && !b.IsZero() && !begin.IsZero()
	})
	t.Logf("PostgreSQL %s: jobs accepted again after %v and %v, begun again after %v", what, a.Sub(from).Round(time.Millisecond), b.Sub(from).Round(time.Millisecond), begin.Sub(from).Round(time.Millisecond))
	if took := max(a.Sub(from), b.Sub(from), begin.Sub(from)); took > 5*time.Second {
		t.Errorf("it took %v until all was as it had been", took)
	}
}

func (s *faultService) count(answer string) int {
	s.faultLedger.mu.Lock()
	defer s.faultLedger.mu.Unlock()
	return s.answers[answer]
}
