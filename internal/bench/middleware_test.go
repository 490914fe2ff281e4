package bench

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

// checked are handlers for conform.Middleware: one in which it finds nothing,
// and one that breaks several rules, which it logs once and knows from then
// on.
var checked = []struct {
	name   string
	status int
	h      http.Handler
	broken bool
}{
	{"none", http.StatusOK, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Cache-Control", "private, no-cache")
		writeJSON(w, http.StatusOK, book)
	}), false},
	{"known", http.StatusUnauthorized, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", "v1")
		w.Header().Set("Location", "v 1")
		w.Header().Set("Retry-After", "soon")
		writeJSON(w, http.StatusUnauthorized, book)
	}), true},
}

func checking(tb testing.TB, o conform.MiddlewareOptions) func(http.Handler) http.Handler {
	tb.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	m, err := conform.Middleware(o)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func TestConform(t *testing.T) {
	want := `{"id":"bk_17","title":"The Name of the Rose","author":"Umberto Eco","year":1980,"available":true}`
	for _, c := range checked {
		t.Run(c.name, func(t *testing.T) {
			var rules []string
			m := checking(t, conform.MiddlewareOptions{Report: func(_ *http.Request, f conform.Finding) { rules = append(rules, f.Rule) }})
			m(c.h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/books/bk_17", nil))
			if c.broken != (len(rules) >= 3) || !c.broken && len(rules) > 0 {
				t.Errorf("found %q", rules)
			}
			for _, h := range []http.Handler{c.h, checking(t, conform.MiddlewareOptions{})(c.h)} {
				same(t, ask(h, "GET", "/books/bk_17", nil), c.status, want, map[string]string{
					"Content-Type": "application/json", "ETag": map[bool]string{false: `"v1"`, true: "v1"}[c.broken],
				})
			}
		})
	}
}

// BenchmarkConform answers with and without conform.Middleware.
func BenchmarkConform(b *testing.B) {
	for _, c := range checked {
		b.Run(c.name+"/nethttp", func(b *testing.B) {
			newExchange("GET", "/books/bk_17").measure(b, c.h, c.status)
		})
		b.Run(c.name+"/conform", func(b *testing.B) {
			newExchange("GET", "/books/bk_17").measure(b, checking(b, conform.MiddlewareOptions{})(c.h), c.status)
		})
	}
}
