package httpfield

import (
	"strings"
	"testing"
)

func TestParseETag(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     ETag
		ok       bool
	}{
		{"8.8.3 strong", `"xyzzy"`, ETag{`"xyzzy"`, false}, true},
		{"8.8.3 weak", `W/"xyzzy"`, ETag{`"xyzzy"`, true}, true},
		{"8.8.3 empty", `""`, ETag{`""`, false}, true},
		{"8.8.3 weak empty", `W/""`, ETag{`""`, true}, true},
		{"8.8.3 comma", `"a,b"`, ETag{`"a,b"`, false}, true},
		{"8.8.3 backslash is no escape", `"a\"`, ETag{`"a\"`, false}, true},
		{"8.8.3 obs-text", "\"\xe9\"", ETag{"\"\xe9\"", false}, true},
		{"5.5 surrounding whitespace", ` "a" `, ETag{`"a"`, false}, true},
		{"8.8.3 w is case-sensitive", `w/"xyzzy"`, ETag{}, false},
		{"8.8.3 no quotes", `xyzzy`, ETag{}, false},
		{"8.8.3 open", `"xyzzy`, ETag{}, false},
		{"8.8.3 open, empty", `"`, ETag{}, false},
		{"8.8.3 space", `"a b"`, ETag{}, false},
		{"8.8.3 DEL", "\"\x7f\"", ETag{}, false},
		{"8.8.3 LF", "\"a\n\"", ETag{}, false},
		{"8.8.3 more behind", `"a"b`, ETag{}, false},
		{"8.8.3 two", `"a", "b"`, ETag{}, false},
		{"8.8.3 only weak", `W/`, ETag{}, false},
		{"8.8.3 space behind W/", `W/ "a"`, ETag{}, false},
		{"8.8.3 star", `*`, ETag{}, false},
		{"8.8.3 nothing", ``, ETag{}, false},
	} {
		got, ok := ParseETag(tt.in)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
}

// Table 3 of Section 8.8.3.2.
func TestETagComparison(t *testing.T) {
	for _, tt := range []struct {
		a, b         string
		strong, weak bool
	}{
		{`W/"1"`, `W/"1"`, false, true},
		{`W/"1"`, `W/"2"`, false, false},
		{`W/"1"`, `"1"`, false, true},
		{`"1"`, `"1"`, true, true},
		{`"a"`, `"A"`, false, false},
	} {
		a, _ := ParseETag(tt.a)
		b, _ := ParseETag(tt.b)
		name := "8.8.3.2 " + tt.a + " " + tt.b
		eq(t, name, a.EqualStrong(b), tt.strong)
		eq(t, name, b.EqualStrong(a), tt.strong)
		eq(t, name, a.EqualWeak(b), tt.weak)
		eq(t, name, b.EqualWeak(a), tt.weak)
	}
	eq(t, "zero strong", ETag{}.EqualStrong(ETag{}), false)
	eq(t, "zero weak", ETag{}.EqualWeak(ETag{}), false)
}

func TestNewETag(t *testing.T) {
	tag, ok := NewETag("v1", true)
	eq(t, "8.8.3 written", tag.String(), `W/"v1"`)
	eq(t, "8.8.3 ok", ok, true)
	for _, s := range []string{`a"b`, "a b", "a\n", "a\x7f"} {
		if _, ok := NewETag(s, false); ok {
			t.Errorf("8.8.3: NewETag(%q) succeeded", s)
		}
	}
}

