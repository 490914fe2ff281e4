package async

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// Options are the settings of [New]. URL is required, and Owner or Capability.
type Options struct {
	// URL is the absolute URL below which jobs are found, from configuration, never
	// from a request: "https://api.example.com/v1/jobs". Jobs is mounted at its
	// path: handle "/v1/jobs/" and "/v1/jobs".
	URL string
	// Path is where Jobs is mounted, where a proxy makes that another path than
	// clients see: by default the path of URL.
	Path string
	// Owner tells who asks, and false for nobody: authn.Subject, for one. A job is
	// shown to its owner alone; to anybody else it is unknown.
	Owner func(*http.Request) (owner string, ok bool)
	// Capability shows a job to whoever knows its URL, which has 128 random bits, in
	// place of Owner. URLs end up in logs. Jobs are not listed then, MaxOwned is not
	// looked at, and idempotency keys are shared by all clients: who sends another's
	// key and payload gets the URL of that job.
	Capability bool
	// Workers is how many jobs run at once in this process, by default 4 for each
	// CPU; negative: none, for a process that only accepts jobs.
	Workers int
	// MaxQueued and MaxOwned are how many jobs that are not finished there may be, in
	// all and of one owner, by default 10,000 and 1,000. Beyond them the answer is
	// 503, before anything is kept.
	MaxQueued int
	MaxOwned  int
	// Retention is how long a finished job is kept, by default 24 h, and Tombstone
	// how long after that its address is answered by 410, by default 7 days.
	Retention time.Duration
	Tombstone time.Duration
	// MaxWait is the longest time that Prefer: wait=N is honoured for, in whole
	// seconds, by default 60 s. The WriteTimeout of the http.Server has to be longer.
	MaxWait time.Duration
	// Heartbeat is how long a stream is silent before a comment is sent, by default
	// 15 s.
	Heartbeat time.Duration
	// MaxResult is the size in bytes of the largest result that is kept, by default
	// 1 MiB. A job whose result is larger fails as "result_too_large".
	MaxResult int64
	// MaxInterrupted is how many times a job may lose its worker, by default 3.
	MaxInterrupted int
	// Drain is how long running jobs may go on when [Jobs.Run] is to end, by default
	// 30 s; negative: not at all.
	Drain time.Duration
	// PollOK answers a status that is not final by 200 in place of 202, as the
	// guidelines of some houses have it. A client that knows Location alone takes a
	// 200 for the end.
	PollOK bool
	// Problems writes refusals, and makes problems of what handlers return. By
	// default a writer with the defaults.
	Problems *problem.Writer
	// Logger gets one record for each attempt that ends here, by default
	// slog.Default().
	Logger *slog.Logger
	// OnEnd is called after each attempt that ends here, for metrics. The error is what
	// the handler returned. An Outcome of Queued that is Free was put back by a
	// shutdown, or lost to another worker.
	OnEnd func(Job, Outcome, error)
	// Callbacks announce the end of a job at a URL that its client named. By default
	// there are none.
	Callbacks *Callbacks
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

const (
	defaultMaxQueued   = 10_000
	defaultMaxOwned    = 1_000
	defaultRetention   = 24 * time.Hour
	defaultTombstone   = 7 * 24 * time.Hour
	defaultMaxWait     = 60 * time.Second
	defaultMaxResult   = 1 << 20
	defaultInterrupted = 3
	defaultDrain       = 30 * time.Second
	workersPerCPU      = 4
)

// Jobs accepts jobs, shows them, and runs them. [New] makes it. It is an
// http.Handler for what is below [Options.URL].
type Jobs struct {
	options Options
	backend Backend
	url     *url.URL
	base    string // where it is mounted, without a slash at the end
	api     *respond.API
	routes  http.Handler

	mu      sync.Mutex
	kinds   map[string]runner
	started atomic.Bool

	life context.Context // ends when draining begins: requests that wait are woken
	end  context.CancelFunc
	pace pace
	// sender is nil where there are no callbacks.
	sender *sender
}

// New makes a [Jobs] on a backend. It returns an error for settings that make no
// sense, and where there is neither an Owner nor Capability.
func New(backend Backend, o Options) (*Jobs, error) {
	j := &Jobs{options: o, backend: backend, kinds: map[string]runner{}}
	j.life, j.end = context.WithCancel(context.Background())
	if err := j.setDefaults(); err != nil {
		return nil, fmt.Errorf("async: %w", err)
	}
	api, err := respond.New(respond.Options{Problems: j.options.Problems})
	if err != nil {
		return nil, err
	}
	j.api = api.Offer(asJSON{})
	j.routes = j.mux()
	if o.Callbacks != nil {
		if j.sender, err = newSender(backend, *o.Callbacks); err != nil {
			return nil, fmt.Errorf("async: %w", err)
		}
	}
	return j, nil
}

func (j *Jobs) setDefaults() error {
	o := &j.options
	if j.backend == nil {
		return errors.New("there is no backend")
	}
	if err := j.setURL(); err != nil {
		return err
	}
	if (o.Owner != nil) == o.Capability {
		return errors.New("set Owner, or choose Capability: who may see a job must be known")
	}
	for _, n := range []int64{int64(o.MaxQueued), int64(o.MaxOwned), int64(o.Retention), int64(o.Tombstone), int64(o.MaxWait), int64(o.Heartbeat), o.MaxResult, int64(o.MaxInterrupted)} {
		if n < 0 {
			return errors.New("MaxQueued, MaxOwned, Retention, Tombstone, MaxWait, Heartbeat, MaxResult or MaxInterrupted is negative")
		}
	}
	if o.MaxWait > 0 && o.MaxWait < time.Second {
		return errors.New("MaxWait is less than the second that Prefer: wait counts in")
	}
	defaultTo(&o.MaxQueued, defaultMaxQueued)
	defaultTo(&o.MaxOwned, defaultMaxOwned)
	defaultTo(&o.Retention, defaultRetention)
	defaultTo(&o.Tombstone, defaultTombstone)
	defaultTo(&o.MaxWait, defaultMaxWait)
	defaultTo(&o.MaxResult, defaultMaxResult)
	defaultTo(&o.MaxInterrupted, defaultInterrupted)
	defaultTo(&o.Drain, defaultDrain)
	defaultTo(&o.Workers, workersPerCPU*runtime.GOMAXPROCS(0))
	o.Drain, o.Workers = max(o.Drain, 0), max(o.Workers, 0)
	if o.Capability {
		o.MaxOwned = o.MaxQueued
	}
	if o.Problems == nil {
		o.Problems = new(problem.Writer)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// setURL checks URL and Path.
func (j *Jobs) setURL() error {
	o := &j.options
	o.URL = strings.TrimSuffix(o.URL, "/")
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.ContainsAny(o.URL, "?#") || !httpfield.IsURI(o.URL) {
		return errors.New("URL is not an absolute http or https URL without user, query and fragment")
	}
	j.url, j.base = u, strings.TrimSuffix(u.EscapedPath(), "/")
	if o.Path != "" {
		j.base = strings.TrimSuffix(o.Path, "/")
	}
	if j.base != "" && (path.Clean(j.base) != j.base || j.base[0] != '/' || strings.ContainsAny(j.base, "{}")) {
		return fmt.Errorf("the path %q of URL or Path is not a clean absolute path without braces", j.base)
	}
	return nil
}

func defaultTo[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

func (j *Jobs) add(name string, r runner) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.started.Load():
		return fmt.Errorf("async: the kind %s is defined after Run was called", name)
	case j.kinds[name] != nil:
		return fmt.Errorf("async: the kind %s is defined twice", name)
	}
	j.kinds[name] = r
	return nil
}

// Kinds implements [Executor].
func (j *Jobs) Kinds() []string {
	var names []string
	for name := range j.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Workers implements [Executor].
func (j *Jobs) Workers() int { return j.options.Workers }

// Drain implements [Executor].
func (j *Jobs) Drain() time.Duration { return j.options.Drain }

// MaxInterrupted implements [Executor].
func (j *Jobs) MaxInterrupted() int { return j.options.MaxInterrupted }

// Run works on jobs until ctx ends, and then drains: new jobs are answered by 503,
// requests that wait are woken, running jobs get [Options.Drain] to finish, and what
// has not finished goes back into the queue. It is called once. With no Workers it
// only keeps house.
func (j *Jobs) Run(ctx context.Context) error {
	if j.started.Swap(true) {
		return errors.New("async: Run was called before")
	}
	stop := context.AfterFunc(ctx, j.end)
	defer stop()
	defer j.end()
	if j.sender != nil {
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			j.sender.run(j.life, j)
		}()
		defer func() { j.end(); <-sent }()
	}
	return j.backend.Run(ctx, j)
}

// draining: new jobs are refused.
func (j *Jobs) draining() bool { return j.life.Err() != nil }

// ServeHTTP serves the jobs below [Options.URL]:
//
//	GET /{id}           the status: 202 while it goes on, 200 when it is finished; as
//	                    JSON, as a page (text/html) or as events (text/event-stream)
//	GET /{id}/result    what it made: 200, or 303 to the resource
//	DELETE /{id}        cancels it: 200, 202 while its handler has still to return
//	POST /{id}/cancel   the same
//	GET /               the owner's jobs, the newest first; ?limit=&after=
//
// With Prefer: wait=N each of them but the last waits up to N seconds: the status for
// a change, of its progress too, the others for the end. With If-None-Match the status
// waits for another version than that one; a 304 stands only in place of a 200 (RFC 9110
// §15.4.5), so not before the job has finished. To anybody but its owner a job is unknown.
func (j *Jobs) ServeHTTP(w http.ResponseWriter, r *http.Request) { j.routes.ServeHTTP(w, r) }
