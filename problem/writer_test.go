package problem_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// RFC 9457 §3.1.1: absolute URIs are recommended, and relative ones include
// the full path, or they name other types at other resources.
func TestRFC9457Section3_1_1_Base(t *testing.T) {
	for _, base := range []string{"", "/", "/problems/", "/v1/problems/", "https://api.example.com/", "https://api.example.com/problems/",
		"http://[::1]:8080/p/", "//api.example.com/problems/", "/%C3%A9/"} {
		if _, err := problem.NewWriter(problem.Options{Base: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
	for _, base := range []string{"/problems", "problems/", "./problems/", "https://api.example.com", "https://api.example.com/problems",
		"/problems/?", "/problems/?a=/", "/problems/#", "/problems/#/", "/a b/", "/é/", "/%zz/", "/a\r\n/", ":/", "mailto:a/", "urn:problems:", "https://a b/", " "} {
		if w, err := problem.NewWriter(problem.Options{Base: base}); err == nil || w != nil || !strings.HasPrefix(err.Error(), "problem: ") {
			t.Errorf("%q: %v, %v", base, w, err)
		}
	}
}

// nil, the zero value and the package's Write are a writer with the defaults,
// which logs to slog.Default as it is at the time of the record.
func TestNilAndZeroWriter(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	typ := problem.NewType("sold-out", 409, "Sold out")
	for name, write := range map[string]func(*httptest.ResponseRecorder, error){
		"nil":  func(w *httptest.ResponseRecorder, err error) { send(t, nil, w, get(), err) },
		"zero": func(w *httptest.ResponseRecorder, err error) { send(t, new(problem.Writer), w, get(), err) },
		"package": func(w *httptest.ResponseRecorder, err error) {
			conformtest.Handler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { problem.Write(w, r, err) })).ServeHTTP(w, get())
		},
	} {
		for _, err := range []error{typ.New("d"), errUnknown, nil, problem.Unauthorized(",")} {
			out.Reset()
			rec := httptest.NewRecorder()
			write(rec, err)
			want, wantType := 500, (*problem.Type)(nil)
			if rec.Code == 409 {
				want, wantType = 409, typ
			}
			problemtest.Want(t, rec.Result(), want, wantType)
			eq(t, name+": records", strings.Count(out.String(), "\n"), 1)
		}
		rec := httptest.NewRecorder()
		write(rec, typ.New("d"))
		eq(t, name, members(t, rec.Result())["type"], any("/problems/sold-out"))
		eq(t, name, rec.Code, 409)
	}
	if p := (*problem.Writer)(nil).Problem(get(), errUnknown); p.Status() != 500 {
		t.Errorf("Problem: %v", p)
	}
	rec := httptest.NewRecorder()
	conformtest.Handler(t, new(problem.Writer).Catalog(typ)).ServeHTTP(rec, httptest.NewRequest("GET", "/problems/sold-out", nil))
	eq(t, "catalogue", rec.Code, 200)
}

// A 500 says that it is one, and not a word more.
func TestUnknownErrorSaysNothing(t *testing.T) {
	m := members(t, answer(t, errUnknown))
	delete(m, "instance")
	eq(t, "members", len(m), 3)
	eq(t, "type", m["type"], any("about:blank"))
	eq(t, "title", m["title"], any("Internal Server Error"))
	eq(t, "status", m["status"], any(500.0))
}
