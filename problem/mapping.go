package problem

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Mapping is a row of the table from errors to problems: see [Map] and
// [MapAs].
type Mapping func(err error) *Problem

// Map answers an error that errors.Is finds to be target with p. The log shows
// the error; the client sees p alone.
//
// It panics where the row could never fit or its answer never be sent: at a
// nil target or problem, and at a problem that lacks what its status needs.
func Map(target error, p *Problem) Mapping {
	if target == nil || p == nil {
		panic("problem: a row of the table has no error or no problem")
	}
	if err := p.check(); err != nil {
		panic(err.Error())
	}
	return func(err error) *Problem {
		if errors.Is(err, target) {
			return p
		}
		return nil
	}
}

// MapAs answers an error in which errors.As finds an E with the problem that
// the function makes of it. The function may return nil to pass.
func MapAs[E error](make func(E) *Problem) Mapping {
	if make == nil {
		panic("problem: a row of the table has no function")
	}
	return func(err error) *Problem {
		if e, ok := errors.AsType[E](err); ok {
			return make(e)
		}
		return nil
	}
}

// ownDeadline is how long a client is asked to wait after a request that took
// longer than the service gives it.
const ownDeadline = 5 * time.Second

// Problem decides what the answer to err is, in this order:
//
//   - a [Problem] or [Type] in err: that one
//   - the first row of [Options.Map] that fits
//   - a [Remote]: a 502 without a word, and 503 or 504 where its body took too
//     long
//   - [Items]: a 422 that lists them
//   - *http.MaxBytesError: 413
//   - context.DeadlineExceeded: 503 with Retry-After where the request's own
//     context ran out, 504 where one made for a call elsewhere did
//   - the answer of [Options.Unknown]; by default a 500 without a word
//
// It returns nil where nobody is left to answer: the request's own context
// was canceled because the client went away, and no answer below 500 was
// chosen. A canceled error with a client that still waits is a 500.
func (w *Writer) Problem(r *http.Request, err error) *Problem {
	p := w.resolve(r, err)
	if p.status >= 500 && r.Context().Err() == context.Canceled {
		return nil
	}
	return p
}

func (w *Writer) resolve(r *http.Request, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		if p == nil { // a nil *Problem returned as an error
			return internalError
		}
		return p
	}
	if t, ok := errors.AsType[*Type](err); ok && t != nil {
		return t.New("")
	}
	if w != nil {
		for _, m := range w.mappings {
			if p := m(err); p != nil {
				return p
			}
		}
	}
	if _, ok := errors.AsType[*Remote](err); ok && !errors.Is(err, context.DeadlineExceeded) {
		return badGateway // the error that cut off its body may be one of those below
	}
	if items, ok := errors.AsType[Items](err); ok {
		return Invalid(items...)
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return ContentTooLarge(tooLarge.Limit)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		if ranOut(r.Context()) {
			return Unavailable(ownDeadline)
		}
		return GatewayTimeout("")
	}
	if w != nil && w.unknown != nil {
		if p := w.unknown(r, err); p != nil {
			return p
		}
	}
	return internalError
}

// ranOut tells whether a context's own time is over. A connection that was
// given its deadline may notice a moment before the context's timer does.
func ranOut(ctx context.Context) bool {
	if err := ctx.Err(); err != nil {
		return err == context.DeadlineExceeded
	}
	d, ok := ctx.Deadline()
	return ok && !time.Now().Before(d)
}

var (
	internalError = blank(http.StatusInternalServerError, "")
	badGateway    = blank(http.StatusBadGateway, "")
)
