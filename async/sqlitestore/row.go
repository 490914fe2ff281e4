package sqlitestore

import (
	"database/sql/driver"
	"encoding/json"
	"math"
	"time"

	"github.com/forthright-http/forthright/async"
)

// columns are those of a job, in the order that scan reads them.
const columns = `serial, id, kind, owner, key, fingerprint, callback, status, version, attempt, interrupted, done, total, message,
	created, started, updated, finished, run_at, retention, tombstone, expires, type, location, body, code, reason, problem, input`

// record is a job and its serial number.
type record struct {
	async.Job
	serial int64
}

func scan(row []driver.Value) (r record) {
	c := cells(row)
	j := &r.Job
	r.serial = c.number()
	j.ID, j.Kind, j.Owner, j.Key = c.text(), c.text(), c.text(), c.text()
	copy(j.Fingerprint[:], c.bytes())
	j.Callback, j.Status, j.Version = c.text(), async.Status(c.text()), c.number()
	j.Attempt, j.Interrupted = int(c.number()), int(c.number())
	j.Progress = async.Progress{Done: c.number(), Total: c.number(), Message: c.text()}
	j.Created, j.Started, j.Updated, j.Finished, j.RunAt = c.time(), c.time(), c.time(), c.time(), c.time()
	j.Retention, j.Tombstone, j.Expires = time.Duration(c.number()), time.Duration(c.number()), c.time()
	hasResult := c[0] != nil
	if result := (async.Result{Type: c.text(), Location: c.text(), Body: c.bytes()}); hasResult {
		j.Result = &result
	}
	failed := c[0] != nil
	if failure := (async.Failure{Code: c.text(), Message: c.text(), Problem: json.RawMessage(c.bytes())}); failed {
		j.Error = &failure
	}
	j.Input = c.bytes()
	return r
}

// cells are the values of a row that are not read yet. The tables are strict: a value
// has the type of its column, or is NULL.
type cells []driver.Value

func (c *cells) next() driver.Value {
	v := (*c)[0]
	*c = (*c)[1:]
	return v
}

func (c *cells) number() int64 {
	n, _ := c.next().(int64)
	return n
}

func (c *cells) text() string {
	s, _ := c.next().(string)
	return s
}

func (c *cells) bytes() []byte {
	b, _ := c.next().([]byte)
	return b
}

func (c *cells) time() time.Time { return timeOf(c.number()) }

func timeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// nanos is a time as it is kept. The year 2262 and later are for ever.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}
