package httpfield

import (
	"bytes"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// The examples of RFC 9651 itself; TestSFSuite has a thousand more.
func TestSFItem(t *testing.T) {
	one := func(k SFKind, n int64, s string) SFItem { return SFItem{Value: SFValue{k, n, s}} }
	for _, tt := range []struct {
		name, in string
		want     SFItem
		written  string // "": as in; "!" an error
	}{
		{"9651 3.3.1", "42", one(SFInteger, 42, ""), ""},
		{"9651 3.3.1 -0", "-0", one(SFInteger, 0, ""), "0"},
		{"9651 3.3.1 leading zeros", "-01", one(SFInteger, -1, ""), "-1"},
		{"9651 3.3.1 largest", "999999999999999", one(SFInteger, maxSFInt, ""), ""},
		{"9651 3.3.1 16 digits", "1000000000000000", SFItem{}, "!"},
		{"9651 3.3.2", "4.5", one(SFDecimal, 4500, ""), ""},
		{"9651 3.3.2 zeros", "-0.40", one(SFDecimal, -400, ""), "-0.4"},
		{"9651 3.3.2 thousandths", "0002.005", one(SFDecimal, 2005, ""), "2.005"},
		{"9651 3.3.2 no fraction", "5.", SFItem{}, "!"},
		{"9651 3.3.2 four places", "5.1234", SFItem{}, "!"},
		{"9651 3.3.2 13 digits", "1234567890123.1", SFItem{}, "!"},
		{"9651 3.3.3", `"hello world"`, one(SFString, 0, "hello world"), ""},
		{"9651 3.3.3 escapes", `"a\"b\\c"`, one(SFString, 0, `a"b\c`), ""},
		{"9651 3.3.3 other escape", `"a\b"`, SFItem{}, "!"},
		{"9651 3.3.3 HTAB", "\"\t\"", SFItem{}, "!"},
		{"9651 3.3.3 open", `"a`, SFItem{}, "!"},
		{"9651 3.3.4", "foo123/456", one(SFToken, 0, "foo123/456"), ""},
		{"9651 3.3.5", ":cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:", one(SFBytes, 0, "pretend this is binary content."), ""},
		{"9651 4.2.7 no padding", ":YQ:", one(SFBytes, 0, "a"), ":YQ==:"},
		{"9651 4.2.7 line feed", ":YWJj\nYWJj:", SFItem{}, "!"},
		{"9651 3.3.6", "?1", SFItem{Value: SFBool(true)}, ""},
		{"9651 3.3.6 neither", "?2", SFItem{}, "!"},
		{"9651 3.3.7", "@1659578233", one(SFDate, 1659578233, ""), ""},
		{"9651 3.3.7 fraction", "@1.5", SFItem{}, "!"},
		{"9745 2.1 Deprecation", "@1735689600", one(SFDate, 1735689600, ""), ""},
		{"9651 3.3.8", `%"This is intended for display to %c3%bcsers."`, one(SFDisplayString, 0, "This is intended for display to üsers."), ""},
		{"9651 3.3.8 upper case", `%"%C3%BC"`, SFItem{}, "!"},
		{"9651 3.3.8 not UTF-8", `%"%c3"`, SFItem{}, "!"},
		{"9651 3.3 parameters", "5; foo=bar", SFItem{SFValue{Kind: SFInteger, Int: 5}, SFParams{{"foo", SFValue{Kind: SFToken, Str: "bar"}}}}, "5;foo=bar"},
		{"9651 3.1.2 booleans", "1; a; b=?0", SFItem{SFValue{Kind: SFInteger, Int: 1}, SFParams{{"a", SFBool(true)}, {"b", SFBool(false)}}}, "1;a;b=?0"},
		{"9651 4.2.3.2 last of a key counts", "1;a=1;b=2;a=3", SFItem{SFValue{Kind: SFInteger, Int: 1},
			SFParams{{"a", SFValue{Kind: SFInteger, Int: 3}}, {"b", SFValue{Kind: SFInteger, Int: 2}}}}, "1;a=3;b=2"},
		{"9651 4.2 spaces around", "  1  ", one(SFInteger, 1, ""), "1"},
		{"9651 4.2 more behind", "1 2", SFItem{}, "!"},
		{"9651 4.2 empty", "", SFItem{}, "!"},
		{"9651 4.2 HTAB before", "\t1", SFItem{}, "!"},
		{"9651 4.2.3.3 upper-case key", "1;A", SFItem{}, "!"},
	} {
		got, err := ParseSFItem([]string{tt.in})
		if !reflect.DeepEqual(got, tt.want) || (err != nil) != (tt.written == "!") {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
			continue
		}
		if err != nil {
			continue
		}
		want := tt.written
		if want == "" {
			want = tt.in
		}
		b, ok := got.Append(nil)
		eq(t, tt.name, string(b), want)
		eq(t, tt.name, ok, true)
	}
}

func TestSFListAndDict(t *testing.T) {
	for _, tt := range []struct {
		name, kind string
		lines      []string
		written    string // "!": an error
	}{
		{"9651 3.1", "list", []string{"sugar, tea, rum"}, "sugar, tea, rum"},
		{"9651 3.1 lines", "list", []string{"sugar, tea", "rum"}, "sugar, tea, rum"},
		{"9651 3.1.1", "list", []string{`("foo" "bar"), ("baz"), ("bat" "one"), ()`}, `("foo" "bar"), ("baz"), ("bat" "one"), ()`},
		{"9651 3.1.1 parameters", "list", []string{`("foo"; a=1;b=2);lvl=5, ("bar" "baz");lvl=1`}, `("foo";a=1;b=2);lvl=5, ("bar" "baz");lvl=1`},
		{"9651 3.1.2", "list", []string{`abc;a=1;b=2; cde_456, (ghi;jk=4 l);q="9";r=w`}, `abc;a=1;b=2;cde_456, (ghi;jk=4 l);q="9";r=w`},
		{"9651 3.1 empty", "list", []string{""}, ""},
		{"9651 3.1 absent", "list", nil, ""},
		{"9651 4.2.1 trailing comma", "list", []string{"a,"}, "!"},
		{"9651 4.2.1 empty member", "list", []string{"a,,b"}, "!"},
		{"9651 4.2.1.2 open", "list", []string{"(a"}, "!"},
		{"9651 4.2.1.2 no space", "list", []string{`("a""b")`}, "!"},
		{"9651 4.2.1.2 nested", "list", []string{"((a))"}, "!"},
		{"9651 3.2", "dict", []string{`en="Applepie", da=:w4ZibGV0w6ZydGU=:`}, `en="Applepie", da=:w4ZibGV0w6ZydGU=:`},
		{"9651 3.2 booleans", "dict", []string{"a=?0, b, c; foo=bar"}, "a=?0, b, c;foo=bar"},
		{"9651 3.2 inner list", "dict", []string{"rating=1.5, feelings=(joy sadness)"}, "rating=1.5, feelings=(joy sadness)"},
		{"9651 3.2 mixed", "dict", []string{"a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid"}, "a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid"},
		{"9651 3.2 lines", "dict", []string{"foo=1", "bar=2"}, "foo=1, bar=2"},
		{"9651 4.2.2 last of a key counts", "dict", []string{"a=1, b=2, a=3"}, "a=3, b=2"},
		{"9651 4.2.2 true written", "dict", []string{"a=?1;b"}, "a;b"},
		{"9651 4.2.2 no key", "dict", []string{"=1"}, "!"},
	} {
		got, err := rewriteSF(tt.kind, tt.lines)
		if err != nil {
			got = "!"
		}
		eq(t, tt.name, got, tt.written)
	}
}

func rewriteSF(kind string, lines []string) (string, error) {
	var b []byte
	var err error
	switch kind {
	case "list":
		var l SFList
		if l, err = ParseSFList(lines); err == nil {
			b, _ = l.Append(nil)
		}
	case "dict":
		var d SFDict
		if d, err = ParseSFDict(lines); err == nil {
			b, _ = d.Append(nil)
		}
	default:
		var it SFItem
		if it, err = ParseSFItem(lines); err == nil {
			b, _ = it.Append(nil)
		}
	}
	return string(b), err
}

func TestSFGet(t *testing.T) {
	d, _ := ParseSFDict([]string{"limit=100;w=60, rest"})
	m, ok := d.Get("limit")
	v, _ := m.Params.Get("w")
	eq(t, "9651 3.2 by key", ok && m.Value.Int == 100 && v.Int == 60, true)
	_, ok = d.Get("none")
	eq(t, "9651 3.2 absent", ok, false)
	_, ok = m.Params.Get("none")
	eq(t, "9651 3.1.2 absent", ok, false)
}

func TestSFCannotBeWritten(t *testing.T) {
	for name, v := range map[string]SFValue{
		"no kind":                       {},
		"9651 4.1.4 too large":          {Kind: SFInteger, Int: maxSFInt + 1},
		"9651 4.1.4 smallest int64":     {Kind: SFInteger, Int: math.MinInt64},
		"9651 4.1.5 too large":          {Kind: SFDecimal, Int: -maxSFInt - 1},
		"9651 4.1.6 LF":                 {Kind: SFString, Str: "a\nb"},
		"9651 4.1.6 HTAB":               {Kind: SFString, Str: "a\tb"},
		"9651 4.1.6 non-ASCII":          {Kind: SFString, Str: "é"},
		"9651 4.1.7 empty":              {Kind: SFToken},
		"9651 4.1.7 digit first":        {Kind: SFToken, Str: "1a"},
		"9651 4.1.7 space":              {Kind: SFToken, Str: "a b"},
		"9651 4.1.11 not UTF-8":         {Kind: SFDisplayString, Str: "\xff"},
		"9651 4.1.10 a date too large":  {Kind: SFDate, Int: math.MaxInt64},
		"9651 4.1.3.1 a kind of no use": {Kind: 99},
	} {
		if b, ok := (SFItem{Value: v}).Append([]byte("x")); ok || string(b) != "x" {
			t.Errorf("%s: written %q", name, b)
		}
	}
	for _, key := range []string{"", "A", "1", "a b", "a\n"} {
		d := SFDict{{key, SFMember{Value: SFBool(true)}}}
		if _, ok := d.Append(nil); ok {
			t.Errorf("9651 4.1.1.3: the key %q was written", key)
		}
	}
}

func TestSFDecimalOf(t *testing.T) {
	for _, tt := range []struct {
		in   float64
		want int64
		ok   bool
	}{
		{1.5, 1500, true}, {0.0625, 62, true}, {0.1875, 188, true}, {-2.5, -2500, true},
		{1e12, 0, false}, {math.NaN(), 0, false}, {math.Inf(1), 0, false},
	} {
		v, ok := SFDecimalOf(tt.in)
		eq(t, "9651 4.1.5", v.Int, tt.want)
		eq(t, "9651 4.1.5", ok, tt.ok)
	}
}

func FuzzSF(f *testing.F) {
	for _, s := range []string{
		`abc;a=1;b=2; cde_456, (ghi;jk=4 l);q="9";r=w`, "a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid", "@1735689600",
		`%"f%c3%bc"`, ":YQ:", "-0.40", "?1;a=?0", `"a\"b"`, "(", "a=1,a=2",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []string{"item", "list", "dict"} {
			w, err := rewriteSF(kind, []string{s})
			if err != nil {
				continue
			}
			again, err := rewriteSF(kind, []string{w})
			if err != nil || again != w || w != "" && !ValidValue(w) {
				t.Fatalf("%s %q: written %q, then %q, %v", kind, s, w, again, err)
			}
		}
		if it, err := ParseSFItem([]string{s}); err == nil {
			b, ok := it.Append(nil)
			back, err := ParseSFItem([]string{string(b)})
			if !ok || err != nil || !reflect.DeepEqual(it, back) {
				t.Fatalf("%q: %+v, written %q, read %+v, %v", s, it, b, back, err)
			}
		}
	})
}

