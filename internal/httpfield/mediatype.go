package httpfield

import "strings"

// MediaType is a media type as in Content-Type (RFC 9110, Section 8.3.1). Its
// strings are parts of the value it was parsed from, in the case they came in.
type MediaType struct {
	Type    string // as in "text"
	Subtype string // as in "html"
	params  string // "; charset=utf-8", checked
}

// ParseMediaType parses a media type: type "/" subtype parameters. It does not
// allocate. A range ("text/*", "*/*") is not a media type, although "*" is a
// token: RFC 6838, Section 4.2 has no such name.
func ParseMediaType(s string) (MediaType, bool) {
	m, ok := splitMediaType(trimOWS(s))
	if !ok || m.Type == "*" || m.Subtype == "*" || !validParams(m.params) {
		return MediaType{}, false
	}
	return m, true
}

// splitMediaType splits s into type, subtype and parameters not yet checked.
func splitMediaType(s string) (m MediaType, ok bool) {
	n := spanOf(s, clsTchar)
	if n == 0 || n == len(s) || s[n] != '/' {
		return m, false
	}
	k := spanOf(s[n+1:], clsTchar)
	if k == 0 {
		return m, false
	}
	return MediaType{Type: s[:n], Subtype: s[n+1 : n+1+k], params: s[n+1+k:]}, true
}

// Is reports whether m is the given type, as in "application/json", whatever its
// parameters, ASCII case-insensitively.
func (m MediaType) Is(essence string) bool {
	n := len(m.Type)
	return n > 0 && len(essence) == n+1+len(m.Subtype) && essence[n] == '/' &&
		EqualFold(essence[:n], m.Type) && EqualFold(essence[n+1:], m.Subtype)
}

// HasSuffix reports whether the subtype has the structured syntax suffix (RFC
// 6838, Section 4.2.8), as "json" in "application/problem+json". "application/json"
// itself has none.
func (m MediaType) HasSuffix(suffix string) bool {
	i := strings.LastIndexByte(m.Subtype, '+')
	return i >= 0 && EqualFold(m.Subtype[i+1:], suffix)
}

// Param returns the value of the parameter with the given name, ASCII
// case-insensitively. If a name occurs twice, the first counts. It allocates
// only where the value has a quoted-pair.
func (m MediaType) Param(name string) (string, bool) {
	ps := m.Params()
	for p, ok := ps.Next(); ok; p, ok = ps.Next() {
		if EqualFold(p.Name, name) {
			return p.Value(), true
		}
	}
	return "", false
}

// Params returns a cursor over the parameters.
func (m MediaType) Params() Parameters { return Parameters{rest: m.params} }

// String writes m in the form that RFC 9110, Section 8.3.1 prefers: lower case
// but for the parameters' values, quotes only where they are needed, and no
// whitespace.
func (m MediaType) String() string {
	if m.Type == "" {
		return ""
	}
	b := make([]byte, 0, len(m.Type)+1+len(m.Subtype)+len(m.params))
	b = appendLower(b, m.Type)
	b = append(b, '/')
	b = appendLower(b, m.Subtype)
	ps := m.Params()
	for p, ok := ps.Next(); ok; p, ok = ps.Next() {
		b = append(b, ';')
		b = appendLower(b, p.Name)
		b = append(b, '=')
		b, _ = appendWord(b, p.Value())
	}
	return string(b)
}

func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lower(s[i]))
	}
	return dst
}
