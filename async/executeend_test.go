package async_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
)

// TestExecuteTimeout: an attempt that takes too long fails, and is not tried again;
// what a handler returns is as it returned it where it came through.
func TestExecuteTimeout(t *testing.T) {
	for _, c := range []struct {
		name    string
		options async.KindOptions
		err     error // what the handler returns when its context has ended
		want    async.Status
		after   time.Duration
	}{
		{"default", async.KindOptions{}, context.DeadlineExceeded, async.Failed, 15 * time.Minute},
		{"of its own", async.KindOptions{Timeout: 5 * time.Second}, errors.New("private-cause"), async.Failed, 5 * time.Second},
		{"a problem of the client", async.KindOptions{Timeout: 5 * time.Second}, problem.NotFound(""), async.Failed, 5 * time.Second},
		{"it came through", async.KindOptions{Timeout: 5 * time.Second}, nil, async.Succeeded, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				e, submit := executeStart(t, func(ctx context.Context, _ *async.Task, _ executeIn) (string, error) {
					if deadline, ok := ctx.Deadline(); !ok || deadline.Sub(begun) != c.after {
						t.Errorf("the deadline is %v", deadline)
					}
					<-ctx.Done()
					return "", c.err
				}, async.Options{}, c.options)
				defer e.stop()
				job := e.final(submit())
				if job.Status != c.want || job.Attempt != 1 || job.Finished.Sub(begun) != c.after {
					t.Fatalf("%s after %d attempts and %v", job.Status, job.Attempt, job.Finished.Sub(begun))
				}
				if c.want == async.Succeeded {
					return
				}
				const want = `{"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"The job took longer than it may."}`
				if f := job.Error; f.Code != "timed_out" || f.Message != "The job took longer than it may." || string(f.Problem) != want {
					t.Errorf("the failure is %q %q %s", f.Code, f.Message, f.Problem)
				}
				if r := e.records(1)[0]; r["level"] != "ERROR" || r["code"] != "timed_out" || r["error"] != c.err.Error() {
					t.Errorf("the record is %v", r)
				}
			})
		})
	}
}

// TestExecuteNoTimeout: a negative Timeout is none.
func TestExecuteNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, submit := executeStart(t, func(ctx context.Context, _ *async.Task, _ executeIn) (string, error) {
			if _, ok := ctx.Deadline(); ok {
				t.Error("there is a deadline")
			}
			select {
			case <-ctx.Done():
			case <-time.After(1000 * time.Hour):
			}
			return "", ctx.Err()
		}, async.Options{}, async.KindOptions{Timeout: -1})
		defer e.stop()
		if job := e.final(submit()); job.Status != async.Succeeded {
			t.Errorf("it is %s", job.Status)
		}
	})
}

// TestExecuteCancel: a handler is told; what it returns then is a cancellation,
// whatever error it is, and a success if it came through.
func TestExecuteCancel(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(ctx context.Context) error
		want async.Status
	}{
		"its context's error": {func(ctx context.Context) error { return ctx.Err() }, async.Canceled},
		"another":             {func(context.Context) error { return errors.New("other") }, async.Canceled},
		"a final one":         {func(context.Context) error { return problem.NotFound("") }, async.Canceled},
		"a panic":             {func(context.Context) error { panic("when stopped") }, async.Canceled},
		"success":             {func(context.Context) error { return nil }, async.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, submit := executeStart(t, func(ctx context.Context, _ *async.Task, _ executeIn) (string, error) {
					<-ctx.Done()
					if cause := context.Cause(ctx); !errors.Is(cause, async.ErrCanceled) {
						t.Errorf("the cause is %v", cause)
					}
					return "made", c.end(ctx)
				}, async.Options{}, async.KindOptions{})
				defer e.stop()
				id := submit()
				synctest.Wait()
				job, err := e.backend.Cancel(t.Context(), id)
				if err != nil || job.Status != async.Cancelling {
					t.Fatalf("Cancel: %s, %v", job.Status, err)
				}
				job = e.final(id)
				if job.Status != c.want || (job.Result != nil) != (c.want == async.Succeeded) || job.Error != nil {
					t.Fatalf("%s, result %v, error %v", job.Status, job.Result, job.Error)
				}
				if r := e.records(1)[0]; r["level"] != "INFO" || r["msg"] != "job "+string(c.want) {
					t.Errorf("the record is %v", r)
				}
			})
		})
	}
}

