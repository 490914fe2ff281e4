package async_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// webURL is where the jobs of these tests are found: not where they are served.
const webURL = "https://api.example.com/v1/jobs"

// webNow is the time at which the clocks of these tests begin.
var webNow = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)

// webClock is a clock that stands still until it is moved.
type webClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *webClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *webClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// webUntil waits for what is about to happen.
func webUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within 10 s")
		}
	}
}

// webService serves jobs of a backend; who asks is in X-Owner.
type webService struct {
	t     *testing.T
	jobs  *async.Jobs
	clock *webClock
	mux   *http.ServeMux
	url   string
}

func webOwner(r *http.Request) (string, bool) {
	owner := r.Header.Get("X-Owner")
	return owner, owner != ""
}

// webProblems is a writer that logs nothing.
func webProblems(t testing.TB) *problem.Writer {
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// newWeb makes a service. Off turns rules of conform off, each with its reason.
func newWeb(t *testing.T, backend async.Backend, change func(*async.Options), off map[string]string) *webService {
	t.Helper()
	s := &webService{t: t, clock: &webClock{now: webNow}, mux: http.NewServeMux()}
	o := async.Options{URL: webURL, Owner: webOwner, Now: s.clock.Now, Problems: webProblems(t), Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	var err error
	if s.jobs, err = async.New(backend, o); err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("/v1/jobs/", s.jobs)
	s.mux.Handle("/v1/jobs", s.jobs)
	rules := map[string]string{"403-anonymous": "these tests have no authenticator, whose challenge it would be"}
	maps.Copy(rules, off)
	srv := httptest.NewServer(conformtest.Handler(t, s.mux, conform.Options{Off: rules}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// webIn is the input of jobs in these tests.
type webIn struct {
	Name string `json:"name" validate:"required,max=10"`
}

// define adds a kind, and mounts it at a path.
func (s *webService) define(name, path string, o async.KindOptions) *async.Kind[webIn, string] {
	s.t.Helper()
	kind, err := async.Define(s.jobs, name, func(context.Context, *async.Task, webIn) (string, error) { return "", nil }, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mux.Handle("POST "+path, kind)
	return kind
}

// run works on jobs until the test ends, or stop is called.
func (s *webService) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.jobs.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
	s.t.Cleanup(stop)
	return stop
}

// webAnswer is an answer with its body read.
type webAnswer struct {
	*http.Response
	body string
}

// do sends a request by the owner ana, with header fields as name, value...; an empty
// X-Owner is nobody. A path is below the service's URL.
func (s *webService) do(method, path, body string, header ...string) webAnswer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+strings.TrimPrefix(path, "https://api.example.com"), strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Owner", "ana")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
		if header[i] == "X-Owner" {
			r.Header.Set("X-Owner", header[i+1])
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return webAnswer{res, string(content)}
}

func (s *webService) get(path string, header ...string) webAnswer {
	s.t.Helper()
	return s.do("GET", path, "", header...)
}

// has checks the status, and header fields as name, value...; "" is an absent field,
// "*" any that is there.
func (a webAnswer) has(t *testing.T, status int, header ...string) webAnswer {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	for i := 0; i < len(header); i += 2 {
		got := strings.Join(a.Header[http.CanonicalHeaderKey(header[i])], "|")
		if want := header[i+1]; want == "*" && got == "" || want != "*" && got != want {
			t.Errorf("%s %s: %s is %q, want %q", a.Request.Method, a.Request.URL.Path, header[i], got, want)
		}
	}
	return a
}

// varies checks that Vary names a field.
func (a webAnswer) varies(t *testing.T, name string) webAnswer {
	t.Helper()
	if !strings.Contains(", "+strings.Join(a.Header["Vary"], ", ")+",", ", "+name+",") {
		t.Errorf("%s %s: %d: Vary is %q, without %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.Header["Vary"], name)
	}
	return a
}

// wait checks Retry-After, in seconds.
func (a webAnswer) retryAfter(t *testing.T, least, most int) webAnswer {
	t.Helper()
	d, err := time.ParseDuration(a.Header.Get("Retry-After") + "s")
	if n := int(d.Seconds()); err != nil || n < least || n > most {
		t.Errorf("%s %s: Retry-After is %q, want %d to %d", a.Request.Method, a.Request.URL.Path, a.Header.Get("Retry-After"), least, most)
	}
	return a
}

// json returns the body as an object.
func (a webAnswer) json(t *testing.T) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatalf("%s %s: %d: %q: %v", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body, err)
	}
	return doc
}

// typ is the name of the problem's type.
func (a webAnswer) typ(t *testing.T) string {
	t.Helper()
	name, _ := a.json(t)["type"].(string)
	return strings.TrimPrefix(name, "/problems/")
}

// bare is all of the answer that does not differ each time.
func (a webAnswer) bare() string {
	h := maps.Clone(a.Header)
	delete(h, "Date")
	var out strings.Builder
	_ = h.Write(&out)
	return a.Status + "\n" + out.String() + "\n" + a.body
}

// webJob is a running job of ana's, changed by a function.
func webJob(id string, change func(*async.Job)) async.Job {
	job := async.Job{
		ID: id, Kind: "export", Owner: "ana", Status: async.Running, Version: 7, Attempt: 1,
		Created: webNow.Add(-3 * time.Second), Started: webNow.Add(-2 * time.Second), Updated: webNow.Add(-time.Second),
	}
	if change != nil {
		change(&job)
	}
	return job
}

func webDone(status async.Status, result *async.Result, failure *async.Failure) func(*async.Job) {
	return func(job *async.Job) {
		job.Status, job.Result, job.Error, job.Version = status, result, failure, 9
		job.Finished, job.Expires = webNow, webNow.Add(24*time.Hour)
	}
}

var errWebSecret = errors.New("dial tcp 10.1.2.3: password hunter2 refused")

func newWebNothing(context.Context, *async.Task, async.None) (async.None, error) {
	return async.None{}, nil
}
