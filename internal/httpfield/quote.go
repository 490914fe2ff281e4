package httpfield

// AppendQuoted appends s to dst as a quoted-string (RFC 9110, Section 5.6.4),
// with a backslash only before `"` and `\`. It returns dst unchanged and false
// if s holds a byte that no quoted-string can: a control other than HTAB.
func AppendQuoted(dst []byte, s string) ([]byte, bool) {
	if !allOf(s, clsField) {
		return dst, false
	}
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"'), true
}

// Quote is [AppendQuoted] into a new string.
func Quote(s string) (string, bool) {
	b, ok := AppendQuoted(make([]byte, 0, len(s)+2), s)
	if !ok {
		return "", false
	}
	return string(b), true
}

// Unquote returns the value of the quoted-string s (RFC 9110, Section 5.6.4),
// and false if s is not one. It allocates only where s has a quoted-pair.
func Unquote(s string) (string, bool) {
	n, escaped := spanQuoted(s)
	if n == 0 || n != len(s) {
		return "", false
	}
	if !escaped {
		return s[1 : n-1], true
	}
	return unescape(s[1 : n-1]), true
}

// spanQuoted returns the length of the quoted-string that s begins with, quotes
// included, and whether it has a quoted-pair; 0 if there is none.
func spanQuoted(s string) (n int, escaped bool) {
	if s == "" || s[0] != '"' {
		return 0, false
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case is(c, clsQdtext):
		case c == '"':
			return i + 1, escaped
		case c == '\\' && i+1 < len(s) && is(s[i+1], clsField):
			escaped = true
			i++
		default:
			return 0, false
		}
	}
	return 0, false
}

// unescape replaces each quoted-pair in s with its second byte. The caller has
// checked that no backslash is last.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// equalQuoted reports whether raw, a token or a checked quoted-string, has the
// value v, without allocating. With fold, ASCII case is ignored.
func equalQuoted(raw, v string, fold bool) bool {
	if raw == "" || raw[0] != '"' {
		return raw == v || fold && EqualFold(raw, v)
	}
	raw = raw[1 : len(raw)-1]
	j := 0
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			i++
		}
		if j == len(v) || raw[i] != v[j] && !(fold && lower(raw[i]) == lower(v[j])) {
			return false
		}
		j++
	}
	return j == len(v)
}

// appendWord appends s as a token if it is one, and as a quoted-string if not.
func appendWord(dst []byte, s string) ([]byte, bool) {
	if IsToken(s) {
		return append(dst, s...), true
	}
	return AppendQuoted(dst, s)
}
