package riverqueue

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// beatsPerLease is how often a runner renews its lease while that lasts: some may be
// missed.
const beatsPerLease = 6

// beats renews the lease of a runner until ctx ends, and looks whether its jobs are
// still its own.
func (r *runner) beats(ctx context.Context) {
	lease := r.queue.options.Lease
	last := time.Now() // it was registered
	wait := lease / beatsPerLease
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-r.look:
			timer.Stop()
		case <-timer.C:
		}
		begun := time.Now()
		err := r.beat(ctx, lease)
		switch {
		case err == nil:
			last, wait = begun, lease/beatsPerLease
		case ctx.Err() != nil:
			return
		case errors.Is(err, errForgotten):
			r.lose()
			last, wait = begun, retryLeast
		default:
			r.queue.health(err)
			wait = min(lease/beatsPerLease, retryMost/4)
			if time.Since(last) > lease {
				r.lose()
				last = time.Now()
			}
		}
	}
}

// errForgotten: others have given the jobs of this runner away.
var errForgotten = errors.New("riverqueue: the lease was lost")

// lookSoon has the next heartbeat come at once.
func (r *runner) lookSoon() {
	select {
	case r.look <- struct{}{}:
	default:
	}
}

// beat renews the lease once, and looks at the jobs that run.
func (r *runner) beat(ctx context.Context, lease time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, min(timeout, lease/2))
	defer cancel()
	name, live := r.running()
	if name == "" {
		return r.register(ctx)
	}
	ids := make([]string, 0, len(live))
	for id := range live {
		ids = append(ids, id)
	}
	known := false
	b := &pgx.Batch{}
	b.Queue(r.queue.sql.beat, name, lease).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			known = true
		}
		return rows.Err()
	})
	if len(ids) > 0 {
		b.Queue(r.queue.sql.mine, ids).Query(func(rows pgx.Rows) error { return r.compare(rows, live) })
	}
	if err := r.queue.pool.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	r.queue.health(nil)
	if !known {
		return errForgotten
	}
	return nil
}

// running are the attempts that go on.
func (r *runner) running() (name string, live map[string]*attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	live = make(map[string]*attempt, len(r.live))
	for id, a := range r.live {
		live[id] = a
	}
	return r.worker, live
}

// compare looks at the jobs of attempts: what was asked to stop, and what is somebody
// else's.
func (r *runner) compare(rows pgx.Rows, live map[string]*attempt) error {
	for rows.Next() {
		var id, status, worker string
		var riverID int64
		if err := rows.Scan(&id, &riverID, &status, &worker); err != nil {
			return err
		}
		a := live[id]
		delete(live, id)
		switch {
		case riverID != a.riverID || worker != a.worker:
			a.lose()
		case async.Status(status) == async.Cancelling:
			a.cancel(async.ErrCanceled)
		}
	}
	for _, a := range live {
		a.lose()
	}
	return rows.Err()
}

// lose tells an attempt that its job is somebody else's, unless it has just ended.
func (a *attempt) lose() {
	if !a.ended.Load() {
		a.cancel(async.ErrLost)
	}
}

// lose tells all attempts that their jobs are others': the lease is over. The runner
// has no name until it gets another.
func (r *runner) lose() {
	r.mu.Lock()
	live := r.live
	r.live, r.worker = map[string]*attempt{}, ""
	r.mu.Unlock()
	for _, a := range live {
		a.cancel(async.ErrLost)
	}
	if len(live) > 0 {
		r.queue.options.Logger.Error("riverqueue: the lease was lost, and with it jobs that run", "schema", r.queue.schema, "jobs", len(live))
	}
}

// register makes the runner known under a new name, and then takes that.
func (r *runner) register(ctx context.Context) error {
	name := rand.Text()
	ctx, cancel := context.WithTimeout(ctx, min(timeout, r.queue.options.Lease/2))
	defer cancel()
	if _, err := r.queue.pool.Exec(ctx, r.queue.sql.register, name, r.queue.options.Lease); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.worker = name
	return nil
}
