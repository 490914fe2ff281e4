package sqlitestore_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// TestCloseInTheMiddle: whatever goes on when a store is closed ends, and what was
// accepted is there.
func TestCloseInTheMiddle(t *testing.T) {
	for range 5 {
		path := file(t)
		s := open(t, path, sqlitestore.Options{})
		begun := make(chan struct{}, 1<<16)
		ran := make(chan error, 1)
		go func() {
			ran <- s.Run(context.Background(), &executor{workers: 4, execute: func(ctx context.Context, job async.Job, report func(async.Progress) error) async.Outcome {
				begun <- struct{}{}
				if job.Owner == "held" {
					<-ctx.Done()
					if cause := context.Cause(ctx); cause != async.ErrLost {
						t.Errorf("the context of an attempt ends with %v", cause)
					}
					if err := report(async.Progress{Done: 1}); !errors.Is(err, sqlitestore.ErrClosed) {
						t.Errorf("report of a closed store: %v", err)
					}
				}
				return async.Outcome{Status: async.Succeeded}
			}})
		}()
		held := submit(t, s, func(n *async.NewJob) { n.Owner = "held" })
		<-begun
		var kept sync.Map
		var all sync.WaitGroup
		for i := range 24 {
			all.Go(func() {
				for {
					n := newJob()
					var err error
					switch i % 4 {
					case 0, 1:
						if _, _, err = s.Submit(context.Background(), n); err == nil {
							kept.Store(n.ID, true)
						}
					case 2:
						_, err = s.List(context.Background(), "ana", "", 3)
					case 3:
						_, err = s.Watch(context.Background(), held.ID, math.MaxInt64)
					}
					if err != nil {
						if !errors.Is(err, sqlitestore.ErrClosed) {
							t.Errorf("a call while the store is closed: %v", err)
						}
						return
					}
				}
			})
		}
		for range 50 {
			<-begun
		}
		var closed sync.WaitGroup
		var failed atomic.Int32
		for range 4 {
			closed.Go(func() {
				if s.Close() != nil {
					failed.Add(1)
				}
			})
		}
		within(t, "Close", closed.Wait)
		within(t, "the return of calls after Close", all.Wait)
		within(t, "the return of Run after Close", func() { want(t, "Run", <-ran, sqlitestore.ErrClosed) })
		if failed.Load() > 0 {
			t.Error("Close fails")
		}
		s = open(t, path, sqlitestore.Options{})
		kept.Range(func(id, _ any) bool { get(t, s, id.(string)); return true })
		if job := get(t, s, held.ID); job.Status != async.Running {
			t.Errorf("the job that was lost is %s", job.Status)
		}
		s.Close()
	}
}

func TestClosed(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	job := submit(t, s)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	ctx := t.Context()
	_, _, err := s.Submit(ctx, newJob())
	want(t, "Submit", err, sqlitestore.ErrClosed)
	_, err = s.Get(ctx, job.ID)
	want(t, "Get", err, sqlitestore.ErrClosed)
	_, err = s.List(ctx, "ana", "", 1)
	want(t, "List", err, sqlitestore.ErrClosed)
	_, err = s.Cancel(ctx, job.ID)
	want(t, "Cancel", err, sqlitestore.ErrClosed)
	_, err = s.Watch(ctx, job.ID, 0)
	want(t, "Watch", err, sqlitestore.ErrClosed)
	want(t, "Run", s.Run(ctx, &executor{workers: 1}), sqlitestore.ErrClosed)
	_, err = s.DueCallbacks(ctx, 1, 0)
	want(t, "DueCallbacks", err, sqlitestore.ErrClosed)
	want(t, "SettleCallback", s.SettleCallback(ctx, job.ID, true, 0), sqlitestore.ErrClosed)
	_, err = s.Replays().Begin(ctx, async.Claim{})
	want(t, "Begin", err, sqlitestore.ErrClosed)
}
