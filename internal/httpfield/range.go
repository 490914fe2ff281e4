package httpfield

import "strings"

// Range is a part of a representation (RFC 9110, Section 14.1.2).
type Range struct{ Start, Length int64 }

// RangeStatus is what is to be done about a Range field.
type RangeStatus uint8

const (
	// RangeIgnored: send the whole representation, as if there were no Range.
	RangeIgnored RangeStatus = iota
	// RangeOK: send the parts.
	RangeOK
	// RangeUnsatisfiable: no part is there; the answer is 416.
	RangeUnsatisfiable
)

// Ranges is what a Range field asks for of a representation.
type Ranges struct {
	Status RangeStatus
	Parts  []Range // with RangeOK, those that are there, in the order asked for
}

// ParseRange reads the value of Range (RFC 9110, Section 14.2) for a representation
// of size bytes. A Range is ignored where the RFC says MUST (a unit other than
// bytes) or MAY: a malformed one, one with more than limit range-specs, one with
// several that together ask for more bytes than there are, and any Range on an
// empty representation. Numbers of any length are understood (Section 14.1.2).
func ParseRange(s string, size int64, limit int) Ranges {
	unit, set, ok := strings.Cut(trimOWS(s), "=")
	if !ok || !EqualFold(unit, "bytes") || size <= 0 {
		return Ranges{}
	}
	var parts []Range
	specs, total := 0, int64(0)
	list := ElementsOf(set)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if specs++; specs > limit {
			return Ranges{}
		}
		r, valid := parseRangeSpec(el, size)
		if !valid {
			return Ranges{}
		}
		if r.Length == 0 {
			continue
		}
		// Each addend is at most size, and so is total before it.
		if total > size-r.Length && len(parts) > 0 {
			return Ranges{}
		}
		total += r.Length
		parts = append(parts, r)
	}
	switch {
	case specs == 0:
		return Ranges{}
	case len(parts) == 0:
		return Ranges{Status: RangeUnsatisfiable}
	}
	return Ranges{RangeOK, parts}
}

// parseRangeSpec reads int-range / suffix-range (RFC 9110, Section 14.1.1). The
// length is 0 where the range is not satisfiable.
func parseRangeSpec(s string, size int64) (r Range, valid bool) {
	first, last, ok := strings.Cut(s, "-")
	if !ok || !allOf(first, clsDigit) || !allOf(last, clsDigit) || first == "" && last == "" {
		return r, false
	}
	// Numbers too large for an int64 come out as its maximum, which is past the end.
	to, _ := parseDigits(last)
	if first == "" {
		n := min(to, size)
		return Range{size - n, n}, true
	}
	from, _ := parseDigits(first)
	if last != "" && digitsLess(last, first) {
		return r, false
	}
	if from >= size {
		return r, true
	}
	if last == "" || to >= size {
		to = size - 1
	}
	return Range{from, to - from + 1}, true
}

// digitsLess compares two numbers of any length.
func digitsLess(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}
