package riverqueue

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// requeue puts a job back into the queue, with a new job of River, or ends it.
type requeue struct {
	id string
	// decide looks at the job as it is, under its lock: what is to become of it, or
	// nil for nothing. alive tells whether its worker is.
	decide func(r row, alive bool, now time.Time) *verdict
	done   bool // something became of it
}

// verdict is what becomes of a job.
type verdict struct {
	outcome     async.Outcome // Queued, or final
	attempt     int
	interrupted int
	runAt       time.Time
}

// putBack has jobs put back.
func (q *Queue) putBack(ctx context.Context, r *requeue) error {
	return known(q.requeues.ask(ctx, r, 0))
}

func (q *Queue) requeueAll(batch []*call[*requeue]) {
	all := make([]*requeue, len(batch))
	for i, c := range batch {
		all[i] = c.it
	}
	err := q.requeueTogether(all)
	for _, c := range batch {
		c.err = err
	}
}

// requeueTogether puts jobs back in one transaction.
func (q *Queue) requeueTogether(all []*requeue) error {
	err := q.requeueOnce(all)
	for try := 0; again(err) && try < 3; try++ {
		err = q.requeueOnce(all)
	}
	q.health(err)
	return err
}

func (q *Queue) requeueOnce(all []*requeue) error {
	return q.inTransaction(context.Background(), func(ctx context.Context, t *transaction) error {
		var ids []string
		for _, r := range all {
			ids, r.done = append(ids, r.id), false
		}
		rows := map[string]locked{}
		b := &pgx.Batch{}
		b.Queue(q.sql.lock, ids).Query(func(found pgx.Rows) error {
			for found.Next() {
				var l locked
				if err := l.row.scan(found, &l.now, &l.alive); err != nil {
					return err
				}
				rows[l.row.ID] = l
			}
			return found.Err()
		})
		if err := t.first(ctx, b); err != nil {
			return err
		}
		var back []backlog
		var ends []*change
		for _, r := range all {
			l, ok := rows[r.id]
			if !ok {
				continue
			}
			delete(rows, r.id) // once
			v := r.decide(l.row, l.alive, l.now.UTC())
			if v == nil {
				continue
			}
			r.done = true
			if v.outcome.Status == async.Queued {
				back = append(back, backlog{l, v})
			} else {
				ends = append(ends, &change{what: finishes, id: r.id, riverID: l.row.riverID, worker: l.row.worker, outcome: v.outcome, interrupted: v.interrupted})
			}
		}
		b = &pgx.Batch{}
		q.queueFinishes(b, ends)
		if err := q.queueBack(ctx, t, b, back); err != nil {
			return err
		}
		return t.last(ctx, b)
	})
}

// locked is a job under its lock.
type locked struct {
	row   row
	now   time.Time
	alive bool
}

type backlog struct {
	locked
	*verdict
}

// queueBack puts jobs into River, and has them put back by the batch.
func (q *Queue) queueBack(ctx context.Context, t *transaction, b *pgx.Batch, all []backlog) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	jobs, id, message := make([]placed, n), make([]string, n), make([][]byte, n)
	attempt, interrupted := make([]int32, n), make([]int32, n)
	done, total, river, runAt := make([]int64, n), make([]int64, n), make([]int64, n), make([]time.Time, n)
	for i, a := range all {
		p := a.outcome.Progress
		id[i], attempt[i], interrupted[i], runAt[i] = a.row.ID, int32(a.attempt), int32(a.interrupted), a.runAt
		done[i], total[i], message[i] = p.Done, p.Total, []byte(p.Message)
		jobs[i] = placed{id: a.row.ID, kind: a.row.Kind, KindOptions: a.row.KindOptions, runAt: a.runAt, later: a.runAt.Sub(a.now) > soon}
	}
	numbers, err := insert(ctx, q.other, t, jobs)
	if err != nil {
		return err
	}
	for i := range all {
		river[i] = numbers[id[i]]
	}
	b.Queue(q.sql.requeue, q.channel, id, attempt, interrupted, done, total, message, runAt, river)
	return nil
}
