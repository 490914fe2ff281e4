package async

import (
	"context"
	"time"
)

// outgoing is a callback that has not been settled. It has the job as it ended, which
// may be dropped before: callbacks come on top of what MemoryOptions bound.
type outgoing struct {
	job  Job
	sent int
	due  time.Time
}

// announce keeps the callback of a job that has just finished.
func (m *Memory) announce(e *entry, now time.Time) {
	if e.job.Callback == "" {
		return
	}
	if m.outbox == nil {
		m.outbox = map[string]*outgoing{}
	}
	m.outbox[e.job.ID] = &outgoing{job: e.job, due: now}
}

// DueCallbacks implements [Outbox].
func (m *Memory) DueCallbacks(_ context.Context, n int, lease time.Duration) ([]DueCallback, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.options.Now()
	var due []DueCallback
	for _, o := range m.outbox {
		if len(due) == n {
			break
		}
		if !now.Before(o.due) {
			o.due = now.Add(lease)
			due = append(due, DueCallback{o.job, o.sent})
		}
	}
	return due, nil
}

// SettleCallback implements [Outbox].
func (m *Memory) SettleCallback(_ context.Context, id string, done bool, wait time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.outbox[id]
	switch {
	case o == nil:
	case done:
		delete(m.outbox, id)
	default:
		o.sent++
		o.due = m.options.Now().Add(wait)
	}
	return nil
}
