package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/forthright-http/forthright/async"
)

// reader is a connection that reads.
type reader struct {
	*conn
	byID, serial, page *statement
}

func openReading(path string) (*reader, error) {
	c, err := connect(path)
	if err != nil {
		return nil, err
	}
	r := &reader{conn: c}
	err = c.run("PRAGMA query_only = 1")
	if err == nil {
		err = c.prepareAll(map[string]**statement{
			"SELECT " + columns + " FROM job WHERE id = ?":                          &r.byID,
			"SELECT serial, expires, tombstone FROM job WHERE id = ? AND owner = ?": &r.serial,
			"SELECT " + columns + ` FROM job WHERE owner = ? AND serial < ? AND (expires = 0 OR expires > ?)
				ORDER BY serial DESC LIMIT ?`: &r.page,
		})
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return r, nil
}

// reading has f called with a connection that nobody else uses.
func (s *Store) reading(ctx context.Context, f func(*reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	select {
	case r := <-s.readers:
		defer func() { s.readers <- r }()
		return s.named(f(r))
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *reader) get(id string, now time.Time) (found record, err error) {
	err = r.byID.query(func(row []driver.Value) bool { found = scan(row); return false }, id)
	switch {
	case err != nil:
		return record{}, err
	case found.serial == 0:
		return record{}, async.ErrNotFound
	}
	found.Job, err = aged(found.Job, now)
	return found, err
}

func (r *reader) list(owner, after string, limit int, now time.Time) (jobs []record, err error) {
	before := int64(1<<63 - 1)
	if after != "" {
		var end time.Time
		before = 0
		err := r.serial.query(func(row []driver.Value) bool {
			c := cells(row)
			if before, end = c.number(), c.time(); !end.IsZero() {
				end = end.Add(time.Duration(c.number()))
			}
			return false
		}, after, owner)
		switch {
		case err != nil:
			return nil, err
		case before == 0, !end.IsZero() && !now.Before(end):
			return nil, async.ErrNotFound
		}
	}
	err = r.page.query(func(row []driver.Value) bool { jobs = append(jobs, scan(row)); return true },
		owner, before, nanos(now), int64(max(limit, 0)))
	return jobs, err
}

// placed is a job with its place in the queue.
func (s *Store) placed(r record) async.Job {
	if r.Status == async.Queued {
		r.Position = s.queue.position(r.ticket())
	}
	return r.Job
}
