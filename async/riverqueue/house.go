package riverqueue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

const (
	houseMost  = 3 * time.Second // between two times that the house is kept, at most
	houseParts = 10              // of a Lease
	houseLeast = 200 * time.Millisecond
	houseBatch = 200
	sweepBatch = 1000
)

// keepHouse rescues jobs whose worker has died and sweeps what has expired, until ctx
// ends. Of all processes, one does it at a time.
func (r *runner) keepHouse(ctx context.Context) {
	q := r.queue
	each := min(max(q.options.Lease/houseParts, houseLeast), houseMost)
	h := house{queue: q, most: r.executor.MaxInterrupted(), calm: time.Now()}
	for {
		if err := h.keep(ctx, each); err != nil && ctx.Err() == nil {
			q.health(err)
			// The living may not have been heard, either.
			h.calm = time.Now().Add(q.options.Lease / 3)
		}
		if !pause(ctx, q.closed, each) {
			return
		}
	}
}

// house is what is done for all processes.
type house struct {
	queue   *Queue
	most    int       // MaxInterrupted
	calm    time.Time // nobody is taken for dead before
	orphans time.Time // when they are looked for next
}

func (h *house) keep(ctx context.Context, each time.Duration) error {
	q := h.queue
	if !h.turn(ctx, each) {
		return nil
	}
	var errs []error
	if time.Now().After(h.calm) {
		errs = append(errs, h.rescue(ctx))
	}
	errs = append(errs, h.repair(ctx))
	for more := true; more && ctx.Err() == nil && errors.Join(errs...) == nil; {
		var n int
		within, cancel := context.WithTimeout(ctx, 2*timeout)
		err := q.pool.QueryRow(within, q.sql.sweep, sweepBatch).Scan(&n)
		if err == nil {
			_, err = q.pool.Exec(within, q.sql.sweepReplays, sweepBatch)
		}
		cancel()
		errs = append(errs, err)
		more = n == sweepBatch
	}
	return errors.Join(errs...)
}

// turn reports whether it is this process's turn.
func (h *house) turn(ctx context.Context, each time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var until time.Time
	err := h.queue.pool.QueryRow(ctx, h.queue.sql.takeHouse, each-each/10).Scan(&until)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		h.queue.health(err)
		h.calm = time.Now().Add(h.queue.options.Lease / 3)
	}
	return err == nil
}

// rescue gives the jobs of dead processes to others.
func (h *house) rescue(ctx context.Context) error {
	q := h.queue
	dead, err := h.names(ctx, q.sql.dead, q.options.Lease/3)
	if err != nil {
		return err
	}
	for _, name := range dead {
		for {
			ids, err := h.names(ctx, q.sql.deadJobs, name, houseBatch)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				break
			}
			rescued, err := h.release(ids)
			if err != nil {
				return err
			}
			if rescued == 0 {
				return nil // it is not dead, after all
			}
		}
		if _, err := q.pool.Exec(ctx, q.sql.noLonger, name); err != nil {
			return err
		}
	}
	if time.Now().Before(h.orphans) {
		return nil
	}
	h.orphans = time.Now().Add(q.options.Lease)
	ids, err := h.names(ctx, q.sql.orphans, houseBatch)
	if err == nil && len(ids) > 0 {
		_, err = h.release(ids)
	}
	return err
}

// release puts back the jobs whose worker is dead.
func (h *house) release(ids []string) (int, error) {
	all := make([]*requeue, len(ids))
	for i, id := range ids {
		all[i] = &requeue{id: id, decide: h.lostWorker}
	}
	err := h.queue.requeueTogether(all)
	n := 0
	for _, r := range all {
		if r.done {
			n++
		}
	}
	if n > 0 {
		h.queue.options.Logger.Warn("riverqueue: a process that ran jobs has died, and they are given to others", "schema", h.queue.schema, "jobs", n)
	}
	return n, err
}

// lostWorker is what becomes of a job whose worker is dead.
func (h *house) lostWorker(r row, alive bool, _ time.Time) *verdict {
	switch {
	case alive || r.worker == "":
		return nil
	case r.Status == async.Cancelling:
		return &verdict{outcome: async.Outcome{Status: async.Canceled, Progress: r.Progress}, interrupted: r.Interrupted}
	case r.Interrupted+1 >= h.most:
		o := async.Interrupted()
		o.Progress = r.Progress
		return &verdict{outcome: o, interrupted: r.Interrupted + 1}
	}
	return &verdict{outcome: async.Outcome{Status: async.Queued, Progress: r.Progress}, attempt: r.Attempt, interrupted: r.Interrupted + 1, runAt: r.RunAt}
}

// repair looks after jobs that are queued and that River will not begin: its process
// died before it began, or somebody has cancelled them there.
func (h *house) repair(ctx context.Context) error {
	q := h.queue
	ids, err := h.names(ctx, q.sql.unclaimed, q.options.Lease, houseBatch)
	if err != nil {
		return err
	}
	var all []*requeue
	for _, id := range ids {
		all = append(all, &requeue{id: id, decide: func(r row, _ bool, _ time.Time) *verdict {
			if r.Status != async.Queued {
				return nil
			}
			return &verdict{outcome: async.Outcome{Status: async.Queued, Progress: r.Progress}, attempt: r.Attempt, interrupted: r.Interrupted, runAt: r.RunAt}
		}})
	}
	if len(all) > 0 {
		if err := q.requeueTogether(all); err != nil {
			return err
		}
	}
	stopped, err := h.names(ctx, q.sql.stopped, max(q.options.Lease, 2*houseMost), houseBatch)
	if err != nil {
		return err
	}
	for _, id := range stopped {
		if _, err := q.Cancel(ctx, id); errors.Is(err, ErrUnavailable) {
			return err
		}
	}
	return h.promote(ctx)
}

// promote has River begin jobs whose time has come, where its own scheduler has not
// yet: that looks each 5 seconds, and where River has no leader not at all.
func (h *house) promote(ctx context.Context) error {
	q := h.queue
	ctx, cancel := context.WithTimeout(ctx, 2*timeout)
	defer cancel()
	rows, err := q.pool.Query(ctx, q.sql.overdue, houseBatch)
	if err != nil {
		return err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, n := range numbers {
		if _, err := q.other.JobRetry(ctx, n); err != nil && !isGone(err) {
			return err
		}
	}
	return err
}

// names reads one column.
func (h *house) names(ctx context.Context, sql string, args ...any) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*timeout)
	defer cancel()
	rows, err := h.queue.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
