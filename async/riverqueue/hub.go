package riverqueue

import (
	"sync"

	"github.com/forthright-http/forthright/async"
)

// hub tells those who wait for a job of its next change. All who wait for one job share
// a channel, and one read of it.
type hub struct {
	mu   sync.Mutex
	jobs map[string]*next
}

// next is the next change of a job. job is set before done is closed; it has no ID
// where it is to be read.
type next struct {
	done    chan struct{}
	job     async.Job
	waiting int
	least   int64 // a change up to this version is news to nobody
	reading bool  // somebody reads it for all
	missed  bool  // and there was another change meanwhile
}

// wait returns the next change of a job above a version. leave is called afterwards.
func (h *hub) wait(id string, after int64) *next {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.jobs[id]
	if n == nil {
		n = &next{done: make(chan struct{}), least: after}
		if h.jobs == nil {
			h.jobs = map[string]*next{}
		}
		h.jobs[id] = n
	}
	n.least = min(n.least, after)
	n.waiting++
	return n
}

func (h *hub) leave(id string, n *next) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n.waiting--; n.waiting == 0 && h.jobs[id] == n {
		delete(h.jobs, id)
	}
}

// tell wakes all who wait for this job.
func (h *hub) tell(id string, job async.Job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := h.jobs[id]; n != nil {
		n.job = job
		close(n.done)
		delete(h.jobs, id)
	}
}

// toRead reports whether a change of which only the version is known (0 where not even
// that is) has to be read by the caller for those who wait. It tells them then.
func (h *hub) toRead(id string, version int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.jobs[id]
	switch {
	case n == nil, version != 0 && version <= n.least:
		return false
	case n.reading:
		n.missed = true
		return false
	}
	n.reading = true
	return true
}

// hasRead tells those who wait what was read, and reports whether it has to be read
// again, since it has changed meanwhile.
func (h *hub) hasRead(id string, job async.Job) bool {
	h.mu.Lock()
	n := h.jobs[id]
	if n != nil && n.missed {
		n.missed = false
		h.mu.Unlock()
		return true
	}
	if n != nil {
		n.reading = false
	}
	news := n != nil && (job.ID == "" || job.Version > n.least)
	h.mu.Unlock()
	if news {
		h.tell(id, job)
	}
	return false
}

// waited are the ids of all jobs that somebody waits for.
func (h *hub) waited() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.jobs))
	for id := range h.jobs {
		ids = append(ids, id)
	}
	return ids
}