func TestMatchTags(t *testing.T) {
	type row struct {
		name         string
		lines        []string
		etag         string
		strong, weak TagMatch
	}
	none := TagMatch{}
	bad := TagMatch{Malformed: true}
	found := func(m string) TagMatch { return TagMatch{Found: true, Member: m} }
	for _, tt := range []row{
		{"13.1.1 one", []string{`"xyzzy"`}, `"xyzzy"`, found(`"xyzzy"`), found(`"xyzzy"`)},
		{"13.1.1 several", []string{`"xyzzy", "r2d2xxxx", "c3piozzzz"`}, `"c3piozzzz"`,
			found(`"c3piozzzz"`), found(`"c3piozzzz"`)},
		{"13.1.2 weak members", []string{`W/"xyzzy", W/"r2d2xxxx", W/"c3piozzzz"`}, `"r2d2xxxx"`,
			none, found(`W/"r2d2xxxx"`)},
		{"8.8.3.2 weak against weak", []string{`W/"v1"`}, `W/"v1"`, none, found(`W/"v1"`)},
		{"13.1.1 star", []string{"*"}, `"x"`, TagMatch{Any: true, Member: "*"}, TagMatch{Any: true, Member: "*"}},
		{"13.1.1 star without a tag", []string{" * "}, "", TagMatch{Any: true, Member: "*"}, TagMatch{Any: true, Member: "*"}},
		{"5.6.1.2 star, empty elements", []string{",*,", ""}, `"x"`, TagMatch{Any: true, Member: "*"}, TagMatch{Any: true, Member: "*"}},
		{"13.1.1 star in a list", []string{`"a", *`}, `"b"`, bad, bad},
		{"13.1.1 star in a list that matches", []string{`*, "a"`}, `"a"`,
			TagMatch{Found: true, Malformed: true, Member: `"a"`}, TagMatch{Found: true, Malformed: true, Member: `"a"`}},
		{"13.1.1 two stars", []string{"*", "*"}, `"a"`, bad, bad},
		{"8.8.3 star as a tag", []string{`"*"`}, `"*"`, found(`"*"`), found(`"*"`)},
		{"8.8.3 comma in a tag", []string{`"a,b"`}, `"a,b"`, found(`"a,b"`), found(`"a,b"`)},
		{"8.8.3 comma in a tag, its parts", []string{`"a,b"`}, `"a"`, none, none},
		{"8.8.3 backslash", []string{`"a\", "b"`}, `"b"`, found(`"b"`), found(`"b"`)},
		{"5.6.1.2 empty elements", []string{`,, "a" , ,"b",`}, `"b"`, found(`"b"`), found(`"b"`)},
		{"5.3 two lines", []string{`"a"`, `"b"`}, `"b"`, found(`"b"`), found(`"b"`)},
		{"13.1.1 absent", nil, `"a"`, none, none},
		{"13.1.1 empty", []string{""}, `"a"`, none, none},
		{"8.8.3 no tag", []string{`"a"`}, "", none, none},
		{"8.8.3 no tag, empty member", []string{`""`}, "", none, none},
		{"8.8.3 empty tag", []string{`""`}, `""`, found(`""`), found(`""`)},
		{"malformed: unquoted", []string{`a`}, `"a"`, bad, bad},
		{"malformed: own tag unquoted", []string{`a`}, `a`, bad, bad},
		{"malformed: reading goes on", []string{`a, "b"`}, `"b"`,
			TagMatch{Found: true, Malformed: true, Member: `"b"`}, TagMatch{Found: true, Malformed: true, Member: `"b"`}},
		{"malformed: a quote ends the line", []string{`"x ,"b", y"`}, `"b"`, bad, bad},
		{"malformed: the next line is read", []string{`"x`, `"b"`}, `"b"`,
			TagMatch{Found: true, Malformed: true, Member: `"b"`}, TagMatch{Found: true, Malformed: true, Member: `"b"`}},
		{"malformed: no comma", []string{`"a" "b"`}, `"a"`, bad, bad},
		{"malformed: w/", []string{`w/"a"`}, `"a"`, bad, bad},
	} {
		eq(t, tt.name+", strong", MatchStrong(tt.lines, tt.etag), tt.strong)
		eq(t, tt.name+", weak", MatchWeak(tt.lines, tt.etag), tt.weak)
	}
	lines := []string{`"a", W/"b,c", x`, `"d"`}
	noAlloc(t, "MatchWeak", func() {
		if !MatchWeak(lines, `"b,c"`).Found || MatchStrong(lines, `"b,c"`).Found {
			t.Error("wrong match")
		}
	})
}

func FuzzMatchTags(f *testing.F) {
	for _, s := range []string{`"a", W/"b"`, "*", `,"a,b",`, `"x ,"b", y"`, `w/"a"`, `"a`} {
		f.Add(s, `"b"`)
	}
	f.Fuzz(func(t *testing.T, line, etag string) {
		lines := []string{line}
		s, w := MatchStrong(lines, etag), MatchWeak(lines, etag)
		if s.Found && !w.Found || s.Any != w.Any || s.Malformed != w.Malformed {
			t.Fatalf("%q, %q: strong %+v, weak %+v", line, etag, s, w)
		}
		tag, ok := ParseETag(etag)
		if !ok && w.Found || w.Any && w.Found {
			t.Fatalf("%q, %q: %+v", line, etag, w)
		}
		if w.Found && !strings.Contains(line, tag.Opaque) {
			t.Fatalf("%q matches %q", line, etag)
		}
		// A well-formed list reads the same when its members are written anew.
		if ok && !tag.Weak && !w.Malformed && !w.Any {
			if got := MatchStrong([]string{line + ", " + tag.String()}, etag); !got.Found {
				t.Fatalf("%q, %q: a member added is not found", line, etag)
			}
		}
		if ok {
			if again, ok := ParseETag(tag.String()); !ok || again != tag {
				t.Fatalf("%q written and read is %+v", etag, again)
			}
		}
	})
}

func TestMatchTagsLinear(t *testing.T) {
	for _, piece := range []string{",", `"a",`, `"`, "x,", "*,", `"a b",`} {
		linear(t, piece, piece, func(s string) { MatchWeak([]string{s}, `"none"`) })
	}
}

func BenchmarkMatchWeak(b *testing.B) {
	lines := []string{`"xyzzy", W/"r2d2xxxx", "c3piozzzz"`}
	b.ReportAllocs()
	for b.Loop() {
		if !MatchWeak(lines, `"c3piozzzz"`).Found {
			b.Fatal("no match")
		}
	}
}
