package httpfield

// Parameter is one parameter of a media type or a similar value (RFC 9110,
// Section 5.6.6).
type Parameter struct {
	Name string // as sent; compare with [EqualFold]
	Raw  string // as sent: a token, or a quoted-string with its quotes
}

// Value returns the parameter's value without quotes. The two forms are
// equivalent (Section 5.6.6). It allocates only where there is a quoted-pair.
func (p Parameter) Value() string {
	if p.Raw == "" || p.Raw[0] != '"' {
		return p.Raw
	}
	v, _ := Unquote(p.Raw)
	return v
}

// Parameters is a cursor over parameters (RFC 9110, Section 5.6.6). The zero
// value has none.
type Parameters struct{ rest string }

// Next returns the next parameter; false at the end. A cursor is made only over
// text that a parser has checked, so there is no malformed parameter to report.
func (p *Parameters) Next() (Parameter, bool) {
	q, rest, state := nextParam(p.rest)
	p.rest = rest
	return q, state == paramFound
}

type paramState uint8

const (
	paramEnd paramState = iota
	paramFound
	paramBad
)

// nextParam reads *( OWS ";" OWS [ parameter ] ) from s up to and including the
// first parameter that is not empty.
func nextParam(s string) (p Parameter, rest string, state paramState) {
	for {
		s = skipOWS(s)
		if s == "" {
			return p, "", paramEnd
		}
		if s[0] != ';' {
			return p, s, paramBad
		}
		s = skipOWS(s[1:])
		if s == "" {
			return p, "", paramEnd
		}
		if s[0] != ';' {
			break
		}
	}
	n := spanOf(s, clsTchar)
	if n == 0 || n == len(s) || s[n] != '=' {
		return p, s, paramBad
	}
	p.Name, s = s[:n], s[n+1:]
	if s != "" && s[0] == '"' {
		n, _ = spanQuoted(s)
	} else {
		n = spanOf(s, clsTchar)
	}
	if n == 0 {
		return p, s, paramBad
	}
	p.Raw, s = s[:n], s[n:]
	return p, s, paramFound
}

// validParams reports whether all of s is parameters.
func validParams(s string) bool {
	state := paramFound
	for state == paramFound {
		_, s, state = nextParam(s)
	}
	return state == paramEnd
}
