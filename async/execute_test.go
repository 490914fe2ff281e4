package async_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
)

// executeIn is the input of the jobs of these tests. Its text must not be in a log.
type executeIn struct {
	Secret string `json:"secret"`
}

const executeSecret = "s3cr3t-input"

// executeRun is a kind on a memory backend, in a bubble where time takes none.
type executeRun struct {
	t       *testing.T
	backend *async.Memory
	jobs    *async.Jobs
	log     bytes.Buffer
	ends    []async.Outcome
	stop    func()
}

// executeStart defines a kind "work" and runs it. It has to be called in a bubble.
func executeStart[Out any](t *testing.T, handle func(context.Context, *async.Task, executeIn) (Out, error), o async.Options, k async.KindOptions) (*executeRun, func() string) {
	t.Helper()
	e := &executeRun{t: t, backend: memoryOf(t, async.MemoryOptions{})}
	o.URL, o.Capability = "https://api.example.com/jobs", true
	o.Logger = slog.New(slog.NewJSONHandler(&e.log, nil))
	o.OnEnd = func(_ async.Job, o async.Outcome, _ error) { e.ends = append(e.ends, o) }
	o.Workers = 1
	jobs, err := async.New(e.backend, o)
	if err != nil {
		t.Fatal(err)
	}
	kind, err := async.Define(jobs, "work", handle, k)
	if err != nil {
		t.Fatal(err)
	}
	e.jobs = jobs
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- jobs.Run(ctx) }()
	e.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	return e, func() string {
		job, err := kind.Submit(t.Context(), "ana", "", executeIn{executeSecret})
		if err != nil {
			t.Fatal(err)
		}
		return job.ID
	}
}

func (e *executeRun) get(id string) async.Job {
	e.t.Helper()
	job, err := e.backend.Get(context.Background(), id)
	if err != nil {
		e.t.Fatal(err)
	}
	return job
}

// final waits until a job has finished.
func (e *executeRun) final(id string) async.Job {
	e.t.Helper()
	job := e.get(id)
	for !job.Status.Final() {
		next, err := e.backend.Watch(context.Background(), id, job.Version)
		if err != nil {
			e.t.Fatal(err)
		}
		job = next
	}
	return job
}

// records are what was logged, one for each attempt, none with the input.
func (e *executeRun) records(want int) []map[string]any {
	e.t.Helper()
	synctest.Wait()
	if strings.Contains(e.log.String(), executeSecret) {
		e.t.Errorf("the log has the input: %s", e.log.String())
	}
	var records []map[string]any
	for line := range strings.Lines(e.log.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			e.t.Fatal(err)
		}
		records = append(records, r)
	}
	if len(records) != want || len(e.ends) != want {
		e.t.Fatalf("%d records and %d calls of OnEnd, want %d: %s", len(records), len(e.ends), want, e.log.String())
	}
	return records
}

var executeSoldOut = problem.NewType("sold-out", http.StatusConflict, "It is sold out")

// TestExecuteResults: what a handler returns is what is kept.
func TestExecuteResults(t *testing.T) {
	type pair struct {
		A int    `json:"a"`
		B string `json:"b"`
	}
	var none *pair
	for _, c := range []struct {
		name           string
		out            any
		location       string
		kind, body, at string
		kept           bool
	}{
		{"JSON", pair{1, "x"}, "", "application/json", `{"a":1,"b":"x"}`, "", true},
		{"a nil pointer", none, "", "application/json", `null`, "", true},
		{"nil", nil, "", "application/json", `null`, "", true},
		{"a text", "x", "", "application/json", `"x"`, "", true},
		{"None", async.None{}, "", "", "", "", false},
		{"a pointer to None", &async.None{}, "", "", "", "", false},
		{"Content", async.Content{Type: "text/csv; charset=utf-8", Body: []byte("a,b")}, "", "text/csv; charset=utf-8", "a,b", "", true},
		{"a pointer to Content", &async.Content{Type: "text/csv", Body: []byte("a,b")}, "", "text/csv", "a,b", "", true},
		{"Content without a Type", async.Content{Body: []byte{0, 255}}, "", "application/octet-stream", "\x00\xff", "", true},
		{"no Content", (*async.Content)(nil), "", "", "", "", false},
		{"Location", pair{1, "x"}, "https://example.com/reports/1", "", "", "https://example.com/reports/1", true},
		{"a path as Location", async.None{}, "/reports/1", "", "", "https://api.example.com/reports/1", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, submit := executeStart(t, func(_ context.Context, task *async.Task, _ executeIn) (any, error) {
					if c.location != "" {
						task.Location(c.location)
					}
					return c.out, nil
				}, async.Options{}, async.KindOptions{})
				defer e.stop()
				job := e.final(submit())
				if job.Status != async.Succeeded || job.Error != nil || (job.Result != nil) != c.kept {
					t.Fatalf("%s, result %+v, error %+v", job.Status, job.Result, job.Error)
				}
				if r := job.Result; r != nil && (r.Type != c.kind || string(r.Body) != c.body || r.Location != c.at) {
					t.Errorf("the result is %q %q %q", r.Type, r.Body, r.Location)
				}
				r := e.records(1)[0]
				if r["level"] != "INFO" || r["msg"] != "job succeeded" || r["job"] != job.ID || r["kind"] != "work" || r["attempt"] != 1.0 || r["error"] != nil {
					t.Errorf("the record is %v", r)
				}
			})
		})
	}
}

