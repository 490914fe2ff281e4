package respond

import (
	"reflect"
	"time"
)

// structTypes lists the struct types that a value of type t can hold, t's own
// first, and each once.
func structTypes(t reflect.Type) []reflect.Type {
	var all []reflect.Type
	seen := make(map[reflect.Type]bool)
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			visit(t.Elem())
		case reflect.Struct:
			if isTime(t) {
				return
			}
			all = append(all, t)
			for i := range t.NumField() {
				if f := t.Field(i); f.IsExported() || f.Anonymous {
					visit(f.Type)
				}
			}
		}
	}
	visit(t)
	return all
}

// isTime tells of a type whether the validator treats it as a time, and not
// as a struct.
func isTime(t reflect.Type) bool { return t.ConvertibleTo(reflect.TypeFor[time.Time]()) }

func hasRules(t reflect.Type) bool {
	for i := range t.NumField() {
		if tag, ok := t.Field(i).Tag.Lookup("validate"); ok && tag != "-" {
			return true
		}
	}
	return false
}

// filled makes a pointer to a struct in which nothing is empty, so that rules
// behind an omitempty are tried, too.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	fill(v.Elem(), 3)
	return v
}

func fill(v reflect.Value, depth int) {
	if v.Kind() == reflect.Struct { // an embedded one may be unexported and have exported fields
		for i := range v.NumField() {
			fill(v.Field(i), depth)
		}
		return
	}
	if depth == 0 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.String:
		v.SetString("1")
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth-1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth-1)
	case reflect.Map:
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth-1)
		fill(element, depth-1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, element)
	}
}
