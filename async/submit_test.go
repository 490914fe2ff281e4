package async_test

import (
	"context"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
)

// Submit without a request accepts no more than a request does.
func TestSubmitTakesNoMoreThanARequest(t *testing.T) {
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := async.New(backend, async.Options{URL: "https://api.example.com/jobs", Owner: webOwner})
	if err != nil {
		t.Fatal(err)
	}
	greet, err := async.Define(jobs, "greet", func(_ context.Context, _ *async.Task, name string) (string, error) { return name, nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	first, err := greet.Submit(ctx, "ana", "k", "ana")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := greet.Submit(ctx, "ana", "k", "ana"); err != nil || again.ID != first.ID {
		t.Errorf("%v %v", again.ID, err)
	}
	for name, submit := range map[string]func() (async.Job, error){
		"no owner":      func() (async.Job, error) { return greet.Submit(ctx, "", "", "ana") },
		"a long key":    func() (async.Job, error) { return greet.Submit(ctx, "ana", strings.Repeat("k", 256), "ana") },
		"another input": func() (async.Job, error) { return greet.Submit(ctx, "ana", "k", "bob") },
	} {
		if job, err := submit(); err == nil {
			t.Errorf("%s: %v", name, job.ID)
		}
	}
	ended, end := context.WithCancel(ctx)
	end()
	if err := jobs.Run(ended); err != nil {
		t.Fatal(err)
	}
	if job, err := greet.Submit(ctx, "ana", "", "ana"); err == nil {
		t.Errorf("after the end: %v", job.ID)
	}
}

func TestDefineRefusesWhatIsNoResult(t *testing.T) {
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := async.New(backend, async.Options{URL: "https://api.example.com/jobs", Capability: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := async.Define(jobs, "a", func(context.Context, *async.Task, string) (chan int, error) { return nil, nil }); err == nil {
		t.Error("a channel is taken")
	}
	if _, err := async.Define(jobs, "b", func(context.Context, *async.Task, string) (struct{ F func() }, error) {
		return struct{ F func() }{}, nil
	}); err == nil {
		t.Error("a function is taken")
	}
}

// What a client would make a link of is http or https.
func TestLocationIsAWebAddress(t *testing.T) {
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := async.New(backend, async.Options{URL: "https://api.example.com/jobs", Capability: true})
	if err != nil {
		t.Fatal(err)
	}
	kind, err := async.Define(jobs, "make", func(_ context.Context, task *async.Task, location string) (async.None, error) {
		task.Location(location)
		return async.None{}, nil
	}, async.KindOptions{MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- jobs.Run(ctx) }()
	for location, want := range map[string]async.Status{
		"/orders/1": async.Succeeded, "https://cdn.example.com/a": async.Succeeded,
		"javascript:alert(1)": async.Failed, "data:text/html,x": async.Failed, "mailto:ana@example.com": async.Failed, "https:": async.Failed,
	} {
		job, err := kind.Submit(ctx, "", "", location)
		if err != nil {
			t.Fatal(err)
		}
		for !job.Status.Final() {
			if job, err = backend.Watch(ctx, job.ID, job.Version); err != nil {
				t.Fatal(err)
			}
		}
		if job.Status != want {
			t.Errorf("%s: %s", location, job.Status)
		}
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
