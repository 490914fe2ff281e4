package async

import (
	"context"
	"errors"
	"sync"
	"time"
)

// MemoryOptions are the settings of [NewMemory]. The zero value is useful.
type MemoryOptions struct {
	// MaxJobs is how many jobs are kept, finished ones and tombstones included, by
	// default 100,000. Where there is no room for a new one, the tombstone that ends
	// next is dropped, and where there is none, the finished job that expires next. A
	// job that has not finished is never dropped: where all are such, Submit returns
	// [ErrFull]. So many callbacks may be unsettled, too: beyond that, a job with one
	// is not taken.
	MaxJobs int
	// MaxBytes bounds what inputs and results hold together, by default 256 MiB.
	// Where there is no room for more, the finished jobs that have a result and
	// expire next expire at once. Where the inputs of jobs that have not finished
	// leave no room, Submit returns [ErrFull]; a result that was just made is kept
	// even then.
	MaxBytes int64
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Memory is a [Backend] that ends with the process: for tests, and for jobs that
// may be lost. [NewMemory] makes it. Nothing has to be closed: it has no goroutine
// but those of Run.
type Memory struct {
	options MemoryOptions

	mu      sync.Mutex
	jobs    map[string]*entry
	keys    map[ownedKey]*entry
	owners  map[string]*owned
	queued  map[string]*timeline // by kind
	kept    timeline             // finished, by their expiry
	heavy   timeline             // those of kept that have a result with a body
	dead    timeline             // tombstones, by their end
	opened  int                  // jobs that have not finished
	inputs  int64                // bytes of theirs
	results int64                // bytes of those in heavy
	serial  int64
	runners []*memoryRunner
	outbox  outbox
}

type ownedKey struct{ owner, key string }

// owned is what one owner has.
type owned struct {
	open   int    // jobs that have not finished
	newest *entry // of those that have not expired, linked by older and newer
}

// entry is a job, where it stands, and who waits for it.
type entry struct {
	job    Job
	serial int64
	at     time.Time // its place in a timeline
	older  *entry    // of the same owner
	newer  *entry
	dead   bool    // a tombstone
	next   *change // nil while nobody waits
	// cancel belongs to the attempt that runs, nil where there is none.
	cancel *context.CancelCauseFunc
}

// change is the next change of a job, for all who wait for it: the job is set before
// done is closed, so that they need no lock.
type change struct {
	done chan struct{}
	job  Job
}

const (
	defaultMaxJobs  = 100_000
	defaultMaxBytes = 256 << 20
)

// NewMemory makes a backend in memory. It returns an error for negative settings.
func NewMemory(o MemoryOptions) (*Memory, error) {
	if o.MaxJobs < 0 || o.MaxBytes < 0 {
		return nil, errors.New("async: MaxJobs or MaxBytes is negative")
	}
	defaultTo(&o.MaxJobs, defaultMaxJobs)
	defaultTo(&o.MaxBytes, defaultMaxBytes)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Memory{options: o, jobs: map[string]*entry{}, keys: map[ownedKey]*entry{}, owners: map[string]*owned{}, queued: map[string]*timeline{}}, nil
}

// Submit implements [Backend].
func (m *Memory) Submit(_ context.Context, n NewJob) (Job, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.sweep()
	key := ownedKey{n.Owner, n.Key}
	if n.Key != "" {
		if e := m.keys[key]; e != nil {
			if e.job.Fingerprint != n.Fingerprint {
				return Job{}, false, ErrKeyReused
			}
			return m.view(e), true, nil
		}
	}
	if m.jobs[n.ID] != nil {
		return Job{}, false, errors.New("async: the id of a new job is in use")
	}
	if m.opened >= n.MaxQueued || m.ownerOf(n.Owner).open >= n.MaxOwned || n.Callback != "" && len(m.outbox.queue) >= m.options.MaxJobs || !m.makeRoom(now, int64(len(n.Input))) {
		m.forgetOwner(n.Owner)
		return Job{}, false, ErrFull
	}
	m.serial++
	e := &entry{serial: m.serial, job: Job{
		ID: n.ID, Kind: n.Kind, Owner: n.Owner, Key: n.Key, Fingerprint: n.Fingerprint, Input: n.Input, Callback: n.Callback,
		Status: Queued, Version: 1, Created: now, Updated: now, RunAt: now, Retention: n.Retention, Tombstone: n.Tombstone,
	}}
	m.jobs[n.ID] = e
	if n.Key != "" {
		m.keys[key] = e
	}
	m.opened++
	m.inputs += int64(len(n.Input))
	o := m.ownerOf(n.Owner) // not before: making room may have forgotten it
	o.open++
	if e.older = o.newest; e.older != nil {
		e.older.newer = e
	}
	o.newest = e
	m.enqueue(e)
	return m.view(e), false, nil
}

// ownerOf returns what an owner has, to be changed.
func (m *Memory) ownerOf(owner string) *owned {
	o := m.owners[owner]
	if o == nil {
		o = &owned{}
		m.owners[owner] = o
	}
	return o
}

// forgetOwner drops an owner who has nothing.
func (m *Memory) forgetOwner(owner string) {
	if o := m.owners[owner]; o != nil && o.open == 0 && o.newest == nil {
		delete(m.owners, owner)
	}
}

// view is a job as it is told: with its place in the queue.
func (m *Memory) view(e *entry) Job {
	job := e.job
	if job.Status == Queued {
		job.Position = 1
		for _, q := range m.queued {
			job.Position += q.rank(e)
		}
	}
	return job
}

// Get implements [Backend].
func (m *Memory) Get(_ context.Context, id string) (Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.find(id)
	if e == nil {
		return Job{}, err
	}
	return m.view(e), err
}

// find returns an entry with a nil error, a tombstone with ErrGone, or no entry with
// ErrNotFound.
func (m *Memory) find(id string) (*entry, error) {
	m.sweep()
	e := m.jobs[id]
	switch {
	case e == nil:
		return nil, ErrNotFound
	case e.dead:
		return e, ErrGone
	}
	return e, nil
}

// List implements [Backend].
func (m *Memory) List(_ context.Context, owner, after string, limit int) ([]Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	var next *entry
	if o := m.owners[owner]; o != nil {
		next = o.newest
	}
	if after != "" {
		e := m.jobs[after]
		switch {
		case e == nil || e.job.Owner != owner:
			return nil, ErrNotFound
		case !e.dead:
			next = e.older
		default: // it expired between two pages
			for next != nil && next.serial > e.serial {
				next = next.older
			}
		}
	}
	var jobs []Job
	for ; next != nil && len(jobs) < limit; next = next.older {
		jobs = append(jobs, m.view(next))
	}
	return jobs, nil
}

// Cancel implements [Backend].
func (m *Memory) Cancel(_ context.Context, id string) (Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.find(id)
	switch {
	case e == nil:
		return Job{}, err
	case err != nil:
		return m.view(e), err
	case e.job.Status.Final():
		return m.view(e), ErrFinished
	case e.job.Status == Queued:
		m.queued[e.job.Kind].remove(e)
		m.finish(e, Outcome{Status: Canceled, Progress: e.job.Progress})
	case e.job.Status == Running:
		e.job.Status = Cancelling
		m.changed(e, m.options.Now())
		(*e.cancel)(ErrCanceled)
	}
	return m.view(e), nil
}

// Watch implements [Watcher].
func (m *Memory) Watch(ctx context.Context, id string, after int64) (Job, error) {
	for {
		m.mu.Lock()
		e, err := m.find(id)
		if e == nil {
			m.mu.Unlock()
			return Job{}, err
		}
		job := m.view(e)
		if err != nil || job.Version > after || job.Status.Final() {
			m.mu.Unlock()
			return job, err
		}
		if e.next == nil {
			e.next = &change{done: make(chan struct{})}
		}
		next := e.next
		m.mu.Unlock()
		select {
		case <-next.done:
			if next.job.Version > after {
				return next.job, nil
			}
		case <-ctx.Done():
			return job, ctx.Err()
		}
	}
}

// changed marks a job as changed and wakes who waits.
func (m *Memory) changed(e *entry, now time.Time) {
	e.job.Version++
	e.job.Updated = now
	if e.next != nil {
		e.next.job = m.view(e)
		close(e.next.done)
		e.next = nil
	}
}

// finish ends a job that is in no queue.
func (m *Memory) finish(e *entry, o Outcome) {
	now := m.options.Now()
	j := &e.job
	m.opened--
	m.inputs -= int64(len(j.Input))
	m.owners[j.Owner].open--
	j.Status, j.Result, j.Error, j.Progress, j.Input = o.Status, o.Result, o.Error, o.Progress, nil
	j.Finished, j.Expires = now, now.Add(j.Retention)
	size := e.resultSize()
	m.lighten(now, size)
	m.results += size
	e.at = j.Expires
	m.kept.insert(e)
	if size > 0 {
		m.heavy.insert(e)
	}
	m.changed(e, now)
	m.announce(e, now)
}
