package httpfield

import "time"

const (
	dayNames   = "SunMonTueWedThuFriSat"
	monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

var longDayNames = [7]string{
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
}

// ParseDate parses an HTTP-date in any of its three forms (RFC 9110, Section
// 5.6.7): IMF-fixdate, RFC 850 and asctime. The result is in UTC. Names are
// case-sensitive; a day name that does not fit the date is forgiven here and not
// in [IsIMFFixdate]. A leap second, 23:59:60, is the second after 23:59:59.
//
// Only the RFC 850 form depends on now: its two-digit year is the latest that is
// not more than 50 years after now.
func ParseDate(s string, now time.Time) (time.Time, bool) {
	s = trimOWS(s)
	if t, _, ok := parseIMF(s); ok {
		return t, true
	}
	if t, ok := parseRFC850(s, now); ok {
		return t, true
	}
	return parseASCTime(s)
}

// IsIMFFixdate reports whether s is exactly an IMF-fixdate, the only form that a
// sender may generate (RFC 9110, Section 5.6.7), with the right day of the week
// (RFC 5322, Section 3.3).
func IsIMFFixdate(s string) bool {
	t, wday, ok := parseIMF(s)
	if ok && s[23] == '6' { // a leap second belongs to the day before
		t = t.Add(-time.Second)
	}
	return ok && t.Weekday() == wday
}

// parseIMF parses "Sun, 06 Nov 1994 08:49:37 GMT".
func parseIMF(s string) (time.Time, time.Weekday, bool) {
	if len(s) != 29 || s[3] != ',' || s[4] != ' ' || s[7] != ' ' || s[11] != ' ' ||
		s[16] != ' ' || s[25:] != " GMT" {
		return time.Time{}, 0, false
	}
	wday := nameIndex(dayNames, s[:3])
	t, ok := makeTime(atoi(s[12:16]), nameIndex(monthNames, s[8:11]), atoi(s[5:7]), s[17:25])
	return t, time.Weekday(wday), ok && wday >= 0
}

// parseRFC850 parses "Sunday, 06-Nov-94 08:49:37 GMT".
func parseRFC850(s string, now time.Time) (time.Time, bool) {
	known := false
	for _, name := range longDayNames {
		if len(s) > len(name) && s[:len(name)] == name {
			known, s = true, s[len(name):]
			break
		}
	}
	if !known || len(s) != 24 || s[:2] != ", " || s[4] != '-' || s[8] != '-' ||
		s[11] != ' ' || s[20:] != " GMT" {
		return time.Time{}, false
	}
	yy := atoi(s[9:11])
	if yy < 0 {
		return time.Time{}, false
	}
	now = now.UTC()
	limit := now.AddDate(50, 0, 0)
	year := now.Year() - now.Year()%100 + 100 + yy
	var t time.Time
	for range 3 { // the next, this and the last century
		// 29 February exists in one century and not in another, so that a year
		// in which the date does not exist is passed over.
		var ok bool
		t, ok = makeTime(year, nameIndex(monthNames, s[5:8]), atoi(s[2:4]), s[12:20])
		if ok && !t.After(limit) {
			return t, true
		}
		year -= 100
	}
	return time.Time{}, false
}

// parseASCTime parses "Sun Nov  6 08:49:37 1994".
func parseASCTime(s string) (time.Time, bool) {
	if len(s) != 24 || s[3] != ' ' || s[7] != ' ' || s[10] != ' ' || s[19] != ' ' ||
		nameIndex(dayNames, s[:3]) < 0 {
		return time.Time{}, false
	}
	day := s[8:10]
	if day[0] == ' ' {
		day = day[1:]
	}
	return makeTime(atoi(s[20:]), nameIndex(monthNames, s[4:7]), atoi(day), s[11:19])
}

// makeTime checks the parts of a date; month counts from 0, clock is "08:49:37".
func makeTime(year, month, day int, clock string) (time.Time, bool) {
	if year < 0 || month < 0 || day < 1 || clock[2] != ':' || clock[5] != ':' {
		return time.Time{}, false
	}
	h, m, sec := atoi(clock[:2]), atoi(clock[3:5]), atoi(clock[6:])
	leap := h == 23 && m == 59 && sec == 60
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59 && !leap {
		return time.Time{}, false
	}
	// time.Date would take 31 April for 1 May.
	if d := time.Date(year, time.Month(month+1), day, 0, 0, 0, 0, time.UTC); d.Day() != day {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month+1), day, h, m, sec, 0, time.UTC), true
}

// atoi converts digits only, -1 for anything else; len(s) is at most 4.
func atoi(s string) int {
	n := 0
	for i := range len(s) {
		if !is(s[i], clsDigit) {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// nameIndex returns which three-letter name s is, or -1.
func nameIndex(names, s string) int {
	for i := 0; i < len(names); i += 3 {
		if names[i:i+3] == s {
			return i / 3
		}
	}
	return -1
}

// The years that an IMF-fixdate's four digits can write.
var (
	minDate = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	maxDate = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// AppendDate appends t to dst as an IMF-fixdate (RFC 9110, Section 5.6.7), in
// UTC, fractions of a second cut off. A time outside the years 0 to 9999, which
// cannot be written, becomes the nearest that can.
func AppendDate(dst []byte, t time.Time) []byte {
	t = t.UTC()
	if t.Before(minDate) {
		t = minDate
	} else if t.After(maxDate) {
		t = maxDate
	}
	year, month, day := t.Date()
	hour, minute, sec := t.Clock()
	w, mo := int(t.Weekday())*3, (int(month)-1)*3
	dst = append(dst, dayNames[w:w+3]...)
	dst = append(dst, ',', ' ', digit(day/10), digit(day), ' ')
	dst = append(dst, monthNames[mo:mo+3]...)
	return append(dst, ' ', digit(year/1000), digit(year/100), digit(year/10), digit(year), ' ',
		digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':',
		digit(sec/10), digit(sec), ' ', 'G', 'M', 'T')
}

func digit(n int) byte { return byte('0' + n%10) }

// FormatDate is [AppendDate] into a new string.
func FormatDate(t time.Time) string {
	var buf [29]byte
	return string(AppendDate(buf[:0], t))
}
