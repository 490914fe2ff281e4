package conform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

// findings collects what a middleware reports.
type findings struct {
	mu  sync.Mutex
	all []conform.Finding
}

func (f *findings) report(_ *http.Request, found conform.Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, found)
}

func (f *findings) rules() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, x := range f.all {
		out = append(out, x.Rule)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// judged serves h on a real server behind the middleware. The server ends
// with the returned func, after which all is reported.
func judged(t *testing.T, h http.HandlerFunc, more ...func(*conform.MiddlewareOptions)) (*httptest.Server, *findings) {
	t.Helper()
	f := &findings{}
	o := conform.MiddlewareOptions{Report: f.report}
	for _, m := range more {
		m(&o)
	}
	s := httptest.NewUnstartedServer(middleware(t, o)(h))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s, f
}

func send(t *testing.T, s *httptest.Server, method string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// sendAny is send where the content may break off.
func sendAny(t *testing.T, s *httptest.Server, method string, header ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
}

// net/http's message names the wrapper, so the finding names the handler.
func TestMiddlewareNamesTheCaller(t *testing.T) {
	for what, h := range map[string]http.HandlerFunc{
		"WriteHeader": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204); w.WriteHeader(204) },
		"http.Error":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204); http.Error(w, "", 500) },
		"late 103":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204); w.WriteHeader(103) },
	} {
		s, f := judged(t, h)
		send(t, s, "GET")
		s.Close()
		if len(f.all) != 1 || f.all[0].Rule != "status-twice" || !strings.Contains(f.all[0].Detail, "TestMiddlewareNamesTheCaller") || !strings.Contains(f.all[0].Detail, "(middleware_test.go:") {
			t.Errorf("%s: %+v", what, f.all)
		}
	}
}

