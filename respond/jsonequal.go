package respond

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// equal compares as RFC 6902 §4.6 says: strings by their characters, numbers
// by their value, arrays in order, objects in any order.
func (t *tree) equal(o *tree) bool {
	if t.kind != o.kind {
		return false
	}
	switch t.kind {
	case '{':
		if t.object.size != o.object.size {
			return false
		}
		for _, m := range t.object.members {
			if m.value == nil {
				continue
			}
			if other := o.object.get(m.name); other == nil || !m.value.equal(other) {
				return false
			}
		}
		return true
	case '[':
		return slices.EqualFunc(t.elements, o.elements, (*tree).equal)
	case '"':
		return bytes.Equal(t.text, o.text) || unquote(t.text) == unquote(o.text)
	case '0':
		return bytes.Equal(t.text, o.text) || equalNumbers(string(t.text), string(o.text))
	}
	return true // true, false, null
}

// decimal is a JSON number without what says nothing: ±0.digits × 10^exponent.
type decimal struct {
	negative bool
	digits   string // without zeros at either end
	exponent int64
}

// equalNumbers compares two JSON numbers exactly, however large they are. An
// exponent beyond the range of an int64 equals nothing but the same text.
func equalNumbers(a, b string) bool {
	x, ok := parseDecimal(a)
	if !ok {
		return false
	}
	y, ok := parseDecimal(b)
	return ok && x == y
}

func parseDecimal(s string) (d decimal, ok bool) {
	s, d.negative = strings.CutPrefix(s, "-")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return decimal{}, true // -0 and 0e9 are 0
	}
	leading := len(whole) + len(fraction) - len(digits)
	d.exponent = int64(len(whole) - leading)
	d.digits = strings.TrimRight(digits, "0")
	if exponent != "" {
		n, err := strconv.ParseInt(exponent, 10, 64)
		if err != nil || n > 1<<62 || n < -1<<62 {
			return decimal{}, false
		}
		d.exponent += n
	}
	return d, true
}
