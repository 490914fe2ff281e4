package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/forthright-http/forthright/async"
)

// attempt is a job that runs here. Only the writer keeps them.
type attempt struct {
	runner *runner
	job    record
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// claim lets jobs begin for which there is a worker, in the transaction of what made
// them ready: so it costs no sync of its own, and no job waits while a worker is
// free.
func (t *transaction) claim() {
	if !t.ring {
		return
	}
	for _, r := range t.store.runners() {
		for r.free > 0 && r.ctx.Err() == nil {
			due, next := t.store.queue.take(r.free, nanos(t.now), r.kinds)
			for _, place := range due {
				if t.begins(r, place) != nil {
					return
				}
			}
			if len(due) == 0 {
				if next != 0 {
					t.then = append(t.then, func() { r.wakeAt(timeOf(next).Sub(t.now)) })
				}
				break
			}
		}
	}
}

// begins makes a queued job a running one.
func (t *transaction) begins(r *runner, place ticket) error {
	job, fresh := t.fresh[place.serial]
	var err error
	if !fresh {
		if job, err = t.find(t.writer.statements.bySerial, place.serial); t.broken != nil {
			return err
		}
	}
	t.dequeue(place)
	if err != nil || job.Status != async.Queued {
		return nil // somebody has changed the file by hand
	}
	job.Status = async.Running
	job.Attempt++
	if job.Started.IsZero() {
		job.Started = t.now
	}
	if err := t.change(&job); err != nil {
		return err
	}
	r.free--
	t.undo = append(t.undo, func() { r.free++ })
	a := &attempt{runner: r, job: job}
	a.ctx, a.cancel = context.WithCancelCause(r.attempts)
	t.then = append(t.then, func() {
		t.writer.attempts[job.ID] = a
		r.running.Add(1)
		go t.store.work(a)
	})
	return nil
}

// recover puts back what a process before this one was running.
func (t *transaction) recover(most int) error {
	var serials []int64
	err := t.writer.statements.running.query(func(row []driver.Value) bool { serials = append(serials, row[0].(int64)); return true })
	if err != nil {
		return t.fail(err)
	}
	for _, serial := range serials {
		r, err := t.find(t.writer.statements.bySerial, serial)
		switch {
		case err != nil:
			return t.fail(err)
		case t.writer.attempts[r.ID] != nil: // of another Run
			continue
		}
		r.Interrupted++
		switch {
		case r.Status == async.Cancelling:
			err = t.finish(&r, async.Outcome{Status: async.Canceled, Progress: r.Progress})
		case r.Interrupted >= most:
			o := async.Interrupted()
			o.Progress = r.Progress
			err = t.finish(&r, o)
		default:
			r.Status = async.Queued
			t.enqueue(r)
			err = t.change(&r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// own returns the job of an attempt, or [async.ErrLost] where the attempt has ended.
// Only what can have changed since it began is read.
func (t *transaction) own(a *attempt) (record, error) {
	r := a.job
	if t.writer.attempts[r.ID] != a {
		return r, async.ErrLost
	}
	found := false
	err := t.writer.statements.current.query(func(row []driver.Value) bool {
		c := cells(row)
		r.Status, r.Version = async.Status(c.text()), c.number()
		r.Progress = async.Progress{Done: c.number(), Total: c.number(), Message: c.text()}
		found = true
		return false
	}, r.serial)
	switch {
	case err != nil:
		return r, t.fail(err)
	case !found, r.Status != async.Running && r.Status != async.Cancelling: // by hand
		return r, async.ErrLost
	}
	return r, nil
}

// report keeps progress.
func (t *transaction) report(a *attempt, p async.Progress) error {
	r, err := t.own(a)
	if err != nil || r.Progress == p {
		return err
	}
	r.Progress = p
	return t.change(&r)
}

// conclude keeps the outcome of an attempt, and frees its worker.
func (t *transaction) conclude(a *attempt, o async.Outcome) error {
	r, err := t.own(a)
	if o.Result != nil && len(o.Result.Body) > maxBlob {
		progress := o.Progress
		o = async.TooLarge()
		o.Progress = progress
	}
	switch {
	case errors.Is(err, async.ErrLost):
	case err != nil:
		return err
	case o.Status == async.Queued && r.Status == async.Cancelling:
		err = t.finish(&r, async.Outcome{Status: async.Canceled, Progress: o.Progress})
	case o.Status == async.Queued:
		err = t.again(&r, o)
	case !o.Status.Final(): // an executor that is wrong
		o.Status = async.Failed
		fallthrough
	default:
		err = t.finish(&r, o)
	}
	if t.broken != nil {
		return err
	}
	a.runner.free++
	t.ring = true
	t.undo = append(t.undo, func() { a.runner.free-- })
	t.then = append(t.then, func() {
		if t.writer.attempts[a.job.ID] == a {
			delete(t.writer.attempts, a.job.ID)
		}
	})
	return err
}

// again queues a job once more. One that did not fail keeps its place.
func (t *transaction) again(r *record, o async.Outcome) error {
	r.Status, r.Progress = async.Queued, o.Progress
	if o.Free {
		r.Attempt--
	}
	if !o.Free || o.Delay > 0 {
		r.RunAt = t.now.Add(o.Delay)
	}
	t.enqueue(*r)
	return t.change(r)
}
