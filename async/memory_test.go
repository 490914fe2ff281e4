package async_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/asynctest"
)

// memoryOf makes a backend in memory.
func memoryOf(t testing.TB, o async.MemoryOptions) *async.Memory {
	t.Helper()
	m, err := async.NewMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMemory(t *testing.T) {
	asynctest.Backend(t, func(t *testing.T, s asynctest.Setup) async.Backend {
		return memoryOf(t, async.MemoryOptions{Now: s.Clock.Now})
	}, asynctest.Options{})
}

func TestNewMemoryRefuses(t *testing.T) {
	for _, o := range []async.MemoryOptions{{MaxJobs: -1}, {MaxBytes: -1}} {
		if m, err := async.NewMemory(o); err == nil || m != nil {
			t.Errorf("%+v: %v, %v", o, m, err)
		}
	}
}

// memoryJob is a new job that expires an hour after its end, and its tombstone an hour
// later.
func memoryJob(id string) async.NewJob {
	return async.NewJob{ID: id, Kind: "work", Owner: "ana", Key: "key of " + id, Retention: time.Hour, Tombstone: time.Hour, MaxQueued: 1000, MaxOwned: 1000}
}

// memorySubmit submits jobs, and fails unless each ends by this error.
func memorySubmit(t testing.TB, m *async.Memory, want error, jobs ...async.NewJob) {
	t.Helper()
	for _, n := range jobs {
		if _, _, err := m.Submit(t.Context(), n); !errors.Is(err, want) {
			t.Fatalf("Submit of %s: %v, want %v", n.ID, err, want)
		}
	}
}

// memoryHas fails unless jobs are as they should be: "-" is gone, "?" not known.
func memoryHas(t testing.TB, m *async.Memory, want map[string]async.Status) {
	t.Helper()
	for id, status := range want {
		job, err := m.Get(t.Context(), id)
		got := job.Status
		switch {
		case errors.Is(err, async.ErrGone):
			got = "-"
		case errors.Is(err, async.ErrNotFound):
			got = "?"
		}
		if got != status {
			t.Errorf("job %s is %s, want %s", id, got, status)
		}
	}
}

// memoryRun runs all that is queued, with these results by id.
func memoryRun(t testing.TB, m *async.Memory, results map[string]int, ids ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = m.Run(ctx, memoryExecutor{execute: func(_ context.Context, job async.Job, _ func(async.Progress) error) async.Outcome {
			o := async.Outcome{Status: async.Succeeded}
			if n, ok := results[job.ID]; ok {
				o.Result = &async.Result{Body: make([]byte, n)}
			}
			return o
		}})
	}()
	for _, id := range ids {
		for {
			job, err := m.Get(ctx, id)
			if err == nil && !job.Status.Final() {
				_, err = m.Watch(ctx, id, job.Version)
				if err == nil {
					continue
				}
			}
			break
		}
	}
	cancel()
	<-done
}

// memoryExecutor is an executor of these tests: one worker, so that the order is known.
type memoryExecutor struct {
	workers int
	execute func(context.Context, async.Job, func(async.Progress) error) async.Outcome
}

func (memoryExecutor) Kinds() []string      { return []string{"work"} }
func (e memoryExecutor) Workers() int       { return max(e.workers, 1) }
func (memoryExecutor) Drain() time.Duration { return 0 }
func (memoryExecutor) MaxInterrupted() int  { return 3 }
func (e memoryExecutor) Execute(ctx context.Context, job async.Job, report func(async.Progress) error) async.Outcome {
	return e.execute(ctx, job, report)
}

// TestMemoryMaxJobs: the bound holds exactly. Tombstones go first, then what expires
// next; what has not finished never does, and a Submit that is refused drops nothing.
func TestMemoryMaxJobs(t *testing.T) {
	var clock asynctest.Clock
	m := memoryOf(t, async.MemoryOptions{MaxJobs: 4, Now: clock.Now})
	short := memoryJob("short")
	short.Retention = time.Minute
	memorySubmit(t, m, nil, memoryJob("first"), short)
	memoryRun(t, m, nil, "first", "short")
	clock.Advance(time.Minute)
	memoryHas(t, m, map[string]async.Status{"first": async.Succeeded, "short": "-"})
	long := memoryJob("long")
	long.Retention = 3 * time.Hour
	memorySubmit(t, m, nil, long)
	memoryRun(t, m, nil, "long")
	memorySubmit(t, m, nil, memoryJob("a"))
	memoryHas(t, m, map[string]async.Status{"first": async.Succeeded, "short": "-", "long": async.Succeeded, "a": async.Queued})

	memorySubmit(t, m, nil, memoryJob("b"))
	memoryHas(t, m, map[string]async.Status{"short": "?", "first": async.Succeeded, "long": async.Succeeded})
	memorySubmit(t, m, nil, memoryJob("c"))
	memoryHas(t, m, map[string]async.Status{"first": "?", "long": async.Succeeded})
	memorySubmit(t, m, nil, memoryJob("d"))
	memorySubmit(t, m, async.ErrFull, memoryJob("e"))
	memoryHas(t, m, map[string]async.Status{"long": "?", "a": async.Queued, "b": async.Queued, "c": async.Queued, "d": async.Queued, "e": "?"})

	again := memoryJob("again") // the key of what was dropped is free
	again.Key, again.Fingerprint = "key of long", [32]byte{1}
	memorySubmit(t, m, async.ErrFull, again)
	memoryRun(t, m, nil, "a")
	memorySubmit(t, m, nil, again)
	if jobs, err := m.List(t.Context(), "ana", "", 10); err != nil || len(jobs) != 4 {
		t.Errorf("List has %d jobs, %v", len(jobs), err)
	}
}

