package problem_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// A prototype is shared: whatever begins with With, and Wrap and Of, leave it
// as it was.
func TestCopiesLeaveThePrototype(t *testing.T) {
	typ := problem.NewType("shared", 409, "Shared")
	prototype := problem.Conflict("one").With("first", 1).WithErrors(problem.Item{Code: "one"}).WithHeader("X-One", "1")
	before, _ := json.Marshal(prototype)
	answer(t, prototype)
	answer(t, prototype) // now it is kept serialised
	for name, change := range map[string]func() *problem.Problem{
		"With":           func() *problem.Problem { return prototype.With("second", 2) },
		"With again":     func() *problem.Problem { return prototype.With("first", 3) },
		"WithDetail":     func() *problem.Problem { return prototype.WithDetail("two") },
		"WithErrors":     func() *problem.Problem { return prototype.WithErrors(problem.Item{Code: "two"}) },
		"WithInstance":   func() *problem.Problem { return prototype.WithInstance("/i") },
		"WithHeader":     func() *problem.Problem { return prototype.WithHeader("X-One", "2") },
		"WithRetryAfter": func() *problem.Problem { return prototype.WithRetryAfter(time.Second) },
		"Wrap":           func() *problem.Problem { return prototype.Wrap(errors.New("cause")) },
		"Of":             func() *problem.Problem { return typ.Of(prototype) },
	} {
		changed := change()
		if after, _ := json.Marshal(prototype); string(after) != string(before) || prototype.Unwrap() != nil ||
			len(prototype.Header()) != 1 || prototype.Header().Get("X-One") != "1" {
			t.Errorf("%s changed the prototype: %s", name, after)
		}
		want, _ := json.Marshal(changed)
		if got := body(t, answer(t, changed, except("each copy is of a 409, with Retry-After too", "G9-odd"))); got != string(want)+"\n" {
			t.Errorf("%s: the copy was answered as %s, want %s", name, got, want)
		}
	}
}

// Two branches of one prototype do not share what they append to.
func TestCopiesOfACopyAreApart(t *testing.T) {
	p := problem.Conflict("").With("one", 1).With("two", 2).With("three", 3)
	a, b := p.With("four", "a"), p.With("four", "b")
	va, _ := a.Member("four")
	vb, _ := b.Member("four")
	eq(t, "a", va, any("a"))
	eq(t, "b", vb, any("b"))
	_, ok := p.Member("four")
	eq(t, "p", ok, false)
	e := problem.Invalid()
	for n := range 9 { // some of these have room for one more, if they are appended to
		e = e.WithErrors(problem.Item{Code: itoa(n)})
		c, d := e.WithErrors(problem.Item{Code: "c"}), e.WithErrors(problem.Item{Code: "d"})
		eq(t, "c", c.Errors()[n+1].Code, "c")
		eq(t, "d", d.Errors()[n+1].Code, "d")
	}
	e.Errors()[0].Code = "changed"
	eq(t, "Errors is a copy", e.Errors()[0].Code, "0")
	h := problem.NotFound("").WithHeader("X-One", "1")
	h.Header()["X-One"][0] = "changed"
	eq(t, "Header is a copy", h.Header().Get("X-One"), "1")
}

// What a middleware adds to one response is not in the next one.
func TestAddToAResponseStaysThere(t *testing.T) {
	for n := range 9 {
		values := make([]string, n, n+1)
		p := problem.NotFound("").WithHeader("X-List", values...)
		one, two := write(t, "GET", nil, p).Header(), write(t, "GET", nil, p).Header()
		one.Add("X-List", "one")
		two.Add("X-List", "two")
		eq(t, "one", one["X-List"][n], "one")
		eq(t, "two", two["X-List"][n], "two")
		eq(t, "three", len(answer(t, p).Header["X-List"]), n)
	}
}
