package httpfield

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseLinks(t *testing.T) {
	type ps = []Param
	for _, tt := range []struct {
		name  string
		lines []string
		want  []Link // nil with bad: an error
		bad   bool
	}{
		{"8288 3.5 previous", []string{`<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"`},
			[]Link{{"http://example.com/TheBook/chapter2", ps{{"rel", "previous"}, {"title", "previous chapter"}}}}, false},
		{"8288 3.5 extension", []string{`</>; rel="http://example.net/foo"`}, []Link{{"/", ps{{"rel", "http://example.net/foo"}}}}, false},
		{"8288 3.5 anchor", []string{`</terms>; rel="copyright"; anchor="#foo"`}, []Link{{"/terms", ps{{"rel", "copyright"}, {"anchor", "#foo"}}}}, false},
		{"8288 3.5 title*", []string{`</TheBook/chapter2>; rel="previous"; title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; rel="next"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel`},
			[]Link{{"/TheBook/chapter2", ps{{"rel", "previous"}, {"title*", "UTF-8'de'letztes%20Kapitel"}}},
				{"/TheBook/chapter4", ps{{"rel", "next"}, {"title*", "UTF-8'de'n%c3%a4chstes%20Kapitel"}}}}, false},
		{"8288 3.5 two links", []string{`<https://example.org/>; rel="start",`, `<https://example.org/index>; rel="index"`},
			[]Link{{"https://example.org/", ps{{"rel", "start"}}}, {"https://example.org/index", ps{{"rel", "index"}}}}, false},
		{"8288 3 token and quoted", []string{`<a>;x=y;x="y"`}, []Link{{"a", ps{{"x", "y"}, {"x", "y"}}}}, false},
		{"8288 3 BWS and no value", []string{"<a> ; x = y ;crossorigin"}, []Link{{"a", ps{{"x", "y"}, {"crossorigin", ""}}}}, false},
		{"8288 3 comma in the target", []string{`<a,b;c>;rel=x`}, []Link{{"a,b;c", ps{{"rel", "x"}}}}, false},
		{"8288 3 quoted comma", []string{`<a>;title="x, <b>"`}, []Link{{"a", ps{{"title", "x, <b>"}}}}, false},
		{"8288 3 no parameters", []string{`<a>`}, []Link{{Target: "a"}}, false},
		{"5.6.1.2 empty elements", []string{`,<a>;rel=x,,`}, []Link{{"a", ps{{"rel", "x"}}}}, false},
		{"8288 3 empty", []string{""}, nil, false},
		{"8288 3 no <", []string{`a; rel=x`}, nil, true},
		{"8288 3 no >", []string{`<a; rel=x`}, nil, true},
		{"8288 3 space in the target", []string{`<a b>; rel=x`}, nil, true},
		{"8288 3 no parameter", []string{`<a>;;rel=x`}, nil, true},
		{"8288 3 trailing semicolon", []string{`<a>;rel=x;`}, nil, true},
		{"8288 3 no value", []string{`<a>;rel=`}, nil, true},
		{"8288 3 unquoted slash", []string{`<a>;rel=http://x/`}, nil, true},
		{"8288 3 open quote", []string{`<a>;rel="x`}, nil, true},
		{"8288 3 no separator", []string{`<a> <b>`}, nil, true},
	} {
		got, err := ParseLinks(tt.lines)
		if !reflect.DeepEqual(got, tt.want) || (err != nil) != tt.bad {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestLinkRels(t *testing.T) {
	ls, _ := ParseLinks([]string{`<http://example.org/>; rel="start http://example.net/relation/other"; rel=ignored`})
	if got := ls[0].Rels(); !reflect.DeepEqual(got, []string{"start", "http://example.net/relation/other"}) {
		t.Errorf("8288 3.5: %q", got)
	}
	eq(t, "8288 2.1.1 case", ls[0].HasRel("START"), true)
	eq(t, "8288 3.3 a second rel is ignored", ls[0].HasRel("ignored"), false)
}

func TestLinkAppend(t *testing.T) {
	type ps = []Param
	for _, tt := range []struct {
		name string
		in   Link
		want string // "": an error
	}{
		{"8288 3.5 next", Link{"/orders?page=2", ps{{"rel", "next"}}}, `</orders?page=2>; rel="next"`},
		{"8288 3.5 two relations", Link{"/", ps{{"rel", "start http://example.net/relation/other"}}}, `</>; rel="start http://example.net/relation/other"`},
		{"8288 3 title", Link{"/", ps{{"rel", "a"}, {"title", `x "y"`}}}, `</>; rel="a"; title="x \"y\""`},
		{"8288 3 hreflang", Link{"/", ps{{"rel", "a"}, {"hreflang", "de"}, {"hreflang", "en"}}}, `</>; rel="a"; hreflang=de; hreflang=en`},
		{"8187 title*", Link{"/", ps{{"rel", "a"}, {"title*", "UTF-8'de'n%c3%a4"}}}, `</>; rel="a"; title*=UTF-8'de'n%c3%a4`},
		{"8187 bad title*", Link{"/", ps{{"rel", "a"}, {"title*", "x y"}}}, ""},
		{"8288 3.3 no rel", Link{"/", nil}, ""},
		{"8288 3.3 two rels", Link{"/", ps{{"rel", "a"}, {"Rel", "b"}}}, ""},
		{"8288 3.3 empty rel", Link{"/", ps{{"rel", ""}}}, ""},
		{"8288 3.3 bad rel", Link{"/", ps{{"rel", "a_b"}}}, ""},
		{"8288 3.3 relative rel", Link{"/", ps{{"rel", "/foo"}}}, ""},
		{"8288 3.1 > in the target", Link{"/a>; rel=\"x", ps{{"rel", "a"}}}, ""},
		{"8288 3.1 CRLF in the target", Link{"/a\r\nX: y", ps{{"rel", "a"}}}, ""},
		{"8288 3.1 space in the target", Link{"/a b", ps{{"rel", "a"}}}, ""},
		{"8288 3.2 anchor", Link{"/", ps{{"rel", "a"}, {"anchor", "a b"}}}, ""},
		{"8288 3.4.1 two titles", Link{"/", ps{{"rel", "a"}, {"title", "b"}, {"TITLE", "c"}}}, ""},
		{"5.5 LF in a value", Link{"/", ps{{"rel", "a"}, {"title", "b\nc"}}}, ""},
		{"5.6.2 bad name", Link{"/", ps{{"rel", "a"}, {"b c", "d"}}}, ""},
	} {
		got, err := tt.in.Append([]byte("keep:"))
		if string(got) != "keep:"+tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}

func FuzzLinks(f *testing.F) {
	for _, s := range []string{
		`<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"`,
		`</>; rel="start http://x/y"; title*=UTF-8'de'a, <b>;rel=next`, `<a,b>;x`, `<`, `<a>;x="`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ls, err := ParseLinks([]string{s})
		if err != nil {
			return
		}
		var out []string
		var want []Link
		for _, l := range ls {
			l.HasRel("next")
			b, err := l.Append(nil)
			if err != nil {
				continue // what may be read and not written
			}
			if !ValidValue(string(b)) {
				t.Fatalf("%q: written %q", s, b)
			}
			out, want = append(out, string(b)), append(want, l)
		}
		if again, err := ParseLinks([]string{strings.Join(out, ", ")}); err != nil || !reflect.DeepEqual(again, want) {
			t.Fatalf("%q: %+v, written %q, read %+v, %v", s, want, out, again, err)
		}
	})
}

func TestLinksLinear(t *testing.T) {
	for _, piece := range []string{",", "<a>,", ";x=y", "<", ">", `"`, "; "} {
		linear(t, piece, piece, func(s string) { ParseLinks([]string{"<a>" + s}) })
	}
}

func BenchmarkParseLinks(b *testing.B) {
	lines := []string{`</orders?page=1>; rel="prev", </orders?page=3>; rel="next"`}
	b.ReportAllocs()
	for b.Loop() {
		ParseLinks(lines)
	}
}
