package riverqueue

import (
	"context"

	"github.com/forthright-http/forthright/async"
)

// Watch implements async.Watcher. A change that another process makes is known by a
// notification; while PostgreSQL cannot be used it is waited for, and looked for
// afterwards.
func (q *Queue) Watch(ctx context.Context, id string, after int64) (async.Job, error) {
	for {
		next := q.hub.wait(id, after) // before it is read: a change between the two is told
		job, err := q.Get(ctx, id)
		if err != nil || job.Version > after || job.Status.Final() {
			q.hub.leave(id, next)
			return job, err
		}
		select {
		case <-next.done:
			q.hub.leave(id, next)
			if told := next.job; told.ID != "" && told.Version > after {
				return told, nil
			}
		case <-q.closed:
			q.hub.leave(id, next)
			return job, ErrClosed
		case <-ctx.Done():
			q.hub.leave(id, next)
			return job, ctx.Err()
		}
	}
}

// heard tells those who wait in this process of a change that it made.
func (q *Queue) heard(job async.Job) {
	q.hub.tell(job.ID, job)
	if job.Status == async.Cancelling {
		q.stopAttempt(job.ID)
	}
}

// refresh reads a job for those who wait for it.
func (q *Queue) refresh(id string) {
	for again := true; again; {
		job, err := q.Get(q.background, id)
		if err != nil {
			job = async.Job{} // who waits gets the error
		}
		again = q.hub.hasRead(id, job)
	}
}
