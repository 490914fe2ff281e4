package httpfield

import (
	"math"
	"reflect"
	"testing"
)

func TestParseRange(t *testing.T) {
	type rs = []Range
	const size = 10000
	for _, tt := range []struct {
		name, in string
		size     int64
		status   RangeStatus
		parts    rs
	}{
		{"14.1.2 first 500", "bytes=0-499", size, RangeOK, rs{{0, 500}}},
		{"14.1.2 second 500", "bytes=500-999", size, RangeOK, rs{{500, 500}}},
		{"14.1.2 final 500 as a suffix", "bytes=-500", size, RangeOK, rs{{9500, 500}}},
		{"14.1.2 final 500 as an open range", "bytes=9500-", size, RangeOK, rs{{9500, 500}}},
		{"14.1.2 first and last byte", "bytes=0-0,-1", size, RangeOK, rs{{0, 1}, {9999, 1}}},
		{"14.1.2 first, middle, last 1000", "bytes= 0-999, 4500-5499, -1000", size, RangeOK, rs{{0, 1000}, {4500, 1000}, {9000, 1000}}},
		{"14.1.2 adjacent", "bytes=500-600,601-999", size, RangeOK, rs{{500, 101}, {601, 399}}},
		{"14.1.2 overlapping", "bytes=500-700,601-999", size, RangeOK, rs{{500, 201}, {601, 399}}},
		{"14.1.2 last-pos past the end", "bytes=9990-20000", size, RangeOK, rs{{9990, 10}}},
		{"14.1.2 suffix longer than all", "bytes=-20000", size, RangeOK, rs{{0, size}}},
		{"14.1.2 numbers beyond int64", "bytes=0-99999999999999999999999", size, RangeOK, rs{{0, size}}},
		{"14.1.2 suffix beyond int64", "bytes=-99999999999999999999999", size, RangeOK, rs{{0, size}}},
		{"14.1.2 first-pos beyond int64", "bytes=99999999999999999999999-", size, RangeUnsatisfiable, nil},
		{"14.1.2 both beyond int64, reversed", "bytes=99999999999999999999999-99999999999999999999998", size, RangeIgnored, nil},
		{"14.1.2 some satisfiable", "bytes=20000-, 0-0", size, RangeOK, rs{{0, 1}}},
		{"14.1.2 first-pos at the end", "bytes=10000-", size, RangeUnsatisfiable, nil},
		{"14.1.2 suffix of 0", "bytes=-0", size, RangeUnsatisfiable, nil},
		{"14.1 unit's case", "Bytes=0-0", size, RangeOK, rs{{0, 1}}},
		{"5.6.1.2 empty elements", "bytes=,0-0,,", size, RangeOK, rs{{0, 1}}},
		{"14.1.1 last before first", "bytes=5-4", size, RangeIgnored, nil},
		{"14.1.1 one invalid of two", "bytes=0-0,5-4", size, RangeIgnored, nil},
		{"14.1.1 other-range", "bytes=abc", size, RangeIgnored, nil},
		{"14.1.1 no dash", "bytes=5", size, RangeIgnored, nil},
		{"14.1.1 only a dash", "bytes=-", size, RangeIgnored, nil},
		{"14.1.1 sign", "bytes=+1-2", size, RangeIgnored, nil},
		{"14.1.1 two dashes", "bytes=1--2", size, RangeIgnored, nil},
		{"14.1.1 inner space", "bytes=1 - 2", size, RangeIgnored, nil},
		{"14.1.1 no range", "bytes=", size, RangeIgnored, nil},
		{"14.2 another unit", "items=0-5", size, RangeIgnored, nil},
		{"14.2 no unit", "0-5", size, RangeIgnored, nil},
		{"14.2 empty representation", "bytes=0-", 0, RangeIgnored, nil},
		{"14.2 empty", "", size, RangeIgnored, nil},
		{"17.15 more than the limit", "bytes=0-0,1-1,2-2,3-3,4-4", size, RangeIgnored, nil},
		{"17.15 more than the limit, unsatisfiable", "bytes=-0,-0,-0,-0,-0", size, RangeIgnored, nil},
		{"17.15 more bytes than there are", "bytes=0-,0-", size, RangeIgnored, nil},
		{"17.15 exactly all of them", "bytes=0-4999,5000-", size, RangeOK, rs{{0, 5000}, {5000, 5000}}},
		{"14.1.2 largest size", "bytes=0-", math.MaxInt64, RangeOK, rs{{0, math.MaxInt64}}},
		{"14.1.2 largest size, twice", "bytes=0-,0-", math.MaxInt64, RangeIgnored, nil},
	} {
		got := ParseRange(tt.in, tt.size, 4)
		if want := (Ranges{tt.status, tt.parts}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, want)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-499", "bytes= 0-999, 4500-5499, -1000", "bytes=-0", "bytes=5-4", "bytes=0-99999999999999999999999"} {
		f.Add(s, int64(10000))
	}
	f.Fuzz(func(t *testing.T, s string, size int64) {
		got := ParseRange(s, size, 10)
		if (got.Status == RangeOK) != (len(got.Parts) > 0) || len(got.Parts) > 10 {
			t.Fatalf("%q of %d: %+v", s, size, got)
		}
		var total int64
		for _, r := range got.Parts {
			if r.Start < 0 || r.Length <= 0 || r.Start > size-r.Length || total > size-r.Length {
				t.Fatalf("%q of %d: %+v", s, size, got)
			}
			total += r.Length
			c := ContentRange{First: r.Start, Last: r.Start + r.Length - 1, Size: size}
			if _, ok := c.Append(nil); !ok {
				t.Fatalf("%q of %d: %+v has no Content-Range", s, size, r)
			}
		}
	})
}

func TestParseRangeLinear(t *testing.T) {
	for _, piece := range []string{",", "9", "-", "0-0,"} {
		linear(t, piece, piece, func(s string) { ParseRange("bytes="+s, 1<<40, 1<<30) })
	}
}
