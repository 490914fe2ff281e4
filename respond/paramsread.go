package respond

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// paramsRun is the reading of one request.
type paramsRun struct {
	plan   *paramsPlan
	to     reflect.Value // the struct
	seen   paramSet
	bad    paramSet
	faults []fault
}

// decode reads the parameters of r into v, a pointer to a copy of the
// defaults.
func (p *paramsPlan) decode(r *http.Request, v any) error {
	if isRead(r.Method) {
		for _, name := range p.vary {
			lookAt(r, name)
		}
	}
	run := paramsRun{plan: p, to: reflect.ValueOf(v).Elem()}
	if r.URL.RawQuery != "" && (len(p.query) > 0 || p.unknown) {
		run.query(r.URL.RawQuery)
	}
	for i := range p.fields {
		f := &p.fields[i]
		switch f.source {
		case fromPath:
			value := r.PathValue(f.name)
			if value == "" {
				if present, err := f.inPattern(r.Pattern); err != nil {
					return err
				} else if !present {
					continue
				}
			}
			run.take(i, value)
		case fromHeader:
			run.header(i, r.Header[f.name])
		case fromCookie:
			for _, c := range r.CookiesNamed(f.name) {
				run.take(i, c.Value)
			}
		}
	}
	run.setFixed()
	return run.result(r, v)
}

// inPattern tells whether an empty value was in the path: a wildcard "{name...}"
// may match nothing. It is an error where the pattern has no such wildcard.
func (f *param) inPattern(pattern string) (bool, error) {
	if pattern == "" { // no ServeMux
		return false, nil
	}
	for _, wildcard := range f.wildcards {
		if strings.Contains(pattern, wildcard) {
			return true, nil
		}
	}
	return false, fmt.Errorf("respond: the pattern %q has no wildcard %s, which the parameters want", pattern, f.wildcards[0])
}

// query reads the parameters in a query. Malformed pairs are faults whoever
// they are for: nobody can know what the client meant.
func (run *paramsRun) query(query string) {
	unknown := len(run.plan.fields)
	for len(run.faults) < maxFaults {
		pair, rest, ok := nextPair(query)
		if !ok {
			return
		}
		query = rest
		i, known := run.plan.query[pair.name]
		switch {
		case !pair.named:
			run.misplaced(unknown, pair.code, "")
		case known && pair.code != "":
			run.fault(i, pair.code, "", 0, nil)
			run.seen.add(i)
		case known:
			run.take(i, pair.value)
		case pair.code != "":
			run.misplaced(unknown, pair.code, pair.name)
		case run.plan.unknown && !slices.Contains(run.plan.known, pair.name):
			run.misplaced(unknown, unknownParameter, pair.name)
		}
	}
}

// header reads a field from the lines of a header field. Several lines are one
// list (RFC 9110 §5.3), so where one value is expected they are one too many.
func (run *paramsRun) header(i int, lines []string) {
	if !run.plan.fields[i].many {
		for _, line := range lines {
			run.take(i, line)
		}
		return
	}
	if len(lines) > 0 {
		run.seen.add(i)
	}
	list := httpfield.NewElements(lines)
	for element, ok := list.Next(); ok; element, ok = list.Next() {
		run.take(i, element)
	}
}

// take reads a value into a field.
func (run *paramsRun) take(i int, value string) {
	f := &run.plan.fields[i]
	if run.seen.has(i) && !f.many {
		if !run.bad.has(i) {
			run.fault(i, duplicateParameter, "", 0, nil)
		}
		return
	}
	run.seen.add(i)
	field := run.to.FieldByIndex(f.index)
	if code, want, err := f.put(field, value); code != "" && len(run.faults) < maxFaults {
		element := 0
		if f.many {
			element = field.Len()
		}
		run.fault(i, code, want, element, err)
	}
}

// setFixed gives absent parameters the defaults that are made anew each time.
func (run *paramsRun) setFixed() {
	for i := range run.plan.fields {
		f := &run.plan.fields[i]
		if f.fixed == nil || run.seen.has(i) {
			continue
		}
		field := run.to.FieldByIndex(f.index)
		for _, text := range f.fixed {
			f.put(field, text) // it was tried when the plan was made
		}
	}
}
