package riverqueue_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// faultLedger is what clients were told, and what the processes said.
type faultLedger struct {
	mu       sync.Mutex
	keys     map[string]string // idempotency key to id
	jobs     map[string]*faultJob
	accepted []faultMark
	begun    []faultMark
	answers  map[string]int
	longest  time.Duration
	faults   []string
	more     int // faults that are not told
	changed  chan struct{}
}

// faultJob is what was seen of a job.
type faultJob struct {
	stopped bool // somebody asked it to stop
	version int64
	status  string
	final   string // the document of its end
	ended   time.Time
	begins  []faultEvent
}

// faultMark is when something happened, and in which process.
type faultMark struct {
	at time.Time
	by string
}

func newFaultLedger() *faultLedger {
	return &faultLedger{keys: map[string]string{}, jobs: map[string]*faultJob{}, answers: map[string]int{}, changed: make(chan struct{})}
}

// fault notes what must not be.
func (l *faultLedger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faultHere(format, args...)
}

func (l *faultLedger) faultHere(format string, args ...any) {
	if len(l.faults) >= 10 {
		l.more++
		return
	}
	l.faults = append(l.faults, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (l *faultLedger) answered(what string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[what]++
	l.longest = max(l.longest, took)
}

func (l *faultLedger) job(id string) *faultJob {
	j := l.jobs[id]
	if j == nil {
		j = &faultJob{}
		l.jobs[id] = j
	}
	return j
}

// news wakes those who wait for a change of the ledger.
func (l *faultLedger) news() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// keep notes that a key was answered by 202 and a job.
func (l *faultLedger) keep(by, key, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, faultMark{time.Now(), by})
	if before, ok := l.keys[key]; ok && before != id {
		l.faultHere("the key %s made the job %s, and then %s on %s", key, before, id, by)
		return
	}
	l.keys[key] = id
	l.job(id)
	l.news()
}

// saw compares the status that a client has read with what it had read before.
func (l *faultLedger) saw(by, id string, a faultAnswer) {
	d, version := a.document(), a.version()
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.job(id)
	switch {
	case d.ID != id || version == 0:
		l.faultHere("the status of %s on %s is that of %q at version %d", id, by, d.ID, version)
	case j.final != "" && (version != j.version || string(a.body) != j.final):
		l.faultHere("%s had ended at version %d, and at %d it is on %s not the same:\n%s%s", id, j.version, version, by, j.final, a.body)
	case version < j.version:
		l.faultHere("%s was %s at version %d, and is %s at %d on %s", id, j.status, j.version, d.Status, version, by)
	case version == j.version && d.Status != j.status:
		l.faultHere("%s was %s at version %d, and is %s at the same on %s", id, j.status, j.version, d.Status, by)
	}
	j.version, j.status = version, d.Status
	if j.final == "" && async.Status(d.Status).Final() {
		j.final, j.ended = string(a.body), time.Now()
		l.news()
	}
}

// heard returns what notes the attempts that begin in a process. One of a job that was
// seen to have ended is a fault.
func (l *faultLedger) heard(by string) func(faultEvent) {
	return func(e faultEvent) {
		l.mu.Lock()
		defer l.mu.Unlock()
		j := l.job(e.ID)
		if j.final != "" && e.At.After(j.ended) {
			l.faultHere("%s began attempt %d of %s, %v after that was seen to have ended", by, e.Attempt, e.ID, e.At.Sub(j.ended))
		}
		j.begins = append(j.begins, e)
		l.begun = append(l.begun, faultMark{e.At, by})
		l.news()
	}
}

// until waits until the ledger says so.
func (l *faultLedger) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	timer := time.NewTimer(4 * patience)
	defer timer.Stop()
	for {
		l.mu.Lock()
		yes, changed := is(), l.changed
		l.mu.Unlock()
		if yes {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			l.tell(t)
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// first is the first of marks from a time on, in one of these processes, or the zero
// time.
func first(marks []faultMark, from time.Time, by ...string) time.Time {
	for _, m := range marks {
		if m.at.After(from) && (len(by) == 0 || slices.Contains(by, m.by)) {
			return m.at
		}
	}
	return time.Time{}
}

// tell fails the test by the faults, and logs the figures.
func (l *faultLedger) tell(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		t.Error(f)
	}
	if l.more > 0 {
		t.Errorf("and %d more", l.more)
	}
	states := map[string]int{}
	for _, j := range l.jobs {
		if j.final != "" {
			states[j.status]++
		} else {
			states["not final"]++
		}
	}
	t.Logf("%d accepted, %d attempts begun, states %v, longest answer %v", len(l.keys), len(l.begun), states, l.longest.Round(time.Millisecond))
	var answers []string
	for _, what := range slices.Sorted(maps.Keys(l.answers)) {
		answers = append(answers, fmt.Sprint(what, ": ", l.answers[what]))
	}
	t.Log("answers: ", strings.Join(answers, ", "))
}
