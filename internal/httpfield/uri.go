package httpfield

import "strings"

// IsURIReference reports whether s is a URI-reference (RFC 3986, Section 4.1), as
// Location and Link hold: a URI or a relative reference, of characters that the
// part of it they stand in allows, with each "%" before two hexadecimal digits.
// The empty string is one: it refers to the document itself.
func IsURIReference(s string) bool {
	if scheme, rest, ok := cutScheme(s); ok {
		return scheme != "" && validHier(rest, false)
	}
	return validHier(s, true)
}

// IsURI reports whether s is a URI (RFC 3986, Section 3), that is, a
// URI-reference with a scheme. Extension relation types are (RFC 8288, Section
// 2.1.2), and problem types may be.
func IsURI(s string) bool {
	_, rest, ok := cutScheme(s)
	return ok && validHier(rest, false)
}

// cutScheme splits "scheme:rest" (RFC 3986, Section 3.1).
func cutScheme(s string) (scheme, rest string, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case is(c, clsAlpha):
		case i > 0 && (is(c, clsDigit) || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return s[:i], s[i+1:], true
		default:
			return "", s, false
		}
	}
	return "", s, false
}

// validHier checks what follows the scheme: authority, path, query, fragment.
// In a relative reference the first segment of a path has no colon (RFC 3986,
// Section 4.2), or it would read as a scheme.
func validHier(s string, relative bool) bool {
	s, fragment, _ := strings.Cut(s, "#")
	path, query, _ := strings.Cut(s, "?")
	if !validPart(fragment, "/?") || !validPart(query, "/?") {
		return false
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		if !validAuthority(rest[:end]) {
			return false
		}
		path = rest[end:]
	} else if relative {
		first, _, _ := strings.Cut(path, "/")
		if strings.IndexByte(first, ':') >= 0 {
			return false
		}
	}
	return validPart(path, "/")
}

// validPart reports whether s is pchars and bytes of more (RFC 3986, Section 3.3).
func validPart(s, more string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case is(c, clsPchar):
		case c == '%':
			if !isPctEncoded(s[i:]) {
				return false
			}
			i += 2
		case strings.IndexByte(more, c) >= 0:
		default:
			return false
		}
	}
	return true
}

// isPctEncoded reports whether s begins with "%" HEXDIG HEXDIG.
func isPctEncoded(s string) bool {
	return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return is(c, clsDigit) || 'a' <= lower(c) && lower(c) <= 'f'
}

// validAuthority checks [ userinfo "@" ] host [ ":" port ] (RFC 3986, Section 3.2).
func validAuthority(s string) bool {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		// pchar has ":" and "@"; userinfo has only the first.
		if u := s[:i]; strings.IndexByte(u, '@') >= 0 || !validPart(u, "") {
			return false
		}
		s = s[i+1:]
	}
	if strings.HasPrefix(s, "[") {
		i := strings.IndexByte(s, ']')
		if i < 0 || !validIPLiteral(s[1:i]) {
			return false
		}
		s = s[i+1:]
		return s == "" || s[0] == ':' && allOf(s[1:], clsDigit)
	}
	host, port, _ := strings.Cut(s, ":")
	return allOf(port, clsDigit) && validPart(host, "")
}

// validIPLiteral checks what stands in brackets (RFC 3986, Section 3.2.2): an
// IPv6 address by its alphabet, or IPvFuture.
func validIPLiteral(s string) bool {
	if s != "" && lower(s[0]) == 'v' {
		version, rest, ok := strings.Cut(s[1:], ".")
		for i := range len(version) {
			ok = ok && isHex(version[i])
		}
		return ok && version != "" && rest != "" && !strings.ContainsAny(rest, "@%") && validPart(rest, "")
	}
	colons := 0
	for i := range len(s) {
		switch {
		case s[i] == ':':
			colons++
		case !isHex(s[i]) && s[i] != '.':
			return false
		}
	}
	return colons >= 2
}

// EscapeURI makes a URI-reference of s where s is one but for characters that Go
// strings commonly hold: spaces, non-ASCII text (as its UTF-8 bytes), any of
// "<>\^`{|}, brackets and a second "#", and a "%" that begins no escape. Each is
// percent-encoded (RFC 3986, Section 2.1); what is valid already stays as it is,
// and is then returned without allocating.
//
// It returns false for a string with a control character, CR, LF and NUL among
// them, and for one that escaping does not make valid, such as a bad port. It does
// not make a string safe to redirect to: "//evil.example" is a valid reference.
// But a backslash, which browsers take for a "/", is escaped.
func EscapeURI(s string) (string, bool) {
	if IsURIReference(s) {
		return s, true
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+16)
	fragment, literal := false, endOfIPLiteral(s)
	for i := range len(s) {
		c := s[i]
		keep := is(c, clsPchar) || c == '/' || c == '?'
		switch {
		case c < 0x20 || c == 0x7f:
			return "", false
		case c == '%':
			keep = isPctEncoded(s[i:])
		case c == '#':
			keep, fragment = !fragment, true
		case c == '[', c == ']':
			keep = i < literal
		}
		if keep {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&0xf])
		}
	}
	out := string(b)
	return out, IsURIReference(out)
}

// endOfIPLiteral returns the end of an IP-literal's brackets in the authority of s,
// or 0 if there is none.
func endOfIPLiteral(s string) int {
	_, rest, _ := cutScheme(s)
	if !strings.HasPrefix(rest, "//") {
		return 0
	}
	at := len(s) - len(rest)
	if i := strings.IndexAny(rest[2:], "/?#"); i >= 0 {
		rest = rest[:2+i]
	}
	return at + strings.IndexByte(rest, ']') + 1
}
