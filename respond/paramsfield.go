package respond

import (
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
)

// source is where a parameter comes from.
type source uint8

const (
	fromPath source = iota
	fromQuery
	fromHeader
	fromCookie
)

// sources are the names of the tags.
var sources = [...]string{fromPath: "path", fromQuery: "query", fromHeader: "header", fromCookie: "cookie"}

// param is one field of the struct that parameters are read into.
type param struct {
	source source
	name   string
	key    string // "query:limit": one of its kind in the struct
	index  []int
	set    setter
	many   bool
	// empty is the code of an empty value, "" where that is a value; want is
	// what is wanted instead.
	empty, want string
	// fixed is the default where it must be made anew for each request,
	// because values of its type share memory.
	fixed []string
	// wildcards are how the pattern of a ServeMux names a path's parameter.
	wildcards [2]string
}

// paramTag finds the one tag that says where a field comes from.
func paramTag(f reflect.StructField) (from source, name string, tagged bool, err error) {
	for s, tag := range sources {
		value, ok := f.Tag.Lookup(tag)
		switch {
		case !ok:
			continue
		case tagged:
			return 0, "", false, fmt.Errorf("it has the tags %s and %s, and can come from one place only", sources[from], tag)
		case value == "":
			return 0, "", false, fmt.Errorf("its tag %s is empty", tag)
		}
		from, name, tagged = source(s), value, true
	}
	_, rules := f.Tag.Lookup("validate")
	_, byDefault := f.Tag.Lookup("default")
	embedded := f.Anonymous && f.Type.Kind() == reflect.Struct
	switch {
	case tagged && !f.IsExported():
		err = errors.New("it is not exported")
	case !tagged && f.Anonymous && f.Type.Kind() == reflect.Pointer:
		err = errors.New("parameters cannot be read into an embedded pointer")
	case !tagged && (byDefault || rules && !embedded):
		err = errors.New("it has no tag that says where it comes from: path, query, header or cookie")
	case tagged && from == fromHeader:
		name = http.CanonicalHeaderKey(name)
		fallthrough
	case tagged && from == fromCookie:
		if !httpfield.IsToken(name) {
			err = fmt.Errorf("%q cannot be the name of a %s", name, sources[from])
		}
	}
	if from == fromHeader {
		switch name {
		case "Host", "Transfer-Encoding", "Trailer":
			err = fmt.Errorf("net/http takes %s out of the header", name)
		}
	}
	return from, name, tagged, err
}

func newParam(f reflect.StructField, from source, name string, index []int) (param, error) {
	p := param{source: from, name: name, key: sources[from] + ":" + name, index: index}
	element := f.Type
	var err error
	if p.set, err = newSetter(f.Type); err != nil && f.Type.Kind() == reflect.Slice {
		if from == fromPath {
			return p, errors.New("a parameter in the path has one value, not a slice of them")
		}
		p.many = true
		element = f.Type.Elem()
		p.set, err = newSetter(element)
	}
	if from == fromPath {
		p.wildcards = [2]string{"{" + name + "}", "{" + name + "...}"}
	}
	p.empty, p.want = emptyParam(element)
	return p, err
}

// emptyParam tells what is wrong with an empty value for t.
func emptyParam(t reflect.Type) (code, want string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case isTextUnmarshaler(t), t.Kind() == reflect.String:
		return "", ""
	case t == reflect.TypeFor[time.Duration]():
		return jsonx.Format, ""
	case t.Kind() == reflect.Bool:
		return jsonx.WrongType, "boolean"
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		return jsonx.WrongType, "number"
	}
	return jsonx.WrongType, "integer"
}

func isTextUnmarshaler(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// setDefault reads the default of a field into proto.
func (p *param) setDefault(f reflect.StructField, proto reflect.Value) error {
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return nil
	}
	texts := []string{text}
	if p.many {
		texts = strings.Split(text, ",")
	}
	trial := reflect.New(f.Type).Elem()
	for _, text := range texts {
		if code, _, err := p.put(trial, text); code != "" {
			return errors.Join(fmt.Errorf("its default does not parse (%s)", code), err)
		}
	}
	if p.many || f.Type.Kind() == reflect.Pointer || isTextUnmarshaler(f.Type) {
		p.fixed = texts
		return nil
	}
	proto.Set(trial)
	return nil
}

// put sets a field to a value, or appends the value to it.
func (p *param) put(field reflect.Value, text string) (code, want string, cause error) {
	if p.many {
		field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
		field = field.Index(field.Len() - 1)
	}
	switch {
	case !isText(text):
		return textCode(text), "", nil
	case text == "" && p.empty != "":
		return p.empty, p.want, nil
	}
	return p.set(field, text)
}
