package respond_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// logBook keeps all records that a service writes.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
	max  slog.Level
}

func newLogBook() *logBook { return &logBook{max: slog.LevelDebug} }

func (l *logBook) logger() *slog.Logger {
	return slog.New(&levels{slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}), l})
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// worst is the highest level of the records so far; it forgets them.
func (l *logBook) worst() slog.Level {
	l.mu.Lock()
	defer l.mu.Unlock()
	level := l.max
	l.max = slog.LevelDebug
	l.text.Reset()
	return level
}

type levels struct {
	slog.Handler
	book *logBook
}

func (h *levels) Handle(ctx context.Context, r slog.Record) error {
	h.book.mu.Lock()
	h.book.max = max(h.book.max, r.Level)
	h.book.mu.Unlock()
	return h.Handler.Handle(ctx, r)
}

// newAPI makes an API that logs into the book.
func newAPI(t testing.TB, o respond.Options) (*respond.API, *logBook) {
	t.Helper()
	book := newLogBook()
	var err error
	if o.Problems, err = problem.NewWriter(problem.Options{Logger: book.logger()}); err != nil {
		t.Fatal(err)
	}
	api, err := respond.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return api, book
}

// startServer serves h until the test ends. What net/http itself logs goes into the book.
func startServer(t testing.TB, h http.Handler, book *logBook, configure ...func(*http.Server)) string {
	t.Helper()
	s := httptest.NewUnstartedServer(checked(t, h))
	s.Config.ErrorLog = slog.NewLogLogger(book.logger().Handler(), slog.LevelError)
	for _, c := range configure {
		c(s.Config)
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// exchangeRaw sends the bytes as they are and reads one answer, with its
// body. half ends the sending side after them.
func exchangeRaw(t testing.TB, addr, raw string, half bool) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		_, _ = io.WriteString(c, raw) // the server may answer, and close, before the end
		if half {
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	method, _, _ := strings.Cut(raw, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the answer's body: %v", err)
	}
	return res, string(body)
}

// request writes a request with a body of known length.
func request(method, target, body string, fields ...string) string {
	var b strings.Builder
	b.WriteString(method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n")
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	return b.String() + "\r\n" + body
}

// chunked writes a request with a body in chunks.
func chunked(method, target, body string, fields ...string) string {
	head := strings.TrimSuffix(request(method, target, "", append(fields, "Transfer-Encoding: chunked")...), "\r\n")
	var b strings.Builder
	b.WriteString(head + "\r\n")
	for len(body) > 0 {
		n := min(len(body), 1000)
		b.WriteString(strconv.FormatInt(int64(n), 16) + "\r\n" + body[:n] + "\r\n")
		body = body[n:]
	}
	return b.String() + "0\r\n\r\n"
}

const jsonField = "Content-Type: application/json"

// wantProblem checks that an answer is a problem, and returns its type's name
// and its errors as "pointer code" in their order.
func wantProblem(t testing.TB, res *http.Response, body string) (typ string, errs []string) {
	t.Helper()
	var p struct {
		Type   string
		Title  string
		Status int
		Errors []problem.Item
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("the body is no JSON: %v: %s", err, body)
	}
	if p.Status != res.StatusCode {
		t.Errorf("the member status is %d in a %d (RFC 9457 §3.1.2)", p.Status, res.StatusCode)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, e := range p.Errors {
		if e.Detail == "" || !strings.HasSuffix(e.Detail, ".") {
			t.Errorf("%s %s has the detail %q", e.Pointer, e.Code, e.Detail)
		}
		errs = append(errs, e.Pointer+e.Parameter+e.Header+" "+e.Code)
	}
	return strings.TrimPrefix(p.Type, "/problems/"), errs
}