// TestExecuteDrain: an attempt that a shutdown ended does not count, and a shutdown
// ends it no earlier than Drain says.
func TestExecuteDrain(t *testing.T) {
	for _, c := range []struct {
		name  string
		drain time.Duration
		takes time.Duration
		after time.Duration
		want  async.Status
	}{
		{"default", 0, time.Hour, 30 * time.Second, async.Queued},
		{"longer", 2 * time.Minute, time.Hour, 2 * time.Minute, async.Queued},
		{"not at all", -1, time.Hour, 0, async.Queued},
		{"in time", 0, 10 * time.Second, 10 * time.Second, async.Succeeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, submit := executeStart(t, func(ctx context.Context, task *async.Task, _ executeIn) (string, error) {
					task.Progress(7, 9)
					select {
					case <-ctx.Done():
						return "", ctx.Err()
					case <-time.After(c.takes):
						return "made", nil
					}
				}, async.Options{Drain: c.drain}, async.KindOptions{MaxAttempts: 1})
				id := submit()
				waiting := submit()
				synctest.Wait()
				begun := time.Now()
				e.stop()
				if took := time.Since(begun); took != c.after {
					t.Errorf("Run returned after %v, want %v", took, c.after)
				}
				attempts := map[async.Status]int{async.Succeeded: 1}[c.want]
				if job := e.get(id); job.Status != c.want || job.Attempt != attempts || job.Interrupted != 0 || job.Progress.Done != 7 {
					t.Errorf("%s after %d attempts, at %v", job.Status, job.Attempt, job.Progress)
				}
				if job := e.get(waiting); job.Status != async.Queued || job.Attempt != 0 {
					t.Errorf("one that waited is %s", job.Status)
				}
				r := e.records(1)[0]
				if c.want == async.Queued && (r["msg"] != "job put back" || r["level"] != "INFO" || r["again_after"] != nil) {
					t.Errorf("the record is %v", r)
				}
			})
		})
	}
}

// executeDirect calls Execute as a backend does.
func executeDirect(t *testing.T, e *executeRun, job async.Job, report func(async.Progress) error) async.Outcome {
	t.Helper()
	return e.jobs.Execute(t.Context(), job, report)
}

// TestExecuteLost: the attempt ends where another has the job, and its outcome is for
// nobody.
func TestExecuteLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := executeStart(t, func(ctx context.Context, task *async.Task, _ executeIn) (string, error) {
			task.Progress(1, 2)
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, async.ErrLost) {
				t.Errorf("the cause is %v", cause)
			}
			time.Sleep(time.Minute) // it takes its time, and comes through
			return "made", nil
		}, async.Options{}, async.KindOptions{MaxAttempts: 1})
		defer e.stop()
		reports := 0
		out := executeDirect(t, e, async.Job{ID: "a", Kind: "work", Attempt: 1}, func(async.Progress) error {
			reports++
			return errors.Join(errors.New("store"), async.ErrLost)
		})
		if out.Status != async.Queued || !out.Free || reports != 1 {
			t.Errorf("the outcome is %+v after %d reports", out, reports)
		}
		if r := e.records(1)[0]; r["level"] != "WARN" || r["msg"] != "job lost to another worker" {
			t.Errorf("the record is %v", r)
		}
	})
}

// TestExecuteUnknownKind: a job of a kind that nobody defined fails, and its input that
// cannot be decoded does, too, with nothing of it in the log.
func TestExecuteUnknownKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := executeStart(t, func(context.Context, *async.Task, executeIn) (string, error) {
			return "", nil
		}, async.Options{}, async.KindOptions{})
		defer e.stop()
		for i, job := range []async.Job{
			{ID: "a", Kind: "other", Attempt: 1},
			{ID: "b", Kind: "work", Attempt: 1, Input: []byte(`{"secret":`)},
			{ID: "c", Kind: "work", Attempt: 1, Input: []byte(`{"secret":424242}`)},
		} {
			out := executeDirect(t, e, job, func(async.Progress) error { return nil })
			if out.Status != async.Failed || out.Error.Code != async.CodeInternal || out.Error.Message != "Internal Server Error" {
				t.Errorf("the outcome is %+v", out)
			}
			if r := e.records(i + 1)[i]; r["level"] != "ERROR" || r["job"] != job.ID {
				t.Errorf("the record is %v", r)
			}
		}
		if strings.Contains(e.log.String(), "424242") {
			t.Errorf("the log has the input: %s", e.log.String())
		}
	})
}

// TestInterrupted: what a backend ends a job by.
func TestInterrupted(t *testing.T) {
	o := async.Interrupted()
	const want = `{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"The job was interrupted too often."}`
	if o.Status != async.Failed || o.Error.Code != "interrupted" || o.Error.Message != "The job was interrupted too often." || string(o.Error.Problem) != want {
		t.Errorf("it is %+v, %s", o, o.Error.Problem)
	}
}
