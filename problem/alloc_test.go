package problem_test

import (
	"net/http"
	"testing"

	"github.com/forthright-http/forthright/problem"
)

// nowhere is a ResponseWriter that does nothing, with a header that is reused.
type nowhere struct{ h http.Header }

func (w nowhere) Header() http.Header         { return w.h }
func (w nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w nowhere) WriteHeader(int)             {}

// What is written again costs next to nothing.
func TestAllocationsOfAFixed404(t *testing.T) {
	w := newWriter(t, problem.Options{})
	for name, tt := range map[string]struct {
		p    *problem.Problem
		most float64
	}{
		"404":                  {problem.NotFound("There is no such order."), 0},
		"a type":               {outOfCredit.New("d"), 0},
		"401 with a challenge": {problem.Unauthorized(`Basic realm="orders"`), 0},
	} {
		for _, accept := range []string{"", "*/*", "application/json", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/problem+json, application/problem+xml;q=0.5"} {
			rw, r := nowhere{http.Header{}}, get()
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
			var err error = tt.p
			if n := testing.AllocsPerRun(100, func() { w.Write(rw, r, err) }); n > tt.most {
				t.Errorf("%s, Accept: %s: %v allocations, want %v", name, accept, n, tt.most)
			}
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	missing := problem.NotFound("There is no such order.")
	w := newWriter(b, problem.Options{Map: []problem.Mapping{problem.Map(errMissing, missing)}})
	for _, bb := range []struct {
		name string
		err  func() error
	}{
		{"Fixed404", func() error { return missing }},
		{"Fixed404Accept", func() error { return missing }},
		{"Fixed404XML", func() error { return missing }},
		{"Mapped404", func() error { return errMissing }},
		{"New404", func() error { return problem.NotFound("There is no such order.") }},
		{"Invalid", func() error {
			return problem.Invalid(problem.Item{Code: "max", Detail: "must be at most 64.", Pointer: problem.Pointer("items", 1, "quantity"), Params: map[string]any{"max": 64}})
		}},
		{"Unknown500", func() error { return errUnknown }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			rw, r := nowhere{http.Header{}}, get()
			switch bb.name {
			case "Fixed404Accept":
				r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
			case "Fixed404XML":
				r.Header.Set("Accept", problemXML)
			}
			for b.Loop() {
				w.Write(rw, r, bb.err())
			}
		})
	}
}
