package sqlitestore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/forthright-http/forthright/async"
)

// writeStatements are what the writer does with jobs.
type writeStatements struct {
	begin, commit, rollback                                      *statement
	byID, bySerial, byKey, current, open, running                *statement
	insert, change, finish, due, bury, forget, postpone, freeKey *statement
	log, checkpoint                                              *statement
}

func (w *writeStatements) prepare(c *conn) error {
	return c.prepareAll(map[string]**statement{
		"BEGIN IMMEDIATE": &w.begin,
		"COMMIT":          &w.commit,
		"ROLLBACK":        &w.rollback,
		"SELECT " + columns + " FROM job WHERE id = ?":                           &w.byID,
		"SELECT " + columns + " FROM job WHERE serial = ?":                       &w.bySerial,
		"SELECT serial FROM job WHERE owner = ? AND key = ?":                     &w.byKey,
		"SELECT status, version, done, total, message FROM job WHERE serial = ?": &w.current,
		`INSERT INTO job (id, kind, owner, key, fingerprint, callback, status, created, updated, run_at, retention, tombstone, input)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?7, ?7, ?8, ?9, ?10)`: &w.insert,
		`UPDATE job SET status = ?, version = ?, attempt = ?, interrupted = ?, done = ?, total = ?, message = ?,
			started = ?, updated = ?, run_at = ? WHERE serial = ?`: &w.change,
		`UPDATE job SET status = ?, version = ?, interrupted = ?, done = ?, total = ?, message = ?, updated = ?7, finished = ?7,
			notify = iif(callback = '', 0, ?7), expires = ?8, due = ?8, type = ?, location = ?, body = ?, code = ?, reason = ?, problem = ?, input = NULL WHERE serial = ?`: &w.finish,
		"SELECT serial, kind, run_at, owner, status FROM job WHERE due = 0":                                     &w.open,
		"SELECT serial FROM job WHERE due = 0 AND status IN ('running', 'cancelling')":                          &w.running,
		"SELECT serial, id, expires, tombstone, notify FROM job WHERE due BETWEEN 1 AND ? ORDER BY due LIMIT ?": &w.due,
		`UPDATE job SET due = ?, done = 0, total = 0, message = '', type = NULL, location = NULL, body = NULL,
			code = NULL, reason = NULL, problem = NULL WHERE serial = ?`: &w.bury,
		"DELETE FROM job WHERE serial = ?":           &w.forget,
		"UPDATE job SET due = ? WHERE serial = ?":    &w.postpone,
		"UPDATE job SET key = NULL WHERE serial = ?": &w.freeKey,
		"PRAGMA wal_checkpoint(NOOP)":                &w.log,
		"PRAGMA wal_checkpoint(PASSIVE)":             &w.checkpoint,
	})
}

// transaction is a batch at work. What memory holds is changed at once, and taken
// back where the transaction is.
type transaction struct {
	store    *Store
	writer   *writer
	now      time.Time
	ring     bool             // there may be something to begin
	used     int64            // bytes, 0 where that was not looked up
	fresh    map[int64]record // jobs that it submitted, by their serial
	undo     []func()         // takes back what memory holds, the last first
	then     []func()         // once all is on the disk
	broken   error            // what the database said: all is lost
	failedIn stage
}

// stage is a part of a transaction.
type stage int

const (
	beginning stage = iota
	working
	claiming
	committing
)

// begin begins it. Where that cannot be, something is wrong with the connection
// itself, unless another process has the file or the disk is to blame.
func (t *transaction) begin() error {
	_, err := t.writer.statements.begin.exec()
	if err == nil || passing(err) {
		return err
	}
	if again := t.store.reconnect(); again != nil {
		return errors.Join(err, again)
	}
	_, err = t.writer.statements.begin.exec()
	return err
}

// commit puts it on the disk. Where that fails it may still be open.
func (t *transaction) commit() error {
	if _, t.broken = t.writer.statements.commit.exec(); t.broken != nil {
		return t.rollback()
	}
	t.store.commits.Add(1)
	t.writer.unchecked++
	for _, f := range t.then {
		f()
	}
	return nil
}

// rollback takes all back, and returns why.
func (t *transaction) rollback() error {
	_, _ = t.writer.statements.rollback.exec() // a full disk may have done it
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
	return t.broken
}

// fail marks it as lost.
func (t *transaction) fail(err error) error {
	t.broken = err
	return err
}

// find returns a job as it is kept, or [async.ErrNotFound].
func (t *transaction) find(by *statement, key driver.Value) (r record, err error) {
	err = by.query(func(row []driver.Value) bool { r = scan(row); return false }, key)
	switch {
	case err != nil:
		return r, t.fail(err)
	case r.serial == 0:
		return r, async.ErrNotFound
	}
	return r, nil
}

// count keeps how many jobs of an owner have not finished.
func (t *transaction) count(owner string, n int) {
	t.writer.count(owner, n)
	t.undo = append(t.undo, func() { t.writer.count(owner, -n) })
}

func (w *writer) count(owner string, n int) {
	w.open += n
	if w.owned[owner] += n; w.owned[owner] == 0 {
		delete(w.owned, owner)
	}
}

func (r record) ticket() ticket { return ticket{nanos(r.RunAt), r.serial, r.Kind} }

// enqueue and dequeue keep the place of a job that is queued, or is no longer.
func (t *transaction) enqueue(r record) {
	q, place := &t.store.queue, r.ticket()
	q.add(place)
	t.undo = append(t.undo, func() { q.remove(place) })
	t.ring = true
}

func (t *transaction) dequeue(place ticket) {
	q := &t.store.queue
	q.remove(place)
	t.undo = append(t.undo, func() { q.add(place) })
}

// change writes a job that has not finished.
func (t *transaction) change(r *record) error {
	r.Version++
	r.Updated = t.now
	p := r.Progress
	_, err := t.writer.statements.change.exec(string(r.Status), r.Version, int64(r.Attempt), int64(r.Interrupted), p.Done, p.Total, p.Message,
		nanos(r.Started), nanos(r.Updated), nanos(r.RunAt), r.serial)
	return t.wrote(r, err)
}

// finish writes how a job ended.
func (t *transaction) finish(r *record, o async.Outcome) error {
	r.Version++
	r.Status, r.Progress, r.Result, r.Error, r.Input = o.Status, o.Progress, o.Result, o.Error, nil
	r.Updated, r.Finished, r.Expires = t.now, t.now, t.now.Add(r.Retention)
	var media, location, body, code, reason, problem driver.Value
	if o.Result != nil {
		media, location, body = o.Result.Type, o.Result.Location, o.Result.Body
	}
	if o.Error != nil {
		code, reason, problem = o.Error.Code, o.Error.Message, []byte(o.Error.Problem)
	}
	p, expires := r.Progress, nanos(r.Expires)
	_, err := t.writer.statements.finish.exec(string(r.Status), r.Version, int64(r.Interrupted), p.Done, p.Total, p.Message, nanos(r.Finished),
		expires, media, location, body, code, reason, problem, r.serial)
	if err == nil {
		t.count(r.Owner, -1)
	}
	return t.wrote(r, err)
}

// wrote tells those who wait for a job of its change, once that is on the disk.
func (t *transaction) wrote(r *record, err error) error {
	if err != nil {
		return t.fail(fmt.Errorf("%w (job %s)", err, r.ID))
	}
	told := *r
	t.then = append(t.then, func() { t.store.tell(told) })
	return nil
}
