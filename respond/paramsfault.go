package respond

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// The codes that only parameters have. The others are those of [Decode].
const (
	duplicateParameter = "duplicate_parameter"
	unknownParameter   = "unknown_parameter"
)

// fault notes what is wrong with the value of a field; element counts from 1
// in a slice, and is 0 elsewhere.
func (run *paramsRun) fault(i int, code, want string, element int, cause error) {
	f := &run.plan.fields[i]
	made := newFault(code, want, "", i, cause)
	switch code {
	case jsonx.InvalidUTF8, jsonx.Syntax:
		made.item.Detail = "is not well-formed: it must be text in UTF-8, percent-encoded in a path or query."
	case duplicateParameter:
		made.item.Detail = "is there more than once."
	}
	f.place(&made.item, element)
	run.bad.add(i)
	run.faults = append(run.faults, made)
}

// misplaced notes what is wrong with a part of the query that no field has.
// A name that could not be read is left out.
func (run *paramsRun) misplaced(offset int, code, name string) {
	name = cutName(name)
	if slices.ContainsFunc(run.faults, func(f fault) bool { return f.item.Code == code && f.item.Parameter == name && f.offset == offset }) {
		return
	}
	detail := "is not known here."
	if code != unknownParameter {
		detail = "is not well-formed."
	}
	if name == "" {
		detail = "The query holds a parameter that " + detail
	}
	run.faults = append(run.faults, fault{
		item:   problem.Item{Code: code, Detail: detail, Parameter: name},
		status: http.StatusBadRequest,
		offset: offset,
	})
}

// place tells the client where an error is.
func (f *param) place(item *problem.Item, element int) {
	item.Pointer = ""
	if element > 0 {
		item.Detail = "value " + strconv.Itoa(element) + " " + item.Detail
	}
	switch f.source {
	case fromPath, fromQuery:
		item.Parameter = f.name
	case fromHeader:
		item.Header = f.name
	case fromCookie:
		item.Header = "Cookie"
		item.Detail = f.name + " " + item.Detail
		params := map[string]any{"cookie": f.name}
		for k, v := range item.Params {
			params[k] = v
		}
		item.Params = params
	}
}

// result checks the rules, and makes one answer of all the errors.
func (run *paramsRun) result(r *http.Request, v any) error {
	p := run.plan
	broken, cause, err := p.rules.check(v, paramsContent{}, nil)
	if err != nil {
		return err
	}
	if len(run.faults) == 0 && len(broken) == 0 && cause == nil {
		return nil
	}
	faults := run.faults
	for _, b := range broken {
		if f, ok := run.placed(b); ok && !slices.ContainsFunc(faults, func(have fault) bool { return sameItem(&have.item, &f.item) }) {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 && cause == nil {
		return nil
	}
	if p.hidden && slices.ContainsFunc(faults, func(f fault) bool {
		return f.offset < len(p.fields) && p.fields[f.offset].source == fromPath
	}) {
		return errNoSuchPath
	}
	if err := Acceptable(r); err != nil { // it goes before a 400 or 422
		return err
	}
	d := decoder{split: p.split}
	return d.problem(r, nil, nil, faults, nil, cause)
}

var errNoSuchPath = problem.NotFound("")

func sameItem(a, b *problem.Item) bool {
	return a.Code == b.Code && a.Parameter == b.Parameter && a.Header == b.Header && a.Detail == b.Detail
}

// placed finds the field that a broken rule is about. It is not ok where the
// rule may have broken only because a field that it looks at could not be read.
func (run *paramsRun) placed(b fault) (f fault, ok bool) {
	p := run.plan
	b.offset = len(p.fields)
	if b.item.Parameter != "" || b.item.Header != "" { // by a Validate method
		b.item.Pointer = ""
		return b, true
	}
	token := firstToken(b.pointer)
	i, ok := p.byKey[token]
	if !ok {
		if i = p.named(token); i < 0 {
			b.item.Pointer, b.item.Parameter = "", token
			return b, true
		}
	}
	if b.rule.known {
		if !b.rule.ownDetail {
			b.item.Detail = strings.Replace(b.item.Detail, "other member", "other parameter", 1)
		}
		for _, pointer := range b.rule.others {
			key := firstToken(pointer)
			other, known := p.byKey[key]
			if known && run.bad.has(other) {
				return b, false
			}
			for rule, param := range b.item.Params {
				if known && param == key {
					b.item.Params = map[string]any{rule: p.fields[other].name}
				}
			}
		}
		if b.rule.required && !run.seen.has(i) {
			b.status = http.StatusBadRequest
			if !b.rule.ownDetail {
				b.item.Detail = "is missing."
			}
		}
	}
	element := 0
	if _, rest, inside := strings.Cut(strings.TrimPrefix(b.pointer, "/"), "/"); inside {
		if n, err := strconv.Atoi(rest); err == nil {
			element = n + 1
		}
	}
	p.fields[i].place(&b.item, element)
	b.offset = i
	return b, !run.bad.has(i)
}

// named returns the first field with a name that a Validate method gave, by
// the order of the sources, or -1.
func (p *paramsPlan) named(name string) int {
	for from := range sources {
		for i := range p.fields {
			f := &p.fields[i]
			if int(f.source) == from && (f.name == name || f.source == fromHeader && httpfield.EqualFold(f.name, name)) {
				return i
			}
		}
	}
	return -1
}

// firstToken is the first name in a JSON Pointer (RFC 6901 §3).
func firstToken(pointer string) string {
	token, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return unescapeToken(token)
}

// paramsContent stands in for a codec where rules look for their fields: the
// name of a field is its key.
type paramsContent struct{}

func (paramsContent) accepts(httpfield.MediaType) bool    { return false }
func (paramsContent) decode([]byte, any) ([]fault, error) { return nil, nil }
func (paramsContent) locate(_ []byte, pointers []string) []jsonx.Place {
	return make([]jsonx.Place, len(pointers))
}

func (paramsContent) member(t reflect.Type, index int) (name string, inlined, ok bool) {
	f := t.Field(index)
	from, name, tagged, err := paramTag(f)
	if err != nil || !tagged {
		return "", f.Anonymous, false
	}
	return sources[from] + ":" + name, false, true
}
