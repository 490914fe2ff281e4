//go:build !race

package async_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
)

// sink is a response that costs nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

// What a submit and a poll allocate, the backend in memory included.
func TestHTTPAllocs(t *testing.T) {
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := async.New(backend, async.Options{URL: "https://api.example.com/jobs", Owner: webOwner, Problems: webProblems(t)})
	if err != nil {
		t.Fatal(err)
	}
	type query struct {
		Customer string `json:"customer"`
	}
	kind, err := async.Define(jobs, "work", func(context.Context, *async.Task, query) (async.None, error) { return async.None{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	job, err := kind.Submit(t.Context(), "ana", "", query{"C-1017"})
	if err != nil {
		t.Fatal(err)
	}
	read := httptest.NewRequest("GET", "/jobs/"+job.ID, nil)
	read.Header = http.Header{"X-Owner": {"ana"}, "Accept": {"*/*"}}
	submit := httptest.NewRequest("POST", "/work", nil)
	submit.Header = http.Header{"X-Owner": {"ana"}, "Accept": {"*/*"}, "Content-Type": {"application/json"}}
	content := strings.NewReader(`{"customer":"C-1017"}`)
	submit.Body, submit.ContentLength = io.NopCloser(content), content.Size()
	for _, c := range []struct {
		name string
		most float64
		do   func(*sink)
	}{
		{"read", 13, func(w *sink) { jobs.ServeHTTP(w, read) }},
		{"submit", 16, func(w *sink) {
			content.Reset(`{"customer":"C-1017"}`)
			kind.ServeHTTP(w, submit)
		}},
	} {
		w := &sink{header: http.Header{}}
		n := testing.AllocsPerRun(500, func() {
			clear(w.header)
			if c.do(w); w.status != http.StatusAccepted {
				t.Fatal(w.status)
			}
		})
		t.Logf("%s: %v", c.name, n)
		if n > c.most {
			t.Errorf("%s: %v allocations, at most %v", c.name, n, c.most)
		}
	}
}
