package conformtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// fake stands in for the test of a user.
type fake struct {
	testing.TB // Context is the real one; any other method too many fails
	mu         sync.Mutex
	errors     []string
	cleanups   []func()
	ended      bool
}

func (f *fake) Helper()                     {}
func (f *fake) Cleanup(c func())            { f.cleanups = append(f.cleanups, c) }
func (f *fake) Error(args ...any)           { f.Errorf("%s", fmt.Sprint(args...)) }
func (f *fake) Fatal(args ...any)           { f.Errorf("%s", fmt.Sprint(args...)); runtime.Goexit() }
func (f *fake) Fatalf(s string, arg ...any) { f.Errorf(s, arg...); runtime.Goexit() }
func (f *fake) Errorf(s string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		panic("Errorf after the test has ended") // as the real one does
	}
	f.errors = append(f.errors, fmt.Sprintf(s, args...))
}

func (f *fake) end() {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
}

func (f *fake) has(words ...string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(words) != len(f.errors) {
		return false
	}
	for i, w := range words {
		if !strings.Contains(f.errors[i], w) {
			return false
		}
	}
	return true
}

// try runs f as a test of its own.
func try(t *testing.T, f func(tb testing.TB)) *fake {
	t.Helper()
	tb := &fake{TB: t}
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f(tb)
	}()
	if e := <-done; e != nil {
		t.Fatalf("panicked: %v", e)
	}
	return tb
}

var refuse = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/good" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
	}
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, "who?")
})

func get(t *testing.T, h http.Handler, path string) {
	t.Helper()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
}

func TestHandler(t *testing.T) {
	tb := try(t, func(tb testing.TB) {
		h := conformtest.Handler(tb, refuse)
		get(t, h, "/good")
		get(t, h, "/bad")
		get(t, h, "/bad")
		get(t, h, "/worse")
	})
	if !tb.has("must 401 (RFC 9110 §15.5.2, §11.6.1) GET /bad 401: ", "GET /worse") {
		t.Errorf("got %q", tb.errors)
	}
	tb = try(t, func(tb testing.TB) {
		h := conformtest.Handler(tb, refuse, conform.Options{Off: map[string]string{"401": "the gateway adds the challenge"}})
		get(t, h, "/bad")
	})
	if !tb.has() {
		t.Errorf("got %q", tb.errors)
	}
	for _, o := range [][]conform.Options{{{Off: map[string]string{"401": ""}}}, {{}, {}}} {
		if tb = try(t, func(tb testing.TB) { conformtest.Handler(tb, refuse, o...) }); len(tb.errors) != 1 {
			t.Errorf("got %q", tb.errors)
		}
	}
}

// A handler on a server reports from the server's goroutines, while the test
// runs and not after it.
func TestHandlerOnAServer(t *testing.T) {
	tb := &fake{TB: t}
	s := httptest.NewServer(conformtest.Handler(tb, refuse))
	defer s.Close()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for k := range 10 {
				res, err := s.Client().Get(fmt.Sprintf("%s/bad/%d/%d", s.URL, i, k))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
		if i == 4 {
			tb.end()
		}
	}
	wait.Wait()
	s.Close()
	// The handler panics if it reports now; a server would log that.
	get(t, s.Config.Handler, "/late")
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, e := range tb.errors {
		if strings.Contains(e, "late") {
			t.Errorf("reported %s", e)
		}
	}
}

func book(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Etag", `"v1"`)
	switch r.Method {
	case "GET", "HEAD":
		if r.Header.Get("If-Match") != "" {
			http.Error(w, "it is v1", http.StatusPreconditionFailed)
			return
		}
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, "a book")
	case "OPTIONS":
		w.Header().Set("Allow", "GET, HEAD, PUT")
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Del("Etag")
		http.Error(w, "no", http.StatusNotImplemented)
	}
}

func TestProbe(t *testing.T) {
	tb := try(t, func(tb testing.TB) { conformtest.Probe(tb, http.HandlerFunc(book), "/books/1", "/books/2?x=1") })
	if !tb.has() {
		t.Errorf("got %q", tb.errors)
	}
	tb = try(t, func(tb testing.TB) {
		o := conformtest.ProbeOptions{Unsafe: true, Options: conform.Options{Off: map[string]string{"501-method": "this test"}}}
		o.Probe(tb, http.HandlerFunc(book), "/books/1")
	})
	if !tb.has("should G22-allow (RFC 9110 §9.3.7, §10.2.1) PUT /books/1 501: ") {
		t.Errorf("got %q", tb.errors)
	}
	tb = try(t, func(tb testing.TB) {
		broken := func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "" {
				w.Header().Set("Etag", "v1")
				w.WriteHeader(http.StatusNotModified)
				return
			}
			book(w, r)
		}
		o := conformtest.ProbeOptions{Header: http.Header{"X-Any": {"1"}}, Options: conform.Options{Profile: conform.RFC}}
		o.Probe(tb, http.HandlerFunc(broken), "/books/1")
	})
	if !strings.Contains(strings.Join(tb.errors, "\n"), `must G8 (RFC 9110 §8.8.3) GET /books/1 with If-None-Match: "v1" 304: `) {
		t.Errorf("got %q", tb.errors)
	}
	tb = try(t, func(tb testing.TB) {
		o := conformtest.ProbeOptions{Options: conform.Options{Profile: conform.RFC}}
		o.Probe(tb, http.NotFoundHandler(), "/books/1")
	})
	if !strings.Contains(strings.Join(tb.errors, "\n"), "advice probe-nothing (RFC 9110 §9.3.1) GET /books/1 404: ") || !strings.Contains(tb.errors[len(tb.errors)-1], "Here: GET answered 404.") {
		t.Errorf("got %q", tb.errors)
	}
	for what, f := range map[string]func(testing.TB){
		"no slash":  func(tb testing.TB) { conformtest.Probe(tb, refuse, "books") },
		"no target": func(tb testing.TB) { conformtest.Probe(tb, refuse) },
		"no rule": func(tb testing.TB) {
			conformtest.ProbeOptions{Options: conform.Options{Off: map[string]string{"x": "y"}}}.Probe(tb, refuse, "/")
		},
	} {
		if tb := try(t, f); len(tb.errors) != 1 {
			t.Errorf("%s: got %q", what, tb.errors)
		}
	}
}
