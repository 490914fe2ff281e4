package respond

import (
	"context"
	"net/http"
	"time"
)

// Deadline is middleware that gives each request's context a deadline of d
// from now. A handler that returns ctx.Err(), context.Cause(ctx), or any error
// that wraps context.DeadlineExceeded once this deadline has passed is
// answered with a 503 and Retry-After (RFC 9110 §15.6.4). Where the deadline
// that passed was one that the handler itself made, for a call to elsewhere,
// the answer is a 504 (§15.6.5).
//
// It only sets the context: there is no second goroutine, no second writer
// and no buffer, and so nothing to race with, unlike http.TimeoutHandler.
// What follows from that:
//
//   - The handler must watch its context, by passing it to whatever it calls
//     that can take long. One that does not is not stopped, and its answer is
//     sent, however late. [API.HandleWithin] is there for such handlers.
//   - Streams work, and are ended by the deadline: after the first byte the
//     connection is aborted. Do not put it around streams without an end.
//   - A deadline further out, or the client that goes away, still counts: a
//     deadline can only be made shorter.
//
// It belongs around what has a deadline of its own, one route or a group:
//
//	mux.Handle("GET /report", api.Deadline(2*time.Second)(api.Handle(report)))
//	http.ListenAndServe(addr, api.Wrap(api.Deadline(10*time.Second)(api.Mux(mux)))) // or all of it
//
// Retry-After of that 503 is 5 seconds; a row of problem.Options.Map for
// context.DeadlineExceeded says otherwise, for the 504 too.
//
// The WriteTimeout of an http.Server, if any, has to be longer than d: once it
// has passed, nothing can be sent at all, a 503 neither.
//
// context.Cause of the context is an error that names d and wraps
// context.DeadlineExceeded. Deadline panics where d is not positive.
func (a *API) Deadline(d time.Duration) func(http.Handler) http.Handler {
	cause := newDeadlineError(d)
	return func(h http.Handler) http.Handler {
		if h == nil {
			panic("respond: the handler is nil")
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeoutCause(r.Context(), d, cause)
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// deadlineError is the cause of a context whose deadline this package set.
type deadlineError struct{ after time.Duration }

func newDeadlineError(d time.Duration) *deadlineError {
	if d <= 0 {
		panic("respond: the deadline is not positive")
	}
	return &deadlineError{d}
}

func (e *deadlineError) Error() string {
	return "respond: the deadline of the request, after " + e.after.String() + ", has passed"
}

// Unwrap lets a handler return the cause as well as ctx.Err().
func (e *deadlineError) Unwrap() error { return context.DeadlineExceeded }
