package jsonx

import (
	"bytes"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// value reads a value and decodes it into v, which is zero.
func (w *walker) value(n *node, v reflect.Value) bool {
	kind := w.tokens.PeekKind()
	if kind == jsontext.KindNull && n.class != classMethod {
		at := w.offset()
		if !w.token() || !n.nullable && !w.add(at, Null, n.want, nil) {
			return false
		}
		return true
	}
	switch n.class {
	case classPointer:
		v.Set(reflect.New(n.typ.Elem()))
		return w.value(n.elem, v.Elem())
	case classStruct:
		if kind == jsontext.KindBeginObject {
			return w.structure(n, v)
		}
	case classMap:
		if kind == jsontext.KindBeginObject {
			return w.table(n, v)
		}
	case classSlice, classArray:
		if kind == jsontext.KindBeginArray {
			return w.list(n, v)
		}
	default:
		return w.leaf(n, v, kind)
	}
	at := w.offset()
	return w.skip(false) && w.add(at, WrongType, n.want, nil)
}

// structure reads an object into a struct.
func (w *walker) structure(n *node, v reflect.Value) bool {
	return w.members(func(name string, at int) bool {
		if f := n.fields[name]; f != nil {
			return w.value(f.node, f.at(v))
		}
		if !w.decoder.unknown && !w.add(at, Unknown, "", nil) {
			return false
		}
		return w.skip(false)
	})
}

// table reads an object into a map.
func (w *walker) table(n *node, v reflect.Value) bool {
	v.Set(reflect.MakeMap(n.typ))
	return w.members(func(_ string, at int) bool {
		key, err := w.key(n, w.data[at:w.read()])
		if err != nil {
			return w.add(at, Format, "", err) && w.skip(false)
		}
		if v.MapIndex(key).IsValid() {
			return w.add(at, Duplicate, "", nil) && w.skip(false)
		}
		elem := reflect.New(n.typ.Elem()).Elem()
		more := w.value(n.elem, elem)
		v.SetMapIndex(key, elem)
		return more
	})
}

// key decodes a map's key as the library does, by way of a map of one member.
func (w *walker) key(n *node, quoted []byte) (reflect.Value, error) {
	m := reflect.New(n.wrap)
	doc := append(append([]byte("{"), quoted...), ":{}}"...)
	if err := json.Unmarshal(doc, m.Interface(), w.decoder.slow); err != nil {
		return reflect.Value{}, err
	}
	return m.Elem().MapKeys()[0], nil
}

// list reads an array into a slice, or into an array, whose elements
// may be fewer or more.
func (w *walker) list(n *node, v reflect.Value) bool {
	if n.class == classSlice {
		v.Set(reflect.MakeSlice(n.typ, 0, 0))
	}
	return w.elements(func(i int) bool {
		if !n.holds(i) {
			return w.skip(false)
		}
		if n.class == classSlice {
			v.Grow(1)
			v.SetLen(i + 1)
		}
		return w.value(n.elem, v.Index(i))
	})
}

// holds reports whether a slice or an array has place for the element.
func (n *node) holds(index int) bool {
	return n.class == classSlice || index < n.typ.Len()
}

// leaf reads a value of a type that is decoded as a whole.
func (w *walker) leaf(n *node, v reflect.Value, kind jsontext.Kind) bool {
	at, before := w.offset(), len(w.faults)
	if !w.skip(n.class == classAny) {
		return false
	}
	for _, f := range w.faults[before:] {
		if f.Code != Duplicate {
			return true // the number that does not fit is known
		}
	}
	raw := w.data[at:w.read()]
	err := n.decode(raw, v, w.decoder.slow)
	if err == nil {
		return true
	}
	code, want := n.classify(kind, raw)
	return w.add(at, code, want, err)
}

// decode decodes a value into v; v stays as it is when there is an error.
func (n *node) decode(raw []byte, v reflect.Value, o json.Options) error {
	if n.class == classQuoted {
		s := reflect.New(n.wrap)
		doc := append(append([]byte(`{"v":`), raw...), '}')
		if err := json.Unmarshal(doc, s.Interface(), o); err != nil {
			return err
		}
		v.Set(s.Elem().Field(0))
		return nil
	}
	p := reflect.New(n.typ)
	if err := json.Unmarshal(raw, p.Interface(), o); err != nil {
		return err
	}
	v.Set(p.Elem())
	return nil
}

// classify says what is wrong with a value that could not be decoded, by what
// it is and what the type wants.
func (n *node) classify(kind jsontext.Kind, raw []byte) (code, want string) {
	switch n.class {
	case classMethod, classText, classBytes, classQuoted:
		if kind == jsontext.KindString {
			return Format, ""
		}
	case classInteger:
		if kind == jsontext.KindNumber {
			if bytes.ContainsAny(raw, ".eE") {
				return Fraction, wantInteger
			}
			return OutOfRange, wantInteger
		}
	case classFloat:
		if kind == jsontext.KindNumber {
			return OutOfRange, wantNumber
		}
	}
	return WrongType, n.want
}

// fitsFloat reports whether a scalar, if it is a number, is in the range of a float64.
func fitsFloat(raw []byte) bool {
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		return true
	}
	_, err := strconv.ParseFloat(string(raw), 64)
	return err == nil
}
