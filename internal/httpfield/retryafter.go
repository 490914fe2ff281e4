package httpfield

import (
	"math"
	"strconv"
	"time"
)

// ParseRetryAfter returns how long after now a Retry-After asks to wait (RFC
// 9110, Section 10.2.3): a number of seconds, or until an HTTP-date. A date in
// the past is 0, and a delay too long for a [time.Duration] the longest there is.
func ParseRetryAfter(s string, now time.Time) (time.Duration, bool) {
	s = trimOWS(s)
	if s != "" && allOf(s, clsDigit) {
		const most = int64(math.MaxInt64 / time.Second)
		n, ok := parseDigits(s)
		if !ok || n > most {
			return math.MaxInt64, true
		}
		return time.Duration(n) * time.Second, true
	}
	t, ok := ParseDate(s, now)
	if !ok {
		return 0, false
	}
	return max(0, t.Sub(now)), true
}

// ValidRetryAfter reports whether a sender may generate s as a Retry-After (RFC
// 9110, Section 10.2.3): delay-seconds, or a date as an IMF-fixdate.
func ValidRetryAfter(s string) bool {
	return s != "" && allOf(s, clsDigit) || IsIMFFixdate(s)
}

// AppendRetryAfter appends d to dst as delay-seconds (RFC 9110, Section 10.2.3),
// rounded up so that nobody comes back too early, and at least 0.
func AppendRetryAfter(dst []byte, d time.Duration) []byte {
	return strconv.AppendInt(dst, ceilSeconds(d), 10)
}

// FormatRetryAfter is [AppendRetryAfter] into a string.
func FormatRetryAfter(d time.Duration) string {
	return strconv.FormatInt(ceilSeconds(d), 10)
}

func ceilSeconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	n := int64(d / time.Second)
	if d%time.Second != 0 {
		n++
	}
	return n
}

// parseDigits converts a string of digits, which may be of any length; false if
// the number is larger than an int64.
func parseDigits(s string) (int64, bool) {
	var n int64
	for i := range len(s) {
		d := int64(s[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			return math.MaxInt64, false
		}
		n = n*10 + d
	}
	return n, true
}
