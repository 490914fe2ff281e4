package respond

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// maxParams is the number of fields that paramSet has room for.
const maxParams = 256

// paramSet is a set of fields, by number.
type paramSet [maxParams / 64]uint64

func (s *paramSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *paramSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// paramsPlan is all that is known of a type before the first request.
type paramsPlan struct {
	fields  []param
	query   map[string]int // by name
	byKey   map[string]int
	vary    []string // names of header fields
	rules   *rules
	split   Split
	unknown bool     // is an error
	known   []string // but these are not
	hidden  bool     // a wrong path is a 404
}

// newParamsPlan makes the plan for t, and puts the defaults into proto, a
// pointer to a t.
func newParamsPlan(t reflect.Type, o *ParamsOptions, proto reflect.Value) (*paramsPlan, error) {
	if t.Kind() != reflect.Struct {
		return nil, errors.New("parameters are read into a struct")
	}
	p := &paramsPlan{
		query:   make(map[string]int),
		byKey:   make(map[string]int),
		split:   o.Split,
		unknown: o.RejectUnknown,
		known:   slices.Clone(o.Known),
		hidden:  o.PathNotFound,
	}
	if err := p.add(t, nil, proto.Elem()); err != nil {
		return nil, err
	}
	if len(p.fields) > maxParams {
		return nil, fmt.Errorf("it has %d fields; %d are possible", len(p.fields), maxParams)
	}
	var err error
	if p.rules, err = newRules(t, &DecodeOptions{Validator: o.Validator, Details: o.Details}); err != nil {
		return nil, err
	}
	return p, p.checkDefaults(proto)
}

// add adds the fields of a struct.
func (p *paramsPlan) add(t reflect.Type, parent []int, proto reflect.Value) error {
	for i := range t.NumField() {
		f := t.Field(i)
		from, name, tagged, err := paramTag(f)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		index := append(parent[:len(parent):len(parent)], i)
		if !tagged {
			if f.Anonymous && f.Type.Kind() == reflect.Struct {
				if err := p.add(f.Type, index, proto.Field(i)); err != nil {
					return err
				}
			}
			continue
		}
		field, err := newParam(f, from, name, index)
		if err == nil {
			err = field.setDefault(f, proto.Field(i))
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if _, twice := p.byKey[field.key]; twice {
			return fmt.Errorf("field %s: there is another one for the %s parameter %q", f.Name, sources[from], name)
		}
		p.byKey[field.key] = len(p.fields)
		switch from {
		case fromQuery:
			p.query[name] = len(p.fields)
		case fromHeader:
			p.vary = append(p.vary, field.name)
		case fromCookie:
			p.vary = append(p.vary, "Cookie")
		}
		p.fields = append(p.fields, field)
	}
	return nil
}

// checkDefaults finds defaults that break their own rules. Rules that look at
// another field are left to the request.
func (p *paramsPlan) checkDefaults(proto reflect.Value) error {
	if p.rules.validate == nil {
		return nil
	}
	sample := reflect.New(proto.Type().Elem())
	sample.Elem().Set(proto.Elem())
	run := paramsRun{plan: p, to: sample.Elem()}
	run.setFixed()
	broken, err := p.rules.checkTags(sample.Interface(), paramsContent{})
	if err != nil {
		return err
	}
	for _, b := range broken {
		i, ok := p.byKey[firstToken(b.pointer)]
		if !ok || b.rule.required || len(b.rule.others) > 0 {
			continue
		}
		f := proto.Type().Elem().FieldByIndex(p.fields[i].index)
		if _, has := f.Tag.Lookup("default"); has {
			return fmt.Errorf("field %s: its default breaks the rule %s", f.Name, b.item.Code)
		}
	}
	return nil
}
