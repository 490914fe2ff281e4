package riverqueue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// Cancel implements async.Backend. The process that runs the job hears of it by a
// notification, and where that is lost by its next heartbeat.
func (q *Queue) Cancel(ctx context.Context, id string) (async.Job, error) {
	if err := errors.Join(ctx.Err(), q.isClosed()); err != nil {
		return async.Job{}, err
	}
	if !fits(id) {
		return async.Job{}, async.ErrNotFound
	}
	job, err := q.cancel(ctx, id)
	for try := 0; again(err) && try < 3; try++ {
		job, err = q.cancel(ctx, id)
	}
	switch {
	case err == nil, errors.Is(err, async.ErrFinished), errors.Is(err, async.ErrGone):
		return job, err
	case errors.Is(err, async.ErrNotFound):
		return async.Job{}, err
	case ctx.Err() != nil:
		return async.Job{}, ctx.Err()
	}
	q.health(err)
	return async.Job{}, known(err)
}

func (q *Queue) cancel(ctx context.Context, id string) (job async.Job, err error) {
	err = q.inTransaction(ctx, func(ctx context.Context, t *transaction) error {
		var r row
		var now time.Time
		b := &pgx.Batch{}
		b.Queue("SELECT "+columns+in(q.schema, ", now() FROM {schema}async_job j WHERE j.id = $1 FOR UPDATE"), id).
			QueryRow(func(found pgx.Row) error { return r.scan(found, &now) })
		if err := t.first(ctx, b); errors.Is(err, pgx.ErrNoRows) {
			return async.ErrNotFound
		} else if err != nil {
			return err
		}
		var gone error
		job, gone = aged(r.Job, now.UTC())
		switch {
		case gone != nil:
			return gone
		case job.Status == async.Cancelling:
			return nil
		case job.Status.Final():
			return async.ErrFinished
		case job.Status == async.Queued:
			job, err = q.cancelQueued(ctx, t, r)
			return err
		}
		b = &pgx.Batch{}
		b.Queue(q.sql.askToStop, q.channel, id).QueryRow(func(r pgx.Row) error {
			var told int64
			defer func() { job.Updated = job.Updated.UTC() }()
			return r.Scan(&id, &job.Version, &job.Status, &job.Updated, &told)
		})
		return t.last(ctx, b)
	})
	if err == nil {
		q.heard(job)
	}
	return job, err
}

// cancelQueued ends a job that is queued, and its job of River.
func (q *Queue) cancelQueued(ctx context.Context, t *transaction, r row) (async.Job, error) {
	if _, err := q.other.JobCancelTx(ctx, t, r.riverID); err != nil && !errors.Is(err, pgx.ErrNoRows) && !isGone(err) {
		return async.Job{}, err
	}
	c := &change{what: finishes, id: r.ID, riverID: r.riverID, outcome: async.Outcome{Status: async.Canceled, Progress: r.Progress}, interrupted: r.Interrupted}
	b := &pgx.Batch{}
	q.queueFinishes(b, []*change{c})
	if err := t.last(ctx, b); err != nil {
		return async.Job{}, err
	}
	return c.ended(r.Job), nil
}

// ended is a job after its end was kept.
func (c *change) ended(job async.Job) async.Job {
	o := c.outcome
	job.Status, job.Version, job.Interrupted = o.Status, c.version, c.interrupted
	job.Progress, job.Result, job.Error, job.Input = o.Progress, o.Result, o.Error, nil
	job.Updated, job.Finished, job.Expires, job.Position = c.updated, c.updated, c.expires, 0
	return job
}
