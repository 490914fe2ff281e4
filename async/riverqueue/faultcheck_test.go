package riverqueue_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// faultTime is how long a load lasts, and whether that was asked for.
func faultTime(t *testing.T) (d time.Duration, long bool) {
	t.Helper()
	text := os.Getenv("FORTHRIGHT_FAULT_TIME")
	if text == "" {
		return 10 * time.Second, false
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("FORTHRIGHT_FAULT_TIME: %v", err)
	}
	return d, true
}

// check looks at all that is left after a load: each job has ended as it should, every
// process says the same of it, and nothing is there twice.
func (s *faultService) check(t *testing.T) {
	t.Helper()
	s.readAll()
	l := s.faultLedger
	l.mu.Lock()
	ids := map[string]bool{}
	for key, id := range l.keys {
		if ids[id] {
			l.faultHere("two keys made the job %s", id)
		}
		ids[id] = true
		switch j := l.jobs[id]; {
		case async.Status(j.status) == async.Succeeded, async.Status(j.status) == async.Canceled && j.stopped:
		default:
			l.faultHere("the job %s of the key %s is %q: %s", id, key, j.status, j.final)
		}
	}
	for id := range l.jobs {
		if !ids[id] {
			l.faultHere("the job %s is of no key that was accepted", id)
		}
	}
	l.mu.Unlock()
	count := func(sql string) int { return query[int](t, s.pool, s.settings.Schema, sql) }
	for what, sql := range map[string]string{
		"has keys that are there twice":      "SELECT count(*) - count(DISTINCT key) FROM {schema}async_job",
		"has jobs that have not ended":       "SELECT count(*) FROM {schema}async_job WHERE finished IS NULL",
		"has jobs that are somebody's":       "SELECT count(*) FROM {schema}async_job WHERE worker IS NOT NULL",
		"has jobs of River that are to come": "SELECT count(*) FROM {schema}river_job WHERE state IN ('available', 'pending', 'retryable', 'scheduled')",
	} {
		if n := count(sql); n != 0 {
			l.fault("the database %s: %d", what, n)
		}
	}
	if n := count("SELECT count(*) FROM {schema}async_job"); n != len(ids) {
		l.fault("there are %d jobs in the database, and %d that were accepted", n, len(ids))
	}
	t.Logf("interrupted %d times, one job at most %d times; %d jobs of River are left as running",
		count("SELECT coalesce(sum(interrupted), 0) FROM {schema}async_job"), count("SELECT coalesce(max(interrupted), 0) FROM {schema}async_job"),
		count("SELECT count(*) FROM {schema}river_job WHERE state = 'running'"))
	s.explain(t)
	l.tell(t)
}

// explain logs what the processes logged, and what there is of jobs that have not ended,
// where there was a fault.
func (s *faultService) explain(t *testing.T) {
	t.Helper()
	s.faultLedger.mu.Lock()
	fine := len(s.faults) == 0
	s.faultLedger.mu.Unlock()
	if fine {
		return
	}
	for _, p := range s.all {
		t.Logf("%s logged %q", p.name, p.logged(""))
	}
	t.Log(query[string](t, s.pool, s.settings.Schema, `SELECT coalesce(string_agg(concat_ws(' ', j.id, j.status, 'version', j.version, 'attempt', j.attempt,
		'updated', j.updated, 'worker', j.worker, '; River:', r.id, r.state, 'attempt', r.attempt, 'at', r.attempted_at, 'scheduled', r.scheduled_at,
		'finalized', r.finalized_at, r.errors), E'\n'), 'all jobs have ended')
		FROM {schema}async_job j LEFT JOIN {schema}river_job r ON r.id = j.river_id WHERE j.finished IS NULL`))
}

// readAll reads every job from every process that is there.
func (s *faultService) readAll() {
	s.faultLedger.mu.Lock()
	var ids []string
	for id := range s.jobs {
		ids = append(ids, id)
	}
	s.faultLedger.mu.Unlock()
	var readers sync.WaitGroup
	for _, p := range append(append([]*faultProcess(nil), s.webs...), s.workers...) {
		for part := range 4 {
			readers.Go(func() {
				for i := part; i < len(ids); i += 4 {
					if _, ok := s.read(p, ids[i]); !ok {
						s.fault("%s cannot be read on %s", ids[i], p.name)
					}
				}
			})
		}
	}
	readers.Wait()
}
