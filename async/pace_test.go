package async_test

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// took has the service run a job that takes that long by its clock.
func (s *webService) took(kind string, d time.Duration) {
	s.t.Helper()
	job := async.Job{ID: "x", Kind: kind, Status: async.Running, Attempt: 1, Input: []byte(`{"name":"` + d.String() + `"}`)}
	if out := s.jobs.Execute(context.Background(), job, func(async.Progress) error { return nil }); out.Status != async.Succeeded {
		s.t.Fatalf("the job is %s", out.Status)
	}
}

// Retry-After of a poll: what is left of the job, at least 1 s and at most 30 s, with a
// tenth of jitter, rounded up or down by chance.
func TestRetryAfter(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, func(o *async.Options) { o.Workers = 2 }, nil)
	for _, kind := range []string{"export", "short", "long", "mixed"} {
		_, err := async.Define(s.jobs, kind, func(_ context.Context, _ *async.Task, in webIn) (async.None, error) {
			d, err := time.ParseDuration(in.Name)
			s.clock.add(d)
			return async.None{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		s.took("short", 10*time.Millisecond)
		s.took("long", 10*time.Second)
	}
	for _, d := range []time.Duration{time.Second, 2 * time.Second, time.Hour, 20 * time.Second, 15 * time.Second} {
		s.took("mixed", d)
	}
	queued := func(position int) func(*async.Job) {
		return func(job *async.Job) { job.Status, job.Position = async.Queued, position }
	}
	for _, c := range []struct {
		name, kind  string
		change      func(*async.Job)
		ran         time.Duration
		least, most int
	}{
		{"nothing known", "export", nil, 0, 2, 3},
		{"an unknown kind", "gone", nil, 0, 2, 3},
		{"short", "short", nil, 0, 1, 2},
		{"long, begun", "long", nil, 0, 10, 11},
		{"long, half", "long", nil, 5 * time.Second, 5, 6},
		{"long, nearly over", "long", nil, 9900 * time.Millisecond, 1, 2},
		{"long, overdue", "long", nil, 200 * time.Second, 20, 22},
		{"long, far overdue", "long", nil, time.Hour, 30, 33},
		{"the median", "mixed", nil, 0, 15, 17},
		{"progress goes before the median", "long", func(job *async.Job) { job.Progress = async.Progress{Done: 1, Total: 5} }, 4 * time.Second, 16, 18},
		{"progress of a while ago", "long", func(job *async.Job) {
			job.Progress, job.Updated = async.Progress{Done: 1, Total: 5}, s.clock.Now().Add(-2*time.Second)
		}, 4 * time.Second, 6, 7},
		{"progress at its end", "long", func(job *async.Job) { job.Progress = async.Progress{Done: 5, Total: 5} }, 4 * time.Second, 1, 2},
		{"progress at its beginning", "long", func(job *async.Job) { job.Progress = async.Progress{Done: 0, Total: 5} }, 4 * time.Second, 6, 7},
		{"progress without a total", "long", func(job *async.Job) { job.Progress = async.Progress{Done: 3} }, 4 * time.Second, 6, 7},
		{"next in the queue", "long", queued(1), 0, 10, 12},
		{"third in the queue of two workers", "long", queued(3), 0, 20, 22},
		{"far back in the queue", "long", queued(5000), 0, 30, 33},
		{"to be tried again", "short", func(job *async.Job) { job.Status, job.RunAt = async.Queued, s.clock.Now().Add(8*time.Second) }, 0, 8, 9},
		{"cancelling", "long", func(job *async.Job) { job.Status = async.Cancelling }, 0, 1, 2},
	} {
		b.put(webJob("a", func(job *async.Job) {
			job.Kind, job.Started, job.Updated = c.kind, s.clock.Now().Add(-c.ran), s.clock.Now()
			if c.change != nil {
				c.change(job)
			}
		}))
		for range 20 { // it has jitter
			s.get("/v1/jobs/a").retryAfter(t, c.least, c.most)
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
}

func TestRetryAfterHasJitter(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", func(job *async.Job) { job.Started = s.clock.Now().Add(-time.Hour) }))
	seen := map[string]bool{}
	for range 200 {
		seen[s.get("/v1/jobs/a").Header.Get("Retry-After")] = true
	}
	if len(seen) < 3 {
		t.Errorf("200 clients are asked to come back after %v", seen)
	}
}

// The newest 32 count: a kind that has become fast is asked about sooner.
func TestRetryAfterForgets(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	_, err := async.Define(s.jobs, "export", func(_ context.Context, _ *async.Task, in webIn) (async.None, error) {
		d, err := time.ParseDuration(in.Name)
		s.clock.add(d)
		return async.None{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 32 {
		s.took("export", 20*time.Second)
	}
	for range 17 {
		s.took("export", time.Second)
	}
	b.put(webJob("a", func(job *async.Job) { job.Started = s.clock.Now() }))
	s.get("/v1/jobs/a").retryAfter(t, 1, 2)
}

// A process that runs no jobs learns from those that it shows.
func TestRetryAfterWhereOthersRun(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, func(o *async.Options) { o.Workers = -1 }, nil)
	b.put(webJob("a", func(job *async.Job) {
		webDone(async.Succeeded, nil, nil)(job)
		job.Started = job.Finished.Add(-12 * time.Second)
	}))
	s.get("/v1/jobs/a").has(t, 200)
	b.put(webJob("b", func(job *async.Job) { job.Started = webNow }))
	s.get("/v1/jobs/b").retryAfter(t, 12, 14)
}
