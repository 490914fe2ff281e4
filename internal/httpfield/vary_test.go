package httpfield

import (
	"strings"
	"testing"
)

func TestMergeVary(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		names []string
		want  string
	}{
		{"12.5.5 new", nil, []string{"Accept"}, "Accept"},
		{"12.5.5 example", []string{"accept-encoding, accept-language"}, nil, "accept-encoding, accept-language"},
		{"12.5.5 added", []string{"Accept"}, []string{"Prefer", "Origin"}, "Accept, Prefer, Origin"},
		{"5.1 case", []string{"accept"}, []string{"Accept"}, "accept"},
		{"12.5.5 star there", []string{"Accept, *"}, []string{"Prefer"}, "*"},
		{"12.5.5 star added", []string{"Accept"}, []string{"*"}, "*"},
		{"5.3 lines joined", []string{"Accept", "Origin", "ACCEPT"}, nil, "Accept, Origin"},
		{"5.6.1 empty elements", []string{"Accept,,"}, []string{"Origin"}, "Accept, Origin"},
		{"12.5.5 names twice", nil, []string{"A", "a", ""}, "A"},
		{"5.5 injection", []string{"A"}, []string{"B\r\nX: y"}, "A"},
		{"12.5.5 nothing", nil, nil, ""},
	} {
		eq(t, tt.name, MergeVary(tt.lines, tt.names...), tt.want)
	}
	lines, names := []string{"Accept, Accept-Encoding"}, []string{"Accept"}
	noAlloc(t, "MergeVary", func() { MergeVary(lines, names...) })
}

func TestVaryHas(t *testing.T) {
	eq(t, "12.5.5 by name", VaryHas([]string{"accept"}, "Accept"), true)
	eq(t, "12.5.5 by star", VaryHas([]string{"*"}, "Accept"), true)
	eq(t, "12.5.5 other", VaryHas([]string{"Accept-Language"}, "Accept"), false)
	eq(t, "12.5.5 absent", VaryHas(nil, "Accept"), false)
}

func FuzzMergeVary(f *testing.F) {
	f.Add("Accept, accept", "Prefer")
	f.Add("*", "a")
	f.Add(",,", "")
	f.Fuzz(func(t *testing.T, line, name string) {
		got := MergeVary([]string{line}, name)
		if IsToken(name) && !VaryHas([]string{got}, name) {
			t.Fatalf("%q and %q make %q", line, name, got)
		}
		if again := MergeVary([]string{got}, name); again != got {
			t.Fatalf("%q and %q make %q, then %q", line, name, got, again)
		}
		if got != line && !ValidValue(got) {
			t.Fatalf("%q and %q make %q", line, name, got)
		}
		twice := MergeVary([]string{line, line}, name)
		if n := strings.Count(strings.ToLower(", "+twice+","), ", "+strings.ToLower(name)+","); IsToken(name) && n > 1 {
			t.Fatalf("%q has %q %d times", twice, name, n)
		}
	})
}
