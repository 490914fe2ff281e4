package riverqueue

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// positionMost is up to which place a job is told it: it costs a look at each before
// it.
const positionMost = 1000

// Get implements async.Backend. Position counts the jobs of the same queue of River; 0
// where there are more than 999 before it.
func (q *Queue) Get(ctx context.Context, id string) (async.Job, error) {
	if err := ctx.Err(); err != nil {
		return async.Job{}, err
	}
	if !fits(id) {
		return async.Job{}, async.ErrNotFound
	}
	var r row
	var now time.Time
	var before *int
	err := q.reading(ctx, func(ctx context.Context) error {
		return r.scan(q.pool.QueryRow(ctx, q.sql.get, id), &now, &before)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return async.Job{}, async.ErrNotFound
	case err != nil:
		return async.Job{}, err
	}
	if before != nil && *before < positionMost {
		r.Position = *before + 1
	}
	return aged(r.Job, now.UTC())
}

// List implements async.Backend. Position is not told.
func (q *Queue) List(ctx context.Context, owner, after string, limit int) (jobs []async.Job, err error) {
	before := int64(math.MaxInt64)
	if after != "" {
		err := pgx.ErrNoRows
		if fits(after) {
			err = q.reading(ctx, func(ctx context.Context) error {
				return q.pool.QueryRow(ctx, q.sql.behind, after, []byte(owner)).Scan(&before)
			})
		}
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil, async.ErrNotFound
		case err != nil:
			return nil, err
		}
	}
	err = q.reading(ctx, func(ctx context.Context) error {
		jobs = nil
		rows, err := q.pool.Query(ctx, q.sql.page, []byte(owner), before, max(limit, 0))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r row
			if err := r.scan(rows); err != nil {
				return err
			}
			jobs = append(jobs, r.Job)
		}
		return rows.Err()
	})
	return jobs, err
}

// reading has f read, for some seconds at most. [pgx.ErrNoRows] is returned as it is.
func (q *Queue) reading(ctx context.Context, f func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := q.isClosed(); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := f(within)
	switch {
	case err == nil, errors.Is(err, pgx.ErrNoRows):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	q.health(err)
	return known(err)
}
