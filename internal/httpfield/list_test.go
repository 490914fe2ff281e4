package httpfield

import (
	"slices"
	"strings"
	"testing"
)

func collect(lines ...string) []string {
	var out []string
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		out = append(out, el)
	}
	return out
}

func TestElements(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"5.6.1.2 foo,bar", []string{"foo,bar"}, []string{"foo", "bar"}},
		{"5.6.1.2 trailing comma", []string{"foo ,bar,"}, []string{"foo", "bar"}},
		{"5.6.1.2 empty element", []string{"foo , ,bar,charlie"}, []string{"foo", "bar", "charlie"}},
		{"5.6.1.2 empty", []string{""}, nil},
		{"5.6.1.2 comma", []string{","}, nil},
		{"5.6.1.2 commas", []string{",   ,"}, nil},
		{"5.3 absent", nil, nil},
		{"5.2 two lines", []string{"Foo, Bar", "Baz"}, []string{"Foo", "Bar", "Baz"}},
		{"5.2 an empty line between", []string{"a", "", " , ", "b"}, []string{"a", "b"}},
		{"5.5 quoted comma", []string{`"http://example.com/a.html,foo", "b"`},
			[]string{`"http://example.com/a.html,foo"`, `"b"`}},
		{"5.6.4 quoted-pair", []string{`a="x\",y", b`}, []string{`a="x\",y"`, "b"}},
		{"5.6.4 open quote", []string{`a, "b, c`, "d"}, []string{"a", `"b, c`, "d"}},
		{"5.6.4 open at a backslash", []string{`"b\`, "d"}, []string{`"b\`, "d"}},
		{"5.6.3 HTAB", []string{"\ta\t,\tb\t"}, []string{"a", "b"}},
	} {
		if got := collect(tt.lines...); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	lines := []string{`a, b;q="1,2"`, "c"}
	noAlloc(t, "Elements", func() {
		list := NewElements(lines)
		for _, ok := list.Next(); ok; _, ok = list.Next() {
		}
	})
	one := ElementsOf("a, b")
	el, _ := one.Next()
	eq(t, "ElementsOf", el, "a")
}

func TestHasElement(t *testing.T) {
	eq(t, "7.6.1 case", HasElement([]string{"keep-alive, Upgrade"}, "upgrade"), true)
	eq(t, "7.6.1 second line", HasElement([]string{"a", "b"}, "b"), true)
	eq(t, "7.6.1 part of a name", HasElement([]string{"upgraded"}, "upgrade"), false)
}

func FuzzElements(f *testing.F) {
	for _, s := range []string{"", ",", "foo , ,bar", `a="x\",y",b`, `"`, `\`, "a\x00,b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		els := collect(s)
		for _, el := range els {
			if el == "" || el != trimOWS(el) {
				t.Fatalf("%q has the element %q", s, el)
			}
		}
		if again := collect(strings.Join(els, ", ")); !slices.Equal(els, again) {
			// An open quote hides the comma behind it, but it is always last.
			t.Fatalf("%q: %q, joined and read again %q", s, els, again)
		}
	})
}

func TestElementsLinear(t *testing.T) {
	for _, piece := range []string{",", " ,", `"`, `\`, `"a,`, "a,"} {
		linear(t, piece, piece, func(s string) { collect(s) })
	}
}

func BenchmarkElements(b *testing.B) {
	lines := []string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
	b.ReportAllocs()
	for b.Loop() {
		list := NewElements(lines)
		for _, ok := list.Next(); ok; _, ok = list.Next() {
		}
	}
}
