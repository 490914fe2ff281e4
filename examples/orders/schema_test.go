package main

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// mismatch tells where a value is not what a schema of the document says, and is
// empty where it is. A keyword that it does not know fails the test: nothing is to
// be promised that nobody checks.
func mismatch(t *testing.T, doc object, schema, value any) string {
	t.Helper()
	s := resolve(t, doc, schema)
	for keyword, want := range s {
		if fault := mismatchOf(t, doc, s, keyword, want, value); fault != "" {
			return fault
		}
	}
	return ""
}

func mismatchOf(t *testing.T, doc, schema object, keyword string, want, value any) string {
	t.Helper()
	number, isNumber := value.(float64)
	text, isText := value.(string)
	array, isArray := value.([]any)
	members, isObject := value.(object)
	fails := false
	switch keyword {
	case "description", "example", "format", "default":
	case "unevaluatedProperties": // of requests alone: see additionalProperties for the rest
	case "type":
		names, several := want.([]any)
		if !several {
			names = []any{want}
		}
		fails = !slices.ContainsFunc(names, func(name any) bool { return isOfType(value, name.(string)) })
	case "const":
		fails = !reflect.DeepEqual(value, want)
	case "enum":
		fails = !slices.Contains(want.([]any), value)
	case "pattern":
		fails = isText && !regexp.MustCompile(want.(string)).MatchString(text)
	case "minimum":
		fails = isNumber && number < want.(float64)
	case "maximum":
		fails = isNumber && number > want.(float64)
	case "minLength":
		fails = isText && float64(utf8.RuneCountInString(text)) < want.(float64)
	case "maxLength":
		fails = isText && float64(utf8.RuneCountInString(text)) > want.(float64)
	case "minItems":
		fails = isArray && float64(len(array)) < want.(float64)
	case "maxItems":
		fails = isArray && float64(len(array)) > want.(float64)
	case "items":
		for i, e := range array {
			if fault := mismatch(t, doc, want, e); fault != "" {
				return fmt.Sprintf("[%d]%s", i, fault)
			}
		}
	case "required":
		fails = isObject && slices.ContainsFunc(want.([]any), func(name any) bool { _, ok := members[name.(string)]; return !ok })
	case "properties":
		for name, member := range want.(object) {
			if v, ok := members[name]; ok {
				if fault := mismatch(t, doc, member, v); fault != "" {
					return "." + name + fault
				}
			}
		}
	case "additionalProperties":
		properties, _ := schema["properties"].(object)
		for name := range members {
			fails = fails || want == false && properties[name] == nil
		}
	case "allOf":
		for _, part := range want.([]any) {
			if fault := mismatch(t, doc, part, value); fault != "" {
				return fault
			}
		}
	case "anyOf":
		var faults []string
		for _, part := range want.([]any) {
			faults = append(faults, mismatch(t, doc, part, value))
		}
		if !slices.Contains(faults, "") {
			return " is none of anyOf (" + strings.Join(faults, "; ") + ")"
		}
	default:
		t.Fatalf("the keyword %s is not checked", keyword)
	}
	if fails {
		return fmt.Sprintf(" is %v, and not what %s says: %v", value, keyword, want)
	}
	return ""
}

func isOfType(value any, name string) bool {
	number, isNumber := value.(float64)
	switch name {
	case "null":
		return value == nil
	case "integer":
		return isNumber && number == math.Trunc(number)
	case "number":
		return isNumber
	}
	kind := map[string]any{"string": "", "boolean": false, "array": []any{}, "object": object{}}[name]
	return value != nil && reflect.TypeOf(value) == reflect.TypeOf(kind)
}

// alternatives are the schemas of a response of which one holds: itself, or those of
// its anyOf.
func alternatives(schema any) []any {
	s, _ := schema.(object)
	if parts, ok := s["anyOf"].([]any); ok {
		return parts
	}
	return []any{schema}
}

func TestSchemas(t *testing.T) {
	doc := document(t, newClient(t))
	schema := func(name string) any { return object{"$ref": "#/components/schemas/" + name} }
	for _, tt := range []struct {
		name  string
		value any
		ok    bool
	}{
		{"Amount", "12.50", true},
		{"Amount", "12.505", false},
		{"Amount", 12.5, false},
		{"Duration", "5m", true},
		{"Duration", "-1h30m", true},
		{"Duration", "0", true},
		{"Duration", "1.5s", true},
		{"Duration", "soon", false},
		{"Duration", "5", false},
		{"Item", object{"sku": "AB-123", "quantity": 2.0, "unit_price": "1"}, true},
		{"Item", object{"sku": "AB-123", "quantity": 2.5, "unit_price": "1"}, false},
		{"Item", object{"sku": "AB-123", "quantity": 1001.0, "unit_price": "1"}, false},
		{"Item", object{"sku": "AB-123", "quantity": 2.0}, false},
		{"Item", object{"sku": "AB-123", "quantity": 2.0, "unit_price": "1", "colour": "red"}, false},
		{"TokenRequest", object{"subject": "ana", "ttl": nil, "typ": nil}, true},
		{"TokenRequest", object{"subject": ""}, false},
		{"TokenRequest", object{"subject": "ana", "ttl": "soon"}, false},
		{"TokenRequest", object{"subject": "ana", "key": "other"}, false},
		{"Health", object{"status": "ok"}, true},
		{"Health", object{"status": "bad"}, false},
		{"InvalidRequest", object{"type": "https://x/problems/invalid-request", "title": "", "status": 400.0, "errors": []any{object{"detail": ""}}}, true},
		{"InvalidRequest", object{"type": "https://x/problems/invalid-request", "title": "", "status": 400.0, "errors": []any{}}, false},
		{"InvalidRequest", object{"type": "https://x/problems/invalid-request", "title": "", "status": 400.0}, false},
		{"InvalidRequest", object{"type": "about:blank", "title": "", "status": 400.0, "errors": []any{object{"detail": ""}}}, false},
		{"InvalidRequest", object{"type": "https://x/problems/invalid-request", "title": "", "status": 200.0, "errors": []any{object{"detail": ""}}}, false},
		{"Problem", []any{}, false},
	} {
		if fault := mismatch(t, doc, schema(tt.name), tt.value); (fault == "") != tt.ok {
			t.Errorf("%s: %v: %q", tt.name, tt.value, fault)
		}
	}
}
