package conform_test

//lint:file-ignore SA6006 WriteString is what is tested

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond/conform"
)

// kinds of writers that a handler may ask for.
type (
	plainWriter struct{ http.ResponseWriter }
	flushWriter struct{ http.ResponseWriter }
	pushWriter  struct{ http.ResponseWriter }
	unwrapper   struct{ http.ResponseWriter }
)

func (flushWriter) Flush()                              {}
func (pushWriter) Push(string, *http.PushOptions) error { return errors.New("pushed") }
func (u unwrapper) Unwrap() http.ResponseWriter         { return u.ResponseWriter }

func TestMiddlewareKeepsTheKind(t *testing.T) {
	kind := func(w http.ResponseWriter) string {
		_, f := w.(http.Flusher)
		_, h := w.(http.Hijacker)
		_, p := w.(http.Pusher)
		return fmt.Sprintf("flush %v hijack %v push %v", f, h, p)
	}
	pass := middleware(t, conform.MiddlewareOptions{})
	var got string
	h := pass(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		got = kind(w)
		if p, ok := w.(http.Pusher); ok {
			if err := p.Push("/", nil); err == nil && !strings.Contains(got, "hijack true") {
				t.Error("Push did not reach the writer beneath")
			}
		}
	}))
	rec := httptest.NewRecorder()
	for _, w := range []http.ResponseWriter{plainWriter{rec}, flushWriter{rec}, pushWriter{rec}, rec} {
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if want := kind(w); got != want {
			t.Errorf("%T: %s, want %s", w, got, want)
		}
	}
	s, _ := judged(t, func(w http.ResponseWriter, _ *http.Request) { got = kind(w) })
	send(t, s, "GET")
	if got != "flush true hijack true push false" {
		t.Errorf("HTTP/1.1: %s", got)
	}
	s2 := httptest.NewUnstartedServer(h)
	s2.EnableHTTP2 = true
	s2.StartTLS()
	defer s2.Close()
	if res, _ := send(t, s2, "GET"); res.ProtoMajor != 2 || got != "flush true hijack false push true" {
		t.Errorf("%s: %s", res.Proto, got)
	}
}

func TestMiddlewareResponseController(t *testing.T) {
	s, f := judged(t, func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		if err := errors.Join(rc.SetReadDeadline(time.Now().Add(time.Minute)), rc.SetWriteDeadline(time.Now().Add(time.Minute)), rc.EnableFullDuplex()); err != nil {
			t.Error(err)
		}
		w.Header().Set("Retry-After", "soon")
		if err := rc.Flush(); err != nil {
			t.Error(err)
		}
		w.Header().Del("Retry-After") // too late
	})
	send(t, s, "GET")
	s.Close()
	if f.rules() != "200-validator G9 G9-odd" {
		t.Errorf("found %s", f.rules())
	}
	// Nothing beneath can flush: that sends no header.
	f = &findings{}
	h := middleware(t, conform.MiddlewareOptions{Report: f.report})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Flush: %v", err)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	h.ServeHTTP(plainWriter{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
	if f.rules() != "" {
		t.Errorf("found %s", f.rules())
	}
	// A hijack below a writer that only unwraps is seen.
	s, f = judged(t, nil)
	s.Close()
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware(t, conform.MiddlewareOptions{Report: f.report})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(rw, "HTTP/1.1 204 No Content\r\n\r\n")
			rw.Flush()
			c.Close()
		})).ServeHTTP(unwrapper{w}, r)
	}))
	defer s.Close()
	send(t, s, "GET")
	if f.rules() != "" {
		t.Errorf("found %s", f.rules())
	}
}

func TestMiddlewareStreams(t *testing.T) {
	next := make(chan bool)
	s, f := judged(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next
		}
	})
	res, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for i := range 3 { // each event is here before the next is sent
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) {
			t.Fatalf("got %q", lines.Text())
		}
		lines.Scan()
		next <- true
	}
	s.Close()
	if f.rules() != "" {
		t.Errorf("found %s", f.rules())
	}
}

func TestMiddlewareLargeBodies(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	name := filepath.Join(t.TempDir(), "large.bin")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(content)
	for what, h := range map[string]http.HandlerFunc{
		"ServeFile": func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) },
		"Write":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) },
		"Copy": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{bytes.NewReader(content)})
		},
		"both": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, string(content[:100]))
			_, _ = io.Copy(w, onlyReader{bytes.NewReader(content[100:])})
		},
	} {
		s, _ := judged(t, h)
		_, body := send(t, s, "GET")
		if sha256.Sum256([]byte(body)) != want {
			t.Errorf("%s: %d bytes came, other ones", what, len(body))
		}
	}
	// What follows the part that is kept goes to the writer beneath as it came.
	src := &readerFrom{ResponseWriter: httptest.NewRecorder()}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	middleware(t, conform.MiddlewareOptions{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.(io.ReaderFrom).ReadFrom(file)
	})).ServeHTTP(src, httptest.NewRequest("GET", "/", nil))
	if len(src.got) != 2 || src.got[1] != io.Reader(file) {
		t.Errorf("the writer beneath got %v", src.got)
	}
}

// readerFrom notes the readers that it gets.
type readerFrom struct {
	http.ResponseWriter
	got []io.Reader
}

func (w *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	w.got = append(w.got, src)
	return io.Copy(w.ResponseWriter, src)
}

func TestMiddlewareEarlyHints(t *testing.T) {
	s, f := judged(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Etag", `"v1"`)
		fmt.Fprint(w, "hi")
	})
	hints := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		if status == 103 && h.Get("Link") != "" && h.Get("Etag") == "" {
			hints++
		}
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	s.Close()
	if hints != 1 || res.StatusCode != 200 || f.rules() != "" {
		t.Errorf("%d hints, status %d, found %q", hints, res.StatusCode, f.rules())
	}
}

// A framework that takes CloseNotify for granted still gets it.
func TestMiddlewareCloseNotify(t *testing.T) {
	gone := make(chan bool, 1)
	s, _ := judged(t, func(w http.ResponseWriter, r *http.Request) {
		n, ok := w.(interface{ CloseNotify() <-chan bool })
		if !ok {
			t.Error("there is no CloseNotify")
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-n.CloseNotify():
			gone <- true
		case <-time.After(10 * time.Second):
		}
	})
	res, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	s.CloseClientConnections()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the handler did not hear that the client went away")
	}
}

// A handler that keeps its writer gets no part of another's answer.
func TestMiddlewareLateWrites(t *testing.T) {
	var kept http.ResponseWriter
	pass := middleware(t, conform.MiddlewareOptions{})
	first := httptest.NewRecorder()
	pass(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { kept = w; w.WriteHeader(204) })).ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	f := &findings{}
	second := httptest.NewRecorder()
	middleware(t, conform.MiddlewareOptions{Report: f.report})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Etag", `"v1"`)
		fmt.Fprint(w, "1")
		fmt.Fprint(kept, "{{{")
		kept.WriteHeader(500)
	})).ServeHTTP(second, httptest.NewRequest("GET", "/", nil))
	if second.Body.String() != "1" || f.rules() != "" {
		t.Errorf("the body is %q, found %q", second.Body, f.rules())
	}
}
