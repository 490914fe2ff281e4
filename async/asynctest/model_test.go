package asynctest

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/async"
)

// model is a backend that is as simple as can be: it looks at all jobs for everything,
// and has a file for each. A fault makes it wrong in one place.
type model struct {
	now   func() time.Time
	dir   string // "" for none
	fault string

	mu      sync.Mutex
	jobs    []*modelJob // in the order of submission
	changed chan struct{}
	closed  bool
}

type modelJob struct {
	async.Job
	Serial int
	cancel context.CancelCauseFunc
	Sent   int
	Due    time.Time // of the callback, zero where there is none
}

func openModel(s Setup, durable bool, fault string) *model {
	m := &model{now: s.Clock.Now, fault: fault, changed: make(chan struct{})}
	if !durable {
		return m
	}
	m.dir = s.Dir
	files, _ := filepath.Glob(filepath.Join(m.dir, "*.job"))
	for _, name := range files {
		content, err := os.ReadFile(name)
		j := &modelJob{}
		if err == nil {
			err = gob.NewDecoder(bytes.NewReader(content)).Decode(j)
		}
		if err != nil {
			panic(err)
		}
		m.jobs = append(m.jobs, j)
	}
	slices.SortFunc(m.jobs, func(a, b *modelJob) int { return a.Serial - b.Serial })
	if m.wrong("a restart runs finished jobs again") {
		for _, j := range m.jobs {
			j.Status = async.Queued
		}
	}
	return m
}

func (m *model) wrong(fault string) bool { return m.fault == fault }

