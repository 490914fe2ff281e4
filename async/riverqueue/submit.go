package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// largest is how large an input or a result may be.
const largest = 256 << 20

// lockPatience is how long those who submit wait for somebody else's transaction that
// has one of their keys: all others wait with them.
const lockPatience = "250ms"

// submission is a job that is to be kept, and what came of it.
type submission struct {
	new     async.NewJob
	job     async.Job
	existed bool
	err     error // of this one alone
}

// Submit implements async.Backend. Where ctx ends before the job is being written, it
// is not kept; afterwards it is waited for, for some seconds at most. With a
// transaction of [WithTx] in ctx, the job is kept when that commits.
func (q *Queue) Submit(ctx context.Context, n async.NewJob) (async.Job, bool, error) {
	switch {
	case !fits(n.ID):
		return async.Job{}, false, fmt.Errorf("riverqueue: the id %q of a job is not %d to %d letters, digits, - or _", n.ID, idLeast, idMost)
	case len(n.Input) > largest:
		return async.Job{}, false, fmt.Errorf("riverqueue: an input of %d bytes is larger than %d", len(n.Input), largest)
	}
	s := &submission{new: n}
	if tx, ok := async.Tx(ctx); ok {
		if err := errors.Join(q.isClosed(), q.Joins(tx)); err != nil {
			return async.Job{}, false, err
		}
		if err := q.submitWithin(ctx, tx.(pgx.Tx), s); err != nil {
			return async.Job{}, false, known(err)
		}
	} else if err := q.ask(ctx, s); err != nil {
		return async.Job{}, false, known(err)
	}
	if s.err != nil {
		return async.Job{}, false, s.err
	}
	return s.job, s.existed, nil
}

// errHeld: a transaction of somebody else has the key, and has not ended.
var errHeld = errors.New("riverqueue: a transaction that has not ended has the key of the job")

// ask has a job kept together with those of others. Where a transaction of somebody else
// has its key, that is waited for, and nobody waits with it.
func (q *Queue) ask(ctx context.Context, s *submission) error {
	err := q.submits.ask(ctx, s, len(s.new.Input))
	if !errors.Is(err, errHeld) {
		return err
	}
	if err = q.submitAlone(ctx, s); errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return errHeld
	}
	return err
}

// errTaken: a key or an id was not known a moment ago, and is in use now.
var errTaken = errors.New("riverqueue: the id of a new job is in use")

// submitAll keeps a batch in one transaction.
func (q *Queue) submitAll(batch []*call[*submission]) {
	err := errTaken
	for try := 0; try < 3 && (errors.Is(err, errTaken) || again(err)); try++ {
		err = q.submitTogether(batch)
	}
	if len(batch) > 1 && (errors.Is(err, errTaken) || err != nil && !unavailable(err)) {
		for i := range batch { // so that none fails for another
			q.submitAll(batch[i : i+1])
		}
		return
	}
	for _, c := range batch {
		if c.err = err; held(err) {
			c.err = errHeld
		}
	}
	q.health(err)
}

func (q *Queue) submitTogether(batch []*call[*submission]) error {
	all := make([]*submission, len(batch))
	for i, c := range batch {
		all[i] = c.it
	}
	return q.inTransaction(context.Background(), func(ctx context.Context, t *transaction) error {
		in := intake{q: q, all: all, exact: true}
		b := &pgx.Batch{}
		// One plan for every number of jobs: to plan each time takes longer than to run.
		b.Queue("SELECT pg_advisory_xact_lock($1), set_config('lock_timeout', $2, true), set_config('plan_cache_mode', 'force_generic_plan', true)",
			q.lock, lockPatience)
		in.ask(b)
		if err := t.first(ctx, b); err != nil {
			return err
		}
		if err := in.count(ctx, t); err != nil {
			return err
		}
		if in.admit(); len(in.admitted) == 0 {
			return nil // nothing is to be kept
		}
		t.hold = true
		numbers, err := insert(ctx, q.plain, t, in.placed())
		if err != nil {
			return err
		}
		b = &pgx.Batch{}
		in.insert(b, numbers)
		// A COMMIT that waits for its turn to notify is not to fail, least of all when
		// it is done.
		b.Queue("SET LOCAL lock_timeout = 0")
		if err = t.last(ctx, b); notAll(err) {
			return errTaken
		}
		return err
	})
}

// submitAlone keeps a job whose key somebody else's transaction has, once that has
// ended.
func (q *Queue) submitAlone(ctx context.Context, s *submission) error {
	return q.inTransaction(ctx, func(ctx context.Context, t *transaction) error {
		if err := t.first(ctx, &pgx.Batch{}); err != nil {
			return err
		}
		if err := q.submitWithin(ctx, t, s); err != nil {
			return err
		}
		return t.Commit(ctx)
	})
}

// submitWithin keeps a job in a transaction that others begin and commit.
func (q *Queue) submitWithin(ctx context.Context, tx pgx.Tx, s *submission) error {
	for range 3 {
		in := intake{q: q, all: []*submission{s}}
		b := &pgx.Batch{}
		in.ask(b)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if err := in.count(ctx, tx); err != nil {
			return err
		}
		if in.admit(); len(in.admitted) == 0 {
			return nil
		}
		numbers, err := insert(ctx, q.other, tx, in.placed())
		if err != nil {
			return err
		}
		b = &pgx.Batch{}
		kept := in.insert(b, numbers)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if *kept == 1 {
			return nil
		}
		if _, err := q.other.JobDeleteTx(ctx, tx, numbers[s.new.ID]); err != nil {
			return err
		}
	}
	return errTaken
}

// newJob is the job that a submission makes.
func (s *submission) newJob(now time.Time) async.Job {
	n := s.new
	job := async.Job{
		ID: n.ID, Kind: n.Kind, Owner: n.Owner, Key: n.Key, Fingerprint: n.Fingerprint, Input: n.Input, Callback: n.Callback,
		Status: async.Queued, Version: 1, Created: now, Updated: now, RunAt: now, Retention: n.Retention, Tombstone: n.Tombstone,
	}
	if n.Key == "" {
		job.Fingerprint = [32]byte{} // it belongs to a key
	}
	return job
}
