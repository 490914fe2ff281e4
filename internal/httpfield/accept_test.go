package httpfield

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func mustOffers(t testing.TB, types ...string) Offers {
	t.Helper()
	o, err := NewOffers(types...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParseQ(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int // -1: malformed
	}{
		{"1", 1000}, {"0", 0}, {"0.5", 500}, {"0.25", 250}, {"0.001", 1}, {"1.000", 1000},
		{"0.", 0}, {"1.", 1000}, {".2", 200}, {"0.000", 0},
		{"", -1}, {".", -1}, {"2", -1}, {"1.001", -1}, {"0.1234", -1}, {"-1", -1}, {"0,5", -1},
		{"01", -1}, {"1e0", -1}, {"0.a", -1}, {"NaN", -1}, {`"1"`, -1},
	} {
		q, ok := parseQ(tt.in)
		if !ok {
			q = -1
		}
		eq(t, "12.4.2 "+tt.in, q, tt.want)
	}
}

func TestNegotiateType(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	json, html := "application/json", "text/html"
	for _, tt := range []struct {
		name   string
		lines  []string
		offers []string
		index  int
		el     string
		q      int
	}{
		{"12.5.1 absent", nil, []string{json, html}, 0, "", 1000},
		{"12.5.1 empty", []string{""}, []string{json, html}, 0, "", 1000},
		{"12.5.1 only empty elements", []string{",, ,"}, []string{json}, 0, "", 1000},
		{"12.5.1 audio example, exact", []string{"audio/*; q=0.2, audio/basic"}, []string{"audio/mpeg", "audio/basic"}, 1, "audio/basic", 1000},
		{"12.5.1 audio example, any", []string{"audio/*; q=0.2, audio/basic"}, []string{"audio/mpeg"}, 0, "audio/*; q=0.2", 200},
		{"12.5.1 elaborate, first", []string{"text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c"}, []string{"text/plain", "text/x-dvi", "text/x-c"}, 2, "text/x-c", 1000},
		{"12.5.1 elaborate, then", []string{"text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c"}, []string{"text/plain", "text/x-dvi"}, 1, "text/x-dvi; q=0.8", 800},
		{"12.5.1 elaborate, last", []string{"text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c"}, []string{"text/plain"}, 0, "text/plain; q=0.5", 500},
		{"12.5.1 browser", []string{browser}, []string{json, html}, 1, "text/html", 1000},
		{"12.5.1 browser, no HTML", []string{browser}, []string{json}, 0, "*/*;q=0.8", 800},
		{"12.5.1 q=0 beside */*", []string{"application/json;q=0, */*"}, []string{json, html}, 1, "*/*", 1000},
		{"12.5.1 q=0 beside */*, nothing else", []string{"application/json;q=0, */*"}, []string{json}, -1, "", 0},
		{"12.4.3 */*;q=0", []string{"*/*;q=0"}, []string{json}, -1, "", 0},
		{"12.5.1 HTML before JSON", []string{"text/html, application/json;q=0.9"}, []string{json, html}, 1, "text/html", 1000},
		{"12.5.1 text/*", []string{"text/*"}, []string{json, html}, 1, "text/*", 1000},
		{"12.5.1 type/*;q=0", []string{"application/*;q=0, */*;q=0.1"}, []string{json, html}, 1, "*/*;q=0.1", 100},
		{"8.3.1 upper case", []string{"Application/JSON;Q=0.5"}, []string{json}, 0, "Application/JSON;Q=0.5", 500},
		{"5.6.1.2 empty elements", []string{",,application/json,,"}, []string{json}, 0, "application/json", 1000},
		{"5.3 two lines", []string{"text/html;q=0.1", "application/json"}, []string{html, json}, 1, "application/json", 1000},
		{"12.5.1 server's order", []string{"text/html, application/json"}, []string{json, html}, 0, "application/json", 1000},
		{"12.5.1 nothing fits", []string{"image/png"}, []string{json, html}, -1, "", 0},
		{"malformed dropped", []string{"text/html;q=2, application/json;q=0.1"}, []string{html, json}, 1, "application/json;q=0.1", 100},
		{"malformed only, is absent", []string{"json, */json, text/html;q=x"}, []string{json}, 0, "", 1000},
		{"malformed: * alone, Java's default", []string{"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}, []string{json}, 0, "*/*; q=.2", 200},
		{"malformed: two weights", []string{"text/html;q=0.5;q=1, application/json;q=0.9"}, []string{html, json}, 1, "application/json;q=0.9", 900},
		{"12.5.1 q before other parameters", []string{"a/b;q=0.3;x=y, */*;q=0.1"}, []string{"a/b;x=y", "c/d"}, 0, "a/b;q=0.3;x=y", 300},
		{"12.5.1 parameter not offered", []string{"text/html;level=1"}, []string{html}, -1, "", 0},
		{"12.5.1 parameter of another value", []string{"text/html;level=1"}, []string{"text/html;level=2"}, -1, "", 0},
		{"5.6.6 quoted parameter", []string{`text/html;level="1"`}, []string{"text/html;level=1"}, 0, `text/html;level="1"`, 1000},
		{"12.5.1 comma in a parameter", []string{`a/b;x="1,2", c/d;q=0.1`}, []string{"c/d", `a/b;x="1,2"`}, 1, `a/b;x="1,2"`, 1000},
		{"8.3.1 charset's case", []string{"text/html;charset=UTF-8"}, []string{"text/html;charset=utf-8"}, 0, "text/html;charset=UTF-8", 1000},
		{"charset=utf-8 on what names none", []string{"application/json;charset=UTF-8"}, []string{json}, 0, "application/json;charset=UTF-8", 1000},
		{"another charset on what names none", []string{"text/html;charset=iso-8859-1"}, []string{html}, -1, "", 0},
		{"6838 4.2.8 a suffix is not the type", []string{"application/json"}, []string{"application/problem+json"}, -1, "", 0},
		{"two of the same range", []string{"a/b;q=0.1, a/b;q=0.7, a/b;q=0.3"}, []string{"a/b"}, 0, "a/b;q=0.7", 700},
	} {
		c, ok := NegotiateType(tt.lines, mustOffers(t, tt.offers...))
		eq(t, tt.name, c, Choice{tt.index, tt.el, tt.q})
		eq(t, tt.name, ok, tt.index >= 0)
	}
	if c, ok := NegotiateType(nil, Offers{}); ok || c.Index != -1 {
		t.Errorf("no offers: %+v, %v", c, ok)
	}
	if _, err := NewOffers("text/*"); err == nil {
		t.Error("a range was offered")
	}
	offers := mustOffers(t, json, "application/problem+json", `a/b;x="y"`)
	lines := []string{browser, `a/b;x=y;q=0.2`}
	noAlloc(t, "NegotiateType", func() { NegotiateType(lines, offers) })
}

// Table 5 of Section 12.5.1. Its last row gives text/html;level=3 the quality 0.7,
// which no range in the example can: text/*;q=0.3 is the only one but */*.
func TestAcceptTable5(t *testing.T) {
	lines := []string{"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,",
		"text/plain;format=fixed;q=0.4, */*;q=0.5"}
	for _, tt := range []struct {
		typ string
		q   int
	}{
		{"text/plain;format=flowed", 1000},
		{"text/plain", 700},
		{"text/html", 300},
		{"image/jpeg", 500},
		{"text/plain;format=fixed", 400},
		{"text/html;level=3", 300},
	} {
		c, _ := NegotiateType(lines, mustOffers(t, tt.typ))
		eq(t, "12.5.1 table 5 "+tt.typ, c.Q, tt.q)
	}
	// The precedence example of the same section.
	lines = []string{"text/*;q=0.1, text/plain;q=0.2, text/plain;format=flowed;q=0.3, */*;q=0.4"}
	for typ, q := range map[string]int{"text/plain;format=flowed": 300, "text/plain": 200, "text/css": 100, "a/b": 400} {
		c, _ := NegotiateType(lines, mustOffers(t, typ))
		eq(t, "12.5.1 precedence "+typ, c.Q, q)
	}
}

func TestNegotiateTypeManyOffers(t *testing.T) {
	var types []string
	for i := range 20 {
		types = append(types, fmt.Sprintf("a/b%d", i))
	}
	offers := mustOffers(t, types...)
	c, _ := NegotiateType([]string{"a/b3;q=0.5, a/b17, a/*;q=0.1"}, offers)
	eq(t, "beyond one group", c, Choice{17, "a/b17", 1000})
	c, _ = NegotiateType([]string{"a/*"}, offers)
	eq(t, "server's order over groups", c.Index, 0)
	c, ok := NegotiateType([]string{"a/b9;q=0"}, offers)
	eq(t, "none in any group", c.Index, -1)
	eq(t, "none in any group", ok, false)
}

func FuzzNegotiateType(f *testing.F) {
	for _, s := range []string{
		"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "*/*;q=0", "a/b;q=0.3;x=y", "*; q=.2, */*; q=.2", `a/b;x=",`,
	} {
		f.Add(s)
	}
	offers := mustOffers(f, "application/json", "text/html", "a/b;x=y")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := NegotiateType([]string{s}, offers)
		if ok != (c.Index >= 0) || ok != (c.Q > 0) || c.Q > 1000 || !strings.Contains(s, c.Element) {
			t.Fatalf("%q: %+v, %v", s, c, ok)
		}
		// The order of elements has no meaning (Section 12.5.1).
		els := collect(s)
		slices.Reverse(els)
		r, _ := NegotiateType([]string{strings.Join(els, ",")}, offers)
		open := strings.Count(s, `"`) > 0 // an open quote moves when reversed
		if !open && (r.Index != c.Index || r.Q != c.Q) {
			t.Fatalf("%q: %+v, reversed %+v", s, c, r)
		}
		// Neither does how they are spread over lines.
		if m, _ := NegotiateType(collect(s), offers); m != c {
			t.Fatalf("%q: %+v, one element a line %+v", s, c, m)
		}
	})
}

func TestNegotiateTypeLinear(t *testing.T) {
	offers := mustOffers(t, "a/b", "a/c;x=y")
	for _, piece := range []string{",", "a/b,", "a/b;x=y,", ";x=y", `"`, "*/*;q=0,"} {
		linear(t, piece, piece, func(s string) { NegotiateType([]string{"a/c" + s}, offers) })
	}
}

func BenchmarkNegotiateType(b *testing.B) {
	lines := []string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
	for _, types := range [][]string{
		{"application/json"}, {"application/json", "text/html"},
		{"application/json", "application/problem+json", "text/csv"},
	} {
		offers := mustOffers(b, types...)
		b.Run(fmt.Sprint("offers=", len(types)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NegotiateType(lines, offers)
			}
		})
	}
}
