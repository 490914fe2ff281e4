package respond

import (
	"encoding"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// Form reads application/x-www-form-urlencoded into a struct. A field is
// named by its `form` tag, else as in JSON. It may be a string, bool, number,
// time.Duration ("1m30s"), anything that implements
// encoding.TextUnmarshaler, a pointer to one of these, or a slice of them for
// a name that is sent several times. An empty value leaves a field that is
// not a string as it is.
//
// A browser sends forms across sites without asking first, with the cookies
// of the site: behind cookies, use http.CrossOriginProtection too.
var Form Codec = formCodec{}

type formCodec struct{}

func (formCodec) MediaTypes() []string { return []string{"application/x-www-form-urlencoded"} }

func (c formCodec) Decode(content []byte, v any) error { return decodeAlone(c, content, v) }

// formContent reads forms into one type.
type formContent struct {
	fields       map[string]formField
	allowUnknown bool
}

type formField struct {
	index []int
	set   setter
	many  bool
}

func newFormContent(t reflect.Type, o *DecodeOptions) (contentDecoder, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a form is read into a struct")
	}
	c := &formContent{make(map[string]formField), o.AllowUnknown}
	return c, c.add(t, nil)
}

func (c *formContent) add(t reflect.Type, parent []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		name, inlined, ok := c.member(t, i)
		index := append(parent[:len(parent):len(parent)], i)
		switch {
		case inlined:
			if f.Type.Kind() != reflect.Struct {
				return fmt.Errorf("field %s: a form cannot be read into an embedded pointer", f.Name)
			}
			if err := c.add(f.Type, index); err != nil {
				return err
			}
			continue
		case !ok:
			continue
		}
		field := formField{index: index}
		var err error
		if field.set, err = newSetter(f.Type); err != nil && f.Type.Kind() == reflect.Slice {
			field.many = true
			field.set, err = newSetter(f.Type.Elem())
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if _, twice := c.fields[name]; twice {
			return fmt.Errorf("field %s: the name %q is taken", f.Name, name)
		}
		c.fields[name] = field
	}
	return nil
}

func (*formContent) accepts(m httpfield.MediaType) bool { return utf8Only(m) }

func (c *formContent) decode(data []byte, v any) ([]fault, error) {
	to := reflect.ValueOf(v).Elem()
	var faults []fault
	var seen map[string]bool
	rest, offset := string(data), 0
	for rest != "" {
		at := offset
		pair, after, _ := strings.Cut(rest, "&")
		offset += len(pair) + 1
		rest = after
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		if nameErr != nil || valueErr != nil || !isText(name) || !isText(value) {
			return []fault{newFault(jsonx.Syntax, "", "", at, nil)}, nil
		}
		pointer := "/" + escapeToken(name)
		f, ok := c.fields[name]
		if !ok {
			if !c.allowUnknown {
				faults = append(faults, newFault(jsonx.Unknown, "", pointer, at, nil))
			}
			continue
		}
		if !f.many && seen[name] {
			faults = append(faults, newFault(jsonx.Duplicate, "", pointer, at, nil))
			continue
		}
		if seen == nil {
			seen = make(map[string]bool)
		}
		seen[name] = true
		field := to.FieldByIndex(f.index)
		if f.many {
			if value == "" && !takesEmpty(field.Type().Elem()) {
				continue
			}
			pointer += "/" + strconv.Itoa(field.Len())
			field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
			field = field.Index(field.Len() - 1)
		}
		if code, want, err := f.set(field, value); code != "" {
			faults = append(faults, newFault(code, want, pointer, at, err))
		}
		if len(faults) >= maxFaults {
			break
		}
	}
	return faults, nil
}

func newFault(code, want, pointer string, offset int, cause error) fault {
	f := fault{
		item:    problem.Item{Code: code, Detail: structureDetail(code, want), Pointer: problem.FragmentPointer(pointer)},
		status:  http.StatusBadRequest,
		pointer: pointer, offset: offset, cause: cause,
	}
	if code == jsonx.Format {
		f.status = http.StatusUnprocessableEntity
	}
	if want != "" {
		f.item.Params = map[string]any{"type": want}
	}
	f.ownWords()
	return f
}

// locate tells where the first pair of each name is.
func (c *formContent) locate(data []byte, pointers []string) []jsonx.Place {
	offsets := make(map[string]int)
	for rest, offset := string(data), 0; rest != ""; {
		pair, after, _ := strings.Cut(rest, "&")
		raw, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(raw); err == nil && pair != "" {
			if _, ok := offsets[name]; !ok {
				offsets[name] = offset
			}
		}
		offset += len(pair) + 1
		rest = after
	}
	places := make([]jsonx.Place, len(pointers))
	for i, pointer := range pointers {
		name, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
		offset, ok := offsets[unescapeToken(name)]
		places[i] = jsonx.Place{Offset: offset, Found: ok || pointer == ""}
	}
	return places
}

func (*formContent) member(t reflect.Type, index int) (name string, inlined, ok bool) {
	if tag, tagged := t.Field(index).Tag.Lookup("form"); tagged {
		if tag == "-" {
			return "", false, false
		}
		if name, _, _ := strings.Cut(tag, ","); name != "" {
			return name, false, true
		}
	}
	return jsonx.FieldName(t, index)
}

// takesEmpty tells whether the empty text is a value of the type.
func takesEmpty(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String && !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// setter puts a text into a value. It returns the code of what is wrong, ""
// if nothing is, and what was wanted.
type setter func(to reflect.Value, text string) (code, want string, cause error)

// newSetter makes the setter for a type, or tells that texts do not go there.
func newSetter(t reflect.Type) (setter, error) {
	if t.Kind() == reflect.Pointer {
		set, err := newSetter(t.Elem())
		leave := !takesEmpty(t.Elem())
		return func(to reflect.Value, text string) (string, string, error) {
			if text == "" && leave {
				return "", "", nil
			}
			to.Set(reflect.New(t.Elem()))
			return set(to.Elem(), text)
		}, err
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return setText, nil
	}
	if t == reflect.TypeFor[time.Duration]() {
		return setDuration, nil
	}
	switch t.Kind() {
	case reflect.String:
		return setString, nil
	case reflect.Bool:
		return setBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint, nil
	case reflect.Float32, reflect.Float64:
		return setFloat, nil
	}
	return nil, fmt.Errorf("a text cannot be read into %v", t)
}
