package jsonx

import (
	"encoding"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-json-experiment/json"
)

// A class is how the walk of the second pass treats a type.
type class uint8

const (
	// Types that are decoded as a whole.
	classBool class = iota
	classInteger
	classFloat
	classNumber // encoding/json.Number
	classString
	classBytes  // base64
	classText   // UnmarshalText, time.Time
	classMethod // UnmarshalJSON, UnmarshalJSONFrom
	classQuoted // with the tag option "string"
	classAny    // interface{}

	// Types that are walked.
	classPointer
	classStruct
	classSlice
	classArray
	classMap
)

// A node is what the second pass and the search for null know of a type.
type node struct {
	typ      reflect.Type
	class    class
	want     string            // JSON type
	nullable bool              // null is accepted
	elem     *node             // of a pointer, slice, array, map
	fields   map[string]*field // of a struct
	wrap     reflect.Type      // classQuoted: a struct with one such field; map: of one member, for its key
}

// A planner makes the nodes of a type and notes which options they need.
type planner struct {
	nodes map[reflect.Type]*node
	null  NullPolicy

	quotedText bool // the tag option "string" on a bool or a string
	namedBytes bool // a slice of a named byte type
	methodKeys bool // a map key with UnmarshalJSON
	numbers    bool // an encoding/json.Number
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	numberType      = reflect.TypeFor[stdjson.Number]()
	emptyType       = reflect.TypeFor[struct{}]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	unmarshalerFrom = reflect.TypeFor[json.UnmarshalerFrom]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textAppender    = reflect.TypeFor[encoding.TextAppender]()
	marshaler       = reflect.TypeFor[json.Marshaler]()
	marshalerTo     = reflect.TypeFor[json.MarshalerTo]()
	decodingMethods = []reflect.Type{unmarshaler, unmarshalerFrom}
	encodingMethods = []reflect.Type{textMarshaler, textAppender, marshaler, marshalerTo}
	errNeverDecoded = errors.New("nothing can be decoded into it")
	errOwnPointer   = errors.New("a pointer to itself")
)

// implements reports whether t or *t implements one of the interfaces.
func implements(t reflect.Type, interfaces ...reflect.Type) bool {
	for _, i := range interfaces {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

// hasMethods reports whether the type encodes or decodes itself.
func hasMethods(t reflect.Type) bool {
	return implements(t, textUnmarshaler) || implements(t, decodingMethods...) || implements(t, encodingMethods...)
}

// node returns the node of a type. Of a type that holds itself there is one.
func (p *planner) node(t reflect.Type) (*node, error) {
	if n := p.nodes[t]; n != nil {
		return n, nil
	}
	n := &node{typ: t}
	p.nodes[t] = n
	if err := p.fill(n); err != nil {
		return nil, err
	}
	n.nullable = p.nullable(n)
	return n, nil
}

// nullable applies the null policy.
func (p *planner) nullable(n *node) bool {
	switch n.typ.Kind() {
	case reflect.Pointer, reflect.Interface:
		return true
	case reflect.Slice, reflect.Map:
		return p.null != NullPointersOnly || n.class == classMethod
	}
	return p.null == NullAnywhere || n.class == classMethod
}

// fill sets the class of a node and all that goes with it.
func (p *planner) fill(n *node) (err error) {
	t := n.typ
	switch {
	case t == timeType:
		n.class, n.want = classText, wantString
		return nil
	case t == numberType:
		p.numbers = true
		n.class, n.want = classNumber, wantNumber
		return nil
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		// Their methods are those of what they point to.
	case implements(t, decodingMethods...):
		n.class = classMethod
		return nil
	case implements(t, textUnmarshaler):
		n.class, n.want = classText, wantString
		return nil
	}

	switch t.Kind() {
	case reflect.Bool:
		n.class, n.want = classBool, wantBoolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n.class, n.want = classInteger, wantInteger
	case reflect.Float32, reflect.Float64:
		n.class, n.want = classFloat, wantNumber
	case reflect.String:
		n.class, n.want = classString, wantString
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%v: %w", t, errNeverDecoded)
		}
		n.class = classAny
	case reflect.Pointer:
		return p.fillPointer(n)
	case reflect.Struct:
		return p.fillStruct(n)
	case reflect.Slice:
		return p.fillSlice(n)
	case reflect.Array:
		n.class, n.want = classArray, wantArray
		n.elem, err = p.node(t.Elem())
	case reflect.Map:
		return p.fillMap(n)
	default:
		return fmt.Errorf("%v: %w", t, errNeverDecoded)
	}
	return err
}

func (p *planner) fillPointer(n *node) (err error) {
	for t, seen := n.typ, map[reflect.Type]bool{}; t.Kind() == reflect.Pointer; t = t.Elem() {
		if seen[t] {
			return fmt.Errorf("%v: %w", t, errOwnPointer)
		}
		seen[t] = true
	}
	n.class = classPointer
	if n.elem, err = p.node(n.typ.Elem()); err == nil {
		n.want = n.elem.want
	}
	return err
}

func (p *planner) fillSlice(n *node) (err error) {
	elem := n.typ.Elem()
	if elem.Kind() != reflect.Uint8 {
		n.class, n.want = classSlice, wantArray
		n.elem, err = p.node(elem)
		return err
	}
	n.class, n.want = classBytes, wantString
	if elem.PkgPath() != "" {
		p.namedBytes = true
		if implements(elem, encodingMethods...) {
			// encoding/json writes an array of what the methods return.
			n.class, n.want = classSlice, wantArray
			n.elem, err = p.node(elem)
		}
	}
	return err
}

func (p *planner) fillMap(n *node) (err error) {
	key := n.typ.Key()
	switch key.Kind() {
	case reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
	default:
		if !reflect.PointerTo(key).Implements(textUnmarshaler) || key.Kind() == reflect.Interface {
			return fmt.Errorf("%v: a key that is neither a string nor an integer nor has UnmarshalText", n.typ)
		}
	}
	p.methodKeys = p.methodKeys || implements(key, decodingMethods...)
	p.numbers = p.numbers || key == numberType
	n.class, n.want = classMap, wantObject
	n.wrap = reflect.MapOf(key, emptyType)
	n.elem, err = p.node(n.typ.Elem())
	return err
}

func (p *planner) fillStruct(n *node) error {
	fields, err := structFields(n.typ)
	if err != nil {
		return err
	}
	n.class, n.want = classStruct, wantObject
	n.fields = make(map[string]*field, len(fields))
	for name, c := range fields {
		fn, err := p.fieldNode(c)
		if err != nil {
			return fmt.Errorf("struct %v, field %s: %w", n.typ, c.field.Name, err)
		}
		n.fields[name] = &field{index: c.index, node: fn}
	}
	return nil
}
