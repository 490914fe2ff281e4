package httpfield

// NegotiateCharset chooses one of the offered charsets, which are in the server's
// order of preference, by the lines of an Accept-Charset field (RFC 9110, Section
// 12.5.2); false if none is acceptable. "*" stands for every charset that the
// field does not name, weight 0 excludes, and of equal weights the server's order
// decides. Malformed elements are dropped; if nothing is left, the field counts as
// absent, and the first offer is taken. Nothing is allocated.
//
// The field is deprecated. A server may disregard it and send UTF-8.
func NegotiateCharset(lines []string, offers []string) (Choice, bool) {
	if len(offers) == 0 {
		return Choice{Index: -1}, false
	}
	if !anyWeighted(lines) {
		return Choice{Index: 0, Q: 1000}, true
	}
	best := Choice{Index: -1}
	for i, o := range offers {
		el, q, _ := weightOf(lines, o, "")
		if q > best.Q {
			best = Choice{i, el, q}
		}
	}
	return best, best.Index >= 0
}

// anyWeighted reports whether an element of lines is token [ weight ].
func anyWeighted(lines []string) bool {
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if v, _, ok := cutWeight(el); ok && IsToken(v) {
			return true
		}
	}
	return false
}

// weightOf returns the element that counts for name, or for its other name alias,
// and its weight: the highest of those that name it, else that of "*".
func weightOf(lines []string, name, alias string) (element string, q int, found bool) {
	q = -1
	star, starQ := "", -1
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		v, w, ok := cutWeight(el)
		switch {
		case !ok:
		case EqualFold(v, name) || alias != "" && EqualFold(v, alias):
			if w > q {
				element, q = el, w
			}
		case v == "*" && w > starQ:
			star, starQ = el, w
		}
	}
	switch {
	case q >= 0:
		return element, q, true
	case starQ >= 0:
		return star, starQ, true
	}
	return "", 0, false
}
