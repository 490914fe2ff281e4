package respond

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/forthright-http/forthright/internal/commit"
)

// defaultStall is how long a client may take to accept one write of a
// stream.
const defaultStall = 30 * time.Second

// outlet is the way out of a stream. Each write is flushed and has a deadline
// of its own, so that neither the WriteTimeout of the server ends a stream
// that is alive, nor a client that reads nothing holds a handler forever.
//
// Timers write beside the handler: everything happens under mu.
type outlet struct {
	mu      sync.Mutex
	w       *commit.Writer
	control *http.ResponseController
	stall   time.Duration // at most for one write; below 0 there is no limit
	begun   bool
	err     error // the first that a write met, or errEnded: nothing is written after it
	timer   *time.Timer
}

var errEnded = errors.New("respond: the stream has ended")

func (o *outlet) init(w http.ResponseWriter, stall time.Duration) {
	o.w = commit.Track(w)
	o.control = http.NewResponseController(o.w)
	o.stall = stall
}

// write sends b, the header before it, and flushes both.
func (o *outlet) write(b []byte) error {
	if o.err != nil {
		return o.err
	}
	o.limit()
	if len(b) > 0 {
		_, o.err = o.w.Write(b)
	}
	if o.err == nil {
		if err := o.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
			o.err = err
		}
	}
	if o.stall > 0 { // in HTTP/2 it would end the stream, also between two writes
		_ = o.control.SetWriteDeadline(time.Time{})
	}
	o.begun = true
	return o.err
}

// limit sets the deadline for what is written next. Where the writer beneath
// knows none (a recorder in a test), there is none.
func (o *outlet) limit() {
	var t time.Time
	if o.stall > 0 {
		t = time.Now().Add(o.stall)
	}
	_ = o.control.SetWriteDeadline(t)
}

// guard keeps a panic in a timer's goroutine, which would end the process, in
// the stream.
func (o *outlet) guard() {
	if e := recover(); e != nil && o.err == nil {
		o.err = errors.New("respond: the writer of a stream panicked")
	}
}

// end stops the timers and refuses whatever comes later. It leaves a deadline
// for the last bytes, which the server writes.
func (o *outlet) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
	}
	if o.err == nil {
		o.err = errEnded
		o.limit()
	}
}
