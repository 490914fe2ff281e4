package riverqueue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/forthright-http/forthright/async"
)

// intake decides which of several submissions are let in.
type intake struct {
	q   *Queue
	all []*submission
	// exact: nobody else submits meanwhile.
	exact bool

	now      time.Time
	serial   int64 // of the last job
	open     int
	owned    map[string]int
	known    map[ownerKey]row
	free     []string // ids of jobs whose tombstone has ended: their key is free
	admitted []*submission
}

type ownerKey struct{ owner, key string }

// bound is how many jobs that have not finished there can be at most: as many as there
// were, and those that were submitted since. So they need not be counted each time.
type bound struct {
	mu     sync.Mutex
	known  bool
	open   int64
	serial int64
}

func (b *bound) set(open, serial int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known, b.open, b.serial = true, open, serial
}

// most returns the bound where the last job has this serial number.
func (b *bound) most(serial int64) (int, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.open + max(0, serial-b.serial)), b.known && serial >= b.serial
}

// ask asks for all that decides, but the number of all jobs.
func (in *intake) ask(b *pgx.Batch) {
	var owners, keys, of [][]byte
	var most []int64
	in.owned, in.known, in.free = map[string]int{}, map[ownerKey]row{}, nil
	for _, s := range in.all {
		n := s.new
		if n.Key != "" {
			owners, keys = append(owners, []byte(n.Owner)), append(keys, []byte(n.Key))
		}
		if _, ok := in.owned[n.Owner]; !ok {
			in.owned[n.Owner] = 0
			of = append(of, []byte(n.Owner))
			most = append(most, int64(in.mostOwned(n.Owner)))
		}
	}
	b.Queue(in.q.sql.submitOwned, of, most).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var owner []byte
			var n int
			if err := rows.Scan(&in.now, &in.serial, &owner, &n); err != nil {
				return err
			}
			in.owned[string(owner)] = n
		}
		return rows.Err()
	})
	if len(keys) == 0 {
		return
	}
	b.Queue(in.q.sql.submitKeys, owners, keys).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var r row
			var place int64
			if err := r.scan(rows, &place); err != nil {
				return err
			}
			in.known[ownerKey{r.Owner, r.Key}] = r
		}
		return rows.Err()
	})
}

// mostOwned is the highest limit of an owner: there is no need to count further.
func (in *intake) mostOwned(owner string) (most int) {
	for _, s := range in.all {
		if s.new.Owner == owner {
			most = max(most, s.new.MaxOwned)
		}
	}
	return most
}

// count counts the jobs that have not finished, where the bound on them leaves it open
// whether one more may be.
func (in *intake) count(ctx context.Context, tx pgx.Tx) error {
	in.now = in.now.UTC()
	var ok bool
	if in.open, ok = in.q.bound.most(in.serial); ok {
		for _, s := range in.all {
			ok = ok && in.open+len(in.all) <= s.new.MaxQueued
		}
	}
	if ok {
		return nil
	}
	var open int64
	if err := tx.QueryRow(ctx, in.q.sql.submitOpen).Scan(&open); err != nil {
		return err
	}
	if in.exact {
		in.q.bound.set(open, in.serial)
	}
	in.open = int(open)
	return nil
}

// admit decides for each, in order.
func (in *intake) admit() {
	in.admitted = nil
	now := map[ownerKey]*submission{}
	for _, s := range in.all {
		n := s.new
		at := ownerKey{n.Owner, n.Key}
		s.job, s.existed, s.err = async.Job{}, false, nil
		if n.Key != "" {
			if known, ok := in.known[at]; ok && !in.freed(known) {
				s.meets(known.Job, in.now)
				continue
			}
			if other := now[at]; other != nil {
				s.meets(other.job, in.now)
				continue
			}
		}
		if in.open >= n.MaxQueued || in.owned[n.Owner] >= n.MaxOwned {
			s.err = async.ErrFull
			continue
		}
		in.open++
		in.owned[n.Owner]++
		s.job = s.newJob(in.now)
		now[at] = s
		in.admitted = append(in.admitted, s)
	}
}

// freed reports whether a job's tombstone has ended: then its key is free.
func (in *intake) freed(r row) bool {
	if _, err := aged(r.Job, in.now); !errors.Is(err, async.ErrNotFound) {
		return false
	}
	in.free = append(in.free, r.ID)
	delete(in.known, ownerKey{r.Owner, r.Key})
	return true
}

// meets is what a submission gets whose key is known.
func (s *submission) meets(job async.Job, now time.Time) {
	if job.Fingerprint != s.new.Fingerprint {
		s.err = async.ErrKeyReused
		return
	}
	s.job, _ = aged(job, now)
	s.existed = true
}

// placed are the jobs of River for those that are let in.
func (in *intake) placed() []placed {
	jobs := make([]placed, len(in.admitted))
	for i, s := range in.admitted {
		jobs[i] = placed{id: s.new.ID, kind: s.new.Kind, KindOptions: in.q.options.of(s.new.Kind), runAt: in.now}
	}
	return jobs
}

// insert keeps those that are let in, and counts them. Where that has to be exact, it
// fails by notAll unless all are kept.
func (in *intake) insert(b *pgx.Batch, numbers map[string]int64) (kept *int64) {
	if in.exact && len(in.admitted) == 1 {
		return in.insertOne(b, numbers)
	}
	n := len(in.admitted)
	id, kind, queue := make([]string, n), make([]string, n), make([]string, n)
	owner, key, fingerprint, callback, input := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	retention, tombstone, river := make([]int64, n), make([]int64, n), make([]int64, n)
	priority := make([]int16, n)
	for i, s := range in.admitted {
		of := in.q.options.of(s.new.Kind)
		id[i], kind[i], queue[i], priority[i] = s.new.ID, s.new.Kind, of.Queue, int16(of.Priority)
		owner[i], callback[i], input[i] = []byte(s.new.Owner), []byte(s.new.Callback), s.new.Input
		if s.new.Key != "" {
			key[i], fingerprint[i] = []byte(s.new.Key), s.new.Fingerprint[:]
		}
		retention[i], tombstone[i], river[i] = int64(s.new.Retention), int64(s.new.Tombstone), numbers[s.new.ID]
	}
	if len(in.free) > 0 {
		b.Queue(in.q.sql.freeKeys, in.free)
	}
	kept = new(int64)
	var expected, one int64
	if in.exact {
		expected = int64(n)
	}
	b.Queue(in.q.sql.submitInsert, id, kind, owner, key, fingerprint, callback, retention, tombstone, input, queue, priority, river, in.now, expected).
		QueryRow(func(r pgx.Row) error { return r.Scan(kept, &one) })
	return kept
}

// insertOne is insert where there is one, which is several times as fast.
func (in *intake) insertOne(b *pgx.Batch, numbers map[string]int64) (kept *int64) {
	n := in.admitted[0].new
	of := in.q.options.of(n.Kind)
	var key, fingerprint []byte
	if n.Key != "" {
		key, fingerprint = []byte(n.Key), n.Fingerprint[:]
	}
	if len(in.free) > 0 {
		b.Queue(in.q.sql.freeKeys, in.free)
	}
	kept = new(int64)
	b.Queue(in.q.sql.submitInsertOne, n.ID, n.Kind, []byte(n.Owner), key, fingerprint, []byte(n.Callback), int64(n.Retention), int64(n.Tombstone), []byte(n.Input),
		of.Queue, int16(of.Priority), numbers[n.ID], in.now).Exec(func(tag pgconn.CommandTag) error {
		*kept = tag.RowsAffected()
		return nil
	})
	return kept
}
