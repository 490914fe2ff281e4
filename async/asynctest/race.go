package asynctest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/async"
)

const goroutines = 64

// together runs f in many goroutines at once, and fails where one does.
func (c *check) together(n int, f func(goroutine int) error) {
	c.Helper()
	var wg sync.WaitGroup
	failed := make(chan error, n)
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			if err := f(i); err != nil {
				failed <- err
			}
		})
	}
	close(begin)
	wg.Wait()
	select {
	case err := <-failed:
		c.Fatalf("among %d goroutines: %v", n, err)
	default:
	}
}

// raceKey: of many at once with one key, one creates, and all get its job.
func (c *check) raceKey() {
	for round := range 10 {
		var mu sync.Mutex
		ids := map[string]int{}
		var created, reused atomic.Int32
		c.together(goroutines, func(i int) error {
			print := byte(1)
			if i%8 == 7 {
				print = 2
			}
			job, existed, err := c.b.Submit(c.ctx, c.job(keyed(fmt.Sprint("k", round), print)))
			switch {
			case errors.Is(err, async.ErrKeyReused):
				reused.Add(1)
				return nil
			case err != nil:
				return err
			case !existed:
				created.Add(1)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[job.ID]++
			return nil
		})
		if created.Load() != 1 || len(ids) != 1 {
			c.Fatalf("of %d goroutines with one key, %d created a job, and %d jobs were returned", goroutines, created.Load(), len(ids))
		}
		if n := reused.Load(); n != 8 && n != goroutines-8 {
			c.Fatalf("of 56 goroutines with one payload and 8 with another, %d were refused", n)
		}
		equal(c, "how many jobs there are", len(c.list("ana", "", 100)), round+1)
	}
}

// raceFull: exactly as many are let in as may be.
func (c *check) raceFull() {
	const tries = 4
	for _, limit := range []struct {
		name               string
		all, owned, owners int
		want               int
	}{
		{"MaxQueued of 100", 100, 1000, 1, 100},
		{"MaxOwned of 10 for each of 8", 1000, 10, 8, 80},
	} {
		var let atomic.Int32
		var mu sync.Mutex
		var ids []string
		c.together(goroutines, func(i int) error {
			for range tries {
				n := c.job(owner(fmt.Sprint(limit.name, i%limit.owners)))
				n.MaxQueued, n.MaxOwned = limit.all, limit.owned
				job, _, err := c.b.Submit(c.ctx, n)
				switch {
				case err == nil:
					let.Add(1)
					mu.Lock()
					ids = append(ids, job.ID)
					mu.Unlock()
				case !errors.Is(err, async.ErrFull):
					return err
				}
			}
			return nil
		})
		if n := int(let.Load()); n != limit.want {
			c.Errorf("with a %s, %d of %d goroutines with %d tries each were let in, want %d", limit.name, n, goroutines, tries, limit.want)
		}
		for _, id := range ids {
			c.cancelEnds("a queued job", id, async.Canceled, nil)
		}
	}
}

// contest is a job whose end and cancellation race.
type contest struct {
	begun, finish chan struct{}
	executions    atomic.Int32
	returned      atomic.Value // the status that the executor returned
}

// raceCancel: a cancellation and a completion at the same time leave one outcome, that
// which the attempt returned, and all readers see the same.
func (c *check) raceCancel() {
	const lanes = 16
	var contests sync.Map
	c.run(&executor{workers: lanes, execute: func(ctx context.Context, job async.Job, _ report) async.Outcome {
		v, _ := contests.Load(job.ID)
		r := v.(*contest)
		if r.executions.Add(1) > 1 {
			return async.Outcome{Status: async.Failed}
		}
		close(r.begun)
		o := async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "text/plain", Body: []byte(job.ID)}}
		select {
		case <-r.finish:
		case <-ctx.Done():
			o = async.Outcome{Status: async.Canceled}
		}
		r.returned.Store(o.Status)
		return o
	}})
	var won, lost, unbegun atomic.Int32
	c.together(lanes, func(lane int) error {
		for i := lane; i < c.o.Races; i += lanes {
			n := c.job(func(n *async.NewJob) { n.Retention = 1000 * c.o.Unit })
			r := &contest{begun: make(chan struct{}), finish: make(chan struct{})}
			contests.Store(n.ID, r)
			end, err := c.contest(i/lanes%4, n, r)
			if err != nil {
				return fmt.Errorf("race %d: %w", i, err)
			}
			switch {
			case r.executions.Load() > 1:
				return fmt.Errorf("race %d: the job was run %d times", i, r.executions.Load())
			case r.executions.Load() == 0 && end != async.Canceled, r.executions.Load() == 1 && r.returned.Load() != end:
				return fmt.Errorf("race %d: the job is %s, and its attempt returned %v", i, end, r.returned.Load())
			case r.executions.Load() == 0:
				unbegun.Add(1)
			case end == async.Succeeded:
				won.Add(1)
			default:
				lost.Add(1)
			}
			contests.Delete(n.ID)
		}
		return nil
	})
	if c.o.Races >= 1000 && (won.Load() == 0 || lost.Load() == 0) {
		c.Errorf("of %d races the completion won %d, the cancellation %d, and %d came before the attempt: that is no race", c.o.Races, won.Load(), lost.Load(), unbegun.Load())
	}
}

