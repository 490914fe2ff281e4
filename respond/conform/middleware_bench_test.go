package conform_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

// nothing is a ResponseWriter that does nothing.
type nothing struct{ h http.Header }

func (w nothing) Header() http.Header         { return w.h }
func (w nothing) Write(b []byte) (int, error) { return len(b), nil }
func (w nothing) WriteHeader(int)             {}

var benchContent = []byte(`{"reference":"web-1","customer":"ana@example.com","currency":"EUR","items":[{"sku":"AB-123","quantity":2,"unit_price":"12.50"}]}`)

// good breaks no rule, bad breaks five.
var good = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Etag"] = someTag
	h["Cache-Control"] = noCache
	_, _ = w.Write(benchContent)
})

var bad = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Etag"] = badTag
	h["Retry-After"] = badTag
	h["Location"] = badTag
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write(benchContent)
})

// large sends a JSON string of n bytes, said to be of a type.
func large(mediaType string, n int) http.Handler {
	kind := []string{mediaType}
	content := []byte(`"` + strings.Repeat("0123456789abcdef", n/16) + `"`)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"] = kind
		h["Etag"] = someTag
		_, _ = w.Write(content)
	})
}

var (
	jsonType = []string{"application/json"}
	someTag  = []string{`"v1"`}
	noCache  = []string{"private, no-cache"}
	badTag   = []string{"v1"}
)

func quietLogger() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func middleware(tb testing.TB, o conform.MiddlewareOptions) func(http.Handler) http.Handler {
	tb.Helper()
	if o.Logger == nil {
		o.Logger = quietLogger()
	}
	m, err := conform.Middleware(o)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func serveNothing(h http.Handler) func() {
	w := nothing{http.Header{}}
	r := httptest.NewRequest(http.MethodGet, "/orders/1", nil)
	r.Header.Set("Accept", "application/json")
	return func() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

func BenchmarkMiddleware(b *testing.B) {
	for _, c := range []struct {
		name string
		h    http.Handler
	}{
		{"bare", good},
		{"good", middleware(b, conform.MiddlewareOptions{})(good)},
		{"bare-bad", bad},
		{"bad-known", middleware(b, conform.MiddlewareOptions{})(bad)},
		{"bad-logged", middleware(b, conform.MiddlewareOptions{Repeat: true})(bad)},
		{"large", middleware(b, conform.MiddlewareOptions{})(large("text/plain", 1<<20))},
		{"json-60k", middleware(b, conform.MiddlewareOptions{})(large("application/json", 60<<10))},
		{"good-field", middleware(b, conform.MiddlewareOptions{Field: "X-Conform"})(good)},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := serveNothing(c.h)
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}
