package conform

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// tap is the http.ResponseWriter of a [Middleware]: it passes everything on,
// and keeps what the rules ask for. It is not pooled, so that a handler that
// keeps it cannot write into another's response.
type tap struct {
	http.ResponseWriter
	monitor *monitor
	r       *http.Request

	mu     sync.Mutex // the writer may flush from another goroutine
	status int
	kept   *kept  // from the final status on
	size   int64  // of the body, as far as it was sent
	short  bool   // a write failed
	over   bool   // for more than Content-Length
	again  string // where a second status was sent
	taken  bool   // hijacked
	done   bool   // the handler has returned
}

// begin notes the header of the final response as it is now, before it is
// sent.
func (t *tap) begin(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status != 0 || t.taken || t.done {
		return
	}
	t.status = status
	t.kept = keep(t.Header())
	if t.monitor.field == "" {
		return
	}
	asSent(t.kept.header, status, t.r)
	if ids := t.monitor.headerRules(t.exchange()); ids != "" {
		t.Header()[t.monitor.field] = []string{ids}
	}
}

// bodyless tells that net/http drops what is written.
func (t *tap) bodyless() bool {
	return t.r.Method == http.MethodHead || t.status/100 == 1 || t.status == 204 || t.status == 304
}

// WriteHeader sends the header.
func (t *tap) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999: // a panic beneath
	case status < 200 && (status != http.StatusSwitchingProtocols || t.r.ProtoMajor >= 2):
		t.interim(status)
		return
	default:
		t.second()
		t.begin(status)
	}
	t.ResponseWriter.WriteHeader(status)
}

// second notes who sends a status after the first. net/http's own message about
// it names the caller of its WriteHeader, which is this package.
func (t *tap) second() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status != 0 && !t.taken && !t.done && t.again == "" {
		t.again = caller()
	}
}

// caller is the place in the handler that called the writer: the first that is
// neither here nor in net/http, which looks for it alike.
func caller() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "net/http.") && !strings.HasPrefix(f.Function, here) {
			return "by " + f.Function + " (" + path.Base(f.File) + ":" + itoa(f.Line) + ")"
		}
		if !more {
			return "by a caller unknown"
		}
	}
}

// here begins the names of this package's functions.
const here = "github.com/forthright-http/forthright/respond/conform."

// interim sends and checks a response that another follows.
func (t *tap) interim(status int) {
	t.mu.Lock()
	late := t.status != 0 || t.taken || t.done
	t.mu.Unlock()
	if late {
		t.second()
		t.ResponseWriter.WriteHeader(status)
		return
	}
	k := keep(t.Header())
	t.ResponseWriter.WriteHeader(status)
	delete(k.header, "Content-Length") // not sent by net/http
	delete(k.header, "Transfer-Encoding")
	k.res = http.Response{StatusCode: status, Proto: t.r.Proto, ProtoMajor: t.r.ProtoMajor, ProtoMinor: t.r.ProtoMinor, Header: k.header, Request: t.r}
	t.monitor.judge(Exchange{Request: t.r, Response: &k.res, Recorded: true})
	k.release()
}

// Write sends b, after the header.
func (t *tap) Write(b []byte) (int, error) {
	t.begin(http.StatusOK)
	n, err := t.ResponseWriter.Write(b)
	passed(t, b, n, err)
	return n, err
}

// WriteString sends s, after the header.
func (t *tap) WriteString(s string) (int, error) {
	t.begin(http.StatusOK)
	n, err := io.WriteString(t.ResponseWriter, s)
	passed(t, s, n, err)
	return n, err
}

// passed notes n bytes of the body, the beginning of b, as sent.
func passed[T []byte | string](t *tap, b T, n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || t.done {
		return
	}
	t.failed(err)
	if n <= 0 || t.bodyless() {
		return
	}
	t.size += int64(n)
	if room := t.monitor.checker.maxBody - int64(len(t.kept.body)); room > 0 {
		t.kept.body = append(t.kept.body, b[:min(int64(n), int64(len(b)), room)]...)
	}
}

// failed notes the error of a write. t.mu is held.
func (t *tap) failed(err error) {
	t.short = t.short || err != nil
	t.over = t.over || errors.Is(err, http.ErrContentLength)
}

