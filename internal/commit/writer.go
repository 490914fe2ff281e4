// Package commit knows whether the header of a response has been sent.
//
// One [Writer] around a request's http.ResponseWriter serves every
// middleware of the module: [Track] makes it, or returns the one that is
// already there.
package commit

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// Writer is an http.ResponseWriter that remembers the status code it sent.
// It passes on http.Flusher, http.Hijacker and io.ReaderFrom, and
// http.ResponseController finds the rest through Unwrap.
type Writer struct {
	http.ResponseWriter
	status int
}

// Track returns w itself where it is a *Writer, and a new Writer around it
// otherwise.
func Track(w http.ResponseWriter) *Writer {
	if t, ok := w.(*Writer); ok {
		return t
	}
	return &Writer{ResponseWriter: w}
}

// Status returns the final status code that was sent through w or through
// any writer that it wraps, and 0 while none was, or where nothing on the
// way keeps track.
func Status(w http.ResponseWriter) int {
	for {
		if t, ok := w.(*Writer); ok && t.status != 0 {
			return t.status
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return 0
		}
		w = u.Unwrap()
	}
}

// WriteHeader sends the header. An interim response (1xx but for 101) is no
// commit: RFC 9110 §15.2 lets a final response follow.
func (w *Writer) WriteHeader(status int) {
	w.ResponseWriter.WriteHeader(status) // panics at a code that is none: that is no commit
	w.note(status)
}

func (w *Writer) note(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
}

// Write sends b, after the header.
func (w *Writer) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// WriteString sends s, after the header.
func (w *Writer) WriteString(s string) (int, error) {
	w.note(http.StatusOK)
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom sends all of src, after the header, by the means of the writer
// beneath (sendfile, for one). Where src gives nothing, nothing is sent, and an
// error can still be answered.
func (w *Writer) ReadFrom(src io.Reader) (int64, error) {
	before := w.status
	w.note(http.StatusOK) // first: src may panic halfway
	n, err := io.Copy(w.ResponseWriter, src)
	if n == 0 {
		w.status = before
	}
	return n, err
}

// Flush sends the header and what is buffered. Where the writer beneath
// cannot flush, it does nothing.
func (w *Writer) Flush() { _ = w.FlushError() }

// FlushError is Flush that tells what went wrong.
func (w *Writer) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) { // one that failed may have sent the header
		w.note(http.StatusOK)
	}
	return err
}

// Hijack takes over the connection. After that nothing can be answered, so
// the response counts as committed.
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.note(http.StatusSwitchingProtocols)
	}
	return c, rw, err
}

// Unwrap returns the writer beneath.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
