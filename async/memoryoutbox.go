package async

import (
	"container/heap"
	"context"
	"time"
)

// outgoing is a callback that has not been settled. It has the job as it ended, which
// may be dropped before.
type outgoing struct {
	job   Job
	sent  int
	due   time.Time
	place int // in the queue
}

// outbox are the callbacks that have not been settled.
type outbox struct {
	byID  map[string]*outgoing
	queue outgoingQueue
}

// outgoingQueue is a heap: the one that is due first is at its top.
type outgoingQueue []*outgoing

func (q outgoingQueue) Len() int           { return len(q) }
func (q outgoingQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q outgoingQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *outgoingQueue) Push(v any) {
	o := v.(*outgoing)
	o.place = len(*q)
	*q = append(*q, o)
}

func (q *outgoingQueue) Pop() any {
	last := len(*q) - 1
	o := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return o
}

func (b *outbox) add(job Job, now time.Time) {
	if b.byID == nil {
		b.byID = map[string]*outgoing{}
	}
	o := &outgoing{job: job, due: now}
	b.byID[job.ID] = o
	heap.Push(&b.queue, o)
}

// put sets when a callback is due.
func (b *outbox) put(o *outgoing, due time.Time) {
	o.due = due
	heap.Fix(&b.queue, o.place)
}

func (b *outbox) drop(o *outgoing) {
	heap.Remove(&b.queue, o.place)
	delete(b.byID, o.job.ID)
}

// announce keeps the callback of a job that has just finished.
func (m *Memory) announce(e *entry, now time.Time) {
	if e.job.Callback != "" {
		m.outbox.add(e.job, now)
	}
}

// DueCallbacks implements [Outbox].
func (m *Memory) DueCallbacks(_ context.Context, n int, lease time.Duration) ([]DueCallback, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.options.Now()
	var due []DueCallback
	for len(due) < n && m.outbox.queue.Len() > 0 && !now.Before(m.outbox.queue[0].due) {
		o := m.outbox.queue[0]
		due = append(due, DueCallback{o.job, o.sent})
		if lease <= 0 {
			lease = 1 // it would be at the top again
		}
		m.outbox.put(o, now.Add(lease))
	}
	return due, nil
}

// SettleCallback implements [Outbox].
func (m *Memory) SettleCallback(_ context.Context, id string, done bool, wait time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch o := m.outbox.byID[id]; {
	case o == nil:
	case done:
		m.outbox.drop(o)
	default:
		o.sent++
		m.outbox.put(o, m.options.Now().Add(wait))
	}
	return nil
}
