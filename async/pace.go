package async

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// pace knows how long jobs take, for Retry-After.
type pace struct {
	mu    sync.Mutex
	kinds map[string]*durations
}

// durations are the newest of one kind, in a ring, and their median.
type durations struct {
	ring   [paceKept]time.Duration
	n      int
	median time.Duration
}

const (
	paceKept = 32
	// pollFirst is what is assumed of a kind of which none has finished.
	pollFirst = 2 * time.Second
	pollMost  = 30 * time.Second
	// A job that runs longer than was expected is given a tenth of what it ran more.
	overduePart = 10
	// Up to a tenth is added at random.
	jitterPart = 10
)

// took notes how long an attempt was running.
func (p *pace) took(kind string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.kinds[kind]
	if k == nil {
		if p.kinds == nil {
			p.kinds = map[string]*durations{}
		}
		k = &durations{}
		p.kinds[kind] = k
	}
	k.ring[k.n%paceKept] = d
	k.n++
	kept := k.ring
	newest := kept[:min(k.n, paceKept)]
	slices.Sort(newest)
	k.median = newest[len(newest)/2]
}

func (p *pace) median(kind string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.kinds[kind]; k != nil {
		return k.median
	}
	return pollFirst
}

// poll is when to ask again for a job: what is left of it, and of those before it,
// with some jitter so that clients do not ask all at once, in whole seconds, 1 to 33.
func (p *pace) poll(job Job, now time.Time, workers int) time.Duration {
	left := min(max(p.left(job, now, workers), time.Second), pollMost)
	left += rand.N(left/jitterPart + 1)
	// Rounded up or down by chance, so that the mean is kept, and 1.2 s is mostly 1.
	return (left + rand.N(time.Second)).Truncate(time.Second)
}

// left is how long a job will take from now, by its own progress or by how long its
// kind takes.
func (p *pace) left(job Job, now time.Time, workers int) time.Duration {
	median := p.median(job.Kind)
	switch {
	case job.Status == Cancelling:
		return 0 // its handler is to return soon
	case job.Status == Queued:
		waits := median * time.Duration(max(job.Position-1, 0)) / time.Duration(max(workers, 1))
		return median + max(waits, job.RunAt.Sub(now))
	case job.Started.IsZero():
		return median
	}
	ran := now.Sub(job.Started)
	if percent, ok := job.Progress.Percent(); ok && percent > 0 {
		then := job.Updated.Sub(job.Started) // when it was so far
		return max(0, time.Duration(float64(then)*100/float64(percent))-ran)
	}
	return max(median-ran, ran/overduePart)
}
