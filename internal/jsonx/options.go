package jsonx

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// options returns the library's options for the types that were planned, and
// those for decoding one value in the second pass, which has looked at
// duplicate names itself. Of the options that make the library read what
// encoding/json writes only those are set that the types need: all of them
// together cost a third of the speed.
func (p *planner) options(o Options) (fast, slow json.Options) {
	list := []json.Options{
		json.RejectUnknownMembers(!o.AllowUnknown),
		jsonv1.FormatByteArrayAsArray(true),
		jsonv1.FormatDurationAsNano(true),
		jsonv1.UnmarshalArrayFromAnyLength(true),
	}
	if p.quotedText {
		list = append(list, jsonv1.StringifyWithLegacySemantics(true))
	}
	if p.namedBytes {
		list = append(list, jsonv1.FormatBytesWithLegacySemantics(true))
	}
	if p.methodKeys {
		list = append(list, jsonv1.CallMethodsWithLegacySemantics(true))
	}
	if p.numbers {
		list = append(list, json.WithUnmarshalers(json.UnmarshalFromFunc(unmarshalNumber)))
	}
	fast = json.JoinOptions(list...)
	return fast, json.JoinOptions(fast, jsontext.AllowDuplicateNames(true))
}

var errNoNumber = errors.New("not a number")

// unmarshalNumber decodes an encoding/json.Number, which is a mere string to the library
// unless it is built with GOEXPERIMENT=jsonv2.
func unmarshalNumber(dec *jsontext.Decoder, n *stdjson.Number) error {
	container, length := dec.StackIndex(dec.StackDepth())
	isName := container == jsontext.KindBeginObject && length%2 == 0
	value, err := dec.ReadValue()
	switch {
	case err != nil:
		return err
	case isName:
		*n = stdjson.Number(appendUnquoted(nil, value))
	case value.Kind() == jsontext.KindNumber:
		*n = stdjson.Number(value)
	case value.Kind() == jsontext.KindNull:
		*n = ""
	default:
		return errNoNumber
	}
	return nil
}

// fieldNode returns the node of a field, which the tag option "string" may change.
func (p *planner) fieldNode(c candidate) (*node, error) {
	t := c.field.Type
	n, err := p.node(t)
	if err != nil || !c.tag.quoted {
		return n, err
	}
	value := n
	if n.class == classPointer && t.Name() == "" {
		value = n.elem
	}
	switch value.class {
	case classBool, classString:
		p.quotedText = true
	case classInteger, classFloat:
	case classMethod, classText:
		if value.typ != timeType {
			return n, nil // a type with methods does not look at the option
		}
		fallthrough
	default:
		return nil, errors.New(`the tag option "string" is for strings, numbers and booleans`)
	}
	wrap := reflect.StructOf([]reflect.StructField{{Name: "V", Type: t, Tag: `json:"v,string"`}})
	return &node{typ: t, class: classQuoted, want: wantString, nullable: n.nullable, wrap: wrap}, nil
}

// probe lets the library look at each struct, so that one which it refuses is
// found here and not by the first request.
func (p *planner) probe(fast json.Options) error {
	for t, n := range p.nodes {
		if n.class != classStruct {
			continue
		}
		if err := json.Unmarshal([]byte("{}"), reflect.New(t).Interface(), fast); err != nil {
			return fmt.Errorf("struct %v: its fields or its tags are not usable", t)
		}
	}
	return nil
}
