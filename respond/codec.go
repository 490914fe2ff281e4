package respond

import (
	"errors"
	"reflect"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// Codec reads the content of requests in some media types. [JSON] and [Form]
// are there; write another for what else your clients send.
type Codec interface {
	// MediaTypes lists the types that the codec reads, without parameters,
	// in lower case.
	MediaTypes() []string
	// Decode reads the content into v, a pointer to a fresh value. The
	// content must not be kept. An error that is problem.Items or a
	// *problem.Problem reaches the client; any other is a 400 whose text only
	// the log has.
	Decode(content []byte, v any) error
}

// JSON reads application/json. It is strict: names are unique and match
// exactly, strings are Unicode, numbers fit, nothing follows the value.
var JSON Codec = jsonCodec{}

// contentDecoder is a codec made ready for one type.
type contentDecoder interface {
	// accepts looks at the parameters of a media type that the codec reads.
	accepts(m httpfield.MediaType) bool
	// decode reads data into v. The error, if any, is the answer.
	decode(data []byte, v any) ([]fault, error)
	// locate tells where in data the values at JSON Pointers are.
	locate(data []byte, pointers []string) []jsonx.Place
	// member tells the name of a struct's field in the content.
	member(t reflect.Type, index int) (name string, inlined, ok bool)
}

// fault is one error in the content of a request.
type fault struct {
	item    problem.Item
	status  int    // by default: 400 or 422
	pointer string // RFC 6901, not as a fragment
	offset  int    // where in the content
	cause   error  // for the log
	rule    rule   // that was broken, zero for an error of structure
}

// ownWords takes the code and text of a type that knows its format: its
// UnmarshalText returned a problem.Items.
func (f *fault) ownWords() {
	items, ok := errors.AsType[problem.Items](f.cause)
	if f.item.Code != jsonx.Format || !ok || len(items) == 0 {
		return
	}
	if items[0].Code != "" {
		f.item.Code = items[0].Code
	}
	if items[0].Detail != "" {
		f.item.Detail = items[0].Detail
	}
	if items[0].Params != nil {
		f.item.Params = items[0].Params
	}
}

func prepare(c Codec, t reflect.Type, o *DecodeOptions) (contentDecoder, error) {
	switch c := c.(type) {
	case nil:
		return nil, errors.New("a codec is nil")
	case jsonCodec:
		return newJSONContent(t, o)
	case formCodec:
		return newFormContent(t, o)
	default:
		return userContent{c}, nil
	}
}

// utf8Only takes no charset but UTF-8 (RFC 8259 §8.1).
func utf8Only(m httpfield.MediaType) bool {
	charset, ok := m.Param("charset")
	return !ok || httpfield.EqualFold(charset, "utf-8")
}

type jsonCodec struct{}

func (jsonCodec) MediaTypes() []string { return []string{"application/json"} }

func (c jsonCodec) Decode(content []byte, v any) error { return decodeAlone(c, content, v) }

// decodeAlone reads content without a decoder around it: what Codec.Decode
// is for a codec of this package's own.
func decodeAlone(c Codec, content []byte, v any) error {
	d, err := prepare(c, reflect.TypeOf(v).Elem(), &DecodeOptions{})
	if err != nil {
		return err
	}
	faults, err := d.decode(content, v)
	if err != nil || len(faults) == 0 {
		return err
	}
	items := make(problem.Items, len(faults))
	for i, f := range faults {
		items[i] = f.item
	}
	return items
}

type jsonContent struct{ *jsonx.Decoder }

func newJSONContent(t reflect.Type, o *DecodeOptions) (contentDecoder, error) {
	options := jsonx.Options{AllowUnknown: o.AllowUnknown}
	switch o.Null {
	case NullWhereNilable:
	case NullPointersOnly:
		options.Null = jsonx.NullPointersOnly
	case NullAnywhere:
		options.Null = jsonx.NullAnywhere
	default:
		return nil, errors.New("the null policy is none of those that there are")
	}
	d, err := jsonx.New(t, options)
	return jsonContent{d}, err
}

func (jsonContent) accepts(m httpfield.MediaType) bool { return utf8Only(m) }

func (c jsonContent) decode(data []byte, v any) ([]fault, error) {
	found := c.Decode(data, v)
	if len(found) == 0 {
		return nil, nil
	}
	faults := make([]fault, len(found))
	for i, f := range found {
		status := 400
		if !f.Structural() {
			status = 422
		}
		faults[i] = fault{
			item:    problem.Item{Code: f.Code, Detail: structureDetail(f.Code, f.Want), Pointer: problem.FragmentPointer(f.Pointer)},
			status:  status,
			pointer: f.Pointer,
			offset:  f.Offset,
			cause:   f.Err,
		}
		if f.Want != "" {
			faults[i].item.Params = map[string]any{"type": f.Want}
		}
		faults[i].ownWords()
	}
	return faults, nil
}

func (jsonContent) locate(data []byte, pointers []string) []jsonx.Place {
	return jsonx.Locate(data, pointers)
}

func (jsonContent) member(t reflect.Type, index int) (string, bool, bool) {
	return jsonx.FieldName(t, index)
}

// isSyntax tells of a code whether nothing behind it could be read.
func isSyntax(code string) bool {
	switch code {
	case jsonx.Empty, jsonx.Syntax, jsonx.Truncated, jsonx.TrailingData, jsonx.InvalidUTF8, jsonx.TooDeep:
		return true
	}
	return false
}

// structureDetail is what the client reads about an error of structure.
func structureDetail(code, want string) string {
	switch code {
	case jsonx.Empty:
		return "is empty."
	case jsonx.Syntax:
		return "is not well-formed here."
	case jsonx.Truncated:
		return "ends too early."
	case jsonx.TrailingData:
		return "goes on after its end."
	case jsonx.InvalidUTF8:
		return "holds what is not Unicode in UTF-8."
	case jsonx.TooDeep:
		return "is nested too deeply."
	case jsonx.Duplicate:
		return "is there more than once."
	case jsonx.Unknown:
		return "is not known here."
	case jsonx.Null:
		return "must not be null."
	case jsonx.OutOfRange:
		return "is a number out of range."
	case jsonx.Fraction:
		return "must be an integer, without a fraction or exponent."
	case jsonx.Format:
		return "is not of the right format."
	}
	switch want {
	case "":
		return "is of the wrong type."
	case "array", "object", "integer":
		return "must be an " + want + "."
	}
	return "must be a " + want + "."
}

// userContent is a codec that a user wrote.
type userContent struct{ Codec }

func (userContent) accepts(httpfield.MediaType) bool { return true }

func (c userContent) decode(data []byte, v any) ([]fault, error) {
	err := c.Decode(data, v)
	var items problem.Items
	var p *problem.Problem
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &items):
		faults := make([]fault, len(items))
		for i, item := range items {
			faults[i] = fault{item: item, status: 400, pointer: plainPointer(item.Pointer)}
		}
		return faults, nil
	case errors.As(err, &p):
		return nil, err
	}
	return []fault{{
		item:   problem.Item{Code: jsonx.Syntax, Detail: structureDetail(jsonx.Syntax, ""), Pointer: "#"},
		status: 400, cause: err,
	}}, nil
}

// locate knows nothing of the format: a required member that is empty counts
// as absent.
func (userContent) locate(_ []byte, pointers []string) []jsonx.Place {
	return make([]jsonx.Place, len(pointers))
}

func (userContent) member(t reflect.Type, index int) (string, bool, bool) {
	return jsonx.FieldName(t, index)
}
