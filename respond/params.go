package respond

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/go-playground/validator/v10"
)

// ParamsOptions are the settings of a [ParamsDecoder]. The zero value is
// useful.
type ParamsOptions struct {
	// RejectUnknown makes an error of each parameter in the query that the
	// type does not have (400, unknown_parameter). By default they are
	// ignored: clients, proxies and campaigns add their own.
	RejectUnknown bool
	// Known are parameters that RejectUnknown lets pass although the type
	// does not have them, because something else reads them: the "cursor" of
	// [Cursors].
	Known []string
	// PathNotFound answers 404 where a parameter in the path is wrong in any
	// way: no resource can have such a path. By default the answer is the
	// 400 or 422 that it would be for a parameter in the query.
	PathNotFound bool
	// Validator checks the rules in struct tags. By default one of its own,
	// with required on nested structs (validator.WithRequiredStructEnabled).
	Validator *validator.Validate
	// Details are what a client reads about rules of your own, by the name
	// of the rule, as in [DecodeOptions].
	Details map[string]string
	// Split moves the line between 400 and 422. By default it is where
	// [Params] says.
	Split Split
}

// ParamsDecoder reads the parameters of requests as a T. It is made once, and
// safe for concurrent use.
type ParamsDecoder[T any] struct {
	plan *paramsPlan
	// proto holds the defaults that can be copied.
	proto T
}

// NewParams makes a ParamsDecoder. It returns an error for a T that is not a
// struct, for a field that a text cannot be read into, for tags that
// contradict each other, for a default that does not parse or breaks a rule,
// and for a rule that the validator does not know.
func NewParams[T any](o ParamsOptions) (*ParamsDecoder[T], error) {
	t := reflect.TypeFor[T]()
	d := new(ParamsDecoder[T])
	var err error
	if d.plan, err = newParamsPlan(t, &o, reflect.ValueOf(&d.proto)); err != nil {
		return nil, fmt.Errorf("respond: the parameters %v: %w", t, err)
	}
	return d, nil
}

// Decode reads the parameters of r, as the function [Params] says, with the
// settings of the ParamsDecoder.
func (d *ParamsDecoder[T]) Decode(r *http.Request) (T, error) {
	v := new(T)
	*v = d.proto
	if err := d.plan.decode(r, v); err != nil {
		return *new(T), err
	}
	return *v, nil
}

// Params reads the parameters of r into a struct, and checks its rules:
//
//	type search struct {
//		Shop  string     `path:"shop"`
//		Limit int        `query:"limit" default:"20" validate:"gte=1,lte=100"`
//		Tags  []string   `query:"tag"`
//		Since *time.Time `query:"since"`
//		Trace string     `header:"X-Trace"`
//		Theme string     `cookie:"theme" validate:"omitempty,oneof=light dark"`
//	}
//
// A field is tagged with where it comes from: path (a wildcard of the pattern
// in http.ServeMux), query, header or cookie, and the name there. A field
// without such a tag is left alone; an embedded struct without one counts
// with its own fields.
//
// A field may be a string, bool, number, time.Duration ("1m30s"), anything
// that implements encoding.TextUnmarshaler, or a pointer to one of these,
// which is nil where the parameter is absent. A slice takes a parameter that is
// sent several times (?tag=a&tag=b); a comma in the query is data, and a type
// whose UnmarshalText splits at it gives it a meaning. A slice from a header
// field takes the elements of a list, in one line or several: to HTTP they are
// the same (RFC 9110 §5.3, §5.6.1).
//
// A default is a tag, too, and stands for an absent parameter; for a slice,
// its values are separated by commas. The rules are those of [Decode]: in
// `validate` tags, and in a method Validate() error on T or *T. To
// [problem.Items] that the method returns, the pointer's first part is the name of the
// parameter:
//
//	errs.Add("range", "must not be after until.", "since")
//
// A parameter of that name in the path goes before one in the query, header
// or cookie. An item whose Parameter or Header is set stays as it is.
//
// Every error is a problem to be returned as it is. It lists all that is
// wrong at once, in the order of the fields, each with a stable code and with
// its place: "parameter" for the path and query, "header" for a header
// field. A cookie has the header "Cookie", for that is where it was sent, and
// its own name in the params of the error. No value is repeated.
//
//	400  a parameter that does not parse as its type (also an empty one,
//	     but for a string), that is required and absent, or that is
//	     sent twice where one is expected (duplicate_parameter); a query
//	     that is malformed, where T reads it: a bad percent-encoding, a
//	     semicolon, not UTF-8
//	422  a parameter that breaks a rule, or is not of its format: refused
//	     by UnmarshalText, or no duration
//
// Both kinds at once are a 400. [NewParams] has options.
//
// The answer to a GET or HEAD gets a Vary that names the header fields and
// cookies that T reads.
func Params[T any](r *http.Request) (T, error) {
	t := reflect.TypeFor[T]()
	d, ok := defaultParams.Load(t)
	if !ok {
		made, err := NewParams[T](ParamsOptions{})
		if err != nil {
			return *new(T), err
		}
		d, _ = defaultParams.LoadOrStore(t, made)
	}
	return d.(*ParamsDecoder[T]).Decode(r)
}

// defaultParams are those of Params, by type: as many as the program has.
var defaultParams sync.Map // reflect.Type -> *ParamsDecoder[T]