// TestExecuteErrors: what becomes of each error. The client's view says nothing that
// the error says.
func TestExecuteErrors(t *testing.T) {
	private := errors.New("private-cause")
	row := problem.Options{Map: []problem.Mapping{problem.Map(private, executeSoldOut.New("Sold out since noon."))}}
	mapped, err := problem.NewWriter(row)
	if err != nil {
		t.Fatal(err)
	}
	broken, err := problem.NewWriter(problem.Options{Unknown: func(*http.Request, error) *problem.Problem { panic("in Unknown") }})
	if err != nil {
		t.Fatal(err)
	}
	unfit := map[string]any{"a": math.NaN()}
	for _, c := range []struct {
		name     string
		writer   *problem.Writer
		out      any
		location string
		err      error
		attempts int
		code     string
		message  string
		problem  string
		level    string
	}{
		{"unknown", nil, nil, "", private, 3, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
		{"a 4xx", nil, nil, "", problem.NotFound("There is no such file."), 1, "failed", "There is no such file.", `{"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such file."}`, "INFO"},
		{"a 4xx of a type", nil, nil, "", executeSoldOut.New("Sold out.").Wrap(private), 1, "sold-out", "Sold out.", `{"type":"/problems/sold-out","title":"It is sold out","status":409,"detail":"Sold out."}`, "INFO"},
		{"a 5xx", nil, nil, "", problem.BadGateway("The bank does not answer."), 3, "internal", "The bank does not answer.", `{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"The bank does not answer."}`, "ERROR"},
		{"by the table", mapped, nil, "", private, 1, "sold-out", "Sold out since noon.", `{"type":"/problems/sold-out","title":"It is sold out","status":409,"detail":"Sold out since noon."}`, "INFO"},
		{"permanent", nil, nil, "", async.Permanent(private), 1, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
		{"a deadline of its own", nil, nil, "", context.DeadlineExceeded, 3, "internal", "Gateway Timeout", `{"type":"about:blank","title":"Gateway Timeout","status":504}`, "ERROR"},
		{"a cancellation of its own", nil, nil, "", context.Canceled, 3, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
		{"a table that panics", broken, nil, "", private, 3, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
		{"a result that is no JSON", nil, unfit, "", nil, 1, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
		{"too large", nil, async.Content{Body: make([]byte, 101)}, "", nil, 1, "result_too_large", "The result of the job is larger than one that is kept.", `{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"The result of the job is larger than one that is kept."}`, "ERROR"},
		{"a Type that is none", nil, async.Content{Type: "text\r\n"}, "", nil, 1, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
		{"a Location that is none", nil, nil, "http://[", nil, 1, "internal", "Internal Server Error", `{"type":"about:blank","title":"Internal Server Error","status":500}`, "ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, submit := executeStart(t, func(_ context.Context, task *async.Task, _ executeIn) (any, error) {
					if c.location != "" {
						task.Location(c.location)
					}
					return c.out, c.err
				}, async.Options{Problems: c.writer, MaxResult: 100}, async.KindOptions{})
				defer e.stop()
				job := e.final(submit())
				if job.Status != async.Failed || job.Result != nil || job.Error == nil || job.Attempt != c.attempts {
					t.Fatalf("%s after %d attempts, error %+v", job.Status, job.Attempt, job.Error)
				}
				if f := job.Error; f.Code != c.code || f.Message != c.message || string(f.Problem) != c.problem {
					t.Errorf("the failure is %q %q %s", f.Code, f.Message, f.Problem)
				}
				records := e.records(c.attempts)
				for _, r := range records[:c.attempts-1] {
					if r["level"] != "WARN" || r["msg"] != "job attempt failed" || r["again_after"] == nil || r["error"] == nil {
						t.Errorf("the record is %v", r)
					}
				}
				if r := records[c.attempts-1]; r["level"] != c.level || r["msg"] != "job failed" || r["code"] != c.code || r["error"] == nil || r["error"] == "" {
					t.Errorf("the last record is %v", r)
				}
			})
		})
	}
}

// A result of exactly MaxResult fits.
func TestExecuteMaxResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, submit := executeStart(t, func(context.Context, *async.Task, executeIn) (async.Content, error) {
			return async.Content{Body: make([]byte, 100)}, nil
		}, async.Options{MaxResult: 100}, async.KindOptions{})
		defer e.stop()
		if job := e.final(submit()); job.Status != async.Succeeded || len(job.Result.Body) != 100 {
			t.Errorf("it is %s", job.Status)
		}
	})
}

