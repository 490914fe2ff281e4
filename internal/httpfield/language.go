package httpfield

import "strings"

// NegotiateLanguage chooses one of the offered language tags, which are in the
// server's order of preference, by the lines of an Accept-Language field (RFC
// 9110, Section 12.5.4); false if none fits. Then a server that has a default
// language may send that: the field is a preference.
//
// Which range counts for a tag is found in three steps:
//
//   - Basic filtering (RFC 4647, Section 3.3.1): the range is the tag or, up to a
//     hyphen, its beginning: "de" fits "de-CH". The longest range counts.
//   - Lookup (RFC 4647, Section 3.4): the tag is the beginning of the range, as
//     "en" is of "en-GB", so that a reader of British English gets English.
//   - "*".
//
// Weight 0 excludes what a range filters, and in a lookup says nothing. The highest
// weight wins, then the earlier step, then the server's order. Malformed elements
// are dropped; if nothing is left, the field counts as absent, and the first offer
// is taken. Nothing is allocated.
func NegotiateLanguage(lines []string, offers []string) (Choice, bool) {
	if len(offers) == 0 {
		return Choice{Index: -1}, false
	}
	best, bestStep, present := Choice{Index: -1}, 0, false
	for i, tag := range offers {
		step, length, c := 0, 0, Choice{Index: i}
		list := NewElements(lines)
		for el, ok := list.Next(); ok; el, ok = list.Next() {
			r, q, ok := cutWeight(el)
			if !ok || !isLanguageRange(r) {
				continue
			}
			present = true
			s, n := matchLanguage(r, tag)
			if s == stepLookup && q == 0 {
				continue
			}
			if s > step || s != 0 && s == step && (n > length || n == length && q > c.Q) {
				step, length, c.Element, c.Q = s, n, el, q
			}
		}
		if c.Q > best.Q || c.Q == best.Q && c.Q > 0 && step > bestStep {
			best, bestStep = c, step
		}
	}
	if !present {
		return Choice{Index: 0, Q: 1000}, true
	}
	return best, best.Index >= 0
}

// The steps, the weakest first.
const (
	stepStar = iota + 1
	stepLookup
	stepFilter
)

// matchLanguage returns the step in which the range fits the tag, 0 for none, and
// how much of them is the same.
func matchLanguage(r, tag string) (step, length int) {
	switch {
	case r == "*":
		return stepStar, 0
	case isTagPrefix(r, tag):
		return stepFilter, len(r)
	case isTagPrefix(tag, r):
		return stepLookup, len(tag)
	}
	return 0, 0
}

// isTagPrefix reports whether p is tag, or its beginning up to a hyphen.
func isTagPrefix(p, tag string) bool {
	return p != "" && hasPrefixFold(tag, p) && (len(tag) == len(p) || tag[len(p)] == '-')
}

// isLanguageRange checks a basic language range (RFC 4647, Section 2.1).
func isLanguageRange(s string) bool {
	if s == "*" {
		return true
	}
	class := uint8(clsAlpha) // of the first subtag
	for {
		sub, rest, more := strings.Cut(s, "-")
		if sub == "" || len(sub) > 8 || !allOf(sub, class) {
			return false
		}
		if !more {
			return true
		}
		s, class = rest, clsAlpha|clsDigit
	}
}
