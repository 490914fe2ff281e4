package respond

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// ruleCode is the code of a rule. Alternatives ("len=3|len=5") are named
// without their settings.
func ruleCode(tag string) string {
	if !strings.Contains(tag, "|") {
		return tag
	}
	var names []string
	for part := range strings.SplitSeq(tag, "|") {
		name, _, _ := strings.Cut(part, "=")
		names = append(names, name)
	}
	return strings.Join(names, "|")
}

// params are the settings of a rule, named as the rule is: numbers where it
// compares with a number, a list for oneof, the other member's name for a
// rule about two of them, and text for all else. What names Go code is left
// out.
func (w *ruleWalker) params(e validator.FieldError, of place, others []string) map[string]any {
	rule, param := e.ActualTag(), e.Param()
	if param == "" || strings.Contains(rule, "|") {
		return nil
	}
	switch {
	case comparesFields(rule):
		if len(others) != 1 {
			return nil
		}
		return map[string]any{rule: otherName(others[0], of)}
	case isConditional(rule), rule == "unique", rule == "validateFn":
		return nil // they name Go fields and methods
	case choosing[rule] != "":
		return map[string]any{rule: typedChoices(param, e.Kind())}
	}
	if c, ok := comparisons[rule]; ok && !(c.text && e.Kind() == reflect.String) {
		return map[string]any{rule: typedParam(param, e)}
	}
	return map[string]any{rule: param}
}

// typedParam is the setting of a comparison: a number, true or false, or
// text such as that of a duration.
func typedParam(param string, e validator.FieldError) any {
	switch e.Kind() {
	case reflect.Bool:
		if b, err := strconv.ParseBool(param); err == nil {
			return b
		}
	case reflect.Float32, reflect.Float64:
		if f, err := strconv.ParseFloat(param, 64); err == nil {
			return f
		}
	default:
		if n, err := strconv.ParseInt(param, 0, 64); err == nil { // as the validator does
			return n
		}
		if n, err := strconv.ParseUint(param, 0, 64); err == nil {
			return n
		}
	}
	return param
}

func typedChoices(param string, kind reflect.Kind) any {
	all := choices(param)
	if kind == reflect.String {
		return all
	}
	numbers := make([]int64, len(all))
	for i, s := range all {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return all
		}
		numbers[i] = n
	}
	return numbers
}

// choices splits the parameter of oneof: words, or words in single quotes.
func choices(param string) []string {
	var all []string
	for param = strings.TrimSpace(param); param != ""; param = strings.TrimSpace(param) {
		var word string
		if param[0] == '\'' {
			word, param, _ = strings.Cut(param[1:], "'")
		} else {
			word, param, _ = strings.Cut(param, " ")
		}
		all = append(all, word)
	}
	return all
}

// choosing is the wording of the rules that have a list of values.
var choosing = map[string]string{
	"oneof": "must be one of: ", "oneofci": "must be one of: ",
	"noneof": "must be none of: ", "noneofci": "must be none of: ",
}

// ruleDetail is what the client reads about a broken rule, ready to follow
// the name of the member.
func ruleDetail(e validator.FieldError) string {
	rule := e.ActualTag()
	if s, ok := plainDetails[e.Tag()]; ok && e.Tag() != rule { // an alias of the validator's own
		return s
	}
	if !strings.Contains(rule, "|") {
		if s, ok := oneDetail(rule, e.Param(), e); ok {
			return s
		}
		return "does not keep the rule " + strconv.Quote(e.Tag()) + "."
	}
	var all []string
	for part := range strings.SplitSeq(rule, "|") {
		name, param, _ := strings.Cut(part, "=")
		s, ok := oneDetail(name, param, e)
		if !ok {
			return "does not keep the rule " + strconv.Quote(ruleCode(e.Tag())) + "."
		}
		all = append(all, strings.TrimSuffix(s, "."))
	}
	return strings.Join(all, ", or ") + "."
}

// oneDetail is that of one rule by its name.
func oneDetail(rule, param string, e validator.FieldError) (string, bool) {
	if s, ok := plainDetails[rule]; ok {
		return s, true
	}
	if c, ok := comparisons[rule]; ok {
		return c.detail(param, e.Kind()), true
	}
	if s, ok := choosing[rule]; ok {
		return s + strings.Join(choices(param), ", ") + ".", true
	}
	if s, ok := partDetails[rule]; ok {
		return s + strconv.Quote(param) + ".", true
	}
	if s, ok := fieldDetails[rule]; ok {
		if e.Kind() == reflect.String && s.ofText != "" {
			return s.ofText, true
		}
		return s.detail, true
	}
	switch {
	case isRequired(rule), rule == "skip_unless":
		return emptyDetail(e.Kind()), true
	case strings.HasPrefix(rule, "excluded_"):
		return "must not be there beside the other members that are.", true
	}
	return "", false
}

// emptyDetail is about a required member that is there.
func emptyDetail(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "must be true."
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "must not be zero."
	}
	return "must not be empty."
}

// comparison is the wording of a rule that compares with its setting: a
// number, a length, or the time now.
type comparison struct {
	number, length, now string
	text                bool // texts are compared as such, not by their length
}

var comparisons = map[string]comparison{
	"len":            {"must be ", "must have exactly ", "", false},
	"eq":             {"must be ", "must have exactly ", "", true},
	"ne":             {"must not be ", "must not have exactly ", "", true},
	"eq_ignore_case": {"must be ", "must be ", "", true},
	"ne_ignore_case": {"must not be ", "must not be ", "", true},
	"min":            {"must be at least ", "must have at least ", "must not be in the past.", false},
	"gte":            {"must be at least ", "must have at least ", "must not be in the past.", false},
	"max":            {"must be at most ", "must have at most ", "must not be in the future.", false},
	"lte":            {"must be at most ", "must have at most ", "must not be in the future.", false},
	"gt":             {"must be more than ", "must have more than ", "must be in the future.", false},
	"lt":             {"must be less than ", "must have less than ", "must be in the past.", false},
}

func (c comparison) detail(param string, kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		if c.text {
			return c.number + strconv.Quote(param) + "."
		}
		return c.length + count(param, "character")
	case reflect.Slice, reflect.Array:
		return c.length + count(param, "element")
	case reflect.Map:
		return c.length + count(param, "member")
	case reflect.Struct:
		if param == "" && c.now != "" {
			return c.now
		}
	}
	return c.number + param + "."
}

func count(n, unit string) string {
	if n == "1" {
		return "1 " + unit + "."
	}
	return n + " " + unit + "s."
}
