package problem

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// xmlOffers are what Accept chooses from: the plain type counts for JSON, too.
var xmlOffers = func() httpfield.Offers {
	o, err := httpfield.NewOffers("application/problem+json", "application/json", "application/problem+xml")
	if err != nil {
		panic("problem: " + err.Error()) // the types are ours
	}
	return o
}()

// prefersXML tells whether Accept names application/problem+xml, and prefers
// it to JSON.
func prefersXML(accept []string) bool {
	for _, line := range accept {
		if namesXML(line) {
			choice, ok := httpfield.NegotiateType(accept, xmlOffers)
			return ok && choice.Index == 2
		}
	}
	return false
}

// namesXML looks for the name quickly; whether it is a range on its own, the
// negotiation finds out.
func namesXML(line string) bool {
	const before, after = "problem", "xml"
	for at := 0; ; at++ {
		i := strings.IndexByte(line[at:], '+')
		if i < 0 {
			return false
		}
		at += i
		if at >= len(before) && len(line) > at+len(after) &&
			httpfield.EqualFold(line[at-len(before):at], before) && httpfield.EqualFold(line[at+1:at+1+len(after)], after) {
			return true
		}
	}
}

const xmlStart = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<problem xmlns="urn:ietf:rfc:7807">`

// appendXML appends the XML form (RFC 9457 Appendix B) of a problem in JSON.
//
// The members of an object become elements, the elements of an array <i>, and
// numbers, true and false their text. A member that is null is left out, a
// null in an array is empty. A character that XML 1.0 does not allow becomes
// U+FFFD.
func appendXML(dst, body []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	x := xmlWriter{dst: append(dst, xmlStart...), from: d}
	if _, err := d.Token(); err != nil {
		return dst, fmt.Errorf("problem: as XML: %w", err)
	}
	if err := x.members(); err != nil {
		return dst, fmt.Errorf("problem: as XML: %w", err)
	}
	return append(x.dst, "</problem>\n"...), nil
}

type xmlWriter struct {
	dst  []byte
	from *json.Decoder
}

// members writes the rest of an object, after its "{".
func (x *xmlWriter) members() error {
	for {
		t, err := x.from.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return nil // "}"
		}
		if t, err = x.from.Token(); err != nil {
			return err
		}
		if t == nil {
			continue
		}
		if err := x.element(xmlName(name), t); err != nil {
			return err
		}
	}
}

// elements writes the rest of an array, after its "[".
func (x *xmlWriter) elements() error {
	for {
		t, err := x.from.Token()
		if err != nil || t == json.Delim(']') {
			return err
		}
		if err := x.element("i", t); err != nil {
			return err
		}
	}
}

// element writes a value that begins with the token.
func (x *xmlWriter) element(name string, t json.Token) (err error) {
	x.dst = append(append(append(x.dst, '<'), name...), '>')
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			err = x.members()
		} else {
			err = x.elements()
		}
	case string:
		err = xml.EscapeText(x, []byte(t))
	case nil:
	default: // a number, true or false
		x.dst = fmt.Append(x.dst, t)
	}
	x.dst = append(append(append(x.dst, '<', '/'), name...), '>')
	return err
}

// Write is for xml.EscapeText.
func (x *xmlWriter) Write(b []byte) (int, error) {
	x.dst = append(x.dst, b...)
	return len(b), nil
}

// xmlName makes an element's name of a member's. What a parser of some
// edition of XML 1.0 might not take in its place becomes _xHHHH_, the
// hexadecimal of its code point, as other platforms do it (XmlConvert): what
// is not an ASCII letter, digit, "_", "-" or ".", what cannot be the first
// character, the first of "xml", which is reserved (XML 1.0 §2.3), a "_" that
// would read as the begin of such an escape, and the name "i", which would
// make an array of its object. Names that [Problem.With] takes stay as they
// are, but for those.
func xmlName(name string) string {
	var b strings.Builder
	for i, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_'
		rest := '0' <= r && r <= '9' || r == '-' || r == '.'
		reserved := i == 0 && (name == "i" || len(name) >= 3 && strings.EqualFold(name[:3], "xml")) ||
			r == '_' && strings.HasPrefix(name[i:], "_x")
		switch {
		case (letter || rest && i > 0) && !reserved:
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, "_x%08X_", r)
		default:
			fmt.Fprintf(&b, "_x%04X_", r)
		}
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}
