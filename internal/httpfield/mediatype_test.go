package httpfield

import "testing"

func TestParseMediaType(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string // want is String()
		ok             bool
	}{
		{"8.3.1 preferred", "text/html;charset=utf-8", "text/html;charset=utf-8", true},
		{"8.3.1 upper case, quoted", `Text/HTML;Charset="utf-8"`, "text/html;charset=utf-8", true},
		{"8.3.1 quoted with space", `text/html; charset="utf-8"`, "text/html;charset=utf-8", true},
		{"8.3.1 value's case kept", "text/html;charset=UTF-8", "text/html;charset=UTF-8", true},
		{"8.3 example", "text/html; charset=ISO-8859-4", "text/html;charset=ISO-8859-4", true},
		{"8.3.1 no parameter", "application/json", "application/json", true},
		{"5.6.6 empty parameters", "a/b; ;;x=y ; ", "a/b;x=y", true},
		{"5.6.6 quotes needed", `a/b;x="y z"`, `a/b;x="y z"`, true},
		{"5.5 surrounding whitespace", "\t a/b ", "a/b", true},
		{"5.6.6 space around =", "a/b;x = y", "", false},
		{"5.6.6 no value", "a/b;x", "", false},
		{"5.6.6 empty value", "a/b;x=", "", false},
		{"5.6.6 open quote", `a/b;x="y`, "", false},
		{"5.6.6 junk behind a value", `a/b;x="y"z`, "", false},
		{"8.3.1 empty", "", "", false},
		{"8.3.1 no slash", "json", "", false},
		{"8.3.1 no type", "/json", "", false},
		{"8.3.1 no subtype", "application/", "", false},
		{"8.3.1 space in it", "application /json", "", false},
		{"8.3.1 two", "a/b, c/d", "", false},
		{"8.3.1 two slashes", "a/b/c", "", false},
		{"6838 4.2 a range", "*/*", "", false},
		{"6838 4.2 a range of a type", "text/*", "", false},
		{"6838 4.2 * as a type", "*/json", "", false},
		{"5.5 control", "a/b\x00", "", false},
	} {
		m, ok := ParseMediaType(tt.in)
		eq(t, tt.name, ok, tt.ok)
		eq(t, tt.name, m.String(), tt.want)
	}
	noAlloc(t, "ParseMediaType", func() {
		m, ok := ParseMediaType(`application/json; x="a b"; charset=utf-8`)
		if v, _ := m.Param("Charset"); !ok || !m.Is("application/json") || v != "utf-8" {
			t.Error("not parsed")
		}
	})
}

func TestMediaTypeIs(t *testing.T) {
	m, _ := ParseMediaType("Application/Problem+JSON; charset=utf-8")
	eq(t, "8.3.1 case", m.Is("application/problem+json"), true)
	eq(t, "8.3.1 other", m.Is("application/problem+xml"), false)
	eq(t, "8.3.1 slash elsewhere", m.Is("applicatio/nproblem+json"), false)
	eq(t, "8.3.1 prefix", m.Is("application/problem"), false)
	eq(t, "8.3.1 empty", m.Is(""), false)
	eq(t, "6838 4.2.8 suffix", m.HasSuffix("json"), true)
	eq(t, "6838 4.2.8 other suffix", m.HasSuffix("xml"), false)
	m, _ = ParseMediaType("application/json")
	eq(t, "6838 4.2.8 no suffix", m.HasSuffix("json"), false)
	eq(t, "zero", MediaType{}.Is("/"), false)
}

func TestMediaTypeParam(t *testing.T) {
	m, _ := ParseMediaType(`a/b; x=1; X=2; y="a\"b"`)
	v, ok := m.Param("X")
	eq(t, "5.6.6 first of two", v, "1")
	eq(t, "5.6.6 found", ok, true)
	v, _ = m.Param("y")
	eq(t, "5.6.4 quoted-pair", v, `a"b`)
	_, ok = m.Param("z")
	eq(t, "5.6.6 absent", ok, false)
}

func FuzzParseMediaType(f *testing.F) {
	for _, s := range []string{"text/html;charset=utf-8", `a/b;x="\"";;`, "*/*", "a/b;x", "/", `a/b;x="`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := ParseMediaType(s)
		if !ok {
			return
		}
		w := m.String()
		n, ok := ParseMediaType(w)
		if !ok || n.String() != w || !ValidValue(w) || !n.Is(m.Type+"/"+m.Subtype) {
			t.Fatalf("%q written as %q, read as %q, %v", s, w, n.String(), ok)
		}
		ps := m.Params()
		for p, ok := ps.Next(); ok; p, ok = ps.Next() {
			if _, ok := n.Param(p.Name); !ok {
				t.Fatalf("%q lost %q", s, p.Name)
			}
		}
	})
}

func TestMediaTypeLinear(t *testing.T) {
	for _, piece := range []string{";", "; ", ";a=b", `;a="\`} {
		linear(t, piece, piece, func(s string) { ParseMediaType("a/b" + s) })
	}
}

func BenchmarkParseMediaType(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m, ok := ParseMediaType("application/json; charset=utf-8")
		if !ok || !m.Is("application/json") {
			b.Fatal("not parsed")
		}
	}
}
