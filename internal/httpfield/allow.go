package httpfield

// AppendAllow appends methods to dst as the value of Allow (RFC 9110, Section
// 10.2.1), or of any list of tokens. No methods make the empty value, which says
// that the resource allows none. It returns dst unchanged and false if a method
// is not a token.
func AppendAllow(dst []byte, methods ...string) ([]byte, bool) {
	for _, m := range methods {
		if !IsToken(m) {
			return dst, false
		}
	}
	for i, m := range methods {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, m...)
	}
	return dst, true
}

// JoinAllow is [AppendAllow] into a new string.
func JoinAllow(methods ...string) (string, bool) {
	b, ok := AppendAllow(nil, methods...)
	return string(b), ok
}

// ParseAllow returns the methods that Allow names, in order (RFC 9110, Section
// 10.2.1); false if one is not a token. A field that is present and empty allows
// none, which is well-formed.
func ParseAllow(lines []string) ([]string, bool) {
	var out []string
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if !IsToken(el) {
			return nil, false
		}
		out = append(out, el)
	}
	return out, true
}

// AllowHas reports whether Allow names the method. Methods are case-sensitive
// (RFC 9110, Section 9.1).
func AllowHas(lines []string, method string) bool {
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if el == method {
			return true
		}
	}
	return false
}
