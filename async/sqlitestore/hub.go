package sqlitestore

import (
	"sync"

	"github.com/forthright-http/forthright/async"
)

// hub tells those who wait for a job of its next change. All who wait for one job
// share a channel, and are given the job: none of ten thousand has to read it.
type hub struct {
	mu   sync.Mutex
	jobs map[string]*change
}

// change is the next change of a job. job is set before done is closed; it has no ID
// where it is to be read.
type change struct {
	done    chan struct{}
	job     async.Job
	waiting int
}

// wait returns the next change of a job. leave is called afterwards.
func (h *hub) wait(id string) *change {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.jobs[id]
	if c == nil {
		c = &change{done: make(chan struct{})}
		if h.jobs == nil {
			h.jobs = map[string]*change{}
		}
		h.jobs[id] = c
	}
	c.waiting++
	return c
}

func (h *hub) leave(id string, c *change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.waiting--; c.waiting == 0 && h.jobs[id] == c {
		delete(h.jobs, id)
	}
}

// tell wakes all who wait for this job.
func (h *hub) tell(id string, job async.Job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.jobs[id]; c != nil {
		c.job = job
		close(c.done)
		delete(h.jobs, id)
	}
}
