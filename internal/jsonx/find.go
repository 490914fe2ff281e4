package jsonx

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Find returns the byte offset of the value that the JSON Pointer (RFC 6901
// section 5, not the URI fragment form) points to in data, and false when there
// is none, which includes a pointer that is not valid and the index "-". Of members
// of the same name it takes the first.
//
// data should be a valid document. In one that is not, the answer may be wrong.
// Find does not allocate. Its time grows with the length of data, not with
// the depth of the pointer.
func Find(data []byte, pointer string) (offset int, ok bool) {
	i := skipSpace(data, 0)
	for pointer != "" {
		if pointer[0] != '/' || i >= len(data) {
			return 0, false
		}
		token := pointer[1:]
		if end := strings.IndexByte(token, '/'); end >= 0 {
			token = token[:end]
		}
		pointer = pointer[1+len(token):]

		switch data[i] {
		case '{':
			i = findMember(data, i, token)
		case '[':
			i = findElement(data, i, token)
		default:
			return 0, false
		}
		if i < 0 {
			return 0, false
		}
	}
	return i, i < len(data)
}

// IsNull reports whether the value at the offset is null.
func IsNull(data []byte, offset int) bool {
	return offset >= 0 && offset < len(data) && bytes.HasPrefix(data[offset:], null)
}

var null = []byte("null")

// findMember returns the offset of the value of the member that the token
// names in the object at i, or -1.
func findMember(data []byte, i int, token string) int {
	for i, ok := firstItem(data, i); ok; {
		name, value := skipName(data, i)
		if value < 0 {
			return -1
		}
		if tokenMatches(token, name[1:len(name)-1]) {
			return value
		}
		if i = skipValue(data, value); i < 0 {
			return -1
		}
		i, ok = nextItem(data, i)
	}
	return -1
}

// findElement returns the offset of the element whose index the token is in the
// array at i, or -1.
func findElement(data []byte, i int, token string) int {
	index, ok := parseIndex(token, len(data))
	if !ok {
		return -1
	}
	for i, ok := firstItem(data, i); ok; index-- {
		if index == 0 {
			return i
		}
		if i = skipValue(data, i); i < 0 {
			return -1
		}
		i, ok = nextItem(data, i)
	}
	return -1
}

// parseIndex parses an array index as RFC 6901 section 4 writes it: digits
// without a leading zero.
func parseIndex(token string, limit int) (int, bool) {
	if token == "" || len(token) > 1 && token[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(token) {
		if c < '0' || c > '9' || n > limit {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// tokenMatches reports whether the reference token, escaped as in a pointer,
// is the name, escaped as in a document.
func tokenMatches(token string, name []byte) bool {
	for len(name) > 0 && token != "" {
		r, n := nextRune(name)
		name = name[n:]
		want, size := rune(token[0]), 1
		switch {
		case want == '~':
			if len(token) < 2 {
				return false
			}
			switch size = 2; token[1] {
			case '0':
			case '1':
				want = '/'
			default:
				return false
			}
		case want >= utf8.RuneSelf:
			want, size = utf8.DecodeRuneInString(token)
		}
		if r != want {
			return false
		}
		token = token[size:]
	}
	return len(name) == 0 && token == ""
}
