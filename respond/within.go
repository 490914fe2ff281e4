package respond

import (
	"context"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/internal/commit"
)

// HandleWithin is [API.Handle] for a handler that may not watch its context:
// the client gets an answer after d at the latest. Like [API.Deadline] it
// gives the request's context a deadline; unlike it, once that has passed the
// 503 is sent at once, whether the handler has returned or not.
//
// That is sound because the handler returns a value and has no writer: the
// request's own goroutine alone writes the answer, either the handler's or
// the 503, whichever is first, and never both. The handler runs in a
// goroutine beside it. After the 503
//
//   - what it returns is dropped, an error too: whatever has to be closed or
//     undone is for the handler to close, when it finds its context ended
//   - its panic is caught, and logged as any other
//   - its reads of r.Body fail. One that waits for the client at that moment is
//     woken first, because net/http does not let an answer and a read go on
//     beside each other; that costs the connection its reuse in HTTP/1.1.
//
// The handler goes on using memory and processor until it returns, the server
// does not wait for it in Shutdown, and nothing limits how many such handlers
// there are: prefer Deadline and a handler that watches its context. One that
// keeps r after it was told to end must not change r.Header or r.URL.
//
// A panic in time is a 500, as [API.Recover] answers it. A streamed answer is
// not within d: only the handler is. HandleWithin panics where d is not positive
// or h is nil.
func (a *API) HandleWithin(d time.Duration, h Handler) http.Handler {
	if h == nil {
		panic("respond: the handler is nil")
	}
	cause := newDeadlineError(d)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeoutCause(r.Context(), d, cause)
		defer cancel()
		a.Handle(func(r *http.Request) (Response, error) { return a.within(w, r, h) }).ServeHTTP(w, r.WithContext(ctx))
	})
}

// within returns what h does, or the cause of the context's end.
func (a *API) within(w http.ResponseWriter, r *http.Request, h Handler) (Response, error) {
	ctx := r.Context()
	// The handler's notes for Vary are its own until it has returned.
	notes := &scope{Context: ctx, id: RequestIDFrom(ctx), api: a.of(ctx), trace: traceOf(r)}
	own := r.WithContext(notes)
	var content *lease
	if r.Body != nil && r.Body != http.NoBody {
		content = &lease{body: r.Body}
		own.Body = content
	}
	c := &call{done: make(chan struct{}), id: w.Header()["X-Request-Id"]}
	go c.run(a, own, h)
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.settled.CompareAndSwap(false, true) {
			if content != nil {
				content.revoke(w)
			}
			return Response{}, context.Cause(ctx)
		}
		<-c.done // it was first, by a hair
	}
	for _, name := range notes.vary {
		lookAt(r, name)
	}
	if c.aborted {
		panic(http.ErrAbortHandler)
	}
	return c.response, c.err
}

// call is one run of a handler beside the goroutine that answers.
type call struct {
	settled  atomic.Bool // who sets it decides the answer
	done     chan struct{}
	response Response
	err      error
	aborted  bool
	id       []string
}

func (c *call) run(a *API, r *http.Request, h Handler) {
	var s Response
	var err error
	aborted := false
	defer func() {
		switch e := recover(); e {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			err = &panicError{e, debug.Stack()}
		}
		if c.settled.CompareAndSwap(false, true) {
			c.response, c.err, c.aborted = s, err, aborted
			close(c.done)
		} else if p, ok := err.(*panicError); ok {
			a.logLate(r, c.id, p)
		}
	}()
	s, err = h(r)
}

// logLate logs an error of a handler whose request has been answered.
func (a *API) logLate(r *http.Request, id []string, err error) {
	defer func() { _ = recover() }() // Write ends with ErrAbortHandler, as there is nobody to answer
	w := commit.Track(gone{"X-Request-Id": id})
	w.WriteHeader(http.StatusServiceUnavailable)
	a.writer().Write(w, r.WithContext(context.WithoutCancel(r.Context())), err)
}

// gone is a response that has gone out already.
type gone http.Header

func (n gone) Header() http.Header         { return http.Header(n) }
func (n gone) WriteHeader(int)             {}
func (n gone) Write(b []byte) (int, error) { return len(b), nil }