func FuzzSFValue(f *testing.F) {
	for k := SFInteger; k <= SFDisplayString; k++ {
		f.Add(uint8(k), int64(-1500), "a")
	}
	f.Fuzz(func(t *testing.T, kind uint8, n int64, s string) {
		v := SFValue{Kind: SFKind(kind)}
		switch v.Kind {
		case SFInteger, SFDecimal, SFDate:
			v.Int = n
		case SFBoolean:
			v.Int = n & 1
		default:
			v.Str = s
		}
		b, ok := v.Append([]byte("dst"))
		if !bytes.HasPrefix(b, []byte("dst")) || !ok && len(b) != 3 {
			t.Fatalf("%+v: %q, %v", v, b, ok)
		}
		if !ok {
			return
		}
		got, err := ParseSFItem([]string{string(b[3:])})
		if err != nil || got.Value != v {
			t.Fatalf("%+v: written %q, read %+v, %v", v, b[3:], got, err)
		}
	})
}

func TestSFLinear(t *testing.T) {
	for _, piece := range []string{"a,", "(", "(a)", ";a", " ", "1", `\"`, "a ", "%c3", "a=1,", ":"} {
		linear(t, piece, piece, func(s string) {
			for _, kind := range []string{"item", "list", "dict"} {
				rewriteSF(kind, []string{"a" + s})
				rewriteSF(kind, []string{`"` + s})
				rewriteSF(kind, []string{"(" + s})
			}
		})
	}
}

// More keys than are searched one by one.
func TestSFManyKeys(t *testing.T) {
	var dict, params strings.Builder
	for i := range 30000 {
		dict.WriteString("k" + strconv.Itoa(i) + "=1, ")
		params.WriteString(";k" + strconv.Itoa(i))
	}
	d, err := ParseSFDict([]string{dict.String() + "k7=2, k29999=3"})
	if v, _ := d.Get("k7"); err != nil || len(d) != 30000 || v.Value.Int != 2 {
		t.Errorf("9651 3.2: %d members, %v", len(d), err)
	}
	it, err := ParseSFItem([]string{"a" + params.String() + ";k7=?0"})
	if v, _ := it.Params.Get("k7"); err != nil || len(it.Params) != 30000 || v.Bool() {
		t.Errorf("9651 3.1.2: %d parameters, %v", len(it.Params), err)
	}
}

func BenchmarkParseSFDict(b *testing.B) {
	lines := []string{`limit=100;w=60, remaining=7, reset=12`}
	b.ReportAllocs()
	for b.Loop() {
		ParseSFDict(lines)
	}
}
