package sqlitestore_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// heldStore is a store whose writer waits with one transaction, so that what comes
// meanwhile is one batch.
func heldStore(t *testing.T) (s *sqlitestore.Store, goOn func(waiting int) error) {
	t.Helper()
	return heldStoreWith(t, sqlitestore.Options{})
}

func heldStoreWith(t *testing.T, o sqlitestore.Options) (s *sqlitestore.Store, goOn func(waiting int) error) {
	t.Helper()
	c := newClock()
	o.Now = c.Now
	s = open(t, file(t), o)
	submit(t, s)
	held := c.stop()
	first := make(chan error, 1)
	go func() {
		_, _, err := s.Submit(context.Background(), newJob())
		first <- err
	}()
	wait := <-held
	return s, func(waiting int) error {
		s.AwaitQueued(waiting)
		c.release()
		close(wait)
		return <-first
	}
}

func TestBatchHasOneSync(t *testing.T) {
	s, goOn := heldStore(t)
	before := s.Commits()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, _, err := s.Submit(context.Background(), newJob()); err != nil {
				t.Error(err)
			}
		})
	}
	want(t, "the first submit", goOn(16), nil)
	wg.Wait()
	if n := s.Commits() - before; n != 2 {
		t.Errorf("1 and then 16 submits had %d commits, want 2", n)
	}
}

// TestFewSyncs: in the long run too, 16 who submit share their syncs.
func TestFewSyncs(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				if _, _, err := s.Submit(context.Background(), newJob()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := s.Commits(); n > 3200/4 {
		t.Errorf("3200 submits of 16 goroutines had %d commits: that is no group", n)
	}
}

func TestBatchWithRefusals(t *testing.T) {
	s, goOn := heldStore(t)
	keyed := newJob()
	keyed.Key, keyed.Fingerprint = "k", [32]byte{1}
	reused := newJob()
	reused.Key, reused.Fingerprint = "k", [32]byte{2}
	full := newJob()
	full.MaxQueued = 1
	large := newJob()
	large.Input = make([]byte, 512<<20+1)
	twin := newJob()
	table := []struct {
		job  async.NewJob
		want error
	}{
		{newJob(), nil}, {full, async.ErrFull}, {keyed, nil}, {newJob(), nil}, {reused, async.ErrKeyReused},
		{twin, nil}, {newJob(), nil}, {large, errAny}, {newJob(), nil},
	}
	before := s.Commits()
	errs := make([]error, len(table))
	var wg sync.WaitGroup
	for i, row := range table {
		wg.Go(func() { _, _, errs[i] = s.Submit(context.Background(), row.job) })
		s.AwaitQueued(i + 1) // in this order
	}
	want(t, "the first submit", goOn(len(table)), nil)
	wg.Wait()
	for i, row := range table {
		switch {
		case row.want == errAny && errs[i] == nil, row.want != errAny && !errors.Is(errs[i], row.want):
			t.Errorf("submit %d: %v, want %v", i+1, errs[i], row.want)
		}
		if _, err := s.Get(t.Context(), row.job.ID); (err == nil) != (row.want == nil) {
			t.Errorf("job %d: %v", i+1, err)
		}
	}
	if n := s.Commits() - before; n != 2 {
		t.Errorf("a batch with refusals had %d commits, want 2", n)
	}
	if _, _, err := s.Submit(t.Context(), twin); err == nil || errors.Is(err, sqlitestore.ErrCorrupt) {
		t.Errorf("a second job of one id: %v", err)
	}
	last := newJob()
	last.MaxQueued = 8
	if _, _, err := s.Submit(t.Context(), last); err != async.ErrFull {
		t.Errorf("with 8 of 8 jobs: %v", err)
	}
	last.MaxQueued = 9
	if _, _, err := s.Submit(t.Context(), last); err != nil {
		t.Errorf("with 8 of 9 jobs: %v", err)
	}
}

var errAny = errors.New("any")

func TestContextEndsWhileWaiting(t *testing.T) {
	s, goOn := heldStore(t)
	ctx, cancel := context.WithCancel(context.Background())
	type result struct {
		id  string
		err error
	}
	submit := func(ctx context.Context, to chan<- result) {
		n := newJob()
		_, _, err := s.Submit(ctx, n)
		to <- result{n.ID, err}
	}
	gone, stayed := make(chan result, 8), make(chan result, 8)
	for range 8 {
		go submit(ctx, gone)
		go submit(context.Background(), stayed)
	}
	s.AwaitQueued(16)
	cancel()
	var given []string
	for range 8 {
		r := <-gone // before the writer goes on
		want(t, "Submit whose context ends", r.err, context.Canceled)
		given = append(given, r.id)
	}
	want(t, "the first submit", goOn(16), nil)
	for range 8 {
		r := <-stayed
		if r.err != nil {
			t.Error(r.err)
		}
		get(t, s, r.id)
	}
	for _, id := range given {
		_, err := s.Get(t.Context(), id)
		want(t, "Get of a job whose Submit was given up", err, async.ErrNotFound)
	}
	_, _, err := s.Submit(ctx, newJob())
	want(t, "Submit whose context had ended", err, context.Canceled)
	_, err = s.Get(ctx, given[0])
	want(t, "Get whose context had ended", err, context.Canceled)
}

// TestBatchWithOneTooMany: a write that the file has no room for fails alone.
func TestBatchWithOneTooMany(t *testing.T) {
	s, goOn := heldStore(t)
	var all sync.WaitGroup
	errs := make([]error, 9)
	for i := range errs {
		n := newJob()
		if i == 4 {
			n.Input = make([]byte, 1<<20)
		}
		all.Go(func() { _, _, errs[i] = s.Submit(context.Background(), n) })
		s.AwaitQueued(i + 1)
	}
	s.BeforeNext("PRAGMA max_page_count = 100")
	want(t, "the first submit", goOn(9), nil)
	all.Wait()
	for i, err := range errs {
		if i == 4 {
			want(t, "a submit without room", err, sqlitestore.ErrDiskFull)
		} else if err != nil {
			t.Errorf("submit %d beside one without room: %v", i, err)
		}
	}
	n := newJob()
	n.MaxQueued = 11
	job, _, err := s.Submit(t.Context(), n)
	if err != nil || job.Position != 11 {
		t.Errorf("Submit with 10 of 11 jobs: position %d, %v", job.Position, err)
	}
	_, _, err = s.Submit(t.Context(), n)
	want(t, "Submit with 11 of 11 jobs", err, async.ErrFull)
}
