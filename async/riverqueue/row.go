package riverqueue

import (
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// columns are those of a job, in the order that a row reads them.
const columns = `j.id, j.serial, j.kind, j.owner, j.key, j.fingerprint, j.callback, j.status, j.version, j.attempt, j.interrupted,
	j.done, j.total, j.message, j.created, j.started, j.updated, j.finished, j.run_at, j.retention, j.tombstone, j.expires,
	j.queue, j.priority, j.river_id, j.worker, j.type, j.location, j.body, j.code, j.reason, j.problem, j.sent`

// row is a job as it is kept.
type row struct {
	async.Job
	KindOptions
	serial  int64
	riverID int64
	worker  string
	sent    int
}

// scan reads the columns of a job, and what follows them.
func (r *row) scan(rows pgx.Row, more ...any) error {
	j := &r.Job
	var owner, key, fingerprint, callback, message, media, location, body, code, reason, problem []byte
	var status string
	var started, finished, expires *time.Time
	var worker *string
	err := rows.Scan(append([]any{
		&j.ID, &r.serial, &j.Kind, &owner, &key, &fingerprint, &callback, &status, &j.Version, &j.Attempt, &j.Interrupted,
		&j.Progress.Done, &j.Progress.Total, &message, &j.Created, &started, &j.Updated, &finished, &j.RunAt, &j.Retention, &j.Tombstone, &expires,
		&r.Queue, &r.Priority, &r.riverID, &worker, &media, &location, &body, &code, &reason, &problem, &r.sent,
	}, more...)...)
	if err != nil {
		return err
	}
	j.Owner, j.Key, j.Callback, j.Status, j.Progress.Message = string(owner), string(key), string(callback), async.Status(status), string(message)
	copy(j.Fingerprint[:], fingerprint)
	j.Created, j.Updated, j.RunAt = j.Created.UTC(), j.Updated.UTC(), j.RunAt.UTC()
	j.Started, j.Finished, j.Expires = timeOf(started), timeOf(finished), timeOf(expires)
	if worker != nil {
		r.worker = *worker
	}
	if media != nil {
		j.Result = &async.Result{Type: string(media), Location: string(location), Body: body}
	}
	if code != nil {
		j.Error = &async.Failure{Code: string(code), Message: string(reason), Problem: json.RawMessage(problem)}
	}
	return nil
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// aged is a job as it is by now: one that has expired is a tombstone, and then
// unknown, also before it was swept.
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

const (
	idLeast = 1
	idMost  = 64
)

// fits reports whether an id can be one of ours: letters, digits, - and _.
func fits(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return len(id) >= idLeast && len(id) <= idMost
}
