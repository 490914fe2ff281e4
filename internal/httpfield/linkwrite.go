package httpfield

import "strings"

// Append appends the link to dst as it is sent (RFC 8288, Section 3). Values are
// quoted, but for those of names that end in "*", which are sent as given (RFC
// 8187), and hreflang, which many read only as a token (Section 3). It returns dst
// unchanged and a [ValueError] for
//
//   - a target that is not a URI-reference: see [EscapeURI];
//   - no rel, two, or one with a relation type that is neither a registered name
//     by its grammar nor a URI (Section 3.3);
//   - a second media, title, title* or type (Section 3.4.1);
//   - an anchor that is not a URI-reference (Section 3.2);
//   - a name or a value that cannot be written.
func (l Link) Append(dst []byte) ([]byte, error) {
	bad := func(msg string) ([]byte, error) { return dst, &ValueError{"Link", msg} }
	if !IsURIReference(l.Target) {
		return bad("the target is not a URI-reference")
	}
	if rel, ok := l.Param("rel"); !ok || !validRels(rel) {
		return bad("no rel, or one that is not well-formed")
	}
	out := append(append(append(dst, '<'), l.Target...), '>')
	for i, p := range l.Params {
		if !IsToken(p.Name) {
			return bad("a parameter's name is not a token")
		}
		if _, twice := findParam(l.Params[:i], p.Name); twice && onceInLink(p.Name) {
			return bad("a parameter that may occur once occurs twice")
		}
		if EqualFold(p.Name, "anchor") && !IsURIReference(p.Value) {
			return bad("the anchor is not a URI-reference")
		}
		out = append(append(append(out, "; "...), p.Name...), '=')
		ok := IsToken(p.Value)
		switch {
		case ok && (EqualFold(p.Name, "hreflang") || strings.HasSuffix(p.Name, "*")):
			out = append(out, p.Value...)
		case strings.HasSuffix(p.Name, "*"):
			return bad("the value of a name with * is not a token")
		default:
			if out, ok = AppendQuoted(out, p.Value); !ok {
				return bad("a parameter's value has a control character")
			}
		}
	}
	return out, nil
}

// Format is [Link.Append] into a new string.
func (l Link) Format() (string, error) {
	b, err := l.Append(nil)
	if err != nil {
		return "", err
	}
	return string(b), nil
}

func onceInLink(name string) bool {
	for _, n := range [...]string{"rel", "media", "title", "title*", "type", "anchor"} {
		if EqualFold(n, name) {
			return true
		}
	}
	return false
}

// validRels checks relation-type *( 1*SP relation-type ).
func validRels(s string) bool {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for rel := range strings.SplitSeq(s, " ") {
		if rel != "" && !IsRelationType(rel) {
			return false
		}
	}
	return true
}

// IsRelationType reports whether s is a relation type (RFC 8288, Section 3.3): a
// lower-case name of letters, digits, "." and "-", as registered ones are, or a URI.
func IsRelationType(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !is(c, clsDigit) && c != '.' && c != '-') {
			return IsURI(s)
		}
	}
	return s != ""
}
