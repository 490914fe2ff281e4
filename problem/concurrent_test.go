package problem_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// One problem, made once, written by 32 goroutines under different bases,
// while a middleware adds to the fields and a handler makes copies. Run it
// with -race.
func TestConcurrentUseOfASharedProblem(t *testing.T) {
	typ := problem.NewType("sold-out", 409, "Sold out")
	shared := typ.New("d").With("list", []int{1, 2}).WithHeader("X-List", "a").WithHeader("Vary", "Accept").WithRetryAfter(time.Second)
	writers := []*problem.Writer{nil, newWriter(t, problem.Options{}), newWriter(t, problem.Options{Base: "/v1/errors/"}), newWriter(t, problem.Options{Base: "https://api.example.com/p/"})}
	writers[0] = newWriter(t, problem.Options{})
	bases := []string{"/problems/", "/problems/", "/v1/errors/", "https://api.example.com/p/"}
	handlers := make([]http.Handler, len(writers))
	for i, w := range writers {
		handlers[i] = conformtest.Handler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.Write(rw, r, shared) }),
			rules(except("Retry-After with a 409 is one more list of fields", "G9-odd")))
	}
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for range 100 {
				i := g % len(writers)
				rec := httptest.NewRecorder()
				rec.Header().Set("Vary", "Origin")
				handlers[i].ServeHTTP(rec, get())
				want := `{"type":"` + bases[i] + `sold-out","title":"Sold out","status":409,"detail":"d","list":[1,2]}` + "\n"
				if got := rec.Body.String(); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				h := rec.Header()
				for _, name := range []string{"X-List", "Vary", "Retry-After", "Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options"} {
					h.Add(name, "added")
					if got := strings.Join(h[name], "|"); strings.Count(got, "added") != 1 {
						t.Errorf("%s: %s", name, got)
					}
				}
				_ = shared.With("more", 1).WithHeader("X-More", "1").WithErrors(problem.Item{Code: "c"}).Error()
			}
		})
	}
	wg.Wait()
	eq(t, "X-List", len(shared.Header()["X-List"]), 1)
}
