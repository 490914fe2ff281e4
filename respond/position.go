package respond

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// checkPosition tells why JSON does not carry values of t there and back. It
// tries the zero value, and each field of a struct with another one.
func checkPosition(t reflect.Type) error {
	if _, err := thereAndBack(reflect.New(t)); err != nil {
		return err
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous && !writesItself(t) {
			return fmt.Errorf("JSON leaves out the field %s of %v, which is not exported", f.Name, t)
		}
		from := reflect.New(t)
		if f.Tag.Get("json") == "-" || !f.IsExported() || !setSample(from.Elem().Field(i)) {
			continue
		}
		to, err := thereAndBack(from)
		if err != nil {
			continue // its own methods may want another value
		}
		if to.Elem().Field(i).Interface() != from.Elem().Field(i).Interface() {
			return fmt.Errorf("JSON loses the field %s of %v", f.Name, t)
		}
	}
	return nil
}

func thereAndBack(from reflect.Value) (to reflect.Value, err error) {
	data, err := json.Marshal(from.Interface())
	if err != nil {
		return to, err
	}
	to = reflect.New(from.Type().Elem())
	return to, json.Unmarshal(data, to.Interface())
}

// setSample sets a number, string or bool without methods to a value that is not
// zero.
func setSample(v reflect.Value) bool {
	if reflect.PointerTo(v.Type()).NumMethod() > 0 {
		return false
	}
	switch {
	case v.CanInt():
		v.SetInt(1)
	case v.CanUint():
		v.SetUint(1)
	case v.CanFloat():
		v.SetFloat(1)
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	default:
		return false
	}
	return true
}

func writesItself(t reflect.Type) bool {
	t = reflect.PointerTo(t)
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
