package respond_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type oddPanic []string // cannot be compared

func TestRecover(t *testing.T) {
	const canary = "canary-31c"
	for _, row := range []struct {
		name string
		do   func(w http.ResponseWriter)
		log  string
	}{
		{"a text", func(http.ResponseWriter) { panic(canary) }, canary},
		{"an error", func(http.ResponseWriter) { panic(errors.New(canary)) }, canary},
		{"a problem", func(http.ResponseWriter) { panic(problem.NotFound(canary)) }, canary},
		{"items", func(http.ResponseWriter) { panic(problem.Items{{Code: canary}}) }, canary},
		{"what cannot be compared", func(http.ResponseWriter) { panic(oddPanic{canary}) }, canary},
		{"nil", func(http.ResponseWriter) { panic(nil) }, "panic called with nil"},
		{"a nil pointer", func(http.ResponseWriter) { var p *problem.Item; _ = p.Code }, "nil pointer"},
		{"after fields were set", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/csv")
			w.Header().Set("ETag", `"1"`)
			panic(canary)
		}, canary},
		{"after an interim response", func(w http.ResponseWriter) {
			w.Header().Set("Link", "</a>; rel=preload")
			w.WriteHeader(103)
			panic(canary)
		}, canary},
	} {
		t.Run(row.name, func(t *testing.T) {
			api, book := newAPI(t, respond.Options{})
			addr := startServer(t, api.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { row.do(w) })), book)
			r, _ := http.NewRequest("GET", "http://"+addr, nil)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, _ := io.ReadAll(res.Body)
			body := string(b)
			if res.StatusCode != 500 {
				t.Fatalf("the answer is %d %s", res.StatusCode, body)
			}
			wantProblem(t, res, body)
			if s := headerText(res.Header) + body; strings.Contains(s, canary) || strings.Contains(s, "goroutine") || strings.Contains(s, ".go:") {
				t.Errorf("the panic got out: %s", s)
			}
			_, instance, ok := strings.Cut(body, `"instance":"`)
			instance, _, _ = strings.Cut(instance, `"`)
			log := book.String()
			if !ok || !strings.Contains(log, instance) || !strings.Contains(log, row.log) || !strings.Contains(log, "recover_test.go") {
				t.Errorf("the instance is %q, the log is %s", instance, log)
			}
			if level := book.worst(); level != slog.LevelError || strings.Count(log, "\n") != 1 {
				t.Errorf("logged at %v: %s", level, log)
			}
		})
	}
}

// After the first byte, and where the goroutine ends, the connection does;
// the client does not take half an answer for a whole one.
func TestRecoverAborts(t *testing.T) {
	for _, row := range []struct {
		name  string
		do    func(w http.ResponseWriter)
		level slog.Level
	}{
		{"after the first byte", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half"); panic("late") }, slog.LevelError},
		{"after the header", func(w http.ResponseWriter) { w.WriteHeader(200); panic("late") }, slog.LevelError},
		{"after a flush", func(w http.ResponseWriter) { w.(http.Flusher).Flush(); panic("late") }, slog.LevelError},
		{"ErrAbortHandler", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, slog.LevelDebug},
		{"Goexit", func(http.ResponseWriter) { runtime.Goexit() }, slog.LevelDebug},
	} {
		t.Run(row.name, func(t *testing.T) {
			api, book := newAPI(t, respond.Options{})
			addr := startServer(t, api.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { row.do(w) })), book)
			res, err := http.Get("http://" + addr)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Error("the client got a whole answer")
			}
			if level := book.worst(); level != row.level {
				t.Errorf("logged at %v, want %v", level, row.level)
			}
		})
	}
}

// A panic is an error of the service, also where the client went away.
func TestRecoverWithoutClient(t *testing.T) {
	api, book := newAPI(t, respond.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	h := api.Recover(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel(); panic("boom") }))
	checked(t, h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	if log := book.String(); !strings.Contains(log, "boom") {
		t.Errorf("the log is %s", log)
	}
	if level := book.worst(); level != slog.LevelError {
		t.Errorf("logged at %v", level)
	}
}
