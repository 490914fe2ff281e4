package respond_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

func newMuxService() *http.ServeMux {
	mux := http.NewServeMux()
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, text, " ", r.Pattern, " ", r.PathValue("id"))
		})
	}
	mux.Handle("GET /books", say("list"))
	mux.Handle("POST /books", say("add"))
	mux.Handle("GET /books/{id}", say("get"))
	mux.Handle("PURGE /cache", say("purge"))
	mux.Handle("POST /only", say("post"))
	mux.Handle("/any", say("any"))
	mux.Handle("/tree/", say("tree"))
	mux.Handle("OPTIONS /own", say("options"))
	mux.Handle("GET /own", say("own"))
	mux.Handle("GET admin.example/{$}", say("admin"))
	mux.HandleFunc("GET /own404", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Mine", "1")
		http.NotFound(w, r)
	})
	mux.HandleFunc("/own405", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "BREW")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	})
	return mux
}

// The mux's own answers are problems, with what their status needs.
func TestMux(t *testing.T) {
	api, book := newAPI(t, respond.Options{Methods: []string{"BREW"}})
	addr := startServer(t, except(api.Wrap(newMuxService()), "OPTIONS by the mux's own handlers is left alone", "G22"), book, func(s *http.Server) { s.DisableGeneralOptionsHandler = true })
	for _, row := range []struct {
		line   string // method and target
		status int
		want   string // in the body, or of Allow or Location
	}{
		{"GET /books", 200, "list GET /books"},
		{"HEAD /books", 200, ""},
		{"GET /books/7", 200, "get GET /books/{id} 7"},
		{"GET /books/a%2Fb", 200, "get GET /books/{id} a/b"},
		{"POST /books", 200, "add"},
		{"BREW /any", 200, "any /any"},
		{"get /any", 200, "any"},
		{"OPTIONS /any", 200, "any"},
		{"GET /tree/a/b", 200, "tree"},
		{"OPTIONS /own", 200, "options"},

		{"GET /none", 404, ""},
		{"HEAD /none", 404, ""},
		{"OPTIONS /none", 404, ""},
		{"BREW /none", 404, ""},
		{"FROB /none", 404, ""}, // an unknown path goes first
		{"GET /books/", 404, ""},
		{"GET /", 404, ""}, // of another host only

		{"DELETE /books", 405, "GET, HEAD, OPTIONS, POST"},
		{"TRACE /books", 405, "GET, HEAD, OPTIONS, POST"},
		{"QUERY /books", 405, "GET, HEAD, OPTIONS, POST"},
		{"BREW /books", 405, "GET, HEAD, OPTIONS, POST"},
		{"GET /only", 405, "OPTIONS, POST"},
		{"HEAD /only", 405, "OPTIONS, POST"},
		{"POST /own", 405, "GET, HEAD, OPTIONS"},
		{"CONNECT /books", 405, "GET, HEAD, OPTIONS, POST"},

		{"FROB /books", 501, "GET, HEAD, OPTIONS, POST"},
		{"get /books", 501, "GET, HEAD, OPTIONS, POST"},
		{"Options /books", 501, "GET, HEAD, OPTIONS, POST"},

		{"OPTIONS /books", 204, "GET, HEAD, OPTIONS, POST"},
		{"OPTIONS /books/7", 204, "GET, HEAD, OPTIONS"},
		{"OPTIONS /cache", 204, "OPTIONS, PURGE"},

		{"GET /tree", 307, "/tree/"},
		{"POST /tree?a=b", 307, "/tree/?a=b"},
		{"GET //books", 307, "/books"},
		{"GET /books/../only", 307, "/only"},
		{"DELETE /x/../books", 307, "/books"},

		{"OPTIONS *", 204, "BREW, CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY, TRACE"},
		{"GET *", 400, ""},
		{"FROB *", 501, ""},
	} {
		t.Run(row.line, func(t *testing.T) {
			book.worst()
			method, target, _ := strings.Cut(row.line, " ")
			res, body := exchangeRaw(t, addr, request(method, target, ""), false)
			if res.StatusCode != row.status {
				t.Fatalf("the answer is %d %s", res.StatusCode, body)
			}
			if res.Header.Get("X-Request-Id") == "" {
				t.Error("it has no request id")
			}
			switch row.status {
			case 200:
				if !strings.HasPrefix(body, row.want) {
					t.Errorf("the body is %q, want %q", body, row.want)
				}
			case 307:
				if got := res.Header.Get("Location"); got != row.want {
					t.Errorf("Location is %q, want %q", got, row.want)
				}
			default:
				if got := strings.Join(res.Header.Values("Allow"), "|"); got != row.want {
					t.Errorf("Allow is %q, want %q", got, row.want)
				}
				if row.status >= 400 && method != "HEAD" {
					wantProblem(t, res, body)
				}
				if row.status == 204 && res.Header.Get("Content-Length") != "" {
					t.Error("a 204 has Content-Length")
				}
			}
			if level := book.worst(); level > slog.LevelInfo {
				t.Errorf("logged at %v", level)
			}
		})
	}
}

