package httpfield

import (
	"math"
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(1999, 12, 31, 23, 58, 59, 0, time.UTC)
	for _, tt := range []struct {
		name, in string
		want     time.Duration
		ok       bool
	}{
		{"10.2.3 date", "Fri, 31 Dec 1999 23:59:59 GMT", time.Minute, true},
		{"10.2.3 seconds", "120", 2 * time.Minute, true},
		{"10.2.3 zero", "0", 0, true},
		{"10.2.3 leading zeros", "007", 7 * time.Second, true},
		{"10.2.3 past date", "Fri, 31 Dec 1999 23:00:00 GMT", 0, true},
		{"10.2.3 more than a Duration", "9223372037", math.MaxInt64, true},
		{"10.2.3 the most a Duration holds", "9223372036", 9223372036 * time.Second, true},
		{"10.2.3 more than an int64", "99999999999999999999999", math.MaxInt64, true},
		{"5.6.7 obsolete date", "Friday, 31-Dec-99 23:59:59 GMT", time.Minute, true},
		{"10.2.3 negative", "-1", 0, false},
		{"10.2.3 plus", "+1", 0, false},
		{"10.2.3 fraction", "1.5", 0, false},
		{"10.2.3 unit", "2m", 0, false},
		{"10.2.3 empty", "", 0, false},
		{"10.2.3 two", "1, 2", 0, false},
	} {
		got, ok := ParseRetryAfter(tt.in, now)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
}

func TestFormatRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   time.Duration
		want string
	}{
		{"10.2.3 whole", 2 * time.Minute, "120"},
		{"10.2.3 up", time.Second + 1, "2"},
		{"10.2.3 up from almost nothing", 1, "1"},
		{"10.2.3 zero", 0, "0"},
		{"10.2.3 negative", -time.Hour, "0"},
		{"10.2.3 longest", math.MaxInt64, "9223372037"},
	} {
		eq(t, tt.name, FormatRetryAfter(tt.in), tt.want)
		eq(t, tt.name, string(AppendRetryAfter(nil, tt.in)), tt.want)
	}
}

func TestValidRetryAfter(t *testing.T) {
	eq(t, "10.2.3 seconds", ValidRetryAfter("120"), true)
	eq(t, "10.2.3 date", ValidRetryAfter("Fri, 31 Dec 1999 23:59:59 GMT"), true)
	eq(t, "5.6.7 obsolete date", ValidRetryAfter("Friday, 31-Dec-99 23:59:59 GMT"), false)
	eq(t, "10.2.3 negative", ValidRetryAfter("-1"), false)
	eq(t, "10.2.3 empty", ValidRetryAfter(""), false)
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", int64(time.Second))
	f.Add("Fri, 31 Dec 1999 23:59:59 GMT", int64(1))
	f.Fuzz(func(t *testing.T, s string, ns int64) {
		got, ok := ParseRetryAfter(s, testNow)
		if got < 0 || ValidRetryAfter(s) && !ok {
			t.Fatalf("%q: %v, %v", s, got, ok)
		}
		d := time.Duration(ns)
		w := FormatRetryAfter(d)
		back, ok := ParseRetryAfter(w, testNow)
		if !ok || !ValidRetryAfter(w) || back < d || d > 0 && back-d >= time.Second {
			t.Fatalf("%v written %q, read %v, %v", d, w, back, ok)
		}
	})
}
