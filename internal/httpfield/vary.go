package httpfield

import "strings"

// MergeVary returns the value of Vary that lines and names make together (RFC
// 9110, Section 12.5.5): each name once, ASCII case-insensitively, in the order
// of first occurrence; "*" absorbs all others. Empty strings among names are
// skipped. Where lines is one line that has it all already, that line is
// returned and nothing is allocated. A name that is no token is ignored, so that
// no value can end the field line.
func MergeVary(lines []string, names ...string) string {
	if HasElement(lines, "*") {
		return "*"
	}
	missing := 0
	for _, name := range names {
		if name == "*" {
			return "*"
		}
		if IsToken(name) && !HasElement(lines, name) {
			missing++
		}
	}
	if missing == 0 && len(lines) == 1 {
		return lines[0]
	}
	out := make([]string, 0, 8) // on the stack, for as many
	list := NewElements(lines)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if IsToken(el) && !HasElement(out, el) {
			out = append(out, el)
		}
	}
	for _, name := range names {
		if IsToken(name) && !HasElement(out, name) {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// VaryHas reports whether Vary covers the request field name: by that name or by
// "*" (RFC 9110, Section 12.5.5).
func VaryHas(lines []string, name string) bool {
	return HasElement(lines, name) || HasElement(lines, "*")
}