// With a host, patterns of that host count.
func TestMuxHosts(t *testing.T) {
	api, book := newAPI(t, respond.Options{})
	addr := startServer(t, api.Wrap(newMuxService()), book)
	raw := strings.Replace(request("POST", "/", ""), "Host: test", "Host: admin.example:8080", 1)
	res, body := exchangeRaw(t, addr, raw, false)
	if res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("the answer is %d %s", res.StatusCode, body)
	}
	raw = strings.Replace(request("GET", "/", ""), "Host: test", "Host: admin.example", 1)
	if res, _ := exchangeRaw(t, addr, raw, false); res.StatusCode != 200 {
		t.Errorf("the answer is %d", res.StatusCode)
	}
}

// What a handler answers is left alone, byte for byte; so are the mux's
// redirects.
func TestMuxLeavesHandlersAlone(t *testing.T) {
	mux := newMuxService()
	wrapped := respond.Wrap(mux)
	for _, target := range []string{"/own404", "/own405", "/books", "/tree", "//own404", "/any"} {
		dump := func(h http.Handler) string {
			w := httptest.NewRecorder()
			checked(t, except(h, "the 404 and the 405 of a handler are left alone", "4xx-cache")).ServeHTTP(w, httptest.NewRequest("GET", target, nil))
			w.Header().Del("X-Request-Id")
			return fmt.Sprint(w.Code, headerText(w.Header()), w.Body)
		}
		if bare, got := dump(mux), dump(wrapped); got != bare {
			t.Errorf("%s: wrapped it is\n%s\nbare\n%s", target, got, bare)
		}
	}
}

func TestMethodsOption(t *testing.T) {
	for _, m := range []string{"", "A B", "A\r\n"} {
		if _, err := respond.New(respond.Options{Methods: []string{m}}); err == nil {
			t.Errorf("the method %q is taken", m)
		}
	}
}

// HandleWriter turns an error into a problem before the first byte, and
// aborts after it; flushing, hijacking and the rest work through all of Wrap.
func TestHandleWriter(t *testing.T) {
	api, book := newAPI(t, respond.Options{})
	mux := http.NewServeMux()
	handle := func(path string, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(path, api.HandleWriter(h))
	}
	handle("/before", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/csv")
		return io.ErrNoProgress
	})
	handle("/after", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return io.ErrNoProgress
	})
	handle("/nothing", func(http.ResponseWriter, *http.Request) error { return nil })
	seen := make(chan struct{})
	handle("/flush", func(w http.ResponseWriter, r *http.Request) error {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		select {
		case <-seen: // by the client, before the end
		case <-r.Context().Done():
		}
		return nil
	})
	handle("/hijack", func(w http.ResponseWriter, _ *http.Request) error {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return err
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
		return rw.Flush()
	})
	handle("/controller", func(w http.ResponseWriter, _ *http.Request) error {
		c := http.NewResponseController(w)
		if err := c.EnableFullDuplex(); err != nil {
			return err
		}
		if _, ok := w.(io.ReaderFrom); !ok {
			return io.ErrNoProgress
		}
		_, err := io.Copy(w, strings.NewReader("copied"))
		return err
	})
	addr := startServer(t, api.Wrap(mux), book)

	if res, body := exchangeRaw(t, addr, request("GET", "/before", ""), false); res.StatusCode != 500 {
		t.Errorf("before the first byte: %d %s", res.StatusCode, body)
	} else {
		wantProblem(t, res, body)
	}
	res, err := http.Get("http://" + addr + "/after")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("after the first byte: the client got a whole answer")
	}
	for line, want := range map[string]string{"/nothing": "", "/controller": "copied"} {
		if res, body := exchangeRaw(t, addr, request("GET", line, ""), false); res.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %s", line, res.StatusCode, body)
		}
	}
	if res, _ := exchangeRaw(t, addr, request("GET", "/hijack", ""), false); res.StatusCode != 101 {
		t.Errorf("hijacked: %d", res.StatusCode)
	}

	res, err = http.Get("http://" + addr + "/flush")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(bufio.NewReader(res.Body), first); err != nil || string(first) != "first" {
		t.Errorf("flushed: %q, %v", first, err)
	}
	close(seen)
}

func TestNilHandlers(t *testing.T) {
	for name, make := range map[string]func(){
		"Handle":       func() { respond.Handle(nil) },
		"HandleWriter": func() { respond.HandleWriter(nil) },
		"LimitContent": func() { new(respond.API).LimitContent(-1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			make()
		}()
	}
}
