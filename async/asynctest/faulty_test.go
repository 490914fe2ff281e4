package asynctest

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// TestModel judges the model, which has to know nothing of how others do it.
func TestModel(t *testing.T) {
	Backend(t, openFaulty(""), Options{Durable: true, Races: 500})
}

func TestModelKill(t *testing.T) { Kill(t, openFaulty(""), KillOptions{Kept: 200}) }

func openFaulty(fault string) func(*testing.T, Setup) async.Backend {
	return func(t *testing.T, s Setup) async.Backend {
		m := openModel(s, true, fault)
		t.Cleanup(func() { _ = m.Close() }) // it writes no more
		return m
	}
}

// faults are ways to be wrong, each with a check that sees it.
var faults = []struct{ name, seenBy string }{
	{"the version stays", "Versions"},
	{"the version stays", "CancelQueued"},
	{"Watch is not woken", "Watch"},
	{"Watch hides the end of its context", "Watch"},
	{"expires a moment late", "Retention"},
	{"expired jobs are shown", "Retention"},
	{"tombstones stay", "Retention"},
	{"tombstones stay", "KeyLater"},
	{"a tombstone forgets its key", "KeyLater"},
	{"keys are for all owners", "Key"},
	{"fingerprints are not compared", "Key"},
	{"running jobs do not count", "Full"},
	{"finished jobs count", "Full"},
	{"limits are off by one", "Full"},
	{"limits are off by one", "RaceFull"},
	{"MaxOwned is ignored", "FullOwner"},
	{"looks, then keeps", "RaceKey"},
	{"looks, then keeps", "RaceFull"},
	{"List behind another's job", "List"},
	{"List begins with the first", "List"},
	{"expired jobs are listed", "ListExpired"},
	{"a finished job is canceled", "CancelFinished"},
	{"a finished job is canceled", "RaceCancel"},
	{"Cancel ends a running job", "CancelRunning"},
	{"Cancel ends a running job", "RaceCancel"},
	{"Cancel twice is two changes", "CancelRunning"},
	{"attempts are not told of Cancel", "CancelRunning"},
	{"Cancel always wins", "CancelLoses"},
	{"canceled jobs are queued again", "AgainCanceled"},
	{"one worker too many", "Workers"},
	{"kinds are ignored", "NoWorkers"},
	{"the last comes first", "Order"},
	{"delays are ignored", "Again"},
	{"attempts are not counted", "Again"},
	{"Started is of the last attempt", "Again"},
	{"the executor gets no input", "Run"},
	{"nobody wakes Run", "WakeUps"},
	{"free attempts count", "Free"},
	{"a free attempt loses its place", "Free"},
	{"progress is for the end", "Report"},
	{"a late report is kept", "Report"},
	{"results are text", "Outcomes"},
	{"Run does not wait", "Drain"},
	{"no time to drain", "DrainInTime"},
	{"kept after the answer", "Restart"},
	{"a restart runs finished jobs again", "Restart"},
	{"callbacks are not leased", "Callbacks"},
	{"callbacks are not leased", "RaceCallbacks"},
	{"callbacks are sent for ever", "Callbacks"},
	{"callbacks are settled in memory", "RestartCallbacks"},
}

func TestFaults(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name+"/"+fault.seenBy, func(t *testing.T) {
			t.Parallel()
			f := judged(t, fault.seenBy, fault.name)
			if len(f.errors) == 0 {
				t.Errorf("the check %s does not see it", fault.seenBy)
			} else {
				t.Log(f.errors[0])
			}
		})
	}
}

// judged runs one check on a model with a fault.
func judged(t *testing.T, name, fault string) *fake {
	t.Helper()
	o := Options{Durable: true, Races: 400, Patience: time.Second}
	o.setDefaults()
	for _, c := range checks {
		if c.name == name {
			var f fake
			f.run(func() { judge(&f, t, openFaulty(fault), o, c.run) })
			return &f
		}
	}
	t.Fatalf("there is no check %s", name)
	return nil
}

// TestKillFaults: what a killed process loses or doubles is seen.
func TestKillFaults(t *testing.T) {
	for _, fault := range []struct {
		name string
		run  func(reporter, *testing.T, func(*testing.T, Setup) async.Backend, KillOptions)
	}{
		{"kept after the answer", killLoad},
		{"a restart runs finished jobs again", killLoad},
		{"no job is given up", killInterrupted},
		{"a job that was asked to stop runs again", killInterrupted},
		{"attempts are not counted", killInterrupted},
	} {
		t.Run(fault.name, func(t *testing.T) {
			o := KillOptions{Kept: 100, Rounds: 2, Patience: 5 * time.Second}
			o.setDefaults()
			if role := os.Getenv(roleVariable); role != "" {
				child(t, openFaulty(fault.name), o, role)
			}
			var f fake
			f.run(func() { fault.run(&f, t, openFaulty(fault.name), o) })
			if len(f.errors) == 0 {
				t.Error("it is not seen")
			} else {
				t.Log(f.errors[0])
			}
		})
	}
}

// TestNoBackend: an open that returns nil is said to.
func TestNoBackend(t *testing.T) {
	var f fake
	f.run(func() {
		judge(&f, t, func(*testing.T, Setup) async.Backend { return nil }, Options{Patience: time.Second}, (*check).submits)
	})
	if len(f.errors) != 1 {
		t.Errorf("the errors are %q", f.errors)
	}
}

// fake stands in for the test of a user.
type fake struct {
	mu     sync.Mutex
	errors []string
}

func (f *fake) run(check func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		check()
	}()
	<-done
}

func (f *fake) Helper() {}

func (f *fake) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fake) Skipf(string, ...any) { runtime.Goexit() }