func TestMiddlewareFinds(t *testing.T) {
	set := func(w http.ResponseWriter, fields ...string) {
		for i := 0; i+1 < len(fields); i += 2 {
			w.Header().Set(fields[i], fields[i+1])
		}
	}
	fresh := []string{"Etag", `"v1"`, "Cache-Control", "no-cache"}
	tests := []struct {
		name, method, want string
		header             []string
		h                  http.HandlerFunc
	}{
		{"a challenge is missing", "GET", "401", nil, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who?", 401) }},
		{"and is there", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, "WWW-Authenticate", `Bearer realm="api"`)
			http.Error(w, "who?", 401)
		}},
		{"implicit 200 without validator", "GET", "200-validator", nil, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hi") }},
		{"nothing at all", "GET", "200-validator", nil, func(http.ResponseWriter, *http.Request) {}},
		{"nothing at all to a POST", "POST", "200-empty", nil, func(http.ResponseWriter, *http.Request) {}},
		{"what net/http sniffs", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) { set(w, fresh...); io.WriteString(w, "hi") }},
		{"Content-Type turned off", "GET", "G5", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, fresh...)
			w.Header()["Content-Type"] = nil
			io.WriteString(w, "hi")
		}},
		{"coded without Content-Type", "GET", "G5", []string{"Accept-Encoding", "gzip"}, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Encoding", "gzip", "Vary", "Accept-Encoding")...)
			io.WriteString(w, "hi")
		}},
		{"Date turned off", "GET", "G6", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, fresh...)
			w.Header()["Date"] = nil
			io.WriteString(w, "hi")
		}},
		{"a body to HEAD", "HEAD", "", nil, func(w http.ResponseWriter, _ *http.Request) { set(w, fresh...); io.WriteString(w, "hi") }},
		{"a body with 204", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "2")
			w.WriteHeader(204)
			io.WriteString(w, "hi")
		}},
		{"what net/http takes from a 304", "GET", "", []string{"If-None-Match", `"v1"`}, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Type", "text/plain", "Content-Length", "2")...)
			w.WriteHeader(304)
		}},
		{"a body with 205", "POST", "205", nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(205); io.WriteString(w, "hi") }},
		{"bad JSON", "GET", "G20", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Type", "application/json")...)
			io.WriteString(w, `{"a":`)
		}},
		{"good JSON in parts", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Type", "application/json")...)
			io.WriteString(w, `{"a":`)
			_, _ = w.Write([]byte(`1`))
			_, _ = io.Copy(w, onlyReader{strings.NewReader(`}`)})
		}},
		{"bad JSON beyond MaxBody", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Type", "application/json")...)
			_, _ = w.Write(bytes.Repeat([]byte("{"), 64<<10+1))
		}},
		{"a problem with another status", "GET", "G17-status", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Type", "application/problem+json")
			w.WriteHeader(400)
			io.WriteString(w, `{"status":500}`)
		}},
		{"fields set too late", "GET", "401", nil, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(401)
			set(w, "WWW-Authenticate", `Bearer realm="api"`)
			io.WriteString(w, "who?")
		}},
		{"two statuses", "GET", "status-twice", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, fresh...)
			w.WriteHeader(200)
			w.WriteHeader(401)
		}},
		{"a status after content", "GET", "status-twice", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, fresh...)
			io.WriteString(w, "hi")
			http.Error(w, "", 500)
		}},
		{"less than Content-Length", "GET", "G4-sent", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Length", "9")...)
			io.WriteString(w, "hi")
		}},
		{"more than Content-Length", "GET", "G4-sent", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Length", "2")...)
			io.WriteString(w, "hi")
			io.WriteString(w, "gh")
		}},
		{"as much as Content-Length, of a reader", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Length", "200000", "Content-Type", "text/plain")...)
			_, _ = io.Copy(w, onlyReader{strings.NewReader(strings.Repeat("a", 200000))})
		}},
		{"less than Content-Length, of a reader", "GET", "G4-sent", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Length", "200001", "Content-Type", "text/plain")...)
			_, _ = io.Copy(w, onlyReader{strings.NewReader(strings.Repeat("a", 200000))})
		}},
		{"Content-Length in answer to HEAD", "HEAD", "", nil, func(w http.ResponseWriter, _ *http.Request) { set(w, append(fresh, "Content-Length", "9")...) }},
		{"JSON without content, refused", "GET", "4xx-body", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Type", "application/json")
			w.WriteHeader(400)
		}},
		{"JSON without content", "GET", "G20", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Content-Type", "application/json")...)
		}},
		{"103 without Link", "GET", "103", nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); set(w, fresh...) }},
		{"103 with Link", "GET", "", nil, func(w http.ResponseWriter, _ *http.Request) {
			set(w, append(fresh, "Link", "</a.css>; rel=preload")...)
			w.WriteHeader(103)
			io.WriteString(w, "hi")
		}},
		{"an unregistered status", "GET", "4xx-body G1-registered", nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			s, f := judged(t, c.h)
			sendAny(t, s, c.method, c.header...)
			s.Close()
			if got := f.rules(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMiddlewareDoesNotJudge(t *testing.T) {
	t.Run("a panic", func(t *testing.T) {
		s, f := judged(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401); panic(http.ErrAbortHandler) })
		if res, err := s.Client().Get(s.URL); err == nil {
			res.Body.Close()
			t.Error("the panic was swallowed")
		}
		s.Close()
		if f.rules() != "" {
			t.Errorf("found %s", f.rules())
		}
	})
	t.Run("a hijacked connection", func(t *testing.T) {
		s, f := judged(t, func(w http.ResponseWriter, _ *http.Request) {
			c, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			fmt.Fprint(rw, "HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n")
			rw.Flush()
		})
		if res, _ := send(t, s, "GET"); res.StatusCode != 401 {
			t.Errorf("status %d", res.StatusCode)
		}
		s.Close()
		if f.rules() != "" {
			t.Errorf("found %s", f.rules())
		}
	})
	t.Run("a client that went away", func(t *testing.T) {
		f := &findings{}
		h := middleware(t, conform.MiddlewareOptions{Report: f.report})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
		if f.rules() != "" {
			t.Errorf("found %s", f.rules())
		}
	})
}

