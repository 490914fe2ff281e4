package problem_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// The table of RFC 6901 §6.
func TestRFC6901Section6_FragmentIdentifiers(t *testing.T) {
	for _, tt := range []struct {
		plain, want string
		path        []any
	}{
		{"", "#", nil},
		{"/foo", "#/foo", []any{"foo"}},
		{"/foo/0", "#/foo/0", []any{"foo", 0}},
		{"/", "#/", []any{""}},
		{"/a~1b", "#/a~1b", []any{"a/b"}},
		{"/c%d", "#/c%25d", []any{"c%d"}},
		{"/e^f", "#/e%5Ef", []any{"e^f"}},
		{"/g|h", "#/g%7Ch", []any{"g|h"}},
		{`/i\j`, "#/i%5Cj", []any{`i\j`}},
		{`/k"l`, "#/k%22l", []any{`k"l`}},
		{"/ ", "#/%20", []any{" "}},
		{"/m~0n", "#/m~0n", []any{"m~n"}},
		// not in the table
		{"/~01", "#/~01", []any{"~1"}},
		{"/é/1/-", "#/%C3%A9/1/-", []any{"é", 1, "-"}},
		{"/\r\n", "#/%0D%0A", []any{"\r\n"}},
		{"/#", "#/%23", []any{"#"}},
		{"/a?b:c@d!$&'()*+,;=", "#/a?b:c@d!$&'()*+,;=", []any{"a?b:c@d!$&'()*+,;="}},
	} {
		eq(t, "Pointer "+tt.plain, problem.Pointer(tt.path...), tt.want)
		eq(t, "FragmentPointer "+tt.plain, problem.FragmentPointer(tt.plain), tt.want)
	}
	for _, part := range []any{nil, int64(1), 1.0, []string{"a"}} {
		if panics(func() { problem.Pointer("a", part) }) == nil {
			t.Errorf("a part of type %T did not panic", part)
		}
	}
}

// tokens reads a pointer as a client does: percent-decode (RFC 6901 §6),
// split, unescape (§4).
func tokens(t *testing.T, pointer string) []string {
	t.Helper()
	fragment, ok := strings.CutPrefix(pointer, "#")
	if !ok || !httpfield.IsURIReference(pointer) {
		t.Fatalf("%q is not a fragment", pointer)
	}
	s, err := url.PathUnescape(fragment)
	if err != nil || !utf8.ValidString(s) {
		t.Fatalf("%q ends in half an escape: %v", pointer, err)
	}
	if s == "" {
		return nil
	}
	if s[0] != '/' {
		t.Fatalf("%q is not a pointer", pointer)
	}
	parts := strings.Split(s[1:], "/")
	for i, p := range parts {
		for j := strings.IndexByte(p, '~'); j >= 0 && j < len(p); j++ {
			if p[j] == '~' && (j+1 == len(p) || p[j+1] != '0' && p[j+1] != '1') {
				t.Fatalf("%q ends in half an escape", pointer)
			}
		}
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

func FuzzPointer(f *testing.F) {
	f.Add("items", "unit/price", 3)
	f.Add("~", "~01", 0)
	f.Add("\xff\xfe", "é😀", 12345)
	// every offset at which a cut can meet an escape
	for n := range 13 {
		f.Add(strings.Repeat("a", 185+n), "~~//~~//", 1)
		f.Add(strings.Repeat("a", 185+n), "😀😀", 1)
		f.Add(strings.Repeat("a", 185+n), "€é %", 1)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		n &= 0xffff
		want := []string{strings.ToValidUTF8(a, "\ufffd"), strings.ToValidUTF8(b, "\ufffd"), ""}
		want[2] = strings.TrimPrefix(problem.Pointer(n), "#/")
		escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
		for name, p := range map[string]string{
			"Pointer":         problem.Pointer(a, b, n),
			"FragmentPointer": problem.FragmentPointer("/" + escape(a) + "/" + escape(b) + "/" + want[2]),
		} {
			if len(p) > 200 {
				t.Fatalf("%s has %d bytes", name, len(p))
			}
			got := tokens(t, p)
			for i, g := range got[:max(len(got)-1, 0)] {
				if g != want[i] {
					t.Errorf("%s: token %d is %q, want %q", name, i, g, want[i])
				}
			}
			last := len(got) - 1
			if cut := len(p) > 200-12; !cut && (len(got) != 3 || got[2] != want[2]) {
				t.Errorf("%s: %q was cut at %d bytes", name, p, len(p))
			}
			// what was cut is the beginning of what it was cut from
			if last >= 0 && !strings.HasPrefix(want[last], got[last]) {
				t.Errorf("%s: the last token is %q, which does not begin %q", name, got[last], want[last])
			}
		}
	})
}

// FragmentPointer takes what it is given, also what is no pointer.
func FuzzFragmentPointer(f *testing.F) {
	f.Add("/a~")
	f.Add(strings.Repeat("a", 199) + "~")
	f.Add("/~é" + strings.Repeat("~é", 100))
	f.Add(strings.Repeat("~%", 100))
	f.Fuzz(func(t *testing.T, s string) {
		p := problem.FragmentPointer(s)
		if len(p) > 200 {
			t.Fatalf("%d bytes", len(p))
		}
		got, err := url.PathUnescape(strings.TrimPrefix(p, "#"))
		if err != nil || !httpfield.IsURIReference(p) || !utf8.ValidString(got) || !strings.HasPrefix(strings.ToValidUTF8(s, "\ufffd"), got) {
			t.Errorf("%q became %q", s, p)
		}
	})
}

// A cut is as late as it can be.
func TestPointerIsCutLate(t *testing.T) {
	for _, tt := range []struct {
		tail string
		want int
	}{
		{"b", 200}, {"~", 200}, {"a~", 199}, {" ", 198}, {"é", 198}, {"€", 198}, {"😀", 198},
	} {
		eq(t, tt.tail, len(problem.Pointer(strings.Repeat("a", 196)+tt.tail+"bbb")), tt.want)
	}
	eq(t, "200 bytes stay", len(problem.Pointer(strings.Repeat("a", 198))), 200)
	eq(t, "201 bytes are cut", len(problem.Pointer(strings.Repeat("a", 199))), 200)
}
