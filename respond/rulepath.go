package respond

import (
	"encoding"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
)

// ruleWalker finds the JSON Pointer of what the validator names by the Go
// fields that lead there. That name cannot be parsed by itself (a map's key
// may hold a dot or a bracket, an embedded struct adds a part), so the walk
// follows the value.
type ruleWalker struct {
	content contentDecoder
	root    reflect.Value // a struct
	at      string        // its pointer
	keys    map[string]map[string]reflect.Value
}

// place is where a walk came to.
type place struct {
	pointer string
	// parent is the innermost struct on the way, and around its pointer: the
	// fields that a rule compares with are named from there.
	parent reflect.Value
	around string
	// index is of an element that is still to be appended to pointer: with
	// the name of the field behind it, in one go.
	index string
}

func (p place) whole() place {
	if p.index != "" {
		p.pointer, p.index = p.pointer+"/"+p.index, ""
	}
	return p
}

// find returns the place of a field such as "Order.Items[0].SKU", or of what
// contains it where the content has no name for it.
func (w *ruleWalker) find(namespace string) place {
	// The type's own name comes first; that of a generic type holds dots.
	rest := namespace
	if name := w.root.Type().Name(); name != "" {
		rest = strings.TrimPrefix(rest, name+".")
	}
	p, _ := w.walk(w.root, rest, place{pointer: w.at, parent: w.root, around: w.at})
	return p.whole()
}

// walk descends from v by rest. It returns how far it came, and whether that
// is to the end.
func (w *ruleWalker) walk(v reflect.Value, rest string, at place) (place, bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return at, rest == ""
		}
		v = v.Elem()
	}
	if rest == "" {
		return at, true
	}
	switch v.Kind() {
	case reflect.Struct:
		return w.walkField(v, strings.TrimPrefix(rest, "."), at)
	case reflect.Slice, reflect.Array:
		index, after, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		i, err := strconv.Atoi(index)
		if !ok || err != nil || i < 0 || i >= v.Len() {
			return at, false
		}
		at = at.whole()
		at.index = index
		return w.walk(v.Index(i), after, at)
	case reflect.Map:
		return w.walkKey(v, rest, at.whole())
	}
	return at, false
}

func (w *ruleWalker) walkField(v reflect.Value, rest string, at place) (place, bool) {
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	f, ok := v.Type().FieldByName(rest[:end])
	if !ok {
		// A struct-level rule may report a member by its own name.
		if f, ok = w.fieldOf(v.Type(), rest); !ok {
			return at, false
		}
		end = len(rest)
	}
	at.parent = v
	if at.index == "" {
		at.around = at.pointer
	}
	for _, i := range f.Index {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return at, false
			}
			v = v.Elem()
		}
		name, inlined, ok := w.content.member(v.Type(), i)
		switch {
		case inlined:
		case !ok:
			return at, false
		default:
			name = escapeToken(name)
			if at.index == "" {
				at.pointer += "/" + name
			} else {
				at.pointer, at.index = at.pointer+"/"+at.index+"/"+name, ""
			}
			at.around = at.pointer[:len(at.pointer)-len(name)-1]
		}
		v = v.Field(i)
	}
	return w.walk(v, rest[end:], at)
}

// fieldOf returns the field of a struct that is the member of the name.
func (w *ruleWalker) fieldOf(t reflect.Type, member string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if len(f.Index) == 1 {
			if name, inlined, ok := w.content.member(t, f.Index[0]); ok && !inlined && name == member {
				return f, true
			}
		}
	}
	return reflect.StructField{}, false
}

// maxKeys is how many ways to read one map's key are tried: a client can name
// a key so that there are many.
const maxKeys = 64

// walkKey tries the keys that fit, the longest first: one of them leads to
// the end.
func (w *ruleWalker) walkKey(v reflect.Value, rest string, at place) (place, bool) {
	if !strings.HasPrefix(rest, "[") {
		return at, false
	}
	for tries, end := 0, len(rest); tries < maxKeys; {
		end = strings.LastIndexByte(rest[:end], ']')
		if end < 0 {
			break
		}
		after := rest[end+1:]
		if after != "" && after[0] != '.' && after[0] != '[' {
			continue
		}
		tries++
		key, ok := w.key(v, rest[1:end], at.pointer)
		if !ok {
			continue
		}
		next := at
		next.pointer += "/" + escapeToken(keyName(key))
		if p, ok := w.walk(v.MapIndex(key), after, next); ok {
			return p, true
		}
	}
	return at, false
}

// key returns the key of a map that the validator writes as text.
func (w *ruleWalker) key(m reflect.Value, text, at string) (reflect.Value, bool) {
	t := m.Type().Key()
	if t.Kind() == reflect.String && t.NumMethod() == 0 {
		key := reflect.ValueOf(text).Convert(t)
		return key, m.MapIndex(key).IsValid()
	}
	keys, ok := w.keys[at]
	if !ok { // once for all errors in this map
		keys = make(map[string]reflect.Value, m.Len())
		for _, key := range m.MapKeys() {
			keys[fmt.Sprint(key.Interface())] = key
		}
		if w.keys == nil {
			w.keys = make(map[string]map[string]reflect.Value)
		}
		w.keys[at] = keys
	}
	key, ok := keys[text]
	return key, ok
}

// keyName is the member's name of a map's key, as encoding/json writes it.
func keyName(key reflect.Value) string {
	if key.Kind() == reflect.String {
		return key.String()
	}
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	if key.CanInt() {
		return strconv.FormatInt(key.Int(), 10)
	}
	if key.CanUint() {
		return strconv.FormatUint(key.Uint(), 10)
	}
	return fmt.Sprint(key.Interface())
}

// others returns the pointers of the fields that a rule compares its own
// with: they are named in its parameter.
func (w *ruleWalker) others(e validator.FieldError, of place) []string {
	var pointers []string
	for _, path := range otherFields(e.ActualTag(), e.Param()) {
		from := place{pointer: of.around, parent: of.parent, around: of.around}
		other, _ := w.walk(from.parent, path, from)
		if other = other.whole(); other.pointer != from.pointer {
			pointers = append(pointers, other.pointer)
		}
	}
	return pointers
}

// otherName is how a client knows another field: a sibling by its name, any
// other by its pointer.
func otherName(pointer string, of place) string {
	if name, ok := strings.CutPrefix(pointer, of.around+"/"); ok && !strings.Contains(name, "/") {
		return unescapeToken(name)
	}
	return problem.FragmentPointer(pointer)
}

var (
	tokenEscaper   = strings.NewReplacer("~", "~0", "/", "~1")
	tokenUnescaper = strings.NewReplacer("~1", "/", "~0", "~")
)

func escapeToken(s string) string {
	if strings.ContainsAny(s, "~/") {
		return tokenEscaper.Replace(s)
	}
	return s
}

func unescapeToken(s string) string { return tokenUnescaper.Replace(s) }

// plainPointer undoes the fragment form of a JSON Pointer (RFC 6901 §6).
func plainPointer(fragment string) string {
	p := strings.TrimPrefix(fragment, "#")
	if s, err := url.PathUnescape(p); err == nil {
		return s
	}
	return p
}
