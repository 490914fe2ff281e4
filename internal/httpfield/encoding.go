package httpfield

// Identity names "no encoding" among content codings (RFC 9110, Section 12.5.3).
const Identity = "identity"

// NegotiateEncoding chooses one of the offered content codings, which are in the
// server's order of preference, by the lines of an Accept-Encoding field (RFC
// 9110, Section 12.5.3). [Identity] is an offer like any other: list it where the
// content can be sent as it is. False means that none is acceptable.
//
//   - Absent: every coding is acceptable. Identity is chosen where it is offered,
//     since a client that says nothing may not decode; else the first offer.
//   - Present and empty, or without a well-formed element: only identity.
//   - A coding that is listed, itself or by "*", has that weight; 0 excludes it.
//     Of equal weights the server's order decides.
//   - Identity, where neither it nor "*" is listed, is acceptable after all that is.
//
// x-gzip and x-compress are read as gzip and compress (Section 8.4.1). Nothing is
// allocated.
func NegotiateEncoding(lines []string, offers []string) (Choice, bool) {
	best := Choice{Index: -1}
	identity := -1
	for i, o := range offers {
		if EqualFold(o, Identity) {
			identity = i
			break
		}
	}
	if len(lines) == 0 && len(offers) > 0 {
		return Choice{Index: max(identity, 0), Q: 1000}, true
	}
	for i, o := range offers {
		el, q, listed := weightOf(lines, o, codingAlias(o))
		if q > best.Q {
			best = Choice{i, el, q}
		}
		if i == identity && listed {
			identity = -1 // decided by its weight
		}
	}
	if best.Index < 0 && identity >= 0 {
		return Choice{Index: identity, Q: 1}, true
	}
	return best, best.Index >= 0
}

// codingAlias returns the other name of a coding (RFC 9110, Section 8.4.1).
func codingAlias(name string) string {
	switch {
	case EqualFold(name, "gzip"):
		return "x-gzip"
	case EqualFold(name, "compress"):
		return "x-compress"
	}
	return ""
}
