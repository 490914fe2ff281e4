package jsonx

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// A fieldTag is what the json tag of a struct's field says to encoding/json.
type fieldTag struct {
	name    string // the tag's or the field's
	named   bool   // the name is the tag's
	quoted  bool   // the option "string"
	ignored bool   // "-", or an unexported field that is not embedded
	inlined bool   // an embedded struct without a name
	options []string
}

// FieldName returns the name of the member that encoding/json makes of the
// struct's field with the index. For an embedded struct without a name of its
// own, whose members belong to the struct around it, inlined is true and there
// is no name. It returns false for a field that is not encoded: an
// unexported one or one tagged "-".
func FieldName(t reflect.Type, index int) (name string, inlined, ok bool) {
	tag := parseTag(t.Field(index))
	switch {
	case tag.ignored:
		return "", false, false
	case tag.inlined:
		return "", true, true
	}
	return tag.name, false, true
}

// parseTag reads the json tag of a field as encoding/json does.
func parseTag(f reflect.StructField) fieldTag {
	text := f.Tag.Get("json")
	if text == "-" {
		return fieldTag{ignored: true}
	}
	name, options, more := strings.Cut(text, ",")
	tag := fieldTag{name: name, named: true}
	if more {
		tag.options = strings.Split(options, ",")
	}
	if !validName(tag.name) {
		tag.name, tag.named = f.Name, false
	}
	for _, o := range tag.options {
		tag.quoted = tag.quoted || o == "string"
	}
	isStruct := embeddedType(f.Type).Kind() == reflect.Struct
	tag.inlined = f.Anonymous && !tag.named && isStruct
	tag.ignored = !f.IsExported() && !(f.Anonymous && isStruct)
	return tag
}

// embeddedType returns the struct of an embedded *struct.
func embeddedType(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		return t.Elem()
	}
	return t
}

// validName reports whether encoding/json accepts the name in a tag.
func validName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return name != ""
}

// checkTag returns an error for a field that the library would take otherwise
// than encoding/json, or not at all.
func checkTag(f reflect.StructField, tag fieldTag) error {
	text, has := f.Tag.Lookup("json")
	if text == "-" {
		return nil
	}
	if err := checkTagText(f, tag, text, has); err != nil {
		return fmt.Errorf("field %s: %w", f.Name, err)
	}
	if f.Anonymous && !tag.named {
		if err := checkEmbedded(f); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

func checkTagText(f reflect.StructField, tag fieldTag, text string, has bool) error {
	if !f.IsExported() && !f.Anonymous {
		if has {
			return errors.New("a json tag on an unexported field")
		}
		return nil
	}
	name, _, _ := strings.Cut(text, ",")
	if name != "" && !tag.named {
		return errors.New("encoding/json does not accept the name in the tag")
	}
	if name == "-" {
		return errors.New(`the name "-" has no spelling that all of the JSON packages accept`)
	}
	for _, o := range tag.options {
		key, _, _ := strings.Cut(o, ":")
		switch {
		case key == "format", key == "embed", o == "case:ignore":
			return fmt.Errorf("encoding/json does not know the tag option %q", key)
		case key == "unknown", key == "inline" && !tag.inlined:
			return fmt.Errorf("encoding/json does not know the tag option %q", key)
		case tag.inlined && (key == "omitempty" || key == "omitzero" || key == "string"):
			return fmt.Errorf("the tag option %q on an embedded struct without a name", key)
		}
	}
	return nil
}

func checkEmbedded(f reflect.StructField) error {
	t := embeddedType(f.Type)
	switch {
	case t.Kind() != reflect.Struct:
		return errors.New("an embedded type that is not a struct needs a name in its tag")
	case !f.IsExported() && f.Type.Kind() == reflect.Pointer:
		return errors.New("an embedded pointer to an unexported struct cannot be set")
	case hasMethods(t):
		return errors.New("an embedded struct with its own JSON methods needs a name in its tag")
	}
	return nil
}