// TestMemoryMaxBytes: inputs and results together. Results expire early for what is
// new; those without bytes do not.
func TestMemoryMaxBytes(t *testing.T) {
	var clock asynctest.Clock
	m := memoryOf(t, async.MemoryOptions{MaxBytes: 100, Now: clock.Now})
	sized := func(id string, input int) async.NewJob {
		n := memoryJob(id)
		n.Input = make([]byte, input)
		return n
	}
	memorySubmit(t, m, nil, sized("a", 60), sized("b", 40))
	memorySubmit(t, m, async.ErrFull, sized("c", 1))
	memorySubmit(t, m, nil, sized("empty", 0))
	memoryRun(t, m, map[string]int{"a": 50, "b": 50}, "a", "b", "empty") // inputs are dropped
	memoryHas(t, m, map[string]async.Status{"a": async.Succeeded, "b": async.Succeeded, "empty": async.Succeeded})
	memorySubmit(t, m, async.ErrFull, sized("large", 101))
	memoryHas(t, m, map[string]async.Status{"a": async.Succeeded, "b": async.Succeeded})
	memorySubmit(t, m, nil, sized("d", 1)) // for which a has to go
	memoryHas(t, m, map[string]async.Status{"a": "-", "b": async.Succeeded, "empty": async.Succeeded, "d": async.Queued})
	if stone, _ := m.Get(t.Context(), "a"); !stone.Expires.Equal(clock.Now()) {
		t.Errorf("what expired early expires at %v", stone.Expires)
	}
	memorySubmit(t, m, nil, sized("e", 49)) // 50 + 1 + 49
	memoryHas(t, m, map[string]async.Status{"b": async.Succeeded})
	memorySubmit(t, m, nil, sized("f", 50)) // in place of b's result
	memoryHas(t, m, map[string]async.Status{"b": "-", "empty": async.Succeeded})
	memorySubmit(t, m, async.ErrFull, sized("g", 1))

	memoryRun(t, m, map[string]int{"d": 30, "e": 120, "f": 20}, "d", "e", "f")
	// d's 30 had room beside the inputs of e and f only as the newest. e's 120 are more
	// than all, and kept as the newest; f's 20 are newer.
	memoryHas(t, m, map[string]async.Status{"d": "-", "e": "-", "f": async.Succeeded, "empty": async.Succeeded})
	memorySubmit(t, m, nil, sized("h", 80))
	memoryHas(t, m, map[string]async.Status{"f": async.Succeeded})
	clock.Advance(time.Hour)
	memorySubmit(t, m, async.ErrFull, sized("i", 21))
	memorySubmit(t, m, nil, sized("j", 20)) // f's result has expired, and counts no more
	clock.Advance(time.Hour)
	memoryHas(t, m, map[string]async.Status{"a": "?", "b": "?", "d": "?", "e": "?", "f": "?", "empty": "?", "h": async.Queued})
}

// TestMemoryIDInUse: no job takes the place of another.
func TestMemoryIDInUse(t *testing.T) {
	m := memoryOf(t, async.MemoryOptions{})
	memorySubmit(t, m, nil, memoryJob("a"))
	other := memoryJob("a")
	other.Key = ""
	if _, _, err := m.Submit(t.Context(), other); err == nil {
		t.Error("Submit with an id that is in use has no error")
	}
}

// TestMemoryCost: with 200 times the jobs, no method takes much longer: none looks at
// all of them.
func TestMemoryCost(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills a backend")
	}
	methods := map[string]func(m *async.Memory, i int) error{
		"Get":  func(m *async.Memory, i int) error { _, err := m.Get(t.Context(), fmt.Sprint("queued", i)); return err },
		"List": func(m *async.Memory, i int) error { _, err := m.List(t.Context(), "ana", "", 10); return err },
		"ListAfter": func(m *async.Memory, i int) error {
			_, err := m.List(t.Context(), "ana", fmt.Sprint("ended", i), 10)
			return err
		},
		"Submit": func(m *async.Memory, i int) error {
			n := memoryJob(fmt.Sprint("new", i))
			n.MaxQueued, n.MaxOwned = 1<<30, 1<<30
			_, _, err := m.Submit(t.Context(), n)
			return err
		},
		"Cancel": func(m *async.Memory, i int) error {
			_, err := m.Cancel(t.Context(), fmt.Sprint("queued", 3*i))
			return err
		},
	}
	const calls, few, many = 100, 300, 60_000
	costs := func(jobs int) map[string]time.Duration {
		m := memoryOf(t, async.MemoryOptions{MaxJobs: 3 * many})
		for _, state := range []string{"ended", "queued"} {
			for i := range jobs {
				n := memoryJob(fmt.Sprint(state, i))
				n.MaxQueued, n.MaxOwned = 1<<30, 1<<30
				memorySubmit(t, m, nil, n)
				if state == "ended" {
					if _, err := m.Cancel(t.Context(), n.ID); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		took := map[string]time.Duration{}
		for name, call := range methods {
			best := time.Duration(1<<63 - 1)
			for i := range calls {
				begun := time.Now()
				if err := call(m, i); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				best = min(best, time.Since(begun))
			}
			took[name] = best
		}
		return took
	}
	small, large := costs(few), costs(many)
	for name := range methods {
		if ratio := float64(large[name]) / float64(max(small[name], 1)); ratio > 30 {
			t.Errorf("%s takes %.0f times as long with %d times the jobs: %v and %v", name, ratio, many/few, large[name], small[name])
		}
	}
}
