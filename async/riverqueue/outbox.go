package riverqueue

import (
	"context"
	"time"

	"github.com/forthright-http/forthright/async"
)

// DueCallbacks implements async.Outbox. A callback is in the row of its job: it is to be
// sent from the very transaction on in which the job finished. What one process is
// given, others are not.
func (q *Queue) DueCallbacks(ctx context.Context, n int, lease time.Duration) (due []async.DueCallback, err error) {
	err = q.reading(ctx, func(ctx context.Context) error {
		due = nil
		rows, err := q.pool.Query(ctx, q.sql.due, max(n, 0), lease)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r row
			if err := r.scan(rows); err != nil {
				return err
			}
			due = append(due, async.DueCallback{Job: r.Job, Sent: r.sent})
		}
		return rows.Err()
	})
	return due, err
}

// SettleCallback implements async.Outbox.
func (q *Queue) SettleCallback(ctx context.Context, id string, done bool, wait time.Duration) error {
	if !fits(id) {
		return ctx.Err()
	}
	return q.reading(ctx, func(ctx context.Context) error {
		if done {
			_, err := q.pool.Exec(ctx, q.sql.settle, id)
			return err
		}
		_, err := q.pool.Exec(ctx, q.sql.settleLater, id, wait)
		return err
	})
}
