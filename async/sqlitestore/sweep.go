package sqlitestore

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/forthright-http/forthright/async"
)

// sweepMost is how many jobs are swept in one transaction, so that nobody waits long
// for it.
const sweepMost = 200

// expired is a job that is to be looked at.
type expired struct {
	serial int64
	id     string
	end    time.Time // of its tombstone
	calls  bool      // its callback is not settled
}

// sweep makes tombstones of what has expired and drops those whose time is over. What
// a callback is to tell stays until that is settled; nobody else is shown it. It
// tells whether there is more.
func (t *transaction) sweep() (more bool, err error) {
	w := &t.writer.statements
	var found []expired
	err = w.due.query(func(row []driver.Value) bool {
		c := cells(row)
		e := expired{serial: c.number(), id: c.text(), end: c.time()}
		e.end = e.end.Add(time.Duration(c.number()))
		e.calls = c.number() != 0
		found = append(found, e)
		return true
	}, nanos(t.now), int64(sweepMost))
	if err != nil {
		return false, t.fail(err)
	}
	for _, e := range found {
		switch {
		case e.calls:
			_, err = w.postpone.exec(nanos(t.now.Add(postponed)), e.serial)
		case t.now.Before(e.end):
			_, err = w.bury.exec(nanos(e.end), e.serial)
		default:
			_, err = w.forget.exec(e.serial)
		}
		if err != nil {
			return false, t.fail(fmt.Errorf("%w (job %s)", err, e.id))
		}
		t.then = append(t.then, func() { t.store.hub.tell(e.id, async.Job{}) }) // it is to be read
	}
	return len(found) == sweepMost, nil
}

// postponed is how much later a job is looked at whose callback is not settled.
const postponed = 10 * time.Minute