func (m *model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// keep writes a job.
func (m *model) keep(j *modelJob) {
	if m.dir == "" || m.closed {
		return
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(j); err != nil {
		panic(err)
	}
	name := filepath.Join(m.dir, j.ID)
	if err := errors.Join(os.WriteFile(name+".new", b.Bytes(), 0o600), os.Rename(name+".new", name+".job")); err != nil {
		panic(err)
	}
}

func (m *model) change(j *modelJob) {
	if !m.wrong("the version stays") {
		j.Version++
	}
	j.Updated = m.now()
	m.keep(j)
	if !m.wrong("Watch is not woken") {
		close(m.changed)
		m.changed = make(chan struct{})
	}
}

func (m *model) stone(j *modelJob) bool {
	now := m.now()
	if m.wrong("expires a moment late") {
		now = now.Add(-1)
	}
	return j.Status.Final() && !now.Before(j.Expires)
}

func (m *model) forget() {
	m.jobs = slices.DeleteFunc(m.jobs, func(j *modelJob) bool {
		gone := m.stone(j) && !m.now().Before(j.Expires.Add(j.Tombstone))
		if gone && m.dir != "" {
			os.Remove(filepath.Join(m.dir, j.ID+".job"))
		}
		return gone && !m.wrong("tombstones stay")
	})
}

func (m *model) view(j *modelJob) async.Job {
	job := j.Job
	if m.stone(j) {
		job.Result, job.Error, job.Progress = nil, nil, async.Progress{}
	}
	if job.Status == async.Queued {
		job.Position = 1
		for _, other := range m.jobs {
			if other.Status == async.Queued && m.before(other, j) {
				job.Position++
			}
		}
	}
	return job
}

func (m *model) before(a, b *modelJob) bool {
	if c := a.RunAt.Compare(b.RunAt); c != 0 {
		return c < 0
	}
	return a.Serial < b.Serial
}

func (m *model) Submit(_ context.Context, n async.NewJob) (async.Job, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	all, owned, last := 0, 0, 0
	for _, j := range m.jobs {
		last = j.Serial
		same := j.Owner == n.Owner
		if n.Key != "" && j.Key == n.Key && (same || m.wrong("keys are for all owners")) && !(m.stone(j) && m.wrong("a tombstone forgets its key")) {
			if j.Fingerprint != n.Fingerprint && !m.wrong("fingerprints are not compared") {
				return async.Job{}, false, async.ErrKeyReused
			}
			return m.view(j), true, nil
		}
		if !j.Status.Final() && !(m.wrong("running jobs do not count") && j.Status != async.Queued) || m.wrong("finished jobs count") {
			all++
			if same {
				owned++
			}
		}
	}
	if m.wrong("limits are off by one") {
		all--
	}
	if m.wrong("MaxOwned is ignored") {
		owned = 0
	}
	if all >= n.MaxQueued || owned >= n.MaxOwned {
		return async.Job{}, false, async.ErrFull
	}
	if m.wrong("looks, then keeps") {
		m.mu.Unlock()
		time.Sleep(100 * time.Microsecond) // a wide gap
		m.mu.Lock()
	}
	now := m.now()
	j := &modelJob{Serial: last + 1, Job: async.Job{
		ID: n.ID, Kind: n.Kind, Owner: n.Owner, Key: n.Key, Fingerprint: n.Fingerprint, Input: n.Input, Callback: n.Callback,
		Status: async.Queued, Created: now, RunAt: now, Retention: n.Retention, Tombstone: n.Tombstone,
	}}
	m.jobs = append(m.jobs, j)
	if m.wrong("kept after the answer") && m.dir != "" {
		dir := m.dir
		m.dir = ""
		m.change(j)
		m.dir = dir
		return m.view(j), false, nil
	}
	m.change(j)
	return m.view(j), false, nil
}

func (m *model) find(id string) (*modelJob, error) {
	m.forget()
	for _, j := range m.jobs {
		if j.ID == id {
			if m.stone(j) && !m.wrong("expired jobs are shown") {
				return j, async.ErrGone
			}
			return j, nil
		}
	}
	return &modelJob{}, async.ErrNotFound
}

func (m *model) Get(_ context.Context, id string) (async.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, err := m.find(id)
	return m.view(j), err
}

func (m *model) List(_ context.Context, owner, after string, limit int) ([]async.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	serial := 1 << 62
	if after != "" {
		j, err := m.find(after)
		if errors.Is(err, async.ErrNotFound) || j.Owner != owner && !m.wrong("List behind another's job") {
			return nil, async.ErrNotFound
		}
		serial = j.Serial
	}
	var jobs []async.Job
	for _, j := range slices.Backward(m.jobs) {
		if j.Owner == owner && j.Serial < serial && len(jobs) < limit && (!m.stone(j) || m.wrong("expired jobs are listed")) {
			jobs = append(jobs, m.view(j))
		}
	}
	if m.wrong("List begins with the first") {
		slices.Reverse(jobs)
	}
	return jobs, nil
}

func (m *model) finish(j *modelJob, o async.Outcome) {
	now := m.now()
	j.Status, j.Result, j.Error, j.Progress, j.Input = o.Status, o.Result, o.Error, o.Progress, nil
	j.Finished, j.Expires = now, now.Add(j.Retention)
	if j.Callback != "" {
		j.Due = now
	}
	m.change(j)
}

func (m *model) DueCallbacks(_ context.Context, n int, lease time.Duration) (due []async.DueCallback, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		if !j.Due.IsZero() && !m.now().Before(j.Due) && len(due) < n {
			due = append(due, async.DueCallback{Job: m.view(j), Sent: j.Sent})
			if !m.wrong("callbacks are not leased") {
				j.Due = m.now().Add(lease)
				m.keep(j)
			}
		}
	}
	return due, nil
}

func (m *model) SettleCallback(_ context.Context, id string, done bool, wait time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		if j.ID != id {
			continue
		}
		j.Due = m.now().Add(wait)
		if done && !m.wrong("callbacks are sent for ever") {
			j.Due = time.Time{}
		}
		j.Sent++
		if !m.wrong("callbacks are settled in memory") {
			m.keep(j)
		}
	}
	return nil
}

func (m *model) Cancel(_ context.Context, id string) (async.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, err := m.find(id)
	switch {
	case err != nil:
		return m.view(j), err
	case j.Status.Final() && m.wrong("a finished job is canceled"):
		j.Status = async.Canceled
		m.change(j)
	case j.Status.Final():
		return m.view(j), async.ErrFinished
	case j.Status == async.Queued || m.wrong("Cancel ends a running job"):
		m.finish(j, async.Outcome{Status: async.Canceled})
	case j.Status == async.Running || m.wrong("Cancel twice is two changes"):
		j.Status = async.Cancelling
		m.change(j)
		if j.cancel != nil && !m.wrong("attempts are not told of Cancel") {
			j.cancel(async.ErrCanceled)
		}
	}
	return m.view(j), nil
}

func (m *model) Watch(ctx context.Context, id string, after int64) (async.Job, error) {
	for {
		m.mu.Lock()
		j, err := m.find(id)
		job, changed := m.view(j), m.changed
		m.mu.Unlock()
		if err != nil || job.Version > after || job.Status.Final() {
			return job, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if m.wrong("Watch hides the end of its context") {
				return job, nil
			}
			return job, ctx.Err()
		}
	}
}