// records takes a log apart.
func records(t *testing.T, log *bytes.Buffer) (out []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func TestMiddlewareLogs(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who?", 401) }
	serve := func(o conform.MiddlewareOptions, paths ...string) []map[string]any {
		var log bytes.Buffer
		o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		mux := http.NewServeMux()
		mux.HandleFunc("GET /orders/{id}", refuse)
		mux.HandleFunc("GET /bare/", func(w http.ResponseWriter, r *http.Request) { r.Pattern = ""; refuse(w, r) })
		mux.HandleFunc("GET /many/", func(w http.ResponseWriter, r *http.Request) { r.Pattern = r.URL.Path; refuse(w, r) })
		h := middleware(t, o)(mux)
		for _, p := range paths {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", p, nil))
		}
		return records(t, &log)
	}

	got := serve(conform.MiddlewareOptions{}, "/orders/1?token=secret", "/orders/2", "/bare/a", "/bare/b", "/bare/a")
	if len(got) != 2 || got[1]["route"] != "no pattern" {
		t.Fatalf("%d records, want one for the pattern and one for all without: %v", len(got), got)
	}
	want := map[string]any{"msg": "conform", "rule": "401", "level": "must", "section": "RFC 9110 §15.5.2, §11.6.1", "method": "GET",
		"path": "/orders/1", "route": "GET /orders/{id}", "status": 401.0, "detail": "no WWW-Authenticate"}
	for name, v := range want {
		if got[0][name] != v {
			t.Errorf("%s is %v, want %v", name, got[0][name], v)
		}
	}
	if got[0]["message"] == "" || got[0]["mend"] == "" || strings.Contains(fmt.Sprint(got), "secret") {
		t.Errorf("the record is %v", got[0])
	}
	if got := serve(conform.MiddlewareOptions{Repeat: true}, "/orders/1", "/orders/2"); len(got) != 2 {
		t.Errorf("with Repeat: %d records, want 2", len(got))
	}
	var many []string
	for i := range 1500 {
		many = append(many, fmt.Sprintf("/many/%d", i))
	}
	got = serve(conform.MiddlewareOptions{}, many...)
	if len(got) != 1025 || got[1024]["msg"] == "conform" || got[1024]["limit"] != 1024.0 {
		t.Errorf("%d records, the last is %v", len(got), got[len(got)-1])
	}
}

func TestMiddlewareField(t *testing.T) {
	s, _ := judged(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "soon")
		if r.Method == "POST" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Error(w, "who?", 401)
	}, func(o *conform.MiddlewareOptions) { o.Field = "x-conform" })
	if res, body := send(t, s, "GET"); res.Header.Get("X-Conform") != "G9, 401, G9-odd" || body != "who?\n" {
		t.Errorf("X-Conform is %q, the body %q", res.Header.Get("X-Conform"), body)
	}
	if res, _ := send(t, s, "POST"); res.Header.Get("X-Conform") != "G9, G9-odd" {
		t.Errorf("X-Conform is %q", res.Header.Get("X-Conform"))
	}
	s, _ = judged(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, func(o *conform.MiddlewareOptions) { o.Field = "X-Conform" })
	if res, _ := send(t, s, "GET"); len(res.Header["X-Conform"]) != 0 {
		t.Errorf("X-Conform is %q, want none", res.Header["X-Conform"])
	}
}

func TestMiddlewareOptions(t *testing.T) {
	for _, o := range []conform.MiddlewareOptions{
		{Options: conform.Options{Off: map[string]string{"no-such-rule": "why"}}},
		{Options: conform.Options{Off: map[string]string{"401": ""}}},
		{Options: conform.Options{MaxBody: -1}},
		{Field: "not a name"},
	} {
		if _, err := conform.Middleware(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	s, f := judged(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }, func(o *conform.MiddlewareOptions) {
		o.Profile, o.Off = conform.RFC, map[string]string{"4xx-body": "it is a joke"}
	})
	send(t, s, "GET")
	s.Close()
	if f.rules() != "" {
		t.Errorf("found %s", f.rules())
	}
}

func TestMiddlewareAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, c := range []struct {
		name string
		h    http.Handler
		most float64
	}{
		{"no finding", middleware(t, conform.MiddlewareOptions{})(good), 4},
		{"known findings", middleware(t, conform.MiddlewareOptions{})(bad), 20},
	} {
		f := serveNothing(c.h)
		f()
		if got := testing.AllocsPerRun(200, f); got > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.name, got, c.most)
		}
	}
}
