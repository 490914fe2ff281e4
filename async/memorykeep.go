package async

import "time"

// sweep makes tombstones of what has expired, and drops those whose time has come.
// It looks at nothing else, so that every method can call it.
func (m *Memory) sweep() (now time.Time) {
	now = m.options.Now()
	for e := m.kept.first(); e != nil && !now.Before(e.at); e = m.kept.first() {
		m.bury(e)
	}
	for e := m.dead.first(); e != nil && !now.Before(e.at); e = m.dead.first() {
		m.drop(e)
	}
	return now
}

// makeRoom makes room for one more job with so many bytes. Where that cannot be, it
// returns false, and nothing is dropped for it.
func (m *Memory) makeRoom(now time.Time, bytes int64) bool {
	if m.opened >= m.options.MaxJobs || m.inputs+bytes > m.options.MaxBytes {
		return false
	}
	m.lighten(now, bytes)
	for len(m.jobs) >= m.options.MaxJobs {
		if m.dead.first() == nil {
			m.expire(m.kept.first(), now)
		}
		m.drop(m.dead.first())
	}
	return true
}

// lighten expires results until there is room for so many bytes, as far as there are
// any.
func (m *Memory) lighten(now time.Time, bytes int64) {
	for m.inputs+m.results+bytes > m.options.MaxBytes && m.heavy.first() != nil {
		m.expire(m.heavy.first(), now)
	}
}

// expire makes a tombstone of a finished job before its time.
func (m *Memory) expire(e *entry, now time.Time) {
	e.job.Expires = now
	m.bury(e)
}

// bury makes a tombstone of a finished job.
func (m *Memory) bury(e *entry) {
	m.kept.remove(e)
	if size := e.resultSize(); size > 0 {
		m.heavy.remove(e)
		m.results -= size
	}
	e.job.Result, e.job.Error, e.job.Progress, e.dead = nil, nil, Progress{}, true
	m.unlink(e)
	e.at = e.job.Expires.Add(e.job.Tombstone)
	m.dead.insert(e)
}

// unlink takes a job out of its owner's list.
func (m *Memory) unlink(e *entry) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		m.owners[e.job.Owner].newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	}
	e.older, e.newer = nil, nil
	m.forgetOwner(e.job.Owner)
}

// drop forgets a tombstone.
func (m *Memory) drop(e *entry) {
	m.dead.remove(e)
	delete(m.jobs, e.job.ID)
	if e.job.Key != "" {
		delete(m.keys, ownedKey{e.job.Owner, e.job.Key})
	}
}

// resultSize is how many bytes a result holds.
func (e *entry) resultSize() int64 {
	if e.job.Result == nil {
		return 0
	}
	return int64(len(e.job.Result.Body))
}
