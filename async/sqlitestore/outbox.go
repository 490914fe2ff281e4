package sqlitestore

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/forthright-http/forthright/async"
)

// outboxStatements are what the writer does with callbacks. A job has its callback in
// its own row: it is to be sent from the very transaction on in which the job
// finished.
type outboxStatements struct {
	due, lease, done, again *statement
}

func (o *outboxStatements) prepare(c *conn) error {
	return c.prepareAll(map[string]**statement{
		"SELECT sent, " + columns + " FROM job WHERE notify BETWEEN 1 AND ? ORDER BY notify LIMIT ?": &o.due,
		"UPDATE job SET notify = ? WHERE serial = ?":                                                 &o.lease,
		"UPDATE job SET notify = 0, sent = sent + 1 WHERE id = ?":                                    &o.done,
		"UPDATE job SET notify = ?, sent = sent + 1 WHERE id = ? AND notify > 0":                     &o.again,
	})
}

// DueCallbacks implements async.Outbox.
func (s *Store) DueCallbacks(ctx context.Context, n int, lease time.Duration) (due []async.DueCallback, err error) {
	err = s.do(ctx, func(t *transaction) error {
		due = nil
		var serials []int64
		err := t.writer.outbox.due.query(func(row []driver.Value) bool {
			r := scan(row[1:])
			sent, _ := row[0].(int64)
			due, serials = append(due, async.DueCallback{Job: r.Job, Sent: int(sent)}), append(serials, r.serial)
			return true
		}, nanos(t.now), int64(max(n, 0)))
		for _, serial := range serials {
			if err == nil {
				_, err = t.writer.outbox.lease.exec(nanos(t.now.Add(lease)), serial)
			}
		}
		if err != nil {
			return t.fail(err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

// SettleCallback implements async.Outbox.
func (s *Store) SettleCallback(ctx context.Context, id string, done bool, wait time.Duration) error {
	return s.do(ctx, func(t *transaction) (err error) {
		if done {
			_, err = t.writer.outbox.done.exec(id)
		} else {
			_, err = t.writer.outbox.again.exec(nanos(t.now.Add(wait)), id)
		}
		if err != nil {
			return t.fail(err)
		}
		return nil
	})
}
