package async

import (
	"bufio"
	"bytes"
	"maps"
	"net"
	"net/http"
	"slices"
)

// recorder holds an answer back until it is complete and kept. An answer that is
// flushed, or larger than the limit, is let through from then on.
type recorder struct {
	w       http.ResponseWriter
	outside http.Header // the fields as they were before the handler
	limit   int64
	status  int         // 0 until the handler decides
	decided http.Header // all fields as they were then
	body    bytes.Buffer
	through bool
}

func newRecorder(w http.ResponseWriter, limit int64) *recorder {
	return &recorder{w: w, outside: w.Header().Clone(), limit: limit}
}

// Header implements http.ResponseWriter.
func (o *recorder) Header() http.Header { return o.w.Header() }

// WriteHeader implements http.ResponseWriter. Interim responses go out at once (RFC
// 9110 §15.2).
func (o *recorder) WriteHeader(status int) {
	switch {
	case o.status != 0 || status < 200 && status != http.StatusSwitchingProtocols:
		o.w.WriteHeader(status) // which complains about a second one
	case status == http.StatusSwitchingProtocols:
		o.decide(status)
		o.pass()
	default:
		o.decide(status)
	}
}

// decide notes the status and the fields; what the handler sets later does not count.
func (o *recorder) decide(status int) {
	o.status = status
	o.decided = o.w.Header().Clone()
}

// own are the fields that the handler set.
func (o *recorder) own() http.Header {
	own := http.Header{}
	for name, values := range o.decided {
		if !isOutside(name) && !slices.Equal(values, o.outside[name]) {
			own[name] = values
		}
	}
	return own
}

// isOutside: fields that are about one message, or one client, and not about the
// answer.
func isOutside(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Date", "Keep-Alive", "Trailer", "Transfer-Encoding", "Upgrade",
		"Age", "Ratelimit", "Ratelimit-Policy", "Server-Timing", "Set-Cookie", "X-Request-Id", replayedField:
		return true
	}
	return false
}

// Write implements io.Writer.
func (o *recorder) Write(b []byte) (int, error) {
	if o.status == 0 {
		o.WriteHeader(http.StatusOK)
	}
	if !o.through && int64(o.body.Len()+len(b)) > o.limit {
		o.pass()
	}
	if o.through {
		return o.w.Write(b)
	}
	return o.body.Write(b)
}

// pass sends what was held back, and lets the rest through.
func (o *recorder) pass() {
	if o.through {
		return
	}
	o.through = true
	h := o.w.Header()
	clear(h)
	maps.Copy(h, o.decided)
	o.w.WriteHeader(o.status)
	if o.body.Len() > 0 {
		_, _ = o.w.Write(o.body.Bytes()) // the client is gone, or the next write will tell
	}
	o.body = bytes.Buffer{}
}

// FlushError implements what http.ResponseController flushes with.
func (o *recorder) FlushError() error {
	if o.status == 0 {
		o.WriteHeader(http.StatusOK)
	}
	o.pass()
	return http.NewResponseController(o.w).Flush()
}

// Flush implements http.Flusher.
func (o *recorder) Flush() { _ = o.FlushError() }

// Hijack implements http.Hijacker. What is sent then is not kept.
func (o *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(o.w).Hijack()
	if err == nil {
		if o.status == 0 {
			o.decide(http.StatusSwitchingProtocols)
		}
		o.through = true
	}
	return conn, rw, err
}

// Unwrap is for http.ResponseController: deadlines, full duplex.
func (o *recorder) Unwrap() http.ResponseWriter { return o.w }

// answer is what is to be kept.
func (o *recorder) answer() Answer {
	if o.status == 0 {
		o.decide(http.StatusOK)
	}
	if !o.through {
		return Answer{Status: o.status, Header: o.own(), Body: bytes.Clone(o.body.Bytes())}
	}
	a := Answer{Status: o.status, NotKept: true}
	if location := o.decided["Location"]; len(location) > 0 {
		a.Header = http.Header{"Location": location}
	}
	return a
}
