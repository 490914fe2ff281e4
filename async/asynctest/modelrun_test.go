package asynctest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/async"
)

// Run implements [async.Backend].
func (m *model) Run(ctx context.Context, e async.Executor) error {
	m.recover(e)
	attempts, end := context.WithCancelCause(context.Background())
	defer end(nil)
	var running sync.WaitGroup
	busy := make(chan struct{}, e.Workers()+1)
	for ctx.Err() == nil {
		m.mu.Lock()
		j, changed := m.next(e.Kinds()), m.changed
		workers := e.Workers()
		if m.wrong("one worker too many") && workers > 0 {
			workers++
		}
		if j == nil || len(busy) >= workers || ctx.Err() != nil {
			m.mu.Unlock()
			if m.wrong("nobody wakes Run") {
				changed = nil
			}
			select {
			case <-ctx.Done():
			case <-changed:
			case <-time.After(20 * time.Millisecond):
			}
			continue
		}
		busy <- struct{}{}
		job, attempt := m.claim(attempts, j)
		m.mu.Unlock()
		running.Go(func() {
			m.attempt(attempt, e, j, job)
			<-busy
		})
	}
	if m.wrong("Run does not wait") {
		return nil
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	drain := time.After(e.Drain())
	if m.wrong("no time to drain") {
		drain = time.After(0)
	}
	select {
	case <-done:
	case <-drain:
		end(async.ErrDraining)
		<-done
	}
	return nil
}

// recover takes up what lost its worker.
func (m *model) recover(e async.Executor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		switch {
		case j.cancel != nil || j.Status != async.Running && j.Status != async.Cancelling:
		case j.Status == async.Cancelling && !m.wrong("a job that was asked to stop runs again"):
			m.finish(j, async.Outcome{Status: async.Canceled})
		default:
			if j.Interrupted++; j.Interrupted >= e.MaxInterrupted() && !m.wrong("no job is given up") {
				m.finish(j, async.Interrupted())
				continue
			}
			j.Status = async.Queued
			m.change(j)
		}
	}
}

func (m *model) next(kinds []string) (next *modelJob) {
	for _, j := range m.jobs {
		due := !j.RunAt.After(m.now()) || m.wrong("delays are ignored")
		known := slices.Contains(kinds, j.Kind) || m.wrong("kinds are ignored") && len(kinds) == 1
		if j.Status != async.Queued || !due || !known {
			continue
		}
		if next == nil || m.before(j, next) != m.wrong("the last comes first") {
			next = j
		}
	}
	return next
}

func (m *model) claim(attempts context.Context, j *modelJob) (async.Job, context.Context) {
	j.Status = async.Running
	if !m.wrong("attempts are not counted") {
		j.Attempt++
	}
	if j.Started.IsZero() || m.wrong("Started is of the last attempt") {
		j.Started = m.now()
	}
	ctx, cancel := context.WithCancelCause(attempts)
	j.cancel = cancel
	m.change(j)
	job := j.Job
	if m.wrong("the executor gets no input") {
		job.Input = nil
	}
	return job, ctx
}

func (m *model) attempt(ctx context.Context, e async.Executor, j *modelJob, job async.Job) {
	out := e.Execute(ctx, job, func(p async.Progress) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if j.cancel == nil && !m.wrong("a late report is kept") {
			return async.ErrLost
		}
		if !m.wrong("progress is for the end") {
			j.Progress = p
			m.change(j)
		}
		return nil
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	j.cancel = nil
	stopped := j.Status == async.Cancelling
	switch {
	case j.Status.Final(): // a fault
	case stopped && out.Status == async.Queued && !m.wrong("canceled jobs are queued again"):
		m.finish(j, async.Outcome{Status: async.Canceled, Progress: out.Progress})
	case stopped && m.wrong("Cancel always wins"):
		m.finish(j, async.Outcome{Status: async.Canceled})
	case out.Status != async.Queued:
		if m.wrong("results are text") && out.Result != nil {
			out.Result = &async.Result{Type: out.Result.Type, Location: out.Result.Location, Body: []byte(string([]rune(string(out.Result.Body))))}
		}
		m.finish(j, out)
	default:
		if out.Free && !m.wrong("free attempts count") {
			j.Attempt--
		}
		if !out.Free || out.Delay > 0 || m.wrong("a free attempt loses its place") {
			j.RunAt = m.now().Add(out.Delay)
		}
		j.Status, j.Progress = async.Queued, out.Progress
		m.change(j)
	}
}