// misframed tells how the content is not as long as Content-Length says; ""
// if it is, or nobody knows.
func (t *tap) misframed() string {
	lengths := t.kept.header["Content-Length"]
	if len(lengths) != 1 || !t.done || t.kept.header.Get("Transfer-Encoding") != "" {
		return ""
	}
	n, err := strconv.ParseInt(lengths[0], 10, 64)
	switch {
	case err != nil || n < 0: // net/http sends another
	case t.over || t.size > n:
		return "Content-Length: " + lengths[0] + ", and more was written"
	case t.size < n && !t.short:
		return "Content-Length: " + lengths[0] + ", and " + strconv.FormatInt(t.size, 10) + " bytes were written"
	}
	return ""
}

// sniffLen is how much net/http takes from a reader before it sends the
// header.
const sniffLen = 512

// ReadFrom sends all of src, after the header. What is beyond the part that is
// kept goes by the means of the writer beneath, as sendfile. net/http flushes
// between the two.
func (t *tap) ReadFrom(src io.Reader) (int64, error) {
	var n int64
	if part := t.room(); part > 0 {
		var err error
		n, err = copyTo(t.ResponseWriter, &io.LimitedReader{R: &tee{t, src}, N: part})
		if err != nil {
			passed(t, "", 0, err)
		}
		if err != nil || n < part {
			return n, err
		}
	}
	m, err := copyTo(t.ResponseWriter, src)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size += m
	t.failed(err)
	return n + m, err
}

// room is how much of a body is still to be kept, and no less than what
// net/http looks at before it knows how the body is framed; 0 for none.
func (t *tap) room() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.status == 0:
		return max(t.monitor.checker.maxBody, sniffLen)
	case t.kept == nil || t.done || t.bodyless():
		return 0
	case int64(len(t.kept.body)) < t.monitor.checker.maxBody:
		return max(t.monitor.checker.maxBody-int64(len(t.kept.body)), sniffLen)
	}
	return 0
}

func copyTo(w http.ResponseWriter, src io.Reader) (int64, error) {
	if rf, ok := w.(io.ReaderFrom); ok {
		return rf.ReadFrom(src)
	}
	return io.Copy(w, src)
}

// tee notes what is read. A reader that gives nothing sends no header.
type tee struct {
	t   *tap
	src io.Reader
}

func (r *tee) Read(b []byte) (int, error) {
	n, err := r.src.Read(b)
	if n > 0 && n <= len(b) {
		r.t.begin(http.StatusOK)
		passed(r.t, b, n, nil)
	}
	return n, err
}

// FlushError sends the header, and what is buffered beneath. It returns
// http.ErrNotSupported where nothing beneath can flush.
func (t *tap) FlushError() error {
	if canFlush(t.ResponseWriter) {
		t.begin(http.StatusOK)
	}
	return http.NewResponseController(t.ResponseWriter).Flush()
}

func (t *tap) hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err == nil {
		t.mu.Lock()
		t.taken = true
		t.mu.Unlock()
	}
	return c, rw, err
}

// Unwrap returns the writer beneath.
func (t *tap) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// finish judges the response.
func (t *tap) finish() {
	gone := t.r.Context().Err() != nil
	if !gone {
		t.begin(http.StatusOK) // as net/http does
	}
	t.mu.Lock()
	t.done = true
	t.short = t.short || gone
	k, taken := t.kept, t.taken
	t.mu.Unlock()
	if k == nil {
		return
	}
	if !taken {
		asSent(k.header, t.status, t.r)
		t.monitor.judge(t.exchange())
	}
	k.release()
}

// exchange is what was kept.
func (t *tap) exchange() Exchange {
	k := t.kept
	k.res = http.Response{StatusCode: t.status, Proto: t.r.Proto, ProtoMajor: t.r.ProtoMajor, ProtoMinor: t.r.ProtoMinor,
		Header: k.header, ContentLength: -1, Request: t.r, Close: t.r.Close || !t.r.ProtoAtLeast(1, 1)}
	e := Exchange{Request: t.r, Response: &k.res, Body: k.body, Recorded: true}
	e.Truncated = t.short || t.size > int64(len(k.body))
	e.again, e.misframed = t.again, t.misframed()
	sniff(k.header, k.body)
	if date, set := k.header["Date"]; set && len(date) == 0 {
		e.Recorded = false // net/http then adds none
	}
	return e
}
