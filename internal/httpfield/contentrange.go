package httpfield

import (
	"strconv"
	"strings"
)

// ContentRange is a Content-Range (RFC 9110, Section 14.4).
type ContentRange struct {
	Unit        string // "bytes"
	Unsatisfied bool   // "*/Size", as in a 416; First and Last are 0
	First, Last int64  // the first and the last position, both included
	Size        int64  // the complete length; -1 for "*", not known
}

// ParseContentRange parses the value of Content-Range (RFC 9110, Section 14.4). A
// last position before the first, or not before the complete length, is invalid;
// so is a number larger than an int64.
func ParseContentRange(s string) (ContentRange, bool) {
	unit, rest, ok := strings.Cut(trimOWS(s), " ")
	incl, size, ok2 := strings.Cut(rest, "/")
	c := ContentRange{Unit: unit, Size: -1}
	if !ok || !ok2 || !IsToken(unit) {
		return ContentRange{}, false
	}
	if size != "*" {
		if c.Size, ok = parseNumber(size); !ok {
			return ContentRange{}, false
		}
	}
	if incl == "*" {
		c.Unsatisfied = true
		if c.Size < 0 {
			return ContentRange{}, false
		}
		return c, true
	}
	first, last, _ := strings.Cut(incl, "-")
	c.First, ok = parseNumber(first)
	c.Last, ok2 = parseNumber(last)
	if !ok || !ok2 || !c.valid() {
		return ContentRange{}, false
	}
	return c, true
}

func (c ContentRange) valid() bool {
	if c.Unsatisfied {
		return c.Size >= 0
	}
	return c.First >= 0 && c.First <= c.Last && (c.Size < 0 || c.Last < c.Size)
}

// Append appends c to dst as it is sent (RFC 9110, Section 14.4). An empty Unit is
// "bytes". It returns dst unchanged and false if c is invalid.
func (c ContentRange) Append(dst []byte) ([]byte, bool) {
	if c.Unit == "" {
		c.Unit = "bytes"
	}
	if !IsToken(c.Unit) || !c.valid() {
		return dst, false
	}
	dst = append(append(dst, c.Unit...), ' ')
	if c.Unsatisfied {
		dst = append(dst, '*')
	} else {
		dst = strconv.AppendInt(dst, c.First, 10)
		dst = append(dst, '-')
		dst = strconv.AppendInt(dst, c.Last, 10)
	}
	dst = append(dst, '/')
	if c.Size < 0 {
		return append(dst, '*'), true
	}
	return strconv.AppendInt(dst, c.Size, 10), true
}

// parseNumber converts 1*DIGIT that fits into an int64.
func parseNumber(s string) (int64, bool) {
	if s == "" || !allOf(s, clsDigit) {
		return 0, false
	}
	return parseDigits(s)
}
