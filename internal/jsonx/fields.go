package jsonx

import (
	"fmt"
	"reflect"
	"slices"
)

// A field is one member that a struct has, its own or one of a struct that it embeds.
type field struct {
	index []int // as of reflect.Value.FieldByIndex
	node  *node
}

// A candidate is a field that has the name, which others may have too.
type candidate struct {
	index []int
	named bool // by its tag
	field reflect.StructField
	tag   fieldTag
}

// An embedded is a struct whose fields are still to be looked at.
type embedded struct {
	typ   reflect.Type
	index []int
}

// structFields returns the fields of a struct by name, those that dominate by Go's rules
// for embedding as encoding/json amends them: the shallowest one has the name;
// of several, the only one that has it from its tag; else none has it.
func structFields(t reflect.Type) (map[string]candidate, error) {
	found := make(map[string][]candidate) // those of the shallowest level
	visited := make(map[reflect.Type]bool)
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		here := make(map[string][]candidate)
		// A struct that is embedded twice at a level has each name twice: then none.
		for _, e := range level {
			if visited[e.typ] {
				continue
			}
			deeper, err := ownFields(e, here)
			if err != nil {
				return nil, err
			}
			next = append(next, deeper...)
		}
		for _, e := range level {
			visited[e.typ] = true
		}
		for name, c := range here {
			if _, ok := found[name]; !ok {
				found[name] = c
			}
		}
		level = next
	}

	fields := make(map[string]candidate, len(found))
	for name, c := range found {
		if f, ok := dominant(c); ok {
			fields[name] = f
		}
	}
	return fields, nil
}

// ownFields adds the fields of one struct to those of its level, and returns the
// structs that it embeds.
func ownFields(e embedded, level map[string][]candidate) ([]embedded, error) {
	var deeper []embedded
	own := make(map[string]bool)
	usable := e.typ.NumField() == 0
	for i := range e.typ.NumField() {
		f := e.typ.Field(i)
		tag := parseTag(f)
		if err := checkTag(f, tag); err != nil {
			return nil, fmt.Errorf("struct %v: %w", e.typ, err)
		}
		_, tagged := f.Tag.Lookup("json")
		usable = usable || tagged || !tag.ignored
		index := append(slices.Clip(e.index), i)
		switch {
		case tag.ignored:
		case tag.inlined:
			deeper = append(deeper, embedded{embeddedType(f.Type), index})
		case own[tag.name]:
			return nil, fmt.Errorf("struct %v has two fields of the name %q", e.typ, tag.name)
		default:
			own[tag.name] = true
			level[tag.name] = append(level[tag.name], candidate{index, tag.named, f, tag})
		}
	}
	if !usable {
		return nil, fmt.Errorf("struct %v has no exported fields", e.typ)
	}
	return deeper, nil
}

// dominant picks the field that has the name out of those of one level.
func dominant(c []candidate) (candidate, bool) {
	if len(c) == 1 {
		return c[0], true
	}
	named := slices.DeleteFunc(slices.Clone(c), func(c candidate) bool { return !c.named })
	if len(named) == 1 {
		return named[0], true
	}
	return candidate{}, false
}

// at returns the field in the struct, and makes the embedded pointers on the way.
func (f *field) at(v reflect.Value) reflect.Value {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}