// contest is one race. The mode says who comes when.
func (c *check) contest(mode int, n async.NewJob, r *contest) (async.Status, error) {
	ctx, stop := c.patience()
	defer stop()
	if mode == 0 { // all at once
		close(r.finish)
	}
	if _, _, err := c.b.Submit(ctx, n); err != nil {
		return "", err
	}
	const readers = 2
	seen := make(chan told, readers)
	for range readers {
		go func() { seen <- c.readEnd(ctx, n.ID) }()
	}
	if mode > 0 {
		select {
		case <-r.begun:
		case <-ctx.Done():
			return "", errors.New("the attempt is not begun")
		}
	}
	cancels := 1 + mode/3
	canceled := make(chan told, cancels)
	if mode == 1 || mode == 3 { // the attempt ends while it is being cancelled
		close(r.finish)
	}
	for range cancels {
		go func() {
			job, err := c.b.Cancel(ctx, n.ID)
			canceled <- told{job, err}
		}()
	}
	var first told
	for i := range readers {
		got := <-seen
		if got.err != nil {
			return "", fmt.Errorf("a reader: %w", got.err)
		}
		if i == 0 {
			first = got
		}
		if err := first.differs(got); err != nil {
			return "", fmt.Errorf("two readers: %w", err)
		}
	}
	for range cancels {
		got := <-canceled
		switch {
		case got.err != nil && !errors.Is(got.err, async.ErrFinished):
			return "", got.err
		case got.err != nil || got.job.Status.Final():
			if err := first.differs(got); err != nil {
				return "", fmt.Errorf("Cancel and a reader: %w", err)
			}
		case got.job.Status != async.Cancelling:
			return "", fmt.Errorf("Cancel returned a job that is %s", got.job.Status)
		}
	}
	job, err := c.b.Get(ctx, n.ID)
	if err != nil {
		return "", err
	}
	if err := first.differs(told{job, nil}); err != nil {
		return "", fmt.Errorf("Get and a reader: %w", err)
	}
	return job.Status, nil
}

// told is what a reader was told.
type told struct {
	job async.Job
	err error
}

// differs tells in what two differ that were told of one finished job.
func (a told) differs(b told) error {
	body := func(j async.Job) string {
		if j.Result == nil {
			return ""
		}
		return string(j.Result.Body)
	}
	if a.job.Status != b.job.Status || a.job.Version != b.job.Version || a.job.Finished.Sub(b.job.Finished).Abs() > time.Millisecond || body(a.job) != body(b.job) {
		return fmt.Errorf("%s at version %d, and %s at version %d, or the result or time differs", a.job.Status, a.job.Version, b.job.Status, b.job.Version)
	}
	return nil
}

// readEnd follows a job to its end, and fails where a version does not grow or a final
// status is left.
func (c *check) readEnd(ctx context.Context, id string) told {
	job, err := c.b.Get(ctx, id)
	for err == nil && !job.Status.Final() {
		last := job.Version
		if job, err = c.watch(ctx, id, last); err == nil && job.Version <= last {
			err = fmt.Errorf("version %d came after %d", job.Version, last)
		}
	}
	return told{job, err}
}
