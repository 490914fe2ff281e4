package httpfield

import (
	"math"
	"testing"
	"time"
)

func TestPreferGet(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		pref  string
		value string
		ok    bool
	}{
		{"7240 2 several lines", []string{"respond-async, wait=100", "handling=lenient"}, "handling", "lenient", true},
		{"7240 2 one line", []string{"handling=lenient, wait=100, respond-async"}, "wait", "100", true},
		{"7240 2 no value", []string{"foo; bar"}, "foo", "", true},
		{"7240 2 empty value", []string{`foo=""; bar`}, "foo", "", true},
		{"7240 2 name's case", []string{"Foo=Bar"}, "fOO", "Bar", true},
		{"7240 2.1 priority", []string{"respond-async, wait=10", "priority=5"}, "priority", "5", true},
		{"7240 2.1 Lenient", []string{"Lenient"}, "lenient", "", true},
		{"7240 2 first wins", []string{"a=1, a=2", "A=3"}, "a", "1", true},
		{"7240 2 BWS", []string{"a \t=\t \"x y\" ;b"}, "a", "x y", true},
		{"7240 2 malformed dropped, the next counts", []string{"a=@, a=2"}, "a", "2", true},
		{"7240 2 malformed parameter", []string{`a=1; b="`}, "a", "", false},
		{"7240 2 part of a name", []string{"waiting=1"}, "wait", "", false},
		{"7240 2 a parameter is no preference", []string{"a; wait=1"}, "wait", "", false},
		{"7240 2 absent", nil, "wait", "", false},
		{"5.6.4 comma in a value", []string{`a="1, wait=5"`}, "wait", "", false},
	} {
		p, ok := Prefer(tt.lines).Get(tt.pref)
		eq(t, tt.name, p.Value(), tt.value)
		eq(t, tt.name, ok, tt.ok)
	}
}

func TestPreferParam(t *testing.T) {
	// The three equivalent forms of RFC 7240, Section 2.
	for _, s := range []string{"foo; bar", `foo; bar=""`, `foo=""; bar`} {
		p, _ := Prefer{s}.Get("foo")
		v, ok := p.Param("Bar")
		eq(t, "7240 2 "+s, v, "")
		eq(t, "7240 2 "+s, ok, true)
		eq(t, "7240 2 "+s, p.Value(), "")
		_, ok = p.Param("baz")
		eq(t, "7240 2 "+s, ok, false)
	}
	p, _ := Prefer{`return=minimal; foo="some parameter"`}.Get("return")
	v, _ := p.Param("foo")
	eq(t, "7240 2.1 return", p.Value(), "minimal")
	eq(t, "7240 2.1 foo", v, "some parameter")
}

func TestPreferHelpers(t *testing.T) {
	p := Prefer{`return=minimal; foo="x", handling=strict`, "respond-async, wait=10"}
	eq(t, "7240 4.2", p.Return(), "minimal")
	eq(t, "7240 4.4", p.Handling(), "strict")
	eq(t, "7240 4.1", p.RespondAsync(), true)
	w, ok := p.Wait()
	eq(t, "7240 4.3", w, 10*time.Second)
	eq(t, "7240 4.3", ok, true)
	noAlloc(t, "Prefer", func() { p.Return(); p.Handling(); p.RespondAsync(); p.Wait() })

	eq(t, "7240 4.2 quoted", Prefer{`return="representation"`}.Return(), "representation")
	eq(t, "7240 2 values are case-sensitive", Prefer{"return=Minimal"}.Return(), "")
	eq(t, "7240 4.2 both", Prefer{"return=minimal, return=representation"}.Return(), "minimal")
	eq(t, "7240 4.2 unknown", Prefer{"return=all"}.Return(), "")
	eq(t, "7240 4.2 absent", Prefer(nil).Return(), "")
	for _, s := range []string{"wait", "wait=-1", "wait=1.5", "wait=a", ""} {
		_, ok := Prefer{s}.Wait()
		eq(t, "7240 4.3 "+s, ok, false)
	}
	w, _ = Prefer{"wait=99999999999999999999"}.Wait()
	eq(t, "7240 4.3 overlong", w, math.MaxInt64)
	n := 0
	p.Each(func(Preference) bool { n++; return n < 3 })
	eq(t, "Each stops", n, 3)
}

func TestAppendPreferenceApplied(t *testing.T) {
	b, _ := AppendPreferenceApplied(nil, "return", "representation")
	eq(t, "7240 3 example", string(b), "return=representation")
	b, _ = AppendPreferenceApplied(b, "respond-async", "")
	b, _ = AppendPreferenceApplied(b, "x", "a b")
	eq(t, "7240 3 several", string(b), `return=representation, respond-async, x="a b"`)
	if c, ok := AppendPreferenceApplied(b, "a b", ""); ok || len(c) != len(b) {
		t.Error("7240 3: a bad name was written")
	}
	if c, ok := AppendPreferenceApplied(b, "a", "\n"); ok || len(c) != len(b) {
		t.Error("7240 3: a bad value was written")
	}
}

func FuzzPrefer(f *testing.F) {
	for _, s := range []string{"respond-async, wait=100", `return=minimal; foo="some parameter"`, `a="`, "a ; ;b = c", "=", `a="\"";`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Prefer{s}
		p.Return()
		p.Wait()
		var b []byte
		type pair struct{ name, value string }
		var want []pair
		p.Each(func(q Preference) bool {
			q.Param("x")
			var ok bool
			if b, ok = AppendPreferenceApplied(b, q.Name, q.Value()); !ok {
				t.Fatalf("%q: %q=%q cannot be written", s, q.Name, q.Value())
			}
			if got, ok := p.Get(q.Name); !ok || !EqualFold(got.Name, q.Name) {
				t.Fatalf("%q: %q is not found", s, q.Name)
			}
			want = append(want, pair{q.Name, q.Value()})
			return true
		})
		i := 0
		Prefer{string(b)}.Each(func(q Preference) bool {
			if i >= len(want) || want[i] != (pair{q.Name, q.Value()}) {
				t.Fatalf("%q written %q", s, b)
			}
			i++
			return true
		})
		eq(t, s, i, len(want))
	})
}

func TestPreferLinear(t *testing.T) {
	for _, piece := range []string{",", ";", "a;", "a,", `"`, "=", "; ;"} {
		linear(t, piece, piece, func(s string) {
			p := Prefer{"a;" + s}
			q, _ := p.Get("a")
			q.Param("zz")
		})
	}
}

func BenchmarkPreferReturn(b *testing.B) {
	p := Prefer{"respond-async, wait=10, return=minimal"}
	b.ReportAllocs()
	for b.Loop() {
		p.Return()
	}
}
