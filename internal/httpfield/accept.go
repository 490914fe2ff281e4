package httpfield

// Offers is what a server can send, in the server's order of preference, parsed
// once for many calls of [NegotiateType].
type Offers struct{ list []offer }

type offer struct {
	typ, sub string
	params   []Parameter // Raw holds the value, without quotes
}

// NewOffers parses media types, which may have parameters (RFC 9110, Section
// 8.3.1). A type that does not parse is a [ValueError].
func NewOffers(types ...string) (Offers, error) {
	list := make([]offer, len(types))
	for i, s := range types {
		m, ok := ParseMediaType(s)
		if !ok {
			return Offers{}, &ValueError{"offer", "not a media type"}
		}
		list[i] = offer{typ: m.Type, sub: m.Subtype}
		ps := m.Params()
		for p, ok := ps.Next(); ok; p, ok = ps.Next() {
			list[i].params = append(list[i].params, Parameter{p.Name, p.Value()})
		}
	}
	return Offers{list}, nil
}

// Len returns the number of offers.
func (o Offers) Len() int { return len(o.list) }

// NegotiateType chooses one of the offers by the lines of an Accept field (RFC
// 9110, Section 12.5.1); false if none is acceptable. Nothing is allocated.
//
//   - For each offer the most specific range that fits it counts: type/subtype
//     with the most parameters, then type/subtype, type/*, */*. Of two that are
//     equally specific, the one with the higher weight counts.
//   - An offer whose range has weight 0 is excluded.
//   - Of the others the highest weight wins, then the server's order.
//   - A malformed element is dropped. If nothing is left, the field counts as
//     absent, and an absent or empty field accepts the first offer.
//
// A range's parameters must all be among the offer's, with the same value; the
// value of charset is compared without regard to case. charset=utf-8 on a range
// also fits an offer that names no charset, since clients write it on JSON, where
// it has no meaning. "q" is the weight wherever it stands.
func NegotiateType(lines []string, offers Offers) (Choice, bool) {
	if len(offers.list) == 0 {
		return Choice{Index: -1}, false
	}
	best, fallback := Choice{Index: -1}, true
	// Offers are judged in groups of as many as fit into an array on the stack.
	var group [8]judged
	for start := 0; start < len(offers.list); start += len(group) {
		part := offers.list[start:min(start+len(group), len(offers.list))]
		clear(group[:len(part)])
		list := NewElements(lines)
		for el, ok := list.Next(); ok; el, ok = list.Next() {
			r, ok := parseRange(el)
			if !ok {
				continue
			}
			fallback = false
			for i := range part {
				rank := r.fits(&part[i])
				g := &group[i]
				if rank > g.rank || rank != 0 && rank == g.rank && r.q > g.q {
					*g = judged{rank, r.q, el}
				}
			}
		}
		for i := range part {
			if g := &group[i]; g.q > best.Q {
				best = Choice{start + i, g.element, g.q}
			}
		}
	}
	if fallback {
		return Choice{Index: 0, Q: 1000}, true
	}
	return best, best.Index >= 0
}

// judged is the range that counts for an offer so far.
type judged struct {
	rank    int // 0: none fits
	q       int
	element string
}

// mediaRange is one element of Accept.
type mediaRange struct {
	typ, sub string // "*" for any
	params   string // checked, with q among them
	n        int    // how many there are, without q
	q        int
}

// parseRange parses media-range [ weight ].
func parseRange(el string) (r mediaRange, ok bool) {
	m, ok := splitMediaType(el)
	if !ok || m.Type == "*" && m.Subtype != "*" {
		return r, false
	}
	r = mediaRange{typ: m.Type, sub: m.Subtype, q: 1000}
	if m.params == "" {
		return r, true
	}
	weighed, rest := false, m.params
	for {
		p, next, state := nextParam(rest)
		switch {
		case state == paramEnd:
			if r.n > 0 {
				r.params = m.params
			}
			return r, true
		case state == paramBad:
			return r, false
		case !isQ(p.Name):
			r.n++
		case weighed:
			return r, false
		default:
			if r.q, ok = parseQ(p.Raw); !ok {
				return r, false
			}
			weighed = true
		}
		rest = next
	}
}

func isQ(name string) bool { return len(name) == 1 && lower(name[0]) == 'q' }

const (
	rankAny = (iota + 1) << 16
	rankType
	rankSubtype
)

// fits returns how specific r is about o, 0 if it does not fit.
func (r *mediaRange) fits(o *offer) int {
	rank := rankSubtype
	switch {
	case r.typ == "*":
		rank = rankAny
	case r.typ != o.typ && !EqualFold(r.typ, o.typ):
		return 0
	case r.sub == "*":
		rank = rankType
	case r.sub != o.sub && !EqualFold(r.sub, o.sub):
		return 0
	}
	if r.n == 0 {
		return rank
	}
	rest := r.params
	for {
		p, next, state := nextParam(rest)
		if state != paramFound {
			return rank
		}
		rest = next
		if isQ(p.Name) {
			continue
		}
		found, ok := o.hasParam(p)
		if !ok {
			return 0
		}
		if found && rank&0xffff != 0xffff {
			rank++
		}
	}
}

// hasParam reports whether o has the range's parameter p; ok without found means
// that p is charset=utf-8 and o has no charset.
func (o *offer) hasParam(p Parameter) (found, ok bool) {
	charset := EqualFold(p.Name, "charset")
	for i := range o.params {
		if q := &o.params[i]; EqualFold(q.Name, p.Name) {
			same := equalQuoted(p.Raw, q.Raw, charset)
			return same, same
		}
	}
	return false, charset && equalQuoted(p.Raw, "utf-8", true)
}
