package jsonx

import (
	"unicode/utf16"
	"unicode/utf8"
)

// The functions here step through a document that is known to be valid JSON,
// and so look at no more than they must. On one that is not valid they may step
// wrongly, but never beyond its end: they report -1 then.

// skipSpace returns the offset of the first byte from i on that is no white space.
func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the offset after the string that begins at i, or -1.
func skipString(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// skipValue returns the offset after the value that begins at i, or -1. It does
// not recurse.
func skipValue(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			if i = skipString(data, i); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
			continue
		default:
			i = skipScalar(data, i)
		}
		if depth <= 0 {
			if depth < 0 {
				return -1
			}
			return i
		}
	}
	return -1
}

// skipScalar returns the offset after the number or literal that begins at i.
func skipScalar(data []byte, i int) int {
	for ; i < len(data); i++ {
		switch data[i] {
		case ' ', '\n', '\t', '\r', ',', ':', '}', ']', '{', '[', '"':
			return i
		}
	}
	return i
}

// skipName expects a member's name at i and returns the name, still quoted,
// and the offset of the member's value; -1 if there is none.
func skipName(data []byte, i int) (quoted []byte, value int) {
	if i >= len(data) || data[i] != '"' {
		return nil, -1
	}
	end := skipString(data, i)
	if end < 0 {
		return nil, -1
	}
	quoted = data[i:end]
	if i = skipSpace(data, end); i >= len(data) || data[i] != ':' {
		return nil, -1
	}
	return quoted, skipSpace(data, i+1)
}

// nextItem returns the offset of the next name or element after a value that
// ended before i, and false at the object's or array's end.
func nextItem(data []byte, i int) (int, bool) {
	i = skipSpace(data, i)
	if i >= len(data) || data[i] != ',' {
		return i, false
	}
	return skipSpace(data, i+1), true
}

// firstItem returns the offset of the first name or element of the object or
// array that begins at i, and false when it is empty.
func firstItem(data []byte, i int) (int, bool) {
	i = skipSpace(data, i+1)
	if i >= len(data) || data[i] == '}' || data[i] == ']' {
		return i, false
	}
	return i, true
}

// tooDeepAt returns the offset of the first bracket that opens a level beyond
// max, or -1. Up to its first syntax error it reads any document rightly.
func tooDeepAt(data []byte, max int) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			if i = skipString(data, i) - 1; i < 0 {
				return -1
			}
		case '{', '[':
			if depth++; depth > max {
				return i
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

// nextRune returns the first character of the inside of a JSON string and the
// number of bytes it takes there, escaped or not.
func nextRune(s []byte) (rune, int) {
	if s[0] != '\\' {
		if s[0] < utf8.RuneSelf {
			return rune(s[0]), 1
		}
		return utf8.DecodeRune(s)
	}
	if len(s) < 2 {
		return utf8.RuneError, 1
	}
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r := hex4(s)
		if utf16.IsSurrogate(r) && len(s) > 6 {
			if pair := utf16.DecodeRune(r, hex4(s[6:])); pair != utf8.RuneError {
				return pair, 12
			}
		}
		if r < 0 || utf16.IsSurrogate(r) {
			return utf8.RuneError, min(6, len(s))
		}
		return r, 6
	}
	return rune(s[1]), 2
}

// hex4 returns the code unit of the escape \uXXXX that s begins with, or -1.
func hex4(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range s[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// appendUnquoted appends what the quoted string means to dst.
func appendUnquoted(dst, quoted []byte) []byte {
	if len(quoted) < 2 {
		return dst
	}
	for s := quoted[1 : len(quoted)-1]; len(s) > 0; {
		r, n := nextRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[n:]
	}
	return dst
}
