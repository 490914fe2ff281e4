package httpfield

import (
	"net/http"
	"testing"
	"time"
)

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestParseDate(t *testing.T) {
	example := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	leap := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	zero := time.Time{}
	for _, tt := range []struct {
		name, in string
		want     time.Time
	}{
		{"5.6.7 IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", example},
		{"5.6.7 RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", example},
		{"5.6.7 asctime", "Sun Nov  6 08:49:37 1994", example},
		{"5.6.7 asctime, two digits", "Wed Nov 16 08:49:37 1994", example.AddDate(0, 0, 10)},
		{"5.6.7 leap second", "Sat, 31 Dec 2016 23:59:60 GMT", leap},
		{"5.6.7 wrong day name forgiven", "Mon, 06 Nov 1994 08:49:37 GMT", example},
		{"5.6.7 29 February", "Thu, 29 Feb 2024 00:00:00 GMT", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"5.5 surrounding whitespace", " Sun, 06 Nov 1994 08:49:37 GMT ", example},
		{"5.6.7 no 29 February", "Wed, 29 Feb 2023 00:00:00 GMT", zero},
		{"5.6.7 31 April", "Thu, 31 Apr 2025 00:00:00 GMT", zero},
		{"5.6.7 day 0", "Sun, 00 Nov 1994 08:49:37 GMT", zero},
		{"5.6.7 second 60 elsewhere", "Sun, 06 Nov 1994 08:49:60 GMT", zero},
		{"5.6.7 hour 24", "Sun, 06 Nov 1994 24:00:00 GMT", zero},
		{"5.6.7 minute 60", "Sun, 06 Nov 1994 08:60:00 GMT", zero},
		{"5.6.7 zone", "Sun, 06 Nov 1994 08:49:37 UTC", zero},
		{"5.6.7 offset", "Sun, 06 Nov 1994 08:49:37 +0000", zero},
		{"5.6.7 case-sensitive", "sun, 06 nov 1994 08:49:37 gmt", zero},
		{"5.6.7 one-digit day", "Sun, 6 Nov 1994 08:49:37 GMT", zero},
		{"5.6.7 negative", "Sun, -6 Nov 1994 08:49:37 GMT", zero},
		{"5.6.7 month", "Sun, 06 Nvo 1994 08:49:37 GMT", zero},
		{"5.6.7 month between names", "Sun, 06 anF 1994 08:49:37 GMT", zero},
		{"5.6.7 asctime, no day", "Sun Nov    08:49:37 1994", zero},
		{"5.6.7 day name", "Xxx, 06 Nov 1994 08:49:37 GMT", zero},
		{"5.6.7 RFC 850 day name", "Sun, 06-Nov-94 08:49:37 GMT", zero},
		{"5.6.7 RFC 850 four-digit year", "Sunday, 06-Nov-1994 08:49:37 GMT", zero},
		{"5.6.7 empty", "", zero},
		{"5.6.7 number", "0", zero},
	} {
		got, ok := ParseDate(tt.in, testNow)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.want != zero)
	}
	noAlloc(t, "ParseDate", func() { ParseDate("Sunday, 06-Nov-94 08:49:37 GMT", testNow) })
}

// Section 5.6.7: "MUST interpret a timestamp that appears to be more than 50
// years in the future as representing the most recent year in the past that had
// the same last two digits".
func TestTwoDigitYear(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		now      time.Time
		year     int
	}{
		{"5.6.7 past", "Sunday, 06-Nov-94 08:49:37 GMT", testNow, 1994},
		{"5.6.7 near future", "Saturday, 06-Nov-27 08:49:37 GMT", testNow, 2027},
		{"5.6.7 less than 50 years", "Friday, 20-Nov-76 12:00:00 GMT", testNow, 2076},
		{"5.6.7 exactly 50 years", "Sunday, 22-Nov-76 12:00:00 GMT", testNow, 2076},
		{"5.6.7 a second more", "Sunday, 22-Nov-76 12:00:01 GMT", testNow, 1976},
		{"5.6.7 the next century", "Sunday, 01-Jan-05 00:00:00 GMT", testNow.AddDate(64, 0, 0), 2105},
		{"5.6.7 29 February of 2000", "Tuesday, 29-Feb-00 00:00:00 GMT", testNow.AddDate(60, 0, 0), 2000},
	} {
		got, _ := ParseDate(tt.in, tt.now)
		eq(t, tt.name, got.Year(), tt.year)
	}
}

