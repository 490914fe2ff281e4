package sqlitestore

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/forthright-http/forthright/async"
)

// maxBlob is how large an input or a result may be: SQLite takes about twice as much
// in a row.
const maxBlob = 512 << 20

// submit keeps a new job, or returns the one of its key.
func (t *transaction) submit(n async.NewJob) (job record, existed bool, err error) {
	var key, fingerprint driver.Value
	if n.Key != "" {
		key, fingerprint = n.Key, n.Fingerprint[:]
		switch known, err := t.ofKey(n.Owner, n.Key); {
		case err == nil && known.Fingerprint != n.Fingerprint:
			return record{}, false, async.ErrKeyReused
		case err == nil:
			return known, true, nil
		case !errors.Is(err, async.ErrNotFound):
			return record{}, false, err
		}
	}
	if t.writer.open >= n.MaxQueued || t.writer.owned[n.Owner] >= n.MaxOwned {
		return record{}, false, async.ErrFull
	}
	if len(n.Input) > maxBlob {
		return record{}, false, errors.New("sqlitestore: the input of a job is larger than 512 MiB")
	}
	if full, err := t.full(len(n.Input)); full || err != nil {
		return record{}, false, cmp.Or(err, async.ErrFull)
	}
	now := timeOf(nanos(t.now))
	result, err := t.writer.statements.insert.exec(n.ID, n.Kind, n.Owner, key, fingerprint, n.Callback, nanos(now), int64(n.Retention), int64(n.Tombstone), []byte(n.Input))
	if isConflict(err) {
		return record{}, false, errors.New("sqlitestore: the id of a new job is in use")
	}
	if err != nil {
		return record{}, false, t.fail(err)
	}
	job = record{Job: async.Job{
		ID: n.ID, Kind: n.Kind, Owner: n.Owner, Key: n.Key, Fingerprint: n.Fingerprint, Input: n.Input, Callback: n.Callback,
		Status: async.Queued, Version: 1, Created: now, Updated: now, RunAt: now, Retention: n.Retention, Tombstone: n.Tombstone,
	}}
	if n.Key == "" {
		job.Fingerprint = [32]byte{} // it belongs to a key
	}
	if job.serial, err = result.LastInsertId(); err != nil {
		return record{}, false, t.fail(err)
	}
	if t.fresh == nil {
		t.fresh = map[int64]record{}
	}
	t.fresh[job.serial] = job
	t.count(n.Owner, 1)
	t.enqueue(job)
	return job, false, nil
}

// ofKey returns the job of a key, or [async.ErrNotFound]. One whose tombstone has
// ended leaves its key: that is free.
func (t *transaction) ofKey(owner, key string) (r record, err error) {
	w := &t.writer.statements
	var serial int64
	if err := w.byKey.query(func(row []driver.Value) bool { serial = row[0].(int64); return false }, owner, key); err != nil {
		return r, t.fail(err)
	}
	if serial == 0 {
		return r, async.ErrNotFound
	}
	if r, err = t.find(w.bySerial, serial); err != nil {
		return r, err
	}
	switch aged, err := aged(r.Job, t.now); {
	case errors.Is(err, async.ErrNotFound):
		if _, err := w.freeKey.exec(serial); err != nil {
			return r, t.fail(err)
		}
		return r, async.ErrNotFound
	default:
		r.Job = aged
		return r, nil
	}
}

// isConflict reports whether a row was refused because there is such a one. That
// undoes the statement, and nothing before it.
func isConflict(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// aged is a job as it is by now: one that has expired is a tombstone, and then
// unknown, also before the file was swept.
func aged(job async.Job, now time.Time) (async.Job, error) {
	switch {
	case job.Expires.IsZero() || now.Before(job.Expires):
		return job, nil
	case !now.Before(job.Expires.Add(job.Tombstone)):
		return async.Job{}, async.ErrNotFound
	}
	job.Result, job.Error, job.Input, job.Progress = nil, nil, nil, async.Progress{}
	return job, async.ErrGone
}

// cancel ends a job that is queued, and asks one that runs to stop.
func (t *transaction) cancel(id string) (r record, err error) {
	if r, err = t.find(t.writer.statements.byID, id); err != nil {
		return record{}, err
	}
	if r.Job, err = aged(r.Job, t.now); err != nil {
		return r, err
	}
	switch r.Status {
	case async.Queued:
		t.dequeue(r.ticket())
		return r, t.finish(&r, async.Outcome{Status: async.Canceled, Progress: r.Progress})
	case async.Running:
		r.Status = async.Cancelling
		err = t.change(&r)
		t.then = append(t.then, func() {
			if a := t.writer.attempts[id]; a != nil {
				a.cancel(async.ErrCanceled)
			}
		})
		return r, err
	case async.Cancelling:
		return r, nil
	}
	return r, async.ErrFinished
}
