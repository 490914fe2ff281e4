package httpfield

import (
	"math"
	"time"
)

// Prefer reads a Prefer field (RFC 7240, Section 2), over all of its lines. It
// parses when asked and allocates nothing:
//
//	p := httpfield.Prefer(r.Header["Prefer"])
//	if p.Return() == "minimal" { ... }
//
// If a preference occurs several times, only the first counts. A malformed
// preference is dropped; an unknown one is never an error.
type Prefer []string

// Preference is one preference (RFC 7240, Section 2).
type Preference struct {
	Name   string // as sent; compare with [EqualFold]
	raw    string
	params string
}

// Value returns the preference's value without quotes; "" for none. An empty value
// and none are the same (RFC 7240, Section 2). Values are case-sensitive.
func (p Preference) Value() string { return Parameter{Raw: p.raw}.Value() }

// Param returns the value of a parameter of the preference, "" for one without a
// value; false if there is no such parameter.
func (p Preference) Param(name string) (string, bool) {
	rest := p.params
	for rest != "" {
		var n, raw string
		var ok bool
		if n, raw, rest, ok = cutPrefParam(rest); !ok {
			return "", false
		}
		if n != "" && EqualFold(n, name) {
			return Parameter{Raw: raw}.Value(), true
		}
	}
	return "", false
}

// Get returns the first preference with the given name, ASCII case-insensitively.
func (p Prefer) Get(name string) (Preference, bool) {
	list := NewElements(p)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if !hasPrefixFold(el, name) { // the name is what an element begins with
			continue
		}
		if pref, ok := parsePreference(el); ok && EqualFold(pref.Name, name) {
			return pref, true
		}
	}
	return Preference{}, false
}

// Each calls f for each well-formed preference, in order, until f returns false.
// A name that occurs several times comes several times.
func (p Prefer) Each(f func(Preference) bool) {
	list := NewElements(p)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if pref, ok := parsePreference(el); ok && !f(pref) {
			return
		}
	}
}

// Return returns "representation" or "minimal", or "" where neither is preferred
// (RFC 7240, Section 4.2). Where both are, the first counts (Section 2).
func (p Prefer) Return() string {
	return p.oneOf("return", "representation", "minimal")
}

// Handling returns "strict" or "lenient", or "" where neither is preferred (RFC
// 7240, Section 4.4).
func (p Prefer) Handling() string { return p.oneOf("handling", "strict", "lenient") }

func (p Prefer) oneOf(name, a, b string) string {
	pref, _ := p.Get(name)
	switch {
	case pref.raw == "":
	case equalQuoted(pref.raw, a, false):
		return a
	case equalQuoted(pref.raw, b, false):
		return b
	}
	return ""
}

// RespondAsync reports whether respond-async is preferred (RFC 7240, Section 4.1).
func (p Prefer) RespondAsync() bool {
	_, ok := p.Get("respond-async")
	return ok
}

// Wait returns how long the client expects to wait (RFC 7240, Section 4.3), at most
// the longest Duration there is; false if it does not say, or not in whole seconds.
func (p Prefer) Wait() (time.Duration, bool) {
	pref, _ := p.Get("wait")
	s := pref.Value()
	if s == "" || !allOf(s, clsDigit) {
		return 0, false
	}
	n, ok := parseDigits(s)
	if !ok || n > int64(math.MaxInt64/time.Second) {
		return math.MaxInt64, true
	}
	return time.Duration(n) * time.Second, true
}

// parsePreference parses token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] ).
func parsePreference(el string) (p Preference, ok bool) {
	p.Name, p.raw, p.params, ok = cutPrefParam(el)
	if !ok || p.Name == "" {
		return Preference{}, false
	}
	for rest := p.params; rest != ""; {
		if _, _, rest, ok = cutPrefParam(rest); !ok {
			return Preference{}, false
		}
	}
	return p, true
}

// cutPrefParam reads [ token [ BWS "=" BWS word ] ] up to a ";" or the end. Name is
// "" where there is nothing before the ";", which a parameter may be.
func cutPrefParam(s string) (name, raw, rest string, ok bool) {
	s = skipOWS(s)
	n := spanOf(s, clsTchar)
	name, s = s[:n], skipOWS(s[n:])
	if n > 0 && s != "" && s[0] == '=' {
		s = skipOWS(s[1:])
		if s != "" && s[0] == '"' {
			if n, _ = spanQuoted(s); n == 0 {
				return "", "", "", false
			}
		} else {
			// RFC 7230's word is not empty, but an empty value is known to be
			// sent, and is the same as none (RFC 7240, Section 2).
			n = spanOf(s, clsTchar)
		}
		raw, s = s[:n], skipOWS(s[n:])
	}
	switch {
	case s == "":
		return name, raw, "", true
	case s[0] == ';':
		return name, raw, s[1:], true
	}
	return "", "", "", false
}

// AppendPreferenceApplied appends an applied-pref to dst, the value of a
// Preference-Applied field so far, after a comma where that is not empty (RFC
// 7240, Section 3). An empty value is left out. It returns dst unchanged and false
// if the name is no token or the value cannot be quoted.
func AppendPreferenceApplied(dst []byte, name, value string) ([]byte, bool) {
	if !IsToken(name) || !allOf(value, clsField) {
		return dst, false
	}
	if len(dst) > 0 {
		dst = append(dst, ", "...)
	}
	dst = append(dst, name...)
	if value == "" {
		return dst, true
	}
	return appendWord(append(dst, '='), value)
}