func TestIsIMFFixdate(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     bool
	}{
		{"5.6.7 IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", true},
		{"5.6.7 leap second", "Sat, 31 Dec 2016 23:59:60 GMT", true},
		{"5322 3.3 wrong day name", "Mon, 06 Nov 1994 08:49:37 GMT", false},
		{"5.6.7 RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", false},
		{"5.6.7 asctime", "Sun Nov  6 08:49:37 1994", false},
		{"5.6.7 extra space", "Sun, 06 Nov 1994 08:49:37 GMT ", false},
	} {
		eq(t, tt.name, IsIMFFixdate(tt.in), tt.want)
	}
}

func TestFormatDate(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   time.Time
		want string
	}{
		{"5.6.7 example", time.Date(1994, 11, 6, 8, 49, 37, 999, time.UTC), "Sun, 06 Nov 1994 08:49:37 GMT"},
		{"5.6.7 to UTC", time.Date(1994, 11, 6, 9, 49, 37, 0, time.FixedZone("", 3600)), "Sun, 06 Nov 1994 08:49:37 GMT"},
		{"5.6.7 year 10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "Fri, 31 Dec 9999 23:59:59 GMT"},
		{"5.6.7 year -1", time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), "Sat, 01 Jan 0000 00:00:00 GMT"},
	} {
		eq(t, tt.name, FormatDate(tt.in), tt.want)
	}
	buf := make([]byte, 0, 29)
	noAlloc(t, "AppendDate", func() { AppendDate(buf, testNow) })
}

func FuzzFormatDate(f *testing.F) {
	f.Add(int64(784111777))
	f.Add(int64(-62167219200))
	f.Add(int64(253402300799))
	f.Fuzz(func(t *testing.T, sec int64) {
		sec %= 253402300800
		in := time.Unix(sec, 0).UTC()
		s := FormatDate(in)
		if in.Year() < 0 {
			in = minDate
		}
		got, ok := ParseDate(s, testNow)
		if !ok || !got.Equal(in) || !IsIMFFixdate(s) {
			t.Fatalf("%v written %q, read %v, %v", in, s, got, ok)
		}
		if in.Year() > 0 && s != in.Format(http.TimeFormat) {
			t.Fatalf("%q, net/http has %q", s, in.Format(http.TimeFormat))
		}
		for _, layout := range []string{time.ANSIC, "Monday, 02-Jan-06 15:04:05 GMT"} {
			if got, ok := ParseDate(in.Format(layout), in.AddDate(1, 0, 0)); in.Year() > 100 && (!ok || !got.Equal(in)) {
				t.Fatalf("%q read as %v, %v", in.Format(layout), got, ok)
			}
		}
	})
}

func FuzzParseDate(f *testing.F) {
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT")
	f.Add("Sunday, 06-Nov-94 08:49:37 GMT")
	f.Add("Sun Nov  6 08:49:37 1994")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDate(s, testNow)
		if IsIMFFixdate(s) && !ok {
			t.Fatalf("%q is an IMF-fixdate and does not parse", s)
		}
		if ok {
			if again, _ := ParseDate(FormatDate(got), testNow); got.Year() < 10000 && !again.Equal(got) {
				t.Fatalf("%q: %v, written and read %v", s, got, again)
			}
		}
		// What net/http takes in these forms, we take, with the same result.
		std, err := time.Parse(http.TimeFormat, s)
		if err == nil && IsIMFFixdate(s) && !std.Equal(got) {
			t.Fatalf("%q: net/http has %v, we %v", s, std, got)
		}
	})
}

func BenchmarkParseDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseDate("Sun, 06 Nov 1994 08:49:37 GMT", testNow)
	}
}

func BenchmarkAppendDate(b *testing.B) {
	buf := make([]byte, 0, 29)
	b.ReportAllocs()
	for b.Loop() {
		AppendDate(buf, testNow)
	}
}
