// Package conformtest fails a test where an HTTP answer breaks a rule of
// package conform.
//
//	func TestAPI(t *testing.T) {
//		h := conformtest.Handler(t, newService()) // every answer in this test
//		...
//		conformtest.Probe(t, h, "/v1/orders/1") // 304 beside 200, HEAD beside GET, Allow beside the truth
//	}
//
// All rules of the profile count, advice too: conform.API by default. A rule
// that does not fit is turned off with the reason for it:
//
//	h := conformtest.Handler(t, newService(), conform.Options{
//		Off: map[string]string{"4xx-cache": "the gateway adds Cache-Control"},
//	})
//
// An answer that ends in a panic is not judged, nor CORS, nor cookies. Findings
// show the URL with its query, and values of the answer's header.
//
// It is for tests alone: it imports testing.
package conformtest

import (
	"net/http"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

// Handler returns h with a check of every answer. A finding fails the test,
// once for each method, URL, status and rule. The handler may be served from
// other goroutines, and after the test has ended; then nothing is reported.
//
// There may be one Options; MaxBody is 1 MiB by default. Options that are
// wrong end the test.
func Handler(t testing.TB, h http.Handler, o ...conform.Options) http.Handler {
	t.Helper()
	set := conform.MiddlewareOptions{Options: options(t, o)}
	if set.MaxBody == 0 {
		set.MaxBody = 1 << 20
	}
	r := &reporter{t: t, seen: map[conform.Finding]bool{}}
	t.Cleanup(r.end)
	set.Report = func(_ *http.Request, f conform.Finding) { r.report(f) }
	check, err := conform.Middleware(set)
	if err != nil {
		t.Fatal(err)
	}
	return check(h)
}

func options(t testing.TB, o []conform.Options) conform.Options {
	t.Helper()
	switch len(o) {
	case 0:
		return conform.Options{}
	case 1:
		return o[0]
	}
	t.Fatalf("conformtest: %d Options are given, where one is taken", len(o))
	return conform.Options{}
}

// reporter fails a test while it runs.
type reporter struct {
	t     testing.TB
	mu    sync.Mutex // held while t is used, so that t cannot end before that
	ended bool
	seen  map[conform.Finding]bool
}

func (r *reporter) report(f conform.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := f
	key.Detail = "" // may differ each time
	if r.ended || r.seen[key] {
		return
	}
	r.seen[key] = true
	r.t.Errorf("%s", f)
}

func (r *reporter) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}
