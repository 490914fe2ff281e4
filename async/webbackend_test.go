package async_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/async"
)

// webBackend holds the jobs that a test puts there, and runs none.
type webBackend struct {
	mu      sync.Mutex
	jobs    map[string]async.Job
	order   []string
	changed chan struct{}
	waiting int // Watch calls that wait
	gets    int // Get calls

	err       error // what every call returns
	watchErr  error // what Watch returns
	submitted []async.NewJob
}

func newWebBackend() *webBackend {
	return &webBackend{jobs: map[string]async.Job{}, changed: make(chan struct{})}
}

// put sets a job, and wakes who watches.
func (b *webBackend) put(job async.Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(job)
}

func (b *webBackend) set(job async.Job) {
	if _, ok := b.jobs[job.ID]; !ok {
		b.order = append(b.order, job.ID)
	}
	b.jobs[job.ID] = job
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *webBackend) Submit(_ context.Context, n async.NewJob) (async.Job, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return async.Job{}, false, b.err
	}
	for _, id := range b.order {
		if job := b.jobs[id]; n.Key != "" && job.Owner == n.Owner && job.Key == n.Key {
			if job.Fingerprint != n.Fingerprint {
				return async.Job{}, false, async.ErrKeyReused
			}
			return job, true, nil
		}
	}
	b.submitted = append(b.submitted, n)
	job := async.Job{
		ID: n.ID, Kind: n.Kind, Owner: n.Owner, Key: n.Key, Fingerprint: n.Fingerprint, Input: n.Input,
		Status: async.Queued, Version: 1, Created: webNow, Updated: webNow,
	}
	b.set(job)
	return job, false, nil
}

func (b *webBackend) Get(_ context.Context, id string) (async.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gets++
	job, ok := b.jobs[id]
	switch {
	case b.err != nil:
		return async.Job{}, b.err
	case !ok:
		return async.Job{}, async.ErrNotFound
	}
	return job, nil
}

func (b *webBackend) List(_ context.Context, owner, after string, limit int) ([]async.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return nil, b.err
	}
	var found []async.Job
	seen := after == ""
	for _, id := range slices.Backward(b.order) {
		job := b.jobs[id]
		if seen && job.Owner == owner && len(found) < limit {
			found = append(found, job)
		}
		seen = seen || id == after && job.Owner == owner
	}
	if !seen {
		return nil, async.ErrNotFound
	}
	return found, nil
}

func (b *webBackend) Cancel(_ context.Context, id string) (async.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	job := b.jobs[id]
	switch {
	case b.err != nil:
		return async.Job{}, b.err
	case job.Status.Final():
		return job, async.ErrFinished
	case job.Status == async.Queued:
		job.Status, job.Finished, job.Version = async.Canceled, webNow, job.Version+1
	case job.Status == async.Running:
		job.Status, job.Version = async.Cancelling, job.Version+1
	}
	b.set(job)
	return job, nil
}

func (b *webBackend) Run(ctx context.Context, _ async.Executor) error {
	<-ctx.Done()
	return nil
}

func (b *webBackend) Watch(ctx context.Context, id string, after int64) (async.Job, error) {
	for {
		b.mu.Lock()
		job, changed, err := b.jobs[id], b.changed, b.watchErr
		if err == nil && job.Version <= after {
			b.waiting++
		}
		b.mu.Unlock()
		if err != nil || job.Version > after {
			return job, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		b.mu.Lock()
		b.waiting--
		b.mu.Unlock()
		if err != nil {
			return job, err
		}
	}
}

// waiters waits until that many wait.
func (b *webBackend) waiters(t *testing.T, n int) {
	t.Helper()
	webUntil(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.waiting == n
	})
}

// asked waits until there were that many more calls of Get.
func (b *webBackend) asked(t *testing.T, more int) {
	t.Helper()
	b.mu.Lock()
	want := b.gets + more
	b.mu.Unlock()
	webUntil(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.gets >= want
	})
}
