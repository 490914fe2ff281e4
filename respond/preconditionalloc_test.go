package respond_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

// condKilobyte is a value of about 1 KB, as JSON.
var condKilobyte = func() []listedBook {
	var all []listedBook
	for range 20 {
		all = append(all, listedBook{"A title of some thirty letters", 1922})
	}
	return all
}()

func condServe(s func() respond.Response) http.Handler {
	return respond.Handle(func(*http.Request) (respond.Response, error) { return s(), nil })
}

// condRun returns what asks h with the same request, again and again.
func condRun(h http.Handler, r *http.Request) func() {
	w := condNothing{make(http.Header, 8)}
	return func() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

const longTag = "2jmj7l5rSw0yVb/vlWAYkK/YBwk3jmj7l5rSw0yVbvlWAYkKYBwk"

func TestPreconditionAllocations(t *testing.T) {
	if condRace {
		t.Skip("the race detector allocates")
	}
	allocs := func(name string, limit float64, f func()) float64 {
		t.Helper()
		got := testing.AllocsPerRun(200, f)
		t.Logf("%s: %v", name, got)
		if got > limit {
			t.Errorf("%s: %v allocations, want at most %v", name, got, limit)
		}
		return got
	}
	write := condRequest("PUT", "If-Match", `"v0", W/"v1", "v1"`)
	form := condRequest("PUT", "If-Match", `"v0", W/"v1", "v1;csv"`)
	stale := condRequest("PUT", "If-Match", `"v0", W/"v1", "v2"`)
	dated := condRequest("PUT", "If-Unmodified-Since", changedDate)
	long := condRequest("PUT", "If-Match", `"v0", W/"v1", "`+longTag+`"`)
	state := &respond.State{LastModified: changed}
	var err error
	allocs("RequireMatch", 0, func() { err = respond.RequireMatch(write, "v1") })
	allocs("RequireMatch, another form", 0, func() { err = respond.RequireMatch(form, "v1") })
	// Beyond 29 characters the quotes are put around it on the heap.
	allocs("RequireMatch, a long tag", 1, func() { err = respond.RequireMatch(long, longTag) })
	allocs("CheckPreconditions, a date", 0, func() { err = respond.CheckPreconditions(dated, state) })
	if err != nil {
		t.Error(err)
	}
	allocs("RequireMatch, stale", 0, func() { err = respond.RequireMatch(stale, "v1") })
	if err == nil {
		t.Error("not stale")
	}

	tagged := condServe(func() respond.Response { return respond.OK(&condKilobyte[0]).ETag("v1") })
	plain := condServe(func() respond.Response { return respond.OK(&condKilobyte[0]) })
	// The entity tag and its field line are two; the answer itself costs none.
	allocs("GET 200 without a tag", 2, condRun(plain, condRequest("GET")))
	full := allocs("GET 200 with a tag", 4, condRun(tagged, condRequest("GET")))
	checked := allocs("GET 200 with a tag, checked", 4, condRun(tagged, condRequest("GET", "If-None-Match", `"v0", W/"v2", "v3"`)))
	if checked > full {
		t.Errorf("a precondition allocates: %v, %v without", checked, full)
	}
	if got := allocs("GET 304", 3, condRun(tagged, condRequest("GET", "If-None-Match", `"v0", W/"v2", "v1"`))); got > full {
		t.Errorf("a 304 allocates %v times, the 200 %v times", got, full)
	}
}

func BenchmarkGet200(b *testing.B) {
	benchCond(b, condServe(func() respond.Response { return respond.OK(condKilobyte).ETag("v1").LastModified(changed) }), condRequest("GET", "If-None-Match", `"v0"`))
}

func BenchmarkGet304(b *testing.B) {
	benchCond(b, condServe(func() respond.Response { return respond.OK(condKilobyte).ETag("v1").LastModified(changed) }), condRequest("GET", "If-None-Match", `"v1"`))
}

func BenchmarkGetBytes(b *testing.B) {
	content := []byte(strings.Repeat("a", 1000))
	h := condServe(func() respond.Response { return respond.Bytes("text/plain", content).ETag("v1") })
	b.Run("200", func(b *testing.B) { benchCond(b, h, condRequest("GET")) })
	b.Run("206", func(b *testing.B) { benchCond(b, h, condRequest("GET", "Range", "bytes=0-99")) })
	b.Run("206 of 3 parts", func(b *testing.B) { benchCond(b, h, condRequest("GET", "Range", "bytes=0-9,20-29,40-49")) })
}

// A write's check against a list of three tags.
func BenchmarkPrecondition(b *testing.B) {
	r := condRequest("PUT", "If-Match", `"v0", W/"v1", "v1"`)
	b.ReportAllocs()
	for b.Loop() {
		if err := respond.RequireMatch(r, "v1"); err != nil {
			b.Fatal(err)
		}
	}
}

// What a browser accepts, before two forms.
func BenchmarkNegotiate(b *testing.B) {
	h := (*respond.API)(nil).Offer(respond.AsJSON, respond.AsJSONType("application/vnd.x+json")).Handle(func(*http.Request) (respond.Response, error) {
		return respond.OK(&condKilobyte[0]), nil
	})
	b.Run("browser", func(b *testing.B) {
		benchCond(b, h, condRequest("GET", "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"))
	})
	b.Run("absent", func(b *testing.B) { benchCond(b, h, condRequest("GET")) })
}

func benchCond(b *testing.B, h http.Handler, r *http.Request) {
	run := condRun(h, r)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
