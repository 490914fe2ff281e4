package respond

import (
	"reflect"
	"strconv"
	"strings"
)

// maxKey is how long the keys of a map may be, in bytes, below which there
// are rules. The validator writes the whole way to each broken rule, so that a
// long key above many of them would take the product of both.
const maxKey = 1024

// nameTooLong is the code for a key that is longer.
const nameTooLong = "name_too_long"

// hasKeyedRules tells whether rules apply to what is below the keys of a map
// somewhere in a t, of which structs are all structs.
func hasKeyedRules(t reflect.Type, structs []reflect.Type) bool {
	if holdsMap(t) {
		return true
	}
	for _, s := range structs {
		for i := range s.NumField() {
			if f := s.Field(i); strings.Contains(f.Tag.Get("validate"), "dive") && holdsMap(f.Type) {
				return true
			}
		}
	}
	return false
}

// holdsMap tells whether there is a map in a t, structs apart, whose elements
// hold other values.
func holdsMap(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return holdsMap(t.Elem())
	case reflect.Interface:
		return true
	case reflect.Map:
		return holdsValues(t.Elem())
	}
	return false
}

// holdsValues tells whether a t is made of other values.
func holdsValues(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Interface:
		return true
	case reflect.Struct:
		return !isTime(t)
	}
	return false
}

// longKey looks for a map with a key that is too long, and returns its
// pointer.
func longKey(v reflect.Value, c contentDecoder) (pointer string, found bool) {
	if !v.IsValid() || !holdsValues(v.Type()) {
		return "", false
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return longKey(v.Elem(), c)
	case reflect.Slice, reflect.Array:
		if !holdsValues(v.Type().Elem()) {
			break
		}
		for i := range v.Len() {
			if pointer, found = longKey(v.Index(i), c); found {
				return "/" + strconv.Itoa(i) + pointer, true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if pointer, found = longKey(v.Field(i), c); !found {
				continue
			}
			switch name, inlined, ok := c.member(v.Type(), i); {
			case inlined:
				return pointer, true
			case ok:
				return "/" + escapeToken(name) + pointer, true
			}
			return "", true
		}
	case reflect.Map:
		for key, element := range v.Seq2() {
			name := keyName(key)
			if len(name) > maxKey {
				return "", true
			}
			if pointer, found = longKey(element, c); found {
				return "/" + escapeToken(name) + pointer, true
			}
		}
	}
	return "", false
}
