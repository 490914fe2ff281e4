package httpfield

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxSFInt is the largest Integer (RFC 9651, Section 3.3.1). A Decimal in
// thousandths, with 12 digits before its point and 3 behind, has the same.
const maxSFInt = 999_999_999_999_999

// SFDecimalOf returns the Decimal nearest to f, ties to even (RFC 9651, Section
// 4.1.5); false for NaN and for what has more than 12 digits before its point.
func SFDecimalOf(f float64) (SFValue, bool) {
	t := math.RoundToEven(f * 1000)
	if !(math.Abs(t) <= maxSFInt) {
		return SFValue{}, false
	}
	return SFValue{Kind: SFDecimal, Int: int64(t)}, true
}

// Append appends the value as it is sent (RFC 9651, Section 4.1.3.1); dst unchanged
// and false where its kind cannot hold it.
func (v SFValue) Append(dst []byte) ([]byte, bool) {
	switch v.Kind {
	case SFInteger, SFDate:
		if v.Int < -maxSFInt || v.Int > maxSFInt {
			return dst, false
		}
		if v.Kind == SFDate {
			dst = append(dst, '@')
		}
		return strconv.AppendInt(dst, v.Int, 10), true
	case SFDecimal:
		return appendSFDecimal(dst, v.Int)
	case SFString:
		for i := range len(v.Str) {
			if v.Str[i] < 0x20 || v.Str[i] >= 0x7f {
				return dst, false
			}
		}
		return AppendQuoted(dst, v.Str)
	case SFToken:
		if v.Str == "" || spanSFToken(v.Str) != len(v.Str) {
			return dst, false
		}
		return append(dst, v.Str...), true
	case SFBytes:
		dst = append(dst, ':')
		dst = base64.StdEncoding.AppendEncode(dst, []byte(v.Str))
		return append(dst, ':'), true
	case SFBoolean:
		if v.Int != 0 {
			return append(dst, "?1"...), true
		}
		return append(dst, "?0"...), true
	case SFDisplayString:
		return appendSFDisplay(dst, v.Str)
	}
	return dst, false
}

// appendSFDecimal writes thousandths (RFC 9651, Section 4.1.5).
func appendSFDecimal(dst []byte, n int64) ([]byte, bool) {
	if n < -maxSFInt || n > maxSFInt {
		return dst, false
	}
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = append(strconv.AppendInt(dst, n/1000, 10), '.', digit(int(n/100%10)))
	if n%100 != 0 {
		dst = append(dst, digit(int(n/10%10)))
	}
	if n%10 != 0 {
		dst = append(dst, digit(int(n%10)))
	}
	return dst, true
}

// appendSFDisplay writes a Display String (RFC 9651, Section 4.1.11).
func appendSFDisplay(dst []byte, s string) ([]byte, bool) {
	if !utf8.ValidString(s) {
		return dst, false
	}
	const hex = "0123456789abcdef"
	dst = append(dst, '%', '"')
	for i := range len(s) {
		if c := s[i]; c == '%' || c == '"' || c < 0x20 || c >= 0x7f {
			dst = append(dst, '%', hex[c>>4], hex[c&0xf])
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"'), true
}

// sfWriter collects the output and whether all of it could be written.
type sfWriter struct {
	b      []byte
	failed bool
}

func (w *sfWriter) value(v SFValue) {
	b, ok := v.Append(w.b)
	w.b, w.failed = b, w.failed || !ok
}

func (w *sfWriter) key(s string) {
	if s == "" || spanSFKey(s) != len(s) {
		w.failed = true
	}
	w.b = append(w.b, s...)
}

// params writes parameters (RFC 9651, Section 4.1.1.2).
func (w *sfWriter) params(ps SFParams) {
	for _, p := range ps {
		w.b = append(w.b, ';')
		w.key(p.Key)
		if !p.Value.Bool() {
			w.b = append(w.b, '=')
			w.value(p.Value)
		}
	}
}

// member writes an item or an inner list (RFC 9651, Section 4.1.1.1).
func (w *sfWriter) member(m SFMember) {
	if m.IsInner() {
		w.b = append(w.b, '(')
		for i, it := range m.Inner {
			if i > 0 {
				w.b = append(w.b, ' ')
			}
			w.value(it.Value)
			w.params(it.Params)
		}
		w.b = append(w.b, ')')
	} else {
		w.value(m.Value)
	}
	w.params(m.Params)
}

// done returns what was written, or dst and false.
func (w *sfWriter) done(dst []byte) ([]byte, bool) {
	if w.failed {
		return dst, false
	}
	return w.b, true
}

// Append appends the item as it is sent (RFC 9651, Section 4.1.3); dst unchanged
// and false if a value or a key in it cannot be sent.
func (it SFItem) Append(dst []byte) ([]byte, bool) {
	w := sfWriter{b: dst}
	w.value(it.Value)
	w.params(it.Params)
	return w.done(dst)
}

// Append appends the list as it is sent (RFC 9651, Section 4.1.1); dst unchanged
// and false if a value or a key in it cannot be sent. An empty list appends
// nothing, and its field is not to be sent at all (Section 4.1).
func (l SFList) Append(dst []byte) ([]byte, bool) {
	w := sfWriter{b: dst}
	for i, m := range l {
		if i > 0 {
			w.b = append(w.b, ", "...)
		}
		w.member(m)
	}
	return w.done(dst)
}

// Append appends the dictionary as it is sent (RFC 9651, Section 4.1.2); dst
// unchanged and false if a value or a key in it cannot be sent. An empty dictionary
// appends nothing, and its field is not to be sent at all (Section 4.1).
func (d SFDict) Append(dst []byte) ([]byte, bool) {
	w := sfWriter{b: dst}
	for i, e := range d {
		if i > 0 {
			w.b = append(w.b, ", "...)
		}
		w.key(e.Key)
		if e.Member.IsInner() || !e.Member.Value.Bool() {
			w.b = append(w.b, '=')
			w.member(e.Member)
		} else {
			w.params(e.Member.Params)
		}
	}
	return w.done(dst)
}
