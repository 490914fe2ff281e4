package httpfield

import (
	"slices"
	"testing"
)

func TestAllow(t *testing.T) {
	got, ok := JoinAllow("GET", "HEAD", "PUT")
	eq(t, "10.2.1 example", got, "GET, HEAD, PUT")
	eq(t, "10.2.1 ok", ok, true)
	got, ok = JoinAllow()
	eq(t, "10.2.1 none", got, "")
	eq(t, "10.2.1 none ok", ok, true)
	_, ok = JoinAllow("GET", "A B")
	eq(t, "9.1 not a token", ok, false)

	for _, tt := range []struct {
		name  string
		lines []string
		want  []string
		ok    bool
	}{
		{"10.2.1 example", []string{"GET, HEAD, PUT"}, []string{"GET", "HEAD", "PUT"}, true},
		{"10.2.1 empty", []string{""}, nil, true},
		{"5.3 lines", []string{"GET", "HEAD"}, []string{"GET", "HEAD"}, true},
		{"9.1 not a token", []string{"GET HEAD"}, nil, false},
	} {
		got, ok := ParseAllow(tt.lines)
		if !slices.Equal(got, tt.want) || ok != tt.ok {
			t.Errorf("%s: got %q, %v", tt.name, got, ok)
		}
	}
	eq(t, "9.1 case-sensitive", AllowHas([]string{"GET"}, "get"), false)
	eq(t, "9.1 found", AllowHas([]string{"GET, HEAD"}, "HEAD"), true)
}

func FuzzAllow(f *testing.F) {
	f.Add("GET, HEAD,, PUT")
	f.Add("a b")
	f.Fuzz(func(t *testing.T, s string) {
		ms, ok := ParseAllow([]string{s})
		if !ok {
			return
		}
		w, ok := JoinAllow(ms...)
		again, ok2 := ParseAllow([]string{w})
		if !ok || !ok2 || !slices.Equal(ms, again) {
			t.Fatalf("%q: %q, written %q, read %q", s, ms, w, again)
		}
	})
}
