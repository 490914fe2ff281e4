package respond_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

// HandleWriter: an error before the first byte is a problem, without what a
// success would have sent; one after it aborts the connection.
func TestHandleWriterFailures(t *testing.T) {
	header := func(w http.ResponseWriter) {
		h := w.Header()
		for _, f := range []string{"Content-Length: 4", "Content-Type: text/csv", "ETag: \"v1\"", "Last-Modified: " + changedDate,
			"Cache-Control: public", "Content-Encoding: gzip", "Vary: Accept", "Access-Control-Allow-Origin: *"} {
			name, value, _ := strings.Cut(f, ": ")
			h.Set(name, value)
		}
	}
	flush := func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
	for _, c := range []struct {
		name      string
		before    func(w http.ResponseWriter)
		committed bool
	}{
		{"nothing", func(w http.ResponseWriter) {}, false},
		{"a header", header, false},
		{"a 103", func(w http.ResponseWriter) {
			header(w)
			w.Header().Set("Link", "</a>; rel=preload")
			w.WriteHeader(103)
		}, false},
		{"a copy of nothing", func(w http.ResponseWriter) { header(w); _, _ = io.Copy(w, strings.NewReader("")) }, false},
		{"a copy", func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("half")) }, true},
		{"a status", func(w http.ResponseWriter) { w.WriteHeader(201) }, true},
		{"an empty write", func(w http.ResponseWriter) { _, _ = w.Write(nil) }, true},
		{"a short write", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half") }, true},
		{"a flush", flush, true},
		{"a write and a flush", func(w http.ResponseWriter) { _, _ = fmt.Fprint(w, "half"); flush(w) }, true},
		{"a long write", func(w http.ResponseWriter) { _, _ = io.WriteString(w, strings.Repeat("long", 20000)) }, true},
		{"all of Content-Length but a byte", func(w http.ResponseWriter) { w.Header().Set("Content-Length", "5"); _, _ = io.WriteString(w, "half") }, true},
	} {
		for _, end := range []string{"error", "panic", "abort"} {
			api, log := logged(t)
			h := api.Wrap(api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
				c.before(w)
				switch end {
				case "panic":
					panic(errTest)
				case "abort":
					panic(http.ErrAbortHandler)
				}
				return errTest
			}))
			t.Run(c.name+", "+end, func(t *testing.T) {
				overBoth(t, h, func(t *testing.T, s *httptest.Server) {
					res, body, err := get(t, s.Client(), s.URL)
					if c.committed || end == "abort" {
						if err == nil {
							t.Fatalf("the client took it for whole: %v %q", res, body)
						}
					} else {
						if err != nil || res.StatusCode != 500 || res.Header.Get("Content-Type") != "application/problem+json" {
							t.Fatal(res, err)
						}
						for _, gone := range []string{"Etag", "Last-Modified", "Content-Encoding"} {
							if res.Header[gone] != nil {
								t.Error(gone, res.Header[gone])
							}
						}
						if res.Header.Get("Cache-Control") != "no-store" || res.ContentLength != int64(len(body)) {
							t.Error(res.Header)
						}
						if strings.Contains(c.name, "header") && (res.Header.Get("Vary") != "Accept" || res.Header.Get("Access-Control-Allow-Origin") != "*") {
							t.Error(res.Header)
						}
						if strings.Contains(body, "secret") {
							t.Error(body)
						}
					}
					if end != "abort" && !strings.Contains(log.String(), "a secret cause") {
						t.Errorf("not logged: %s", log)
					}
				})
			})
		}
	}
}

// Below some middleware the writer is wrapped once more.
func TestHandleWriterWrapped(t *testing.T) {
	api, _ := logged(t)
	h := api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		return respond.Lines(&plainWriter{w}, r, func(yield func(int, error) bool) {
			for i := 0; yield(i, nil) && i < 20000; i++ {
			}
			yield(0, errTest)
		})
	})
	overBoth(t, h, func(t *testing.T, s *httptest.Server) {
		if res, _, err := get(t, s.Client(), s.URL); err == nil {
			t.Error("the client took it for whole", res)
		}
	})
}

// plainWriter can do nothing but what every writer can.
type plainWriter struct{ w http.ResponseWriter }

func (p *plainWriter) Header() http.Header         { return p.w.Header() }
func (p *plainWriter) WriteHeader(s int)           { p.w.WriteHeader(s) }
func (p *plainWriter) Write(b []byte) (int, error) { return p.w.Write(b) }
