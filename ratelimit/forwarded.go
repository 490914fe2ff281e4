package ratelimit

import (
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Lists that proxies append to are read from their end: what a client wrote further
// left, however malformed, does not keep the elements of proxies from being read.

// lastElement cuts the last element off a line of X-Forwarded-For.
func lastElement(line string) (rest, element string, more bool) {
	i := strings.LastIndexByte(line, ',')
	return line[:max(i, 0)], strings.Trim(line[i+1:], " \t"), i >= 0
}

// lastForwarded cuts the last element off a line of Forwarded (RFC 7239 §4). A comma
// within a quoted-string does not separate; a quote that was not opened takes all of
// the line, which makes an element that no grammar accepts.
func lastForwarded(line string) (rest, element string, more bool) {
	quoted := false
	for i := len(line) - 1; i >= 0; i-- {
		switch line[i] {
		case '"':
			if !escaped(line, i) {
				quoted = !quoted
			}
		case ',':
			if !quoted {
				return line[:i], strings.Trim(line[i+1:], " \t"), true
			}
		}
	}
	return "", strings.Trim(line, " \t"), false
}

// escaped reports whether an odd number of backslashes stands before i.
func escaped(line string, i int) bool {
	n := 0
	for i--; i >= 0 && line[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// forwardedFor is the node of the parameter "for" (RFC 7239 §5.2) of an element:
// [ pair ] *( ";" [ pair ] ), where a pair is token "=" ( token / quoted-string ). It
// returns false where there is none, where it is there twice (§4), and where the
// element is malformed.
func forwardedFor(element string) (node string, ok bool) {
	for rest := element; rest != ""; {
		n := tokenLen(rest)
		if n > 0 {
			name := rest[:n]
			value, after, valid := forwardedValue(rest[n:])
			if !valid {
				return "", false
			}
			if httpfield.EqualFold(name, "for") {
				if ok {
					return "", false
				}
				node, ok = value, true
			}
			rest = strings.TrimLeft(after, " \t")
		}
		if rest != "" {
			if rest[0] != ';' {
				return "", false
			}
			rest = strings.TrimLeft(rest[1:], " \t")
		}
	}
	return node, ok
}

// forwardedValue reads "=" and a token or a quoted-string.
func forwardedValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, "=") {
		return "", "", false
	}
	s = s[1:]
	if !strings.HasPrefix(s, `"`) {
		n := tokenLen(s)
		return s[:n], s[n:], n > 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			value, ok = httpfield.Unquote(s[:i+1])
			return value, s[i+1:], ok
		}
	}
	return "", "", false
}

func tokenLen(s string) int {
	n := 0
	for n < len(s) && httpfield.IsTokenChar(s[n]) {
		n++
	}
	return n
}
