package async_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// cancelraceSeen is what a reader or a canceller was told.
type cancelraceSeen struct {
	code                 int
	status, finished, id string
	result               string
}

// cancelraceAsk sends a request and reads the status document of its answer, or the
// code of a problem.
func cancelraceAsk(h http.Handler, method, path string, header ...string) (cancelraceSeen, error) {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var doc struct {
		ID, FinishedAt string
		Status         any
		Result         json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		return cancelraceSeen{}, fmt.Errorf("%s answers %d: %w", method, w.Code, err)
	}
	return cancelraceSeen{w.Code, fmt.Sprint(doc.Status), doc.FinishedAt, doc.ID, string(doc.Result)}, nil
}

// TestCancelRace: DELETE and the end of the handler at the same time, 10,000 times. One
// outcome each: that of the handler, the same for all who read it, and the answers to
// DELETE go with it.
func TestCancelRace(t *testing.T) {
	races := 10_000
	if testing.Short() {
		races = 1_000
	}
	const lanes = 8
	m := memoryOf(t, async.MemoryOptions{})
	quiet := slog.New(slog.DiscardHandler)
	problems, err := problem.NewWriter(problem.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := async.New(m, async.Options{
		URL: "https://api.example.com/jobs", Workers: lanes, Logger: quiet, Problems: problems,
		Owner: func(*http.Request) (string, bool) { return "ana", true }, MaxOwned: 2 * races, MaxQueued: 2 * races,
	})
	if err != nil {
		t.Fatal(err)
	}
	type in struct{ Lane, Steps int }
	var finish [lanes]chan struct{}
	var begun [lanes]chan struct{}
	for i := range lanes {
		finish[i], begun[i] = make(chan struct{}, 1), make(chan struct{}, 1)
	}
	kind, err := async.Define(jobs, "work", func(ctx context.Context, task *async.Task, n in) (string, error) {
		begun[n.Lane] <- struct{}{}
		select {
		case <-finish[n.Lane]:
			for range n.Steps {
				runtime.Gosched()
			}
			return task.ID(), ctx.Err()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() { running <- jobs.Run(ctx) }()
	judged := conformtest.Handler(t, jobs) // which takes longer than all else

	var won, lost, late atomic.Int32
	race := func(lane, i int) error {
		select { // of a race that was cancelled before its handler looked
		case <-finish[lane]:
		default:
		}
		job, err := kind.Submit(ctx, "ana", "", in{lane, i % 5})
		if err != nil {
			return err
		}
		path := "/jobs/" + job.ID
		h := http.Handler(jobs)
		if i%20 == 0 {
			h = judged
		}
		<-begun[lane]
		seen := make(chan cancelraceSeen, 3)
		failed := make(chan error, 3)
		ask := func(method string, header ...string) {
			s, err := cancelraceAsk(h, method, path, header...)
			seen <- s
			failed <- err
		}
		go ask("GET", "Prefer", "wait=60")
		go ask("DELETE")
		if i%4 > 0 { // else nothing but the cancellation ends it
			finish[lane] <- struct{}{}
		}
		end, err := m.Watch(ctx, job.ID, 0)
		for err == nil && !end.Status.Final() {
			end, err = m.Watch(ctx, job.ID, end.Version)
		}
		if err != nil {
			return err
		}
		last, err := cancelraceAsk(h, "GET", path)
		if err != nil {
			return err
		}
		if last.code != 200 || last.status != string(end.Status) || (last.result != "") != (end.Status == async.Succeeded) {
			return fmt.Errorf("the status is %+v, and the backend has it %s", last, end.Status)
		}
		for range 2 {
			s, err := <-seen, <-failed
			switch {
			case err != nil:
				return err
			case s.code == 200 && s != last: // a final status
				return fmt.Errorf("one was told %+v, another %+v", s, last)
			case s.code == 409 && end.Status != async.Succeeded: // DELETE came too late
				return fmt.Errorf("DELETE came too late for a job that is %s", end.Status)
			case s.code == 202 && s.status != "running" && s.status != "cancelling", s.code != 200 && s.code != 202 && s.code != 409:
				return fmt.Errorf("an answer is %+v", s)
			case s.code == 409:
				late.Add(1)
			}
		}
		if again, err := cancelraceAsk(h, "DELETE", path); err != nil || again.code != 409 {
			return fmt.Errorf("DELETE of a finished job answers %d, %w", again.code, err)
		}
		if end.Status == async.Succeeded {
			won.Add(1)
		} else {
			lost.Add(1)
		}
		return nil
	}
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() {
			for i := range races / lanes {
				if err := race(lane, i); err != nil {
					t.Errorf("race %d of lane %d: %v", i, lane, err)
					return
				}
			}
		})
	}
	wg.Wait()
	cancel()
	if err := <-running; err != nil {
		t.Error(err)
	}
	t.Logf("the handler won %d races, the cancellation %d; %d came too late", won.Load(), lost.Load(), late.Load())
	if won.Load() == 0 || lost.Load() == 0 {
		t.Error("that is no race")
	}
}
