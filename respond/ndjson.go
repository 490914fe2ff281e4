package respond

import (
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/forthright-http/forthright/internal/jsonx"
)

const (
	linesSize  = 32 << 10               // bytes that are sent at once
	linesDelay = 100 * time.Millisecond // after which those that wait are sent
)

// Lines answers with a stream of JSON values, one a line, as encoding/json
// encodes them: rows of a database, records of a log. It is for a handler in
// [HandleWriter]:
//
//	mux.Handle("GET /orders.ndjson", respond.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
//		return respond.Lines(w, r, store.Orders(r.Context())) // an iter.Seq2[Order, error]
//	}))
//
// Lines are sent 32 KiB at a time, and never wait longer than 100
// milliseconds for the next ones, so that a sequence that is slow or without
// end arrives as it is made. The header goes out with the first of them. An
// error of the sequence before that (instead of the first value, in any
// case) is still a status, with a problem; one after that aborts the
// connection, so that the client does not take a part for the whole. A short
// sequence gets a Content-Length.
//
// The sequence is left early when the client is gone or takes longer than 30
// seconds to accept a write. The server's WriteTimeout does not end a stream
// that is alive. For HEAD the sequence is asked for its first
// value, and left.
//
// The Content-Type is application/x-ndjson, unless the header of w has one.
// No media type for this format is registered with IANA: application/x-ndjson
// and application/jsonl are both in use, and application/json-seq (RFC 7464)
// is another format.
//
// Lines returns what the sequence, its encoding or the client went wrong
// with; nil once all is sent.
func Lines[T any](w http.ResponseWriter, r *http.Request, seq iter.Seq2[T, error]) error {
	l := &lineStream{head: r.Method == http.MethodHead}
	l.init(w, defaultStall)
	defer l.end()
	for v, err := range seq {
		if err != nil {
			return err
		}
		if l.head {
			break
		}
		if err := l.add(v); err != nil {
			return err
		}
	}
	return l.finish()
}

// lineStream gathers lines, and sends them when there are many or time has
// passed.
type lineStream struct {
	outlet
	head bool
	buf  []byte
}

func (l *lineStream) add(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	waiting := len(l.buf) > 0
	if err := jsonx.Encode((*lineWriter)(l), v); err != nil {
		return err
	}
	switch {
	case len(l.buf) >= linesSize:
		return l.flush()
	case waiting: // the timer runs
	case l.timer == nil:
		l.timer = time.AfterFunc(linesDelay, l.tick)
	default:
		l.timer.Reset(linesDelay)
	}
	return nil
}

// lineWriter takes a JSON value, with the newline after it.
type lineWriter lineStream

func (l *lineWriter) Write(line []byte) (int, error) {
	l.buf = append(l.buf, line...)
	return len(line), nil
}

// tick runs in the goroutine of the timer.
func (l *lineStream) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.guard()
	if len(l.buf) > 0 {
		_ = l.flush() // whoever adds next gets to know
	}
}

func (l *lineStream) flush() error {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.header()
	err := l.write(l.buf)
	if l.buf = l.buf[:0]; cap(l.buf) > 2*linesSize {
		l.buf = nil
	}
	return err
}

func (l *lineStream) header() {
	h := l.w.Header()
	if _, ok := h["Content-Type"]; !ok && !l.begun {
		h["Content-Type"] = []string{"application/x-ndjson"}
	}
}

// finish sends what is left. Where that is all there was, its length is
// known.
func (l *lineStream) finish() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil || l.begun && len(l.buf) == 0:
		return l.err
	case !l.begun && l.head:
		l.header()
		l.w.WriteHeader(http.StatusOK)
		return nil
	case !l.begun:
		l.w.Header()["Content-Length"] = []string{strconv.Itoa(len(l.buf))}
		if len(l.buf) == 0 {
			l.header()
			l.w.WriteHeader(http.StatusOK)
			return nil
		}
	}
	return l.flush()
}
