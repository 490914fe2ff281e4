package httpfield

// Character classes, one bit each, so that one table serves every grammar.
const (
	clsTchar   = 1 << iota // RFC 9110, Section 5.6.2: tchar
	clsToken68             // RFC 9110, Section 11.2: token68 without its padding
	clsEtagc               // RFC 9110, Section 8.8.3: etagc
	clsQdtext              // RFC 9110, Section 5.6.4: qdtext
	clsField               // RFC 9110, Section 5.5: field-vchar, SP, HTAB
	clsDigit               // RFC 5234: DIGIT
	clsAlpha               // RFC 5234: ALPHA
	clsPchar               // RFC 3986, Section 3.3: pchar without pct-encoded
)

var classes = func() (t [256]uint8) {
	set := func(bit uint8, chars string) {
		for i := range len(chars) {
			t[chars[i]] |= bit
		}
	}
	for c := range 256 {
		b := byte(c)
		digit := '0' <= b && b <= '9'
		alpha := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		if digit {
			t[b] |= clsDigit
		}
		if alpha {
			t[b] |= clsAlpha
		}
		if digit || alpha {
			t[b] |= clsTchar | clsToken68 | clsPchar
		}
		if b == 0x21 || 0x23 <= b && b != 0x7f {
			t[b] |= clsEtagc
		}
		if b == '\t' || b >= 0x20 && b != 0x7f {
			t[b] |= clsField
			if b != '"' && b != '\\' {
				t[b] |= clsQdtext
			}
		}
	}
	set(clsTchar, "!#$%&'*+-.^_`|~")
	set(clsToken68, "-._~+/")
	set(clsPchar, "-._~"+"!$&'()*+,;="+":@")
	return t
}()

func is(c byte, class uint8) bool { return classes[c]&class != 0 }

// allOf reports whether every byte of s is in class; true of the empty string.
func allOf(s string, class uint8) bool {
	for i := range len(s) {
		if classes[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

// spanOf returns the length of the longest prefix of s whose bytes are in class.
func spanOf(s string, class uint8) int {
	i := 0
	for i < len(s) && classes[s[i]]&class != 0 {
		i++
	}
	return i
}

// IsTokenChar reports whether c may stand in a token (RFC 9110, Section 5.6.2).
func IsTokenChar(c byte) bool { return is(c, clsTchar) }

// IsToken reports whether s is a token (RFC 9110, Section 5.6.2).
func IsToken(s string) bool { return s != "" && allOf(s, clsTchar) }

// IsToken68 reports whether s is a token68 (RFC 9110, Section 11.2), the form in
// which Basic and Bearer credentials are sent. RFC 6750's b64token is the same.
func IsToken68(s string) bool { return s != "" && spanToken68(s) == len(s) }

// spanToken68 returns the length of the token68 that s begins with, or 0.
func spanToken68(s string) int {
	n := spanOf(s, clsToken68)
	if n == 0 {
		return 0
	}
	for n < len(s) && s[n] == '=' {
		n++
	}
	return n
}

// ValidName reports whether s can be a field name (RFC 9110, Section 5.1): a token.
func ValidName(s string) bool { return IsToken(s) }

// ValidValue reports whether s can be sent as a field value (RFC 9110,
// Section 5.5): no CR, LF, NUL or other control but HTAB, and no whitespace at
// either end. Bytes above 0x7F are allowed, as the grammar's obs-text. The empty
// string is a valid value.
func ValidValue(s string) bool {
	if !allOf(s, clsField) {
		return false
	}
	return s == "" || !isOWS(s[0]) && !isOWS(s[len(s)-1])
}

// isOWS reports whether c is optional whitespace (RFC 9110, Section 5.6.3).
func isOWS(c byte) bool { return c == ' ' || c == '\t' }

// skipOWS returns s without its leading whitespace.
func skipOWS(s string) string {
	for s != "" && isOWS(s[0]) {
		s = s[1:]
	}
	return s
}

// trimOWS returns s without leading and trailing whitespace. strings.TrimSpace
// would also take CR, LF and Unicode spaces.
func trimOWS(s string) string {
	s = skipOWS(s)
	for s != "" && isOWS(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// lower returns the ASCII lower case of c.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// EqualFold compares ASCII case-insensitively, as field names, schemes, media
// types and parameter names are. strings.EqualFold folds Unicode as well, and so
// takes the Kelvin sign for a k.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// hasPrefixFold reports whether s begins with prefix, ASCII case-insensitively.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && EqualFold(s[:len(prefix)], prefix)
}
