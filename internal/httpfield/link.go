package httpfield

import "strings"

// Link is one link-value of a Link field (RFC 8288, Section 3).
type Link struct {
	Target string  // a URI-reference, not resolved
	Params []Param // as sent; a "title*" holds its encoded form (RFC 8187)
}

// Param returns the value of the first parameter with the given name, ASCII
// case-insensitively. The first is the one that counts for rel, title, media and
// type (RFC 8288, Sections 3.3 and 3.4.1).
func (l Link) Param(name string) (string, bool) { return findParam(l.Params, name) }

// Rels returns the relation types of rel, in the case they were sent in (RFC 8288,
// Section 3.3); none where there is no rel, which the specification forbids.
func (l Link) Rels() []string {
	rel, _ := l.Param("rel")
	return strings.Fields(rel)
}

// HasRel reports whether rel is one of the relation types. They are compared
// without regard to case, URIs among them (RFC 8288, Sections 2.1.1 and 2.1.2).
func (l Link) HasRel(rel string) bool {
	for _, r := range l.Rels() {
		if EqualFold(r, rel) {
			return true
		}
	}
	return false
}

// ParseLinks parses the lines of a Link field by the grammar of RFC 8288, Section
// 3, and not by the laxer algorithm of its Appendix B: the target must be a
// URI-reference, and a value with a "/" or ":" must be in quotes. It does not ask
// for a rel; see [Link.Rels]. A field without links is well-formed.
func ParseLinks(lines []string) ([]Link, error) {
	var out []Link
	for i, line := range lines {
		p := linkParser{i, line, line}
		for p.skipCommas(); p.rest != ""; p.skipCommas() {
			l, err := p.link()
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

type linkParser struct {
	line       int
	full, rest string
}

func (p *linkParser) fail(msg string) error {
	return &SyntaxError{"Link", p.line, len(p.full) - len(p.rest), msg}
}

func (p *linkParser) skipCommas() {
	for p.rest != "" && (p.rest[0] == ',' || isOWS(p.rest[0])) {
		p.rest = p.rest[1:]
	}
}

// link reads "<" URI-Reference ">" *( OWS ";" OWS link-param ).
func (p *linkParser) link() (l Link, err error) {
	if p.rest[0] != '<' {
		return l, p.fail("no < where a link is due")
	}
	end := strings.IndexByte(p.rest, '>')
	if end < 0 {
		return l, p.fail("no > at the end of a target")
	}
	l.Target = p.rest[1:end]
	if !IsURIReference(l.Target) {
		return l, p.fail("the target is not a URI-reference")
	}
	p.rest = skipOWS(p.rest[end+1:])
	for p.rest != "" && p.rest[0] != ',' {
		if p.rest[0] != ';' {
			return l, p.fail("neither a semicolon nor a comma after a link or parameter")
		}
		p.rest = skipOWS(p.rest[1:])
		param, err := p.param()
		if err != nil {
			return l, err
		}
		l.Params = append(l.Params, param)
		p.rest = skipOWS(p.rest)
	}
	return l, nil
}

// param reads token BWS [ "=" BWS ( token / quoted-string ) ].
func (p *linkParser) param() (Param, error) {
	n := spanOf(p.rest, clsTchar)
	if n == 0 {
		return Param{}, p.fail("no parameter after a semicolon")
	}
	param := Param{Name: p.rest[:n]}
	p.rest = skipOWS(p.rest[n:])
	if p.rest == "" || p.rest[0] != '=' {
		return param, nil
	}
	p.rest = skipOWS(p.rest[1:])
	if strings.HasPrefix(p.rest, `"`) {
		n, _ = spanQuoted(p.rest)
		param.Value, _ = Unquote(p.rest[:n])
	} else {
		n = spanOf(p.rest, clsTchar)
		param.Value = p.rest[:n]
	}
	if n == 0 {
		return param, p.fail("a parameter without a well-formed value")
	}
	p.rest = p.rest[n:]
	return param, nil
}
