package authn

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// names are member names that nothing else may look like. JSON names are compared
// exactly (RFC 7519 §4, RFC 8259 §8.3), but many parsers, encoding/json among
// them, take "SUB" for "sub": a token with both, or with the variant alone, would
// have one subject here and another behind this service.
type names struct {
	exact   map[string][]string // what the folded name may be written as
	longest int                 // of the folded names, in bytes
}

// maxFolded is how long a folded name may be without a cost.
const maxFolded = 64

// namesOf returns the member names of a struct. Of what is no struct there are
// none.
func namesOf(types ...reflect.Type) *names {
	n := &names{exact: map[string][]string{}}
	for _, t := range types {
		n.add(t, map[reflect.Type]bool{})
	}
	return n
}

func (n *names) add(t reflect.Type, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		name, inlined, ok := jsonx.FieldName(t, i)
		switch {
		case inlined:
			n.add(t.Field(i).Type, seen)
		case ok:
			folded := string(appendFoldedString(nil, name))
			if !slices.Contains(n.exact[folded], name) {
				n.exact[folded] = append(n.exact[folded], name)
			}
			n.longest = max(n.longest, len(folded))
		}
	}
}

// clash returns an error where a name of m differs from one of n only in case: no
// token could have it.
func (n *names) clash(m *names) error {
	for folded, written := range m.exact {
		known := n.exact[folded]
		for _, name := range written {
			if known != nil && !slices.Contains(known, name) {
				return fmt.Errorf("the member %q differs from %q in case alone", name, known[0])
			}
		}
	}
	return nil
}

// nameFault is what is wrong with an object's members.
type nameFault int

const (
	namesGood   nameFault = iota
	nameVariant           // one differs from a known one only in case
	nameNull              // a known one is null
)

// variantError names the member that is known, and not what came in its place.
func variantError(fault nameFault, known string) error {
	if fault != nameVariant {
		return nil
	}
	return fmt.Errorf("a member differs in case alone from %q", known)
}

// check looks at the members of the object that is doc, not at those of the
// objects in it, and returns the name as it is known here of the one that is
// wrong. doc must be valid JSON, or nothing is said of it.
func (n *names) check(doc []byte) (found nameFault, known string) {
	var buffer [maxFolded]byte
	depth := 0
	for i := 0; i < len(doc); i++ {
		switch doc[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := endOfString(doc, i+1)
			name := doc[i+1 : end]
			if i = end; depth != 1 {
				continue
			}
			value, isName := valueAfter(doc, end+1)
			if !isName {
				continue
			}
			i = value - 1
			written := n.exact[string(n.appendFolded(buffer[:0], name))]
			switch {
			case written == nil:
			case !isOneOf(name, written):
				return nameVariant, written[0]
			case value < len(doc) && doc[value] == 'n':
				found, known = nameNull, written[0]
			}
		}
	}
	return found, known
}

// isOneOf: the name is written as one of those, be it with escapes.
func isOneOf(name []byte, written []string) bool {
	for _, w := range written {
		if string(name) == w {
			return true
		}
	}
	if bytes.IndexByte(name, '\\') < 0 {
		return false
	}
	plain := appendPlain(make([]byte, 0, maxFolded), name)
	return slices.Contains(written, string(plain))
}

// endOfString returns the offset of the quote that ends the string whose inside
// begins at i.
func endOfString(doc []byte, i int) int {
	for ; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(doc)
}

// valueAfter returns the offset of the value, where a colon is next, which makes
// the string before it a name.
func valueAfter(doc []byte, i int) (int, bool) {
	i = skipSpace(doc, i)
	if i >= len(doc) || doc[i] != ':' {
		return i, false
	}
	return skipSpace(doc, i+1), true
}

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && (doc[i] == ' ' || doc[i] == '\t' || doc[i] == '\n' || doc[i] == '\r') {
		i++
	}
	return i
}

// appendFolded appends the name (the inside of a JSON string) with all that
// differs only in case made the same. It stops at a length that no known name has.
func (n *names) appendFolded(dst, name []byte) []byte {
	for len(name) > 0 && len(dst) <= n.longest {
		r, size := nextRune(name)
		dst = appendFoldedRune(dst, r)
		name = name[size:]
	}
	return dst
}

func appendFoldedString(dst []byte, s string) []byte {
	for _, r := range s {
		dst = appendFoldedRune(dst, r)
	}
	return dst
}

// appendFoldedRune appends the least of the characters that are r in another case
// (Unicode simple folding, as strings.EqualFold has it): of letters in ASCII that
// is the capital, also for the long s and the Kelvin sign.
func appendFoldedRune(dst []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return append(dst, byte(r))
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return utf8.AppendRune(dst, least)
}

// appendPlain appends what the inside of a JSON string means.
func appendPlain(dst, s []byte) []byte {
	for len(s) > 0 {
		r, size := nextRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[size:]
	}
	return dst
}

// nextRune returns the first character of the inside of a JSON string, and how
// many bytes it takes there.
func nextRune(s []byte) (rune, int) {
	switch {
	case s[0] >= utf8.RuneSelf:
		return utf8.DecodeRune(s)
	case s[0] != '\\' || len(s) < 2:
		return rune(s[0]), 1
	case s[1] != 'u':
		return plainEscape(s[1]), 2
	}
	r := codeUnit(s)
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, codeUnit(s[min(6, len(s)):])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return r, min(6, len(s))
}

// plainEscape is what a backslash before c makes (RFC 8259 §7).
func plainEscape(c byte) rune {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return rune(c)
}

// codeUnit is that of the escape \uXXXX which s begins with.
func codeUnit(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return utf8.RuneError
	}
	var r rune
	for _, c := range s[2:6] {
		digit := rune(c|0x20) - '0'
		if digit > 9 {
			digit -= 'a' - '0' - 10
		}
		r = r<<4 | digit
	}
	return r
}
