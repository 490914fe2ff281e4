package httpfield

// Param is a name and its value, in a challenge, in credentials or in a link.
type Param struct {
	Name  string
	Value string // without quotes
}

// Challenge is one challenge of WWW-Authenticate or Proxy-Authenticate (RFC
// 9110, Sections 11.3, 11.6.1, 11.7.1). It has either a Token68 or Params, or
// neither.
type Challenge struct {
	Scheme  string
	Token68 string
	Params  []Param
}

// Param returns the value of the parameter with the given name, ASCII
// case-insensitively (Section 11.2).
func (c Challenge) Param(name string) (string, bool) { return findParam(c.Params, name) }

func findParam(ps []Param, name string) (string, bool) {
	for _, p := range ps {
		if EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}

// Append appends the challenge to dst as it is sent. The values of parameters are
// always written as quoted-strings, which schemes differ on but every scheme for
// which this package's users write challenges takes. It returns dst unchanged
// and a [ValueError] for a scheme or a name that is no token, a name that occurs
// twice (Section 11.2), a value with controls in it, a Token68 that is none, or a
// Token68 beside Params.
//
// Send each challenge on a line of its own: not every client splits them (Section
// 11.6.1).
func (c Challenge) Append(dst []byte) ([]byte, error) {
	bad := func(msg string) ([]byte, error) { return dst, &ValueError{"challenge", msg} }
	switch {
	case !IsToken(c.Scheme):
		return bad("the scheme is not a token")
	case c.Token68 != "" && len(c.Params) > 0:
		return bad("both a token68 and parameters")
	case c.Token68 != "" && !IsToken68(c.Token68):
		return bad("not a token68")
	}
	out := append(dst, c.Scheme...)
	if c.Token68 != "" {
		return append(append(out, ' '), c.Token68...), nil
	}
	sep := " "
	for i, p := range c.Params {
		if !IsToken(p.Name) {
			return bad("a parameter's name is not a token")
		}
		if _, twice := findParam(c.Params[:i], p.Name); twice {
			return bad("a parameter occurs twice")
		}
		out = append(append(append(out, sep...), p.Name...), '=')
		var ok bool
		if out, ok = AppendQuoted(out, p.Value); !ok {
			return bad("a parameter's value has a control character")
		}
		sep = ", "
	}
	return out, nil
}

// Format is [Challenge.Append] into a new string.
func (c Challenge) Format() (string, error) {
	b, err := c.Append(nil)
	if err != nil {
		return "", err
	}
	return string(b), nil
}

// ParseChallenges parses all lines of a WWW-Authenticate or Proxy-Authenticate
// field (RFC 9110, Section 11.6.1): several challenges in a line, several lines,
// and both. A field without any challenge, such as ",", is a [SyntaxError], and so
// is a parameter that occurs twice in a challenge (Section 11.2).
func ParseChallenges(lines []string) ([]Challenge, error) {
	var out []Challenge
	p := authParser{field: "challenge"}
	for i, line := range lines {
		p.line, p.full, p.rest = i, line, line
		var err error
		if out, err = p.challenges(out); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, &SyntaxError{Field: "challenge", Msg: "no challenge"}
	}
	return out, nil
}

// Credentials is what Authorization or Proxy-Authorization holds (RFC 9110,
// Section 11.4). It has either a Token68 or Params, or neither.
type Credentials struct {
	Scheme  string
	Token68 string
	Params  []Param
}

// Param returns the value of the parameter with the given name, ASCII
// case-insensitively (Section 11.2).
func (c Credentials) Param(name string) (string, bool) { return findParam(c.Params, name) }

// ParseCredentials parses the value of one Authorization or Proxy-Authorization
// line (RFC 9110, Section 11.4). Where the value is malformed after its scheme,
// the Scheme is returned with the [SyntaxError], for the scheme's own challenge.
// A scheme alone, as "Bearer", is well-formed. Credentials with a Token68 do not
// allocate.
func ParseCredentials(s string) (Credentials, error) {
	s = trimOWS(s)
	p := authParser{field: "credentials", full: s, rest: s}
	n := spanOf(s, clsTchar)
	if n == 0 {
		return Credentials{}, p.fail("no scheme")
	}
	c := Challenge{Scheme: s[:n]}
	p.rest = s[n:]
	if err := p.afterScheme(&c); err != nil {
		return Credentials{Scheme: c.Scheme}, err
	}
	for p.skipCommas(); p.rest != ""; p.skipCommas() {
		if c.Token68 != "" || !p.atParam() {
			return Credentials{Scheme: c.Scheme}, p.fail("more than one token68 or scheme")
		}
		if err := p.param(&c); err != nil {
			return Credentials{Scheme: c.Scheme}, err
		}
	}
	return Credentials(c), nil
}
