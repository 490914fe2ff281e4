package async

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// Task is the attempt that a handler works on.
type Task struct {
	job Job

	mu       sync.Mutex
	progress Progress
	location string
	changed  bool
}

// ID is the job's.
func (t *Task) ID() string { return t.job.ID }

// Owner is who submitted the job.
func (t *Task) Owner() string { return t.job.Owner }

// Attempt is which attempt this is, from 1.
func (t *Task) Attempt() int { return t.job.Attempt }

// Progress tells how far the job is, in units of your own. total may be 0, for not
// known. It may be called as often as one likes: the newest is kept at most once a
// second, and when the attempt ends.
func (t *Task) Progress(done, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress.Done, t.progress.Total, t.changed = done, total, true
}

// Message tells what the job is doing, in a few words for people; it is cut at 200
// bytes.
func (t *Task) Message(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress.Message, t.changed = cutText(text), true
}

// Location is the URL of the resource that the job made, in place of a result of its
// own: absolute, or relative to [Options.URL]. A result that is asked for is answered by
// 303 to it. What is no URL makes the job fail.
func (t *Task) Location(url string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.location = url
}

const maxMessage = 200

// cutText cuts a text behind the last whole character, and drops what is not UTF-8.
func cutText(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxMessage)], "") }

func (t *Task) newest() (p Progress, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed, t.changed = t.changed, false
	return t.progress, changed
}

// unkept marks progress as not kept, so that it is reported again.
func (t *Task) unkept() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changed = true
}

const (
	// reportEvery is how often progress is kept, by the time of the machine.
	reportEvery = time.Second
	// renewEvery is after how many silent ticks a lease is renewed.
	renewEvery = 5
)

// keepReporting hands progress to the backend until the handler has returned, and
// renews the lease where there is nothing new: also while a handler that was asked to
// stop takes its time. It ends the attempt where the job is lost.
func (t *Task) keepReporting(ended <-chan ending, cancel context.CancelCauseFunc, report func(Progress) error) ending {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for quiet := 1; ; quiet++ {
		select {
		case end := <-ended:
			return end
		case <-tick.C:
		}
		p, changed := t.newest()
		if !changed && quiet < renewEvery {
			continue
		}
		quiet = 0
		err := report(p)
		switch {
		case errors.Is(err, ErrLost):
			cancel(ErrLost)
			return <-ended
		case err != nil && changed:
			t.unkept()
		}
	}
}
