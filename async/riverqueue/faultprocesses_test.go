package riverqueue_test

import (
	"testing"
	"time"
)

// TestFaultProcesses kills processes of a service under load. FORTHRIGHT_FAULT_TIME=1m
// is the long form.
func TestFaultProcesses(t *testing.T) {
	faultChild()
	lasts, long := faultTime(t)
	every := 2 * time.Second
	if long {
		every = 5 * time.Second
	}
	s := newFaultService(t, 2, 2, func(o *faultSettings) { o.MaxInterrupted = 20 })
	s.load()
	killed := 0
	timer := time.NewTicker(every)
	defer timer.Stop()
	for begun := time.Now(); time.Since(begun)+every/2 < lasts; {
		<-timer.C
		s.workers[killed%2].kill()
		s.replaceWorker(t, killed%2)
		if killed++; killed == 2 {
			s.webs[0].kill()
			s.replaceWeb(t, 0)
		}
	}
	s.rest(t)
	s.check(t)
	t.Logf("%d workers killed, and a web process", killed)
	if n := query[int](t, s.pool, s.settings.Schema, "SELECT count(*) FROM {schema}async_job WHERE interrupted > 0"); n == 0 {
		t.Error("no job was interrupted: that is no proof")
	}
}
