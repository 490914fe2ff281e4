package respond

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
)

// fakeError stands in for what the validator reports.
type fakeError struct {
	validator.FieldError
	tag, param string
	kind       reflect.Kind
}

func (e fakeError) Tag() string        { return e.tag }
func (e fakeError) ActualTag() string  { return e.tag }
func (e fakeError) Param() string      { return e.param }
func (e fakeError) Kind() reflect.Kind { return e.kind }

var sentence = regexp.MustCompile(`^(must|is) [^\n]*[^ ]\.$`)

// Every rule that the validator ships has words for a client, and they name
// no Go field.
func TestEveryRuleHasWords(t *testing.T) {
	v := reflect.ValueOf(validator.New()).Elem()
	var names []string
	for _, field := range []string{"validations", "aliases"} {
		for _, key := range v.FieldByName(field).MapKeys() {
			names = append(names, key.String())
		}
	}
	if len(names) < 180 {
		t.Fatalf("only %d rules were found", len(names))
	}
	for _, name := range names {
		for _, kind := range []reflect.Kind{reflect.String, reflect.Int, reflect.Slice, reflect.Map, reflect.Bool, reflect.Pointer, reflect.Struct} {
			param := "7"
			if isConditional(name) || comparesFields(name) || name == "validateFn" {
				param = "GoField"
			}
			text := ruleDetail(fakeError{tag: name, param: param, kind: kind})
			if !sentence.MatchString(text) || strings.Contains(text, "GoField") || strings.Contains(text, "the rule") {
				t.Errorf("%s for a %v: %q", name, kind, text)
			}
		}
	}
}

func TestRuleWords(t *testing.T) {
	for _, row := range []struct {
		tag, param string
		kind       reflect.Kind
		want       string
	}{
		{"required", "", reflect.Bool, "must be true."},
		{"required", "", reflect.Uint8, "must not be zero."},
		{"required", "", reflect.String, "must not be empty."},
		{"min", "1", reflect.String, "must have at least 1 character."},
		{"min", "1", reflect.Slice, "must have at least 1 element."},
		{"max", "2", reflect.Map, "must have at most 2 members."},
		{"max", "2", reflect.Float32, "must be at most 2."},
		{"min", "1h", reflect.Int64, "must be at least 1h."},
		{"len", "5", reflect.String, "must have exactly 5 characters."},
		{"eq", "5", reflect.String, `must be "5".`},
		{"eq", "5", reflect.Int, "must be 5."},
		{"ne", "a b", reflect.String, `must not be "a b".`},
		{"eq_ignore_case", "x", reflect.String, `must be "x".`},
		{"gt", "", reflect.Struct, "must be in the future."},
		{"lte", "", reflect.Struct, "must not be in the future."},
		{"oneof", "a 'b c' d", reflect.String, "must be one of: a, b c, d."},
		{"noneof", "a b", reflect.String, "must be none of: a, b."},
		{"startswith", `a"b`, reflect.String, `must begin with "a\"b".`},
		{"gtfield", "GoField", reflect.Int, "must be more than the other member."},
		{"gtfield", "GoField", reflect.String, "must be longer than the other member."},
		{"excluded_with", "GoField", reflect.String, "must not be there beside the other members that are."},
		{"ipv4|ipv6", "", reflect.String, "must be an IPv4 address, or must be an IPv6 address."},
		{"len=3|len=5", "5", reflect.String, "must have exactly 3 characters, or must have exactly 5 characters."},
		{"mine", "", reflect.String, `does not keep the rule "mine".`},
		{"mine=GoField|email", "", reflect.String, `does not keep the rule "mine|email".`},
	} {
		if got := ruleDetail(fakeError{tag: row.tag, param: row.param, kind: row.kind}); got != row.want {
			t.Errorf("%s=%s for a %v: %q, want %q", row.tag, row.param, row.kind, got, row.want)
		}
	}
}
