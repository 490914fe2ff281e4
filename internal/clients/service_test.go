package clients_test

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// TestMain lets the parallel tests all run at once: they wait for other programs, and not
// for a CPU.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// order is what the jobs of these tests take, and report what they make.
type order struct {
	Name string `json:"name"`
}

type report struct {
	Rows int `json:"rows"`
}

// handler does a job.
type handler func(context.Context, *async.Task, order) (report, error)

// service takes orders at /v1/exports, has its jobs at /v1/jobs, and what they made at
// /v1/reports/7. It notes who came.
type service struct {
	http.Handler
	url  string
	jobs *async.Jobs
	mux  *http.ServeMux
	lose atomic.Bool // the next answer is lost on its way

	mu     sync.Mutex
	visits []*visit
}

// visit is a request and its answer, as the server saw them.
type visit struct {
	method, path, query string
	header              http.Header
	status              int
	retryAfter          time.Duration // 0 for none
	began, ended        time.Time     // ended is zero while it is answered
}

// newService makes a service that is found at a URL.
func newService(t *testing.T, url string, handle handler, change func(*async.Options)) *service {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	problems, err := problem.NewWriter(problem.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o := async.Options{
		URL:      url + "/v1/jobs",
		Owner:    func(*http.Request) (string, bool) { return "ana", true },
		Problems: problems, Logger: quiet,
		Drain: -1, // a test that fails is over at once
	}
	if change != nil {
		change(&o)
	}
	s := &service{url: url, mux: http.NewServeMux()}
	if s.jobs, err = async.New(backend, o); err != nil {
		t.Fatal(err)
	}
	export, err := async.Define(s.jobs, "export", handle)
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /v1/exports", export)
	s.mux.Handle("/v1/jobs/", s.jobs)
	s.mux.Handle("/v1/jobs", s.jobs)
	s.mux.Handle("GET /v1/reports/7", respond.Handle(func(*http.Request) (respond.Response, error) {
		return respond.OK(report{Rows: 12}).CacheControl(respond.NoStore), nil
	}))
	off := map[string]string{}
	if o.PollOK {
		off["G9-odd"] = "PollOK was chosen: a 200 says when to ask again"
	}
	s.Handler = s.noted(conformtest.Handler(t, s.mux, conform.Options{Off: off}))
	return s
}

// listen serves on a port of this machine.
func listen(t *testing.T, handle handler, change func(*async.Options)) (*service, *httptest.Server) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	s := newService(t, "http://"+srv.Listener.Addr().String(), handle, change)
	srv.Config.Handler = s
	srv.Start()
	t.Cleanup(srv.Close)
	return s, srv
}

// run works on jobs until the test ends.
func (s *service) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.jobs.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// noted keeps a visit of each request.
func (s *service) noted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, header: r.Header.Clone(), began: time.Now()}
		s.mu.Lock()
		s.visits = append(s.visits, v)
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			v.ended = time.Now()
		}()
		if s.lose.CompareAndSwap(true, false) {
			h.ServeHTTP(&noting{httptest.NewRecorder(), s, v}, r)
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(&noting{w, s, v}, r)
	})
}

type noting struct {
	http.ResponseWriter
	s *service
	v *visit
}

func (w *noting) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// note keeps the status and the pace of an answer, once.
func (w *noting) note(status int) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.v.status == 0 {
		w.v.status = status
		seconds, _ := strconv.Atoi(w.Header().Get("Retry-After"))
		w.v.retryAfter = time.Duration(seconds) * time.Second
	}
}

func (w *noting) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *noting) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// seen returns the visits that a function picks.
func (s *service) seen(pick func(visit) bool) []visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []visit
	for _, v := range s.visits {
		if pick(*v) {
			some = append(some, *v)
		}
	}
	return some
}

func all(visit) bool { return true }

// statuses are the status codes of visits.
func statuses(visits []visit) []int {
	var codes []int
	for _, v := range visits {
		codes = append(codes, v.status)
	}
	return codes
}

// sent checks the status codes of visits.
func sent(t *testing.T, visits []visit, want ...int) {
	t.Helper()
	if got := statuses(visits); !slices.Equal(got, want) {
		t.Fatalf("the answers were %v, want %v", got, want)
	}
}

// until waits for what is about to happen.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("within 15 s it did not happen: %s", what)
		}
	}
}

// program finds a program by one of its names, or skips the test.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("none of %v is on the PATH", names)
	return ""
}
