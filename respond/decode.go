package respond

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// DecodeOptions are the settings of a [Decoder]. The zero value is useful.
type DecodeOptions struct {
	// MaxBytes limits the content: beyond it the answer is a 413. By default
	// 1 MiB.
	MaxBytes int64
	// Codecs read the content, each in its own media types. By default
	// [JSON] alone.
	Codecs []Codec
	// AllowUnknown lets members pass that the type does not have. By default
	// each is an error (400, unknown_member).
	AllowUnknown bool
	// Null says which members may be null. By default [NullWhereNilable].
	Null NullPolicy
	// Validator checks the rules in struct tags. By default one of its own,
	// with required on nested structs (validator.WithRequiredStructEnabled).
	Validator *validator.Validate
	// Details are what a client reads about rules of your own, by the name
	// of the rule: {"sku": "must look like AB-123."}. They go before the
	// texts for the rules of the validator. For a type of your own whose
	// format is not kept, let its UnmarshalText return a problem.Items of one
	// item, whose Code and Detail are taken.
	Details map[string]string
	// Split moves the line between 400 and 422. By default it is where
	// [Decode] says.
	Split Split
}

// Split decides about one error: from its code ("required", "max", "type")
// and the status that it has by default, it makes the status that it shall
// have, 400 or 422. An answer is a 400 as soon as one of its errors is.
type Split func(code string, status int) int

// AlwaysBadRequest is the [Split] of those who answer 400 to all of it.
func AlwaysBadRequest(string, int) int { return http.StatusBadRequest }

// AlwaysUnprocessable is the [Split] of those who answer 422 to all that could
// be parsed: only broken syntax remains a 400.
func AlwaysUnprocessable(code string, status int) int {
	if isSyntax(code) {
		return http.StatusBadRequest
	}
	return http.StatusUnprocessableEntity
}

// NullPolicy says where null is taken.
type NullPolicy int

const (
	// NullWhereNilable takes null where the Go type has a nil (a pointer,
	// interface, slice or map) or reads JSON by itself.
	NullWhereNilable NullPolicy = iota
	// NullPointersOnly takes it for pointers and interfaces, and types that
	// read JSON by themselves, but not for slices and maps.
	NullPointersOnly
	// NullAnywhere takes it everywhere, as encoding/json does: the zero
	// value remains.
	NullAnywhere
)

// Decoder reads the content of requests as a T. It is made once, and safe
// for concurrent use.
type Decoder[T any] struct{ *decoder }

// NewDecoder makes a Decoder. It returns an error for a T that cannot be
// decoded, for a struct tag with a rule that the validator does not know, and
// for settings that contradict each other.
func NewDecoder[T any](o DecodeOptions) (*Decoder[T], error) {
	d, err := newDecoder(reflect.TypeFor[T](), o)
	if err != nil {
		return nil, err
	}
	return &Decoder[T]{d}, nil
}

// Decode reads the content of r, as the function [Decode] says, with the
// settings of the Decoder.
//
// Preconditions are checked after the 415 and 413, and before the 400 and 422.
func (d *Decoder[T]) Decode(r *http.Request, pre ...Precondition) (T, error) {
	v := new(T)
	err := d.decode(r, v, pre)
	if err != nil {
		return *new(T), err
	}
	return *v, nil
}

// Decode reads the content of r as JSON into a T, and checks its rules: those
// in `validate` struct tags (github.com/go-playground/validator), and those
// of a method Validate() error on T or *T, which may return [problem.Items].
//
// The method is called last, also where other errors were found, so that all
// of them are listed at once: a member that is absent or could not be read has
// its zero value then, and a panic is taken for a consequence. An error of it
// that is neither problem.Items nor a *problem.Problem is a 422 without words,
// and its text stays in the log.
//
// Every error is a problem to be returned as it is:
//
//	400  no content, broken syntax, a member that is unknown, absent although
//	     required, null, or of the wrong type
//	413  more than 1 MiB
//	415  another Content-Type than application/json (the header names those
//	     that are taken), or a Content-Encoding
//	422  well-formed, and breaks a rule: a required member that is there and
//	     empty, a value out of range, a string that is not of its format
//
// A 400 or 422 lists all errors of both kinds at once, in the order of the
// document, each with a pointer, a stable code and the rule's settings. None
// repeats what the client sent but the names of members.
//
// A client chooses how many elements a list has: put a max before each dive,
// or it chooses how many errors are looked for, too. (At most 1,000 are
// listed.) The keys of a map below which there are rules have 1 KiB at most.
//
// Members are matched by their exact names, as encoding/json reads the tags;
// what encoding/json writes for a T, Decode reads. [NewDecoder] has options.
//
// A [Precondition], if given, is checked after the 415 and 413, and before
// the 400 and 422.
func Decode[T any](r *http.Request, pre ...Precondition) (T, error) {
	t := reflect.TypeFor[T]()
	d, ok := defaultDecoders.Load(t)
	if !ok {
		made, err := newDecoder(t, DecodeOptions{})
		if err != nil {
			return *new(T), err
		}
		d, _ = defaultDecoders.LoadOrStore(t, made)
	}
	v := new(T)
	if err := d.(*decoder).decode(r, v, pre); err != nil {
		return *new(T), err
	}
	return *v, nil
}

