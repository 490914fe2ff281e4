package httpfield

import "strings"

// authParser reads challenges and credentials, which share their grammar (RFC
// 9110, Sections 11.3 and 11.4). What makes it awkward is that the list of
// challenges and each challenge's list of parameters use the same comma: what
// follows a comma is a parameter if a "=" follows its token, and a scheme if not.
type authParser struct {
	field string
	line  int
	full  string
	rest  string
	names map[string]bool // names seen in the challenge, once there are many
}

func (p *authParser) fail(msg string) error {
	return &SyntaxError{p.field, p.line, len(p.full) - len(p.rest), msg}
}

// skipCommas skips empty list elements and the whitespace around them.
func (p *authParser) skipCommas() {
	for p.rest != "" && (p.rest[0] == ',' || isOWS(p.rest[0])) {
		p.rest = p.rest[1:]
	}
}

// challenges appends the challenges of one line. A parameter at the start of a
// line belongs to the last challenge of the line before, since lines are read as
// if joined by commas (RFC 9110, Section 5.3).
func (p *authParser) challenges(out []Challenge) ([]Challenge, error) {
	for p.skipCommas(); p.rest != ""; p.skipCommas() {
		if p.atParam() {
			if len(out) == 0 || out[len(out)-1].Token68 != "" {
				return nil, p.fail("a parameter that belongs to no scheme")
			}
			if err := p.param(&out[len(out)-1]); err != nil {
				return nil, err
			}
			continue
		}
		n := spanOf(p.rest, clsTchar)
		if n == 0 {
			return nil, p.fail("no scheme where one is due")
		}
		c := Challenge{Scheme: p.rest[:n]}
		p.rest, p.names = p.rest[n:], nil
		if err := p.afterScheme(&c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// atParam reports whether what follows is token BWS "=".
func (p *authParser) atParam() bool {
	n := spanOf(p.rest, clsTchar)
	s := skipOWS(p.rest[n:])
	return n > 0 && s != "" && s[0] == '='
}

// afterScheme reads [ 1*SP ( token68 / first auth-param ) ]; further parameters,
// if any, follow a comma.
func (p *authParser) afterScheme(c *Challenge) error {
	if p.rest == "" || p.rest[0] == ',' {
		return nil
	}
	if p.rest[0] != ' ' {
		return p.fail("no space after the scheme")
	}
	p.rest = skipOWS(p.rest)
	if p.rest == "" || p.rest[0] == ',' {
		return nil
	}
	n := spanToken68(p.rest)
	if end := skipOWS(p.rest[n:]); n > 0 && (end == "" || end[0] == ',') {
		c.Token68, p.rest = p.rest[:n], end
		return nil
	}
	if !p.atParam() {
		return p.fail("neither a token68 nor a parameter")
	}
	return p.param(c)
}

// param reads token BWS "=" BWS ( token / quoted-string ) and adds it to c.
func (p *authParser) param(c *Challenge) error {
	n := spanOf(p.rest, clsTchar)
	name := p.rest[:n]
	if p.seen(c, name) {
		return p.fail("a parameter that occurs twice")
	}
	p.rest = skipOWS(p.rest[n:]) // atParam has seen the "="
	p.rest = skipOWS(p.rest[len("="):])
	var value string
	if strings.HasPrefix(p.rest, `"`) {
		n, _ = spanQuoted(p.rest)
		value, _ = Unquote(p.rest[:n])
	} else {
		n = spanOf(p.rest, clsTchar)
		value = p.rest[:n]
	}
	if n == 0 {
		return p.fail("a parameter without a well-formed value")
	}
	p.rest = skipOWS(p.rest[n:])
	if p.rest != "" && p.rest[0] != ',' {
		return p.fail("no comma after a parameter")
	}
	c.Params = append(c.Params, Param{name, value})
	return nil
}

// seen reports whether c has a parameter of that name. Beyond a handful it keeps
// a set, so that a field of thousands of parameters does not cost their square.
func (p *authParser) seen(c *Challenge, name string) bool {
	const few = 16
	if len(c.Params) < few {
		_, ok := findParam(c.Params, name)
		return ok
	}
	if p.names == nil {
		p.names = make(map[string]bool)
		for _, q := range c.Params {
			p.names[strings.ToLower(q.Name)] = true
		}
	}
	key := strings.ToLower(name)
	ok := p.names[key]
	p.names[key] = true
	return ok
}
