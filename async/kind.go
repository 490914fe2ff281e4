package async

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// KindOptions are the settings of a kind of jobs. The zero value is useful.
type KindOptions struct {
	// Timeout is how long an attempt may take, by default 15 minutes; negative: for
	// ever. After it the job is Failed with the code "timed_out", and is not tried
	// again.
	Timeout time.Duration
	// MaxAttempts is how often a job is begun at most when its attempts fail, by
	// default 3. A problem of 400 to 499, and what [Permanent] wraps, is not tried
	// again.
	MaxAttempts int
	// Backoff is the wait after attempt n failed, by default 1 s, doubled each
	// time, up to 5 minutes.
	Backoff func(attempt int) time.Duration
	// Decode are the settings by which a request's content becomes the input.
	Decode respond.DecodeOptions
	// RequireKey demands an Idempotency-Key: 400 without.
	RequireKey bool
}

const (
	defaultTimeout     = 15 * time.Minute
	defaultMaxAttempts = 3
	maxBackoff         = 5 * time.Minute
)

func doubling(attempt int) time.Duration {
	return min(maxBackoff, time.Second<<min(attempt-1, 20))
}

// Kind is a kind of jobs, whose input is an In and whose result an Out. [Define]
// makes it. As an http.Handler it decodes the request's content, validates it, and
// accepts a job: 202; or 200 within Prefer: wait=N.
type Kind[In, Out any] struct {
	jobs    *Jobs
	name    string
	options KindOptions
	decoder *respond.Decoder[In]
	handle  func(context.Context, *Task, In) (Out, error)
	handler http.Handler
}

// Define adds a kind of jobs to jobs. The name stands in status documents and in
// the store: it stays the same as long as jobs of it are kept. There is one Define
// for each name, before [Jobs.Run] is called.
//
// The handler may be called more than once for a job: when a process dies, its
// jobs are run again. It should return soon after its context has ended. What it
// returns becomes the result: a [Content] as it is, anything else as JSON. An error
// becomes the job's problem, by the same rules as a handler's ([Options.Problems]);
// a panic is an error that says nothing.
func Define[In, Out any](jobs *Jobs, name string, handle func(context.Context, *Task, In) (Out, error), options ...KindOptions) (*Kind[In, Out], error) {
	k := &Kind[In, Out]{jobs: jobs, name: name, handle: handle}
	switch {
	case jobs == nil:
		return nil, errors.New("async: Define without a Jobs")
	case !validKind(name):
		return nil, fmt.Errorf("async: the kind %q is not 1 to 64 letters, digits, or -_.", name)
	case handle == nil:
		return nil, fmt.Errorf("async: the kind %s has no handler", name)
	case len(options) > 1:
		return nil, fmt.Errorf("async: the kind %s has %d KindOptions, where one is taken", name, len(options))
	case len(options) == 1:
		k.options = options[0]
	}
	o := &k.options
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = defaultMaxAttempts
	}
	if o.MaxAttempts < 0 {
		return nil, fmt.Errorf("async: the kind %s: MaxAttempts is negative", name)
	}
	if o.Backoff == nil {
		o.Backoff = doubling
	}
	if reflect.TypeFor[In]() != reflect.TypeFor[None]() {
		decoder, err := respond.NewDecoder[In](o.Decode)
		if err != nil {
			return nil, fmt.Errorf("async: the kind %s: %w", name, err)
		}
		k.decoder = decoder
	}
	var unfit *json.UnsupportedTypeError
	if _, err := json.Marshal(*new(Out)); errors.As(err, &unfit) {
		return nil, fmt.Errorf("async: the kind %s: a result cannot be JSON: %w", name, err)
	}
	k.handler = jobs.anyForm(jobs.api.Handle(k.serve))
	return k, jobs.add(name, k)
}

// None is the input of jobs that have none.
type None struct{}

func validKind(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// runner is a Kind whatever its types are.
type runner interface {
	settings() *KindOptions
	// run decodes the input and calls the handler.
	run(ctx context.Context, t *Task, input json.RawMessage) (any, error)
}

func (k *Kind[In, Out]) settings() *KindOptions { return &k.options }

func (k *Kind[In, Out]) run(ctx context.Context, t *Task, input json.RawMessage) (any, error) {
	var in In
	if len(input) > 0 {
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, Permanent(fmt.Errorf("async: the kept input is not one of the kind %s any more", k.name))
		}
	}
	return k.handle(ctx, t, in)
}

// Content is a result with a media type of its own: a file.
type Content struct {
	Type string
	Body []byte
}

// Permanent wraps an error after which a job is not tried again.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }
