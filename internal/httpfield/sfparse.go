package httpfield

import "strings"

// ParseSFItem parses a structured field that is an Item (RFC 9651, Section 4.2.3).
// Parsing is strict throughout: a field that fails is to be ignored as a whole, or
// the message refused (Section 4.2).
func ParseSFItem(lines []string) (SFItem, error) {
	p := newSFParser(lines)
	v, err := p.value()
	if err != nil {
		return SFItem{}, err
	}
	ps, err := p.params()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return SFItem{}, err
	}
	return SFItem{v, ps}, nil
}

// ParseSFList parses a structured field that is a List (RFC 9651, Section 4.2.1).
// An absent field is the empty list.
func ParseSFList(lines []string) (SFList, error) {
	p := newSFParser(lines)
	var out SFList
	for p.rest != "" {
		m, err := p.member()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		if err := p.comma(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ParseSFDict parses a structured field that is a Dictionary (RFC 9651, Section
// 4.2.2). Of members with the same key, the last counts, in the place of the first.
// An absent field is the empty dictionary.
func ParseSFDict(lines []string) (SFDict, error) {
	p := newSFParser(lines)
	var out SFDict
	var index keyIndex
	for p.rest != "" {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		m := SFMember{Value: SFBool(true)}
		if p.take('=') {
			m, err = p.member()
		} else {
			m.Params, err = p.params()
		}
		if err != nil {
			return nil, err
		}
		if i := index.find(key, len(out), func(i int) string { return out[i].Key }); i >= 0 {
			out[i].Member = m
		} else {
			out = append(out, SFEntry{key, m})
		}
		if err := p.comma(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sfParser is the state of parsing: what is left of the field.
type sfParser struct {
	full, rest string
}

// newSFParser joins the lines by commas (RFC 9651, Section 4.2) and discards the
// spaces around them.
func newSFParser(lines []string) *sfParser {
	s := strings.Join(lines, ", ")
	return &sfParser{s, strings.Trim(s, " ")}
}

func (p *sfParser) fail(msg string) error {
	at := max(0, len(strings.TrimRight(p.full, " "))-len(p.rest))
	return &SyntaxError{Field: "structured field", Offset: at, Msg: msg}
}

func (p *sfParser) end() error {
	if p.rest != "" {
		return p.fail("more than an item")
	}
	return nil
}

// take consumes c if it is next.
func (p *sfParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *sfParser) skipSP() {
	for p.take(' ') {
	}
}

// comma reads what stands between two members, or nothing at the end.
func (p *sfParser) comma() error {
	p.rest = skipOWS(p.rest)
	if p.rest == "" {
		return nil
	}
	if !p.take(',') {
		return p.fail("no comma after a member")
	}
	p.rest = skipOWS(p.rest)
	if p.rest == "" {
		return p.fail("a comma at the end")
	}
	return nil
}

// member parses an item or an inner list (RFC 9651, Section 4.2.1.1).
func (p *sfParser) member() (m SFMember, err error) {
	if p.take('(') {
		m.Inner, err = p.inner()
	} else {
		m.Value, err = p.value()
	}
	if err != nil {
		return SFMember{}, err
	}
	m.Params, err = p.params()
	return m, err
}

// inner parses what follows the "(" of an inner list (RFC 9651, Section 4.2.1.2).
func (p *sfParser) inner() ([]SFItem, error) {
	out := []SFItem{}
	for p.rest != "" {
		p.skipSP()
		if p.take(')') {
			return out, nil
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		ps, err := p.params()
		if err != nil {
			return nil, err
		}
		out = append(out, SFItem{v, ps})
		if p.rest != "" && p.rest[0] != ' ' && p.rest[0] != ')' {
			return nil, p.fail("no space after an inner list's item")
		}
	}
	return nil, p.fail("an inner list without its end")
}

// params parses parameters (RFC 9651, Section 4.2.3.2).
func (p *sfParser) params() (SFParams, error) {
	var out SFParams
	var index keyIndex
	for p.take(';') {
		p.skipSP()
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		v := SFBool(true)
		if p.take('=') {
			if v, err = p.value(); err != nil {
				return nil, err
			}
		}
		if i := index.find(key, len(out), func(i int) string { return out[i].Key }); i >= 0 {
			out[i].Value = v
		} else {
			out = append(out, SFParam{key, v})
		}
	}
	return out, nil
}

// key parses a key (RFC 9651, Section 4.2.3.3).
func (p *sfParser) key() (string, error) {
	n := spanSFKey(p.rest)
	if n == 0 {
		return "", p.fail("no key where one is due")
	}
	key := p.rest[:n]
	p.rest = p.rest[n:]
	return key, nil
}

// spanSFKey returns the length of the key that s begins with, or 0.
func spanSFKey(s string) int {
	for i := range len(s) {
		c := s[i]
		first := 'a' <= c && c <= 'z' || c == '*'
		if !first && (i == 0 || !is(c, clsDigit) && c != '_' && c != '-' && c != '.') {
			return i
		}
	}
	return len(s)
}

// keyIndex finds a key among those before it. Beyond a handful it keeps a map, so
// that a field of thousands of keys does not cost their square.
type keyIndex struct{ m map[string]int }

// find returns the place of key among the n keys so far, or -1, in which case the
// caller adds it as the n-th.
func (x *keyIndex) find(key string, n int, at func(int) string) int {
	const few = 16
	if n < few {
		for i := range n {
			if at(i) == key {
				return i
			}
		}
		return -1
	}
	if x.m == nil {
		x.m = make(map[string]int, 2*n)
		for i := range n {
			x.m[at(i)] = i
		}
	}
	if i, ok := x.m[key]; ok {
		return i
	}
	x.m[key] = n
	return -1
}
