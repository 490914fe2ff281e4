package riverqueue

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// change is what an attempt wants of its job: to begin, to report, or to finish.
type change struct {
	what    changeKind
	id      string
	riverID int64
	worker  string

	progress    async.Progress // of a report
	outcome     async.Outcome  // of an end, with interrupted
	interrupted int

	// What came of it: found is false where the job is not this attempt's.
	found   bool
	unknown bool // of a claim: because the worker is not registered
	row     row  // of a claim
	version int64
	status  async.Status
	updated time.Time
	expires time.Time
}

type changeKind int

const (
	claims changeKind = iota
	reports
	finishes
)

// apply has a change done. It returns [async.ErrLost] where the job is not this
// attempt's, and of a claim [errForgotten] where the worker is none.
func (q *Queue) apply(ctx context.Context, c *change) error {
	size := 0
	if r := c.outcome.Result; r != nil {
		size = len(r.Body)
	}
	if err := q.changes.ask(ctx, c, size); err != nil {
		return known(err)
	}
	switch {
	case c.unknown:
		return errForgotten
	case !c.found:
		return async.ErrLost
	}
	return nil
}

// changeAll does a batch of changes on one way to the database, which is one
// transaction.
func (q *Queue) changeAll(batch []*call[*change]) {
	err := q.changeTogether(batch)
	for try := 0; again(err) && try < 3; try++ {
		err = q.changeTogether(batch)
	}
	q.health(err)
	if err != nil && !unavailable(err) && len(batch) > 1 {
		for i := range batch { // so that none fails for another
			q.changeAll(batch[i : i+1])
		}
		return
	}
	for _, c := range batch {
		c.err = err
	}
}

func (q *Queue) changeTogether(batch []*call[*change]) error {
	var of [3][]*change
	for _, c := range batch {
		c.it.found = false
		of[c.it.what] = append(of[c.it.what], c.it)
	}
	b := &pgx.Batch{}
	q.queueClaims(b, of[claims])
	q.queueReports(b, of[reports])
	q.queueFinishes(b, of[finishes])
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return q.pool.SendBatch(ctx, b).Close()
}

// names are the columns by which each statement finds its jobs.
func names(all []*change) (ids []string, river []int64, workers []*string, by map[string]*change) {
	by = make(map[string]*change, len(all))
	for _, c := range all {
		var worker *string
		if c.worker != "" {
			worker = &c.worker
		}
		ids, river, workers = append(ids, c.id), append(river, c.riverID), append(workers, worker)
		by[c.id] = c
	}
	return ids, river, workers, by
}

func (q *Queue) queueClaims(b *pgx.Batch, all []*change) {
	if len(all) == 0 {
		return
	}
	ids, river, workers, by := names(all)
	b.Queue(q.sql.claim, q.channel, ids, river, workers).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var r row
			var input []byte
			var told int64
			if err := r.scan(rows, &input, &told); err != nil {
				return err
			}
			r.Input = input
			if c := by[r.ID]; c != nil && c.riverID == r.riverID {
				c.row, c.found = r, true
			}
		}
		return rows.Err()
	})
	// A name is never registered again: one that is there now was there before.
	b.Queue(q.sql.registered, workers).Query(func(rows pgx.Rows) error {
		there, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, c := range all {
			c.unknown = !c.found && !slices.Contains(there, c.worker)
		}
		return err
	})
}

func (q *Queue) queueReports(b *pgx.Batch, all []*change) {
	if len(all) == 0 {
		return
	}
	ids, river, workers, by := names(all)
	var done, total []int64
	var message [][]byte
	for _, c := range all {
		done, total, message = append(done, c.progress.Done), append(total, c.progress.Total), append(message, []byte(c.progress.Message))
	}
	b.Queue(q.sql.report, q.channel, ids, river, workers, done, total, message).Query(func(rows pgx.Rows) error {
		return changed(rows, by, false)
	})
}

func (q *Queue) queueFinishes(b *pgx.Batch, all []*change) {
	if len(all) == 0 {
		return
	}
	ids, river, workers, by := names(all)
	n := len(all)
	status, interrupted, done, total := make([]string, n), make([]int32, n), make([]int64, n), make([]int64, n)
	message, media, location, body := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	code, reason, problem := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i, c := range all {
		o := c.outcome
		status[i], interrupted[i] = string(o.Status), int32(c.interrupted)
		done[i], total[i], message[i] = o.Progress.Done, o.Progress.Total, []byte(o.Progress.Message)
		if o.Result != nil {
			media[i], location[i], body[i] = []byte(o.Result.Type), []byte(o.Result.Location), o.Result.Body
		}
		if o.Error != nil {
			code[i], reason[i], problem[i] = []byte(o.Error.Code), []byte(o.Error.Message), o.Error.Problem
		}
	}
	b.Queue(q.sql.finish, q.channel, ids, river, workers, status, interrupted, done, total, message, media, location, body, code, reason, problem).
		Query(func(rows pgx.Rows) error { return changed(rows, by, true) })
}

// changed reads what a report or an end has changed.
func changed(rows pgx.Rows, by map[string]*change, end bool) error {
	for rows.Next() {
		var id, status string
		var river, version, told int64
		var updated, expires time.Time
		to := []any{&id, &river, &version, &status, &updated}
		if end {
			to = append(to, &expires)
		}
		if err := rows.Scan(append(to, &told)...); err != nil {
			return err
		}
		if c := by[id]; c != nil && c.riverID == river {
			c.found, c.version, c.status = true, version, async.Status(status)
			c.updated, c.expires = updated.UTC(), expires.UTC()
		}
	}
	return rows.Err()
}
