package httpfield

import "strings"

// Elements is a cursor over the elements of a list-based field (RFC 9110,
// Section 5.6.1), over all of its lines. It does not allocate:
//
//	list := httpfield.NewElements(r.Header["Accept"])
//	for el, ok := list.Next(); ok; el, ok = list.Next() {
//		...
//	}
//
// Empty elements are skipped. A comma within a quoted-string does not separate.
// A quoted-string that is not closed takes the rest of its line, which makes one
// element that no grammar accepts, rather than several that the sender did not
// mean. A cursor is not for entity tags, whose quotes know no backslash: see
// [MatchStrong] and [MatchWeak].
type Elements struct {
	rest  string
	lines []string
}

// NewElements returns a cursor over the elements of all lines.
func NewElements(lines []string) Elements { return Elements{lines: lines} }

// ElementsOf returns a cursor over the elements of one line.
func ElementsOf(line string) Elements { return Elements{rest: line} }

// Next returns the next element, without the whitespace around it; false at the end.
func (e *Elements) Next() (string, bool) {
	for {
		for e.rest != "" && (e.rest[0] == ',' || isOWS(e.rest[0])) {
			e.rest = e.rest[1:]
		}
		if e.rest != "" {
			break
		}
		if len(e.lines) == 0 {
			return "", false
		}
		e.rest, e.lines = e.lines[0], e.lines[1:]
	}
	s := e.rest
	end := strings.IndexByte(s, ',')
	if end < 0 {
		end = len(s)
	}
	if q := strings.IndexByte(s[:end], '"'); q >= 0 {
		end = endOfElement(s, q)
	}
	if end == len(s) {
		e.rest = ""
	} else {
		e.rest = s[end+1:]
	}
	for end > 0 && isOWS(s[end-1]) {
		end--
	}
	return s[:end], true
}

// endOfElement returns where the element that s begins with ends, from the first
// quote on, which is at i.
func endOfElement(s string, i int) int {
	for ; i < len(s) && s[i] != ','; i++ {
		if s[i] != '"' {
			continue
		}
		for i++; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' {
				i++
			}
		}
	}
	return min(i, len(s))
}

// HasElement reports whether one of the elements is name, ASCII
// case-insensitively, as for Connection: upgrade or Vary: Accept.
func HasElement(lines []string, name string) bool {
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if EqualFold(el, name) {
			return true
		}
	}
	return false
}
