package respond

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// rules are those of one type: in struct tags, and in its Validate method.
type rules struct {
	validate *validator.Validate // nil where there are no tags
	method   func(v any) error   // nil where there is none
	keyed    bool                // rules apply to what is below the keys of a map
	details  map[string]string
}

// defaultValidator serves all decoders that bring none; it caches what it
// learns of a type.
var defaultValidator = validator.New(validator.WithRequiredStructEnabled())

type validated interface{ Validate() error }

func newRules(t reflect.Type, o *DecodeOptions) (*rules, error) {
	ru := &rules{validate: o.Validator, method: validateMethod(t), details: o.Details}
	structs := structTypes(t)
	if ru.validate == nil && slices.ContainsFunc(structs, hasRules) {
		ru.validate = defaultValidator
	}
	if ru.validate == nil {
		return ru, nil
	}
	ru.keyed = hasKeyedRules(t, structs)
	for _, s := range structs {
		if err := checkTags(ru.validate, s); err != nil {
			return nil, err
		}
		for _, sample := range []reflect.Value{reflect.New(s), filled(s)} {
			if err := try(func() error { return ru.validate.Struct(sample.Interface()) }); err != nil {
				return nil, fmt.Errorf("%v: %w", s, err)
			}
		}
	}
	return ru, nil
}

// validateMethod returns what calls the method Validate of a t, given a
// pointer to it.
func validateMethod(t reflect.Type) func(any) error {
	switch i := reflect.TypeFor[validated](); {
	case t.Kind() == reflect.Pointer && t.Implements(i):
		return func(v any) error {
			if p := reflect.ValueOf(v).Elem(); !p.IsNil() {
				return p.Interface().(validated).Validate()
			}
			return nil
		}
	case reflect.PointerTo(t).Implements(i):
		return func(v any) error { return v.(validated).Validate() }
	}
	return nil
}

// try checks a sample to find tags that do not work: the validator panics at
// them.
func try(check func() error) (err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	if err := check(); err != nil {
		if invalid, ok := errors.AsType[*validator.InvalidValidationError](err); ok {
			return invalid
		}
	}
	return nil
}

// rule is what is known of a rule that was broken.
type rule struct {
	known     bool     // it is the validator's, or required
	required  bool     // it asks for presence
	inside    bool     // it looks at what is inside of its value
	others    []string // pointers of the other members that it looks at
	ownDetail bool
}

// check returns the rules that v breaks. A plain error of a Validate method
// has no place and no text for the client: it is the cause of a 422. err is
// an answer of its own.
func (ru *rules) check(v any, c contentDecoder, faults []fault) (broken []fault, cause, err error) {
	if ru.validate == nil && ru.method == nil || incomplete(faults) {
		return nil, nil, nil
	}
	if ru.validate != nil {
		if ru.keyed {
			if at, found := longKey(reflect.ValueOf(v), c); found {
				f := newFault(nameTooLong, "", at, 0, nil)
				f.item.Detail = "holds a name that is too long."
				return []fault{f}, nil, nil
			}
		}
		if broken, err = ru.checkTags(v, c); err != nil {
			return nil, nil, err
		}
	}
	if ru.method != nil {
		bad := ru.validateRest(v, len(faults)+len(broken) > 0)
		if items, ok := errors.AsType[problem.Items](bad); ok {
			broken = addItems(broken, items)
		} else if _, ok := errors.AsType[*problem.Problem](bad); ok {
			return nil, nil, bad
		} else {
			cause = bad
		}
	}
	if len(faults) > 0 {
		broken = slices.DeleteFunc(broken, func(b fault) bool { return overshadowed(&b, faults) })
	}
	return broken, cause, nil
}

// validateRest calls the Validate method. Where the content has errors
// already, the value has holes, and a panic is taken for a consequence.
func (ru *rules) validateRest(v any, holes bool) (bad error) {
	if holes {
		defer func() {
			if recover() != nil {
				bad = nil
			}
		}()
	}
	return ru.method(v)
}

// incomplete tells whether reading ended before the end of the content, so
// that what a rule says about the rest would be wrong.
func incomplete(faults []fault) bool {
	n := len(faults)
	return n > 0 && (n >= maxFaults || isSyntax(faults[n-1].item.Code))
}

// addItems adds what a Validate method returned to what the tags found.
func addItems(broken []fault, items problem.Items) []fault {
	tags := broken
	for _, item := range items[:min(len(items), maxFaults)] {
		f := fault{item: item, status: http.StatusUnprocessableEntity, pointer: plainPointer(item.Pointer)}
		if !slices.ContainsFunc(tags, func(b fault) bool { return b.pointer == f.pointer && b.item.Code == item.Code }) {
			if isRequired(item.Code) {
				f.rule = rule{known: true, required: true, ownDetail: item.Detail != ""}
			}
			broken = append(broken, f)
		}
	}
	return broken
}