// TestExecuteBackoff: 1 s, doubled each time, up to 5 minutes; or as the kind says,
// and what is negative is no wait.
func TestExecuteBackoff(t *testing.T) {
	for _, c := range []struct {
		name    string
		options async.KindOptions
		waits   []time.Duration
	}{
		{"default", async.KindOptions{MaxAttempts: 12}, []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 64e9, 128e9, 256e9, 300e9, 300e9}},
		{"of its own", async.KindOptions{MaxAttempts: 3, Backoff: func(n int) time.Duration { return time.Duration(n) * time.Minute }}, []time.Duration{60e9, 120e9}},
		{"negative", async.KindOptions{MaxAttempts: 3, Backoff: func(int) time.Duration { return -time.Hour }}, []time.Duration{0, 0}},
		{"once", async.KindOptions{MaxAttempts: 1}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var begun []time.Time
				e, submit := executeStart(t, func(context.Context, *async.Task, executeIn) (any, error) {
					begun = append(begun, time.Now())
					return nil, errors.New("not yet")
				}, async.Options{}, c.options)
				defer e.stop()
				if job := e.final(submit()); job.Status != async.Failed || job.Attempt != len(c.waits)+1 {
					t.Fatalf("%s after %d attempts", job.Status, job.Attempt)
				}
				for i, want := range c.waits {
					if e.ends[i].Delay != want {
						t.Errorf("the delay of attempt %d is %v, want %v", i+2, e.ends[i].Delay, want)
					}
					if got := begun[i+1].Sub(begun[i]); got != want {
						t.Errorf("attempt %d came after %v, want %v", i+2, got, want)
					}
				}
			})
		})
	}
}

// TestExecutePanic: the log has the panic and its stack, the client nothing.
func TestExecutePanic(t *testing.T) {
	for name, end := range map[string]struct {
		do  func()
		log []string
	}{
		"panic":  {func() { panic("private-panic") }, []string{"private-panic", "execute_test.go"}},
		"nil":    {func() { var p *url.URL; _ = p.Host }, []string{"nil pointer", "execute_test.go"}},
		"Goexit": {runtime.Goexit, []string{"ended its goroutine"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				e, submit := executeStart(t, func(context.Context, *async.Task, executeIn) (any, error) {
					if attempts++; attempts > 2 {
						return "well", nil
					}
					end.do()
					return nil, nil
				}, async.Options{}, async.KindOptions{MaxAttempts: 2})
				defer e.stop()
				job := e.final(submit())
				if job.Status != async.Failed || job.Attempt != 2 || job.Error.Code != async.CodeInternal || string(job.Error.Problem) != `{"type":"about:blank","title":"Internal Server Error","status":500}` || job.Error.Message != "Internal Server Error" {
					t.Fatalf("%s after %d attempts: %+v", job.Status, job.Attempt, job.Error)
				}
				if job := e.final(submit()); job.Status != async.Succeeded { // the worker is there
					t.Errorf("the next job is %s", job.Status)
				}
				r := e.records(3)[0]
				for _, part := range end.log {
					if text, _ := r["error"].(string); !strings.Contains(text, part) {
						t.Errorf("the log does not say %q: %v", part, r)
					}
				}
			})
		})
	}
}
