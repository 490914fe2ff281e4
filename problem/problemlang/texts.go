package problemlang

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// texts are the translations into one language, ready for use. nil has none.
type texts struct {
	exact    map[string]string
	patterns []pattern
}

// pattern is a key with names, and its translation.
type pattern struct {
	key    form
	text   form
	weight int // how much of the key is not a name
}

// form is a text with names in it: parts[0], names[0], parts[1], and so on.
type form struct {
	parts []string
	names []string
}

func compile(all Texts) (*texts, error) {
	t := &texts{exact: make(map[string]string, len(all))}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		k, v := split(key), split(all[key])
		switch {
		case key == "" || all[key] == "":
			return nil, fmt.Errorf("the translation of %q is empty", key)
		case len(k.names) == 0 && len(v.names) == 0:
			t.exact[key] = all[key]
			continue
		}
		for i, name := range k.names {
			if slices.Contains(k.names[:i], name) {
				return nil, fmt.Errorf("{%s} is in %q twice", name, key)
			}
			if i > 0 && k.parts[i] == "" {
				return nil, fmt.Errorf("nothing stands between {%s} and {%s} in %q", k.names[i-1], name, key)
			}
		}
		for _, name := range v.names {
			if !slices.Contains(k.names, name) {
				return nil, fmt.Errorf("{%s} of the translation is not in %q", name, key)
			}
		}
		p := pattern{key: k, text: v}
		for _, part := range k.parts {
			p.weight += len(part)
		}
		t.patterns = append(t.patterns, p)
	}
	slices.SortStableFunc(t.patterns, func(a, b pattern) int { return cmp.Compare(b.weight, a.weight) })
	return t, nil
}

// split finds the names.
func split(s string) form {
	var f form
	part := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '{' {
			continue
		}
		n := strings.IndexFunc(s[i+1:], func(r rune) bool { return !isName(r) })
		if n > 0 && s[i+1+n] == '}' {
			f.parts = append(f.parts, s[part:i])
			f.names = append(f.names, s[i+1:i+1+n])
			part = i + n + 2
			i = part - 1
		}
	}
	f.parts = append(f.parts, s[part:])
	return f
}

func isName(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}

// find returns the translation of s.
func (t *texts) find(s string) (string, bool) {
	if t == nil {
		return "", false
	}
	if text, ok := t.exact[s]; ok {
		return text, true
	}
	for i := range t.patterns {
		if values := t.patterns[i].key.match(s); values != nil {
			return t.patterns[i].fill(values), true
		}
	}
	return "", false
}

// match returns the values of the names in s, nil where s is not of the form.
// A value is as short as what follows it allows, and never empty.
func (f *form) match(s string) []string {
	first, last := f.parts[0], f.parts[len(f.parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return nil
	}
	rest := s[len(first) : len(s)-len(last)]
	values := make([]string, 0, len(f.names))
	for _, part := range f.parts[1 : len(f.parts)-1] {
		if rest == "" {
			return nil
		}
		end := strings.Index(rest[1:], part)
		if end < 0 {
			return nil
		}
		values = append(values, rest[:end+1])
		rest = rest[end+1+len(part):]
	}
	if rest == "" {
		return nil
	}
	return append(values, rest)
}

func (p *pattern) fill(values []string) string {
	var b strings.Builder
	for i, name := range p.text.names {
		b.WriteString(p.text.parts[i])
		b.WriteString(values[slices.Index(p.key.names, name)])
	}
	b.WriteString(p.text.parts[len(p.text.parts)-1])
	return b.String()
}
