package jsonx

import (
	"strconv"
	"strings"
)

// AppendToken appends "/" and the reference token, escaped as RFC 6901
// section 3 says ("~" as "~0", "/" as "~1"), to a JSON Pointer.
func AppendToken(pointer []byte, token string) []byte {
	pointer = append(pointer, '/')
	for {
		i := strings.IndexAny(token, "~/")
		if i < 0 {
			return append(pointer, token...)
		}
		pointer = append(pointer, token[:i]...)
		if token[i] == '~' {
			pointer = append(pointer, "~0"...)
		} else {
			pointer = append(pointer, "~1"...)
		}
		token = token[i+1:]
	}
}

// AppendIndex appends "/" and the index of an array's element to a JSON
// Pointer (RFC 6901 section 4).
func AppendIndex(pointer []byte, index int) []byte {
	return strconv.AppendInt(append(pointer, '/'), int64(index), 10)
}
