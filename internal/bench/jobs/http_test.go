package jobs_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkHTTP is what the HTTP half adds: a submit and a status read through the
// handlers, and the same calls of the backend in memory.
func BenchmarkHTTP(b *testing.B) {
	backend, _ := openMemory(b)
	jobs, kind := worker(b, backend, func() {}, func() {})
	job, err := kind.Submit(context.Background(), "", "", riverArgs{"C-1017"})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("submit/handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			if kind.ServeHTTP(w, post()); w.Code != http.StatusAccepted {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
	b.Run("submit/backend", func(b *testing.B) {
		b.ReportAllocs()
		submit := jobStores[0].open(b)
		for b.Loop() {
			if err := submit(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
	first := httptest.NewRecorder()
	kind.ServeHTTP(first, post())
	b.Run("submit/request", func(b *testing.B) { // what the benchmark itself costs
		b.ReportAllocs()
		for b.Loop() {
			post()
			same(first)
		}
	})
	read := httptest.NewRequest(http.MethodGet, "/jobs/"+job.ID, nil)
	status := httptest.NewRecorder()
	jobs.ServeHTTP(status, read)
	b.Run("read/request", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			same(status)
		}
	})
	b.Run("read/backend", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := backend.Get(context.Background(), job.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read/handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			if jobs.ServeHTTP(w, read); w.Code != http.StatusAccepted {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
}

func post() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/exports", strings.NewReader(`{"customer":"C-1017"}`))
	r.Header["Content-Type"] = []string{"application/json"}
	return r
}

// same gives an answer once more, with all that was made of it before.
func same(answer *httptest.ResponseRecorder) {
	w := httptest.NewRecorder()
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}
