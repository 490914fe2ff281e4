package respond

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/forthright-http/forthright/internal/commit"
)

// Recover is middleware that answers a panic with a 500. The log gets what
// the panic said, and the stack; the client an instance. After the first byte
// of an answer the connection is aborted instead. http.ErrAbortHandler is
// panicked on, as net/http wants it.
func (a *API) Recover(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := commit.Track(w)
		defer func() {
			switch e := recover(); e {
			case nil:
			case http.ErrAbortHandler:
				panic(e)
			default:
				// Whether the client still waits does not matter: a panic is an error.
				r = r.WithContext(context.WithoutCancel(r.Context()))
				a.writer().Write(t, r, &panicError{e, debug.Stack()})
			}
		}()
		h.ServeHTTP(t, r)
	})
}

// panicError is what a handler panicked with. It does not unwrap: a panic is
// a 500, whatever error it was called with.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }
