package httpfield

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// value parses a bare item (RFC 9651, Section 4.2.3.1).
func (p *sfParser) value() (SFValue, error) {
	if p.rest == "" {
		return SFValue{}, p.fail("no value where one is due")
	}
	switch c := p.rest[0]; {
	case c == '-' || is(c, clsDigit):
		return p.number()
	case c == '"':
		return p.str()
	case c == '*' || is(c, clsAlpha):
		n := spanSFToken(p.rest)
		v := SFValue{Kind: SFToken, Str: p.rest[:n]}
		p.rest = p.rest[n:]
		return v, nil
	case c == ':':
		return p.bytes()
	case c == '?':
		if len(p.rest) < 2 || p.rest[1] != '0' && p.rest[1] != '1' {
			return SFValue{}, p.fail("neither ?0 nor ?1")
		}
		v := SFBool(p.rest[1] == '1')
		p.rest = p.rest[2:]
		return v, nil
	case c == '@':
		p.rest = p.rest[1:]
		v, err := p.number()
		if err == nil && v.Kind != SFInteger {
			return SFValue{}, p.fail("a Date with a fraction")
		}
		v.Kind = SFDate
		return v, err
	case c == '%':
		return p.displayString()
	}
	return SFValue{}, p.fail("no value where one is due")
}

// number parses an Integer or a Decimal (RFC 9651, Section 4.2.4).
func (p *sfParser) number() (SFValue, error) {
	sign := int64(1)
	if p.take('-') {
		sign = -1
	}
	n := spanOf(p.rest, clsDigit)
	if n == 0 {
		return SFValue{}, p.fail("no digit in a number")
	}
	if n > 15 {
		return SFValue{}, p.fail("an Integer of more than 15 digits")
	}
	i, _ := parseDigits(p.rest[:n])
	p.rest = p.rest[n:]
	if !p.take('.') {
		return SFValue{Kind: SFInteger, Int: sign * i}, nil
	}
	k := spanOf(p.rest, clsDigit)
	if n > 12 || k == 0 || k > 3 {
		return SFValue{}, p.fail("a Decimal of more than 12 digits before the point, or not 1 to 3 behind it")
	}
	f, _ := parseDigits((p.rest[:k] + "00")[:3])
	p.rest = p.rest[k:]
	return SFValue{Kind: SFDecimal, Int: sign * (i*1000 + f)}, nil
}

// str parses a String (RFC 9651, Section 4.2.5).
func (p *sfParser) str() (SFValue, error) {
	s, escaped := p.rest, false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			p.rest = s[i+1:]
			v := s[1:i]
			if escaped {
				v = unescape(v)
			}
			return SFValue{Kind: SFString, Str: v}, nil
		case c == '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return SFValue{}, p.fail("a backslash before something other than a quote or a backslash")
			}
			escaped = true
		case c < 0x20 || c >= 0x7f:
			return SFValue{}, p.fail("a String with more than printable ASCII")
		}
	}
	return SFValue{}, p.fail("a String without its end")
}

// spanSFToken returns the length of the Token that s begins with, or 0 (RFC 9651,
// Section 4.2.6).
func spanSFToken(s string) int {
	if s == "" || s[0] != '*' && !is(s[0], clsAlpha) {
		return 0
	}
	n := 1
	for n < len(s) && (is(s[n], clsTchar) || s[n] == ':' || s[n] == '/') {
		n++
	}
	return n
}

// bytes parses a Byte Sequence (RFC 9651, Section 4.2.7). Padding may be missing,
// and bits that pad need not be zero, as the section asks.
func (p *sfParser) bytes() (SFValue, error) {
	end := strings.IndexByte(p.rest[1:], ':')
	if end < 0 {
		return SFValue{}, p.fail("a Byte Sequence without its end")
	}
	s := p.rest[1 : end+1]
	if strings.ContainsAny(s, "\r\n") { // which encoding/base64 skips
		return SFValue{}, p.fail("a Byte Sequence that is not base64")
	}
	enc := base64.StdEncoding
	if len(s)%4 != 0 && !strings.HasSuffix(s, "=") {
		enc = base64.RawStdEncoding
	}
	b, err := enc.DecodeString(s)
	if err != nil {
		return SFValue{}, p.fail("a Byte Sequence that is not base64")
	}
	p.rest = p.rest[end+2:]
	return SFValue{Kind: SFBytes, Str: string(b)}, nil
}

// displayString parses a Display String (RFC 9651, Section 4.2.10).
func (p *sfParser) displayString() (SFValue, error) {
	s := p.rest
	if len(s) < 2 || s[1] != '"' {
		return SFValue{}, p.fail("no quote after the % of a Display String")
	}
	var b []byte
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			if !utf8.Valid(b) {
				return SFValue{}, p.fail("a Display String that is not UTF-8")
			}
			p.rest = s[i+1:]
			return SFValue{Kind: SFDisplayString, Str: string(b)}, nil
		case c == '%':
			if i+2 >= len(s) || !isLowerHex(s[i+1]) || !isLowerHex(s[i+2]) {
				return SFValue{}, p.fail("a % without two lower-case hexadecimal digits")
			}
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		case c < 0x20 || c >= 0x7f:
			return SFValue{}, p.fail("a Display String with more than printable ASCII")
		default:
			b = append(b, c)
		}
	}
	return SFValue{}, p.fail("a Display String without its end")
}

func isLowerHex(c byte) bool { return is(c, clsDigit) || 'a' <= c && c <= 'f' }

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}
