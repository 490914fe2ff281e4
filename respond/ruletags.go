package respond

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// checkTags finds rules in the tags of a struct that cannot work: each rule
// of the validator's own is tried by itself on a sample of its field, for in
// the tag another rule may stand before it.
func checkTags(validate *validator.Validate, s reflect.Type) error {
	for i := range s.NumField() {
		f := s.Field(i)
		tag := f.Tag.Get("validate")
		if tag == "" || tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if err := checkTag(validate, s, f.Type, strings.Split(tag, ",")); err != nil {
			return fmt.Errorf("%v: field %s: %w", s, f.Name, err)
		}
	}
	return nil
}

func checkTag(validate *validator.Validate, s, t reflect.Type, rules []string) error {
	for i := 0; i < len(rules); i++ {
		switch rules[i] {
		case "dive":
			for t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			container := t
			switch t.Kind() {
			case reflect.Slice, reflect.Array, reflect.Map:
				t = t.Elem()
			case reflect.Interface:
				return nil // only a request tells what is in it
			default:
				return fmt.Errorf("dive goes into a slice, an array or a map, and not into %v", t)
			}
			if i+1 < len(rules) && rules[i+1] == "keys" && container.Kind() == reflect.Map {
				end := i + 2
				for end < len(rules) && rules[end] != "endkeys" {
					end++
				}
				if err := checkTag(validate, s, container.Key(), rules[i+2:end]); err != nil {
					return err
				}
				i = end
			}
			continue
		}
		for rule := range strings.SplitSeq(rules[i], "|") {
			if err := checkRule(validate, s, t, rule); err != nil {
				return fmt.Errorf("the rule %s: %w", rule, err)
			}
		}
	}
	return nil
}

// checkRule tries one rule on a value of type t, of a field of s.
func checkRule(validate *validator.Validate, s, t reflect.Type, rule string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, param, _ := strings.Cut(rule, "=")
	if paths := otherFields(name, param); len(paths) > 0 {
		for _, path := range paths {
			first, _, _ := strings.Cut(path, ".")
			first, _, _ = strings.Cut(first, "[")
			if _, ok := s.FieldByName(first); !ok {
				return fmt.Errorf("%v has no field %s", s, first)
			}
		}
		return nil
	}
	if name == "unique" && param == "" {
		return checkUnique(t)
	}
	if !ownRule(name) || t.Kind() == reflect.Interface || t.Kind() == reflect.Struct && !isTime(t) {
		return nil // it may need the whole struct: newRules tries that
	}
	sample := reflect.New(t).Elem()
	fill(sample, 3)
	return try(func() error { return validate.Var(sample.Interface(), rule) })
}

// checkUnique refuses elements that cannot be compared: the validator would
// panic at a request that has some.
func checkUnique(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
	default:
		return nil
	}
	e := t.Elem()
	for e.Kind() == reflect.Pointer {
		e = e.Elem()
	}
	if !strictlyComparable(e) {
		return fmt.Errorf("values of type %v cannot be compared", e)
	}
	return nil
}

func strictlyComparable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return false
	case reflect.Array:
		return strictlyComparable(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !strictlyComparable(t.Field(i).Type) {
				return false
			}
		}
	}
	return t.Comparable()
}

// ownRule tells whether a rule is one of the validator's own that look at one
// value alone.
func ownRule(name string) bool {
	_, plain := plainDetails[name]
	_, compares := comparisons[name]
	_, part := partDetails[name]
	return plain || compares || part || choosing[name] != ""
}

// comparesFields tells whether a rule compares its field with one other.
func comparesFields(name string) bool {
	_, ok := fieldDetails[name]
	return ok
}

// isConditional tells whether a rule depends on other fields, which its
// parameter names.
func isConditional(name string) bool {
	return strings.HasPrefix(name, "required_") || strings.HasPrefix(name, "excluded_") || name == "skip_unless"
}

// otherFields returns the Go fields that a rule names in its parameter, as
// paths from the struct that has its own field.
func otherFields(name, param string) (paths []string) {
	switch {
	case param == "":
	case comparesFields(name):
		return []string{param}
	case strings.HasSuffix(name, "_if"), strings.HasSuffix(name, "_unless"): // pairs of a field and a value
		if isConditional(name) {
			for i, word := range choices(param) {
				if i%2 == 0 {
					paths = append(paths, word)
				}
			}
		}
	case isConditional(name):
		paths = strings.Fields(param)
	}
	return paths
}
