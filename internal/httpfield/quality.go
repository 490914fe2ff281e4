package httpfield

// Choice is what a negotiation came to.
type Choice struct {
	Index   int    // of the offer; -1 if none is acceptable
	Element string // the element of the field that decided; "" if the field was absent
	Q       int    // its weight in thousandths: 1 to 1000
}

// parseQ parses a qvalue (RFC 9110, Section 12.4.2) into thousandths. Beyond the
// grammar it takes a missing zero, as in ".2": the Accept that Java's
// HttpURLConnection sent by default for decades has it.
func parseQ(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	q := 0
	switch s[0] {
	case '0', '1':
		q = int(s[0]-'0') * 1000
		s = s[1:]
		if s == "" {
			return q, true
		}
	case '.':
		if len(s) == 1 {
			return 0, false
		}
	}
	if s[0] != '.' || len(s) > 4 {
		return 0, false
	}
	for i, unit := 1, 100; i < len(s); i, unit = i+1, unit/10 {
		if !is(s[i], clsDigit) {
			return 0, false
		}
		q += int(s[i]-'0') * unit
	}
	return q, q <= 1000
}

// cutWeight splits an element of Accept-Charset, Accept-Encoding or
// Accept-Language into its value and weight (RFC 9110, Section 12.4.2). The
// weight is the only parameter that these fields have.
func cutWeight(el string) (value string, q int, ok bool) {
	for i := range len(el) {
		if el[i] != ';' {
			continue
		}
		p, rest, state := nextParam(el[i:])
		if state == paramEnd {
			return trimOWS(el[:i]), 1000, true
		}
		if state != paramFound || !EqualFold(p.Name, "q") || !validEnd(rest) {
			return "", 0, false
		}
		q, ok = parseQ(p.Raw)
		return trimOWS(el[:i]), q, ok
	}
	return el, 1000, true
}

// validEnd reports whether s, what is left of an element, has no more parameters.
func validEnd(s string) bool {
	_, _, state := nextParam(s)
	return state == paramEnd
}
