package respond_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// logged is an API whose log can be read.
func logged(t *testing.T) (*respond.API, *logBuffer) {
	t.Helper()
	l := new(logBuffer)
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.NewTextHandler(l, nil))})
	if err != nil {
		t.Fatal(err)
	}
	api, err := respond.New(respond.Options{Problems: w})
	if err != nil {
		t.Fatal(err)
	}
	return api, l
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// overBoth runs f against a real server, over HTTP/1.1 and HTTP/2.
func overBoth(t *testing.T, h http.Handler, f func(t *testing.T, s *httptest.Server)) {
	for _, version := range []int{1, 2} {
		t.Run("HTTP/"+strconv.Itoa(version), func(t *testing.T) {
			before := runtime.NumGoroutine()
			s := httptest.NewUnstartedServer(checked(t, h))
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
			s.EnableHTTP2 = version == 2
			s.StartTLS()
			f(t, s)
			s.CloseClientConnections()
			s.Close()
			noLeak(t, before)
		})
	}
}

// noLeak waits until there are as many goroutines as before. They end soon
// after a server is closed; there is nothing to wait on but their number.
func noLeak(t *testing.T, before int) {
	t.Helper()
	end := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

// piped serves h over in-memory connections, for a synctest bubble: HTTP/1.1,
// or HTTP/2 without TLS. What the client does not read, the server cannot
// write. stop ends it all.
func piped(t *testing.T, h http.Handler, version int, change func(*http.Server)) (client *http.Client, stop func()) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{Handler: checked(t, h), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), Protocols: new(http.Protocols)}
	tr := &http.Transport{DialContext: l.dial, Protocols: new(http.Protocols)}
	if version == 2 {
		s.Protocols.SetUnencryptedHTTP2(true)
		tr.Protocols.SetUnencryptedHTTP2(true)
	} else {
		s.Protocols.SetHTTP1(true)
		tr.Protocols.SetHTTP1(true)
	}
	if change != nil {
		change(s)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	return &http.Client{Transport: tr}, func() {
		tr.CloseIdleConnections()
		_ = s.Close()
		<-done
	}
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// get asks, and reads all of the answer.
func get(t *testing.T, c *http.Client, url string) (*http.Response, string, error) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

// raw sends a request over TCP and returns the connection.
func raw(t *testing.T, s *httptest.Server, request string) net.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return c
}

// received is what an EventSource would dispatch.
type received struct{ id, name, data string }

// eventSource reads an event stream by the algorithm of WHATWG HTML §9.2.5
// and §9.2.6.
type eventSource struct {
	r                io.ByteReader
	skipLF           bool
	first            bool
	lastID           string // as dispatched
	idBuf, typ, data string
	retry            int
	comments         int
}

func newEventSource(r io.ByteReader) *eventSource {
	return &eventSource{r: r, first: true, retry: -1}
}

// line returns the next line, without its end. One that the end of the
// stream cuts off is none.
func (s *eventSource) line() (string, error) {
	var b []byte
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return "", err
		}
		skip := s.skipLF
		s.skipLF = false
		switch {
		case c == '\n' && skip:
			continue
		case c == '\n', c == '\r':
			s.skipLF = c == '\r'
			line := string(b)
			if s.first {
				line = strings.TrimPrefix(line, "\ufeff")
				s.first = false
			}
			return strings.ToValidUTF8(line, "\ufffd"), nil
		}
		b = append(b, c)
	}
}

// next returns the next event that is dispatched.
func (s *eventSource) next() (received, error) {
	for {
		line, err := s.line()
		if err != nil {
			return received{}, err
		}
		if line == "" {
			s.lastID = s.idBuf
			if s.data == "" {
				s.typ = ""
				continue
			}
			e := received{s.lastID, s.typ, strings.TrimSuffix(s.data, "\n")}
			if e.name == "" {
				e.name = "message"
			}
			s.data, s.typ = "", ""
			return e, nil
		}
		name, value, colon := strings.Cut(line, ":")
		if colon && name == "" {
			s.comments++
			continue
		}
		s.field(name, strings.TrimPrefix(value, " "))
	}
}

func (s *eventSource) field(name, value string) {
	switch name {
	case "event":
		s.typ = value
	case "data":
		s.data += value + "\n"
	case "id":
		if !strings.Contains(value, "\x00") {
			s.idBuf = value
		}
	case "retry":
		if value != "" && strings.Trim(value, "0123456789") == "" {
			s.retry, _ = strconv.Atoi(value)
		}
	}
}

// asReceived is text as the format carries it: every line end is LF.
func asReceived(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

func TestEventSource(t *testing.T) { // the examples of WHATWG HTML §9.2.6
	for _, c := range []struct {
		stream string
		want   []received
	}{
		{"data: YHOO\ndata: +2\ndata: 10\n\n", []received{{"", "message", "YHOO\n+2\n10"}}},
		{": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n", []received{{"1", "message", "first event"}, {"", "message", "second event"}}},
		{"data\n\ndata\ndata\n\ndata:", []received{{"", "message", ""}, {"", "message", "\n"}}},
		{"data:test\n\ndata: test\n\n", []received{{"", "message", "test"}, {"", "message", "test"}}},
		{"\ufeffdata: a\r\rdata: b\r\n\r\nevent: x\n\ndata: c\nevent: y\n\n", []received{{"", "message", "a"}, {"", "message", "b"}, {"", "y", "c"}}},
	} {
		s := newEventSource(strings.NewReader(c.stream))
		for _, want := range c.want {
			if got, err := s.next(); err != nil || got != want {
				t.Errorf("%q: got %+v, %v, want %+v", c.stream, got, err, want)
			}
		}
		if got, err := s.next(); err != io.EOF {
			t.Errorf("%q: one more: %+v, %v", c.stream, got, err)
		}
	}
}

var errTest = errors.New("a secret cause")
