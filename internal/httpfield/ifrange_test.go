package httpfield

import (
	"testing"
	"time"
)

func TestParseIfRange(t *testing.T) {
	date := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, tt := range []struct {
		name, in string
		want     IfRange
		ok       bool
	}{
		{"13.1.5 strong tag", `"xyzzy"`, IfRange{Tag: ETag{`"xyzzy"`, false}}, true},
		{"13.1.5 weak tag parses", `W/"xyzzy"`, IfRange{Tag: ETag{`"xyzzy"`, true}}, true},
		{"13.1.5 date", "Sun, 06 Nov 1994 08:49:37 GMT", IfRange{Date: date}, true},
		{"13.1.5 neither", "xyzzy", IfRange{}, false},
		{"13.1.5 a list", `"a", "b"`, IfRange{}, false},
		{"13.1.5 star", "*", IfRange{}, false},
		{"13.1.5 empty", "", IfRange{}, false},
	} {
		got, ok := ParseIfRange(tt.in, testNow)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
}

func FuzzParseIfRange(f *testing.F) {
	f.Add(`W/"xyzzy"`)
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT")
	f.Fuzz(func(t *testing.T, s string) {
		r, ok := ParseIfRange(s, testNow)
		if !ok && r != (IfRange{}) || ok && r.Tag.Opaque != "" && !r.Date.IsZero() {
			t.Fatalf("%q: %+v, %v", s, r, ok)
		}
	})
}