// defaultDecoders are those of Decode, by type: as many as the program has.
var defaultDecoders sync.Map // reflect.Type -> *decoder

// decoder is a Decoder of any type.
type decoder struct {
	maxBytes  int64
	formats   []format
	types     []string // all media types, for a 415
	rules     *rules
	split     Split
	noContent *problem.Problem
	tooLarge  *problem.Problem
}

// format is a codec, made ready for one type.
type format struct {
	mediaType string
	content   contentDecoder
}

const defaultMaxBytes = 1 << 20

func newDecoder(t reflect.Type, o DecodeOptions) (*decoder, error) {
	if o.MaxBytes < 0 {
		return nil, fmt.Errorf("respond: MaxBytes is %d", o.MaxBytes)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if len(o.Codecs) == 0 {
		o.Codecs = []Codec{JSON}
	}
	d := &decoder{maxBytes: o.MaxBytes, split: o.Split, noContent: noContent(o.Split), tooLarge: problem.ContentTooLarge(o.MaxBytes)}
	for _, c := range o.Codecs {
		content, err := prepare(c, t, &o)
		if err != nil {
			return nil, fmt.Errorf("respond: decoding %v: %w", t, err)
		}
		types := c.MediaTypes()
		if len(types) == 0 {
			return nil, fmt.Errorf("respond: the codec %T has no media types", c)
		}
		for _, mediaType := range types {
			if m, ok := httpfield.ParseMediaType(mediaType); !ok || strings.ToLower(m.Type+"/"+m.Subtype) != mediaType {
				return nil, fmt.Errorf("respond: the codec %T has the media type %q, which is not type/subtype in lower case", c, mediaType)
			}
			for _, f := range d.formats {
				if f.mediaType == mediaType {
					return nil, fmt.Errorf("respond: two codecs read %s", mediaType)
				}
			}
			d.formats = append(d.formats, format{mediaType, content})
			d.types = append(d.types, mediaType)
		}
	}
	var err error
	if d.rules, err = newRules(t, &o); err != nil {
		return nil, fmt.Errorf("respond: the rules of %v: %w", t, err)
	}
	return d, nil
}

// decode reads the content of r into v, a pointer to a fresh value.
func (d *decoder) decode(r *http.Request, v any, pre []Precondition) error {
	content, buf, err := d.take(r, pre)
	if err != nil {
		return err
	}
	defer buf.free()
	faults, err := content.decode(buf.b, v)
	if err != nil {
		return err
	}
	broken, cause, err := d.rules.check(v, content, faults)
	if err != nil {
		return err
	}
	if len(faults) == 0 && len(broken) == 0 && cause == nil {
		return nil
	}
	return d.problem(r, buf.b, content, faults, broken, cause)
}

// problem makes one answer of all the errors.
func (d *decoder) problem(r *http.Request, data []byte, content contentDecoder, faults []fault, broken []fault, cause error) error {
	faults = merge(data, content, faults, broken)
	if cause != nil { // from a Validate method that gave no words
		f := fault{item: problem.Item{Code: "validate", Detail: "breaks a rule of this service."}, status: http.StatusUnprocessableEntity, cause: cause}
		if content != nil {
			f.item.Pointer = "#"
		}
		faults = append(faults, f)
	}
	p, status := problem.InvalidContent, http.StatusUnprocessableEntity
	items := make([]problem.Item, len(faults))
	var causes []error
	for i := range faults {
		f := &faults[i]
		items[i] = f.item
		if f.cause != nil {
			causes = append(causes, f.cause)
		}
		s := f.status
		if d.split != nil {
			s = d.split(f.item.Code, s)
		}
		if s == http.StatusBadRequest && status != s {
			status = s
			Because(r, "split", "400 by "+f.item.Code+" at "+f.item.Pointer+f.item.Parameter+f.item.Header)
		}
	}
	if status == http.StatusBadRequest {
		p = problem.InvalidRequest
	} else if len(faults) > 0 {
		Because(r, "split", "422: no error is one of structure; the first is "+faults[0].item.Code)
	}
	answer := p.New("").WithErrors(items...)
	switch len(causes) {
	case 0:
		return answer
	case 1:
		return answer.Wrap(causes[0])
	}
	return answer.Wrap(errors.Join(causes...))
}