// overshadowed tells of a broken rule whether it may be but a consequence: a
// value that it looks at could not be read.
func overshadowed(b *fault, faults []fault) bool {
	return slices.ContainsFunc(faults, func(f fault) bool {
		if f.item.Code == jsonx.Unknown {
			return false
		}
		if within(b.pointer, f.pointer) {
			return true
		}
		return b.rule.inside && within(f.pointer, b.pointer) ||
			slices.ContainsFunc(b.rule.others, func(o string) bool { return within(o, f.pointer) || within(f.pointer, o) })
	})
}

func within(pointer, root string) bool {
	return strings.HasPrefix(pointer, root) && (len(pointer) == len(root) || pointer[len(root)] == '/')
}

func (ru *rules) checkTags(v any, c contentDecoder) ([]fault, error) {
	root := reflect.ValueOf(v).Elem()
	for root.Kind() == reflect.Pointer && !root.IsNil() {
		root = root.Elem()
	}
	if root.Kind() == reflect.Struct {
		return ru.checkStruct(nil, root.Addr(), c, "")
	}
	return ru.checkElements(nil, root, c, "")
}

// checkElements looks for structs in a value that is none.
func (ru *rules) checkElements(broken []fault, v reflect.Value, c contentDecoder, at string) ([]fault, error) {
	var err error
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return ru.checkElements(broken, v.Elem(), c, at)
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && err == nil && len(broken) < maxFaults; i++ {
			broken, err = ru.checkElements(broken, v.Index(i), c, at+"/"+strconv.Itoa(i))
		}
	case reflect.Map:
		for key, element := range v.Seq2() {
			if broken, err = ru.checkElements(broken, element, c, at+"/"+escapeToken(keyName(key))); err != nil || len(broken) >= maxFaults {
				break
			}
		}
	case reflect.Struct:
		if !isTime(v.Type()) {
			return ru.checkStruct(broken, v, c, at)
		}
	}
	return broken, err
}

func (ru *rules) checkStruct(broken []fault, v reflect.Value, c contentDecoder, at string) ([]fault, error) {
	err := ru.validate.Struct(v.Interface())
	if err == nil {
		return broken, nil
	}
	found, ok := err.(validator.ValidationErrors)
	if !ok {
		return nil, fmt.Errorf("respond: the rules could not be checked: %w", err)
	}
	w := ruleWalker{content: c, root: reflect.Indirect(v), at: at}
	for _, e := range found[:min(len(found), maxFaults-len(broken))] {
		broken = append(broken, ru.broken(&w, e))
	}
	return broken, nil
}

// broken makes a fault of what the validator found.
func (ru *rules) broken(w *ruleWalker, e validator.FieldError) fault {
	place := w.find(e.StructNamespace())
	others := w.others(e, place)
	f := fault{
		item: problem.Item{
			Code:    ruleCode(e.Tag()),
			Pointer: problem.FragmentPointer(place.pointer),
			Params:  w.params(e, place, others),
		},
		status:  http.StatusUnprocessableEntity,
		pointer: place.pointer,
		rule:    rule{known: true, required: isRequired(e.ActualTag()), inside: looksInside(e), others: others},
	}
	if f.item.Detail, f.rule.ownDetail = ru.detail(e); !f.rule.ownDetail {
		f.item.Detail, f.item.Cause = ruleDetail(e), e // the cause is for a translator; it is not sent
	}
	return f
}

// detail returns the author's own words for a rule, by its name or that of
// its alias.
func (ru *rules) detail(e validator.FieldError) (string, bool) {
	d, ok := ru.details[e.Tag()]
	if !ok {
		d, ok = ru.details[e.ActualTag()]
	}
	return d, ok
}

// merge puts the errors of structure and the broken rules into the order of
// the document, and tells what is absent from what is empty: a required
// member that is not there is an error of structure (400).
func merge(data []byte, c contentDecoder, faults, broken []fault) []fault {
	if len(broken) > 0 {
		pointers := make([]string, len(broken))
		for i := range broken {
			pointers[i] = broken[i].pointer
		}
		for i, at := range c.locate(data, pointers) {
			b := &broken[i]
			if b.item.Pointer == "" && (b.item.Parameter != "" || b.item.Header != "") {
				continue
			}
			b.offset = at.Offset
			if !at.Found && b.rule.required {
				b.status = http.StatusBadRequest
				if !b.rule.ownDetail {
					b.item.Detail = "is missing."
				}
			}
		}
		faults = append(faults, broken...)
	}
	slices.SortStableFunc(faults, func(a, b fault) int { return a.offset - b.offset })
	return faults[:min(len(faults), maxFaults)]
}

// maxFaults is how many errors one answer lists at most.
const maxFaults = 1000

// isRequired tells of a rule whether it asks for presence: required,
// required_if, required_with and their like.
func isRequired(name string) bool {
	return name == "required" || strings.HasPrefix(name, "required_")
}

// looksInside tells whether a rule for a list or an object depends on more
// than how many there are.
func looksInside(e validator.FieldError) bool {
	name := e.ActualTag()
	_, compares := comparisons[name]
	switch e.Kind() {
	case reflect.Slice, reflect.Array:
		return !compares && !isRequired(name)
	case reflect.Map, reflect.Struct:
		return !isRequired(name)
	}
	return false
}
