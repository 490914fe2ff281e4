package jsonx

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
)

// A NullPolicy says where null is accepted.
type NullPolicy uint8

const (
	// NullWhereNil accepts null where the Go type can be nil (a pointer, an interface, a
	// slice, a map) or decides for itself (UnmarshalJSON or UnmarshalJSONFrom). So what
	// encoding/json writes for a nil slice is read again. A time.Time,
	// whose UnmarshalJSON would let null pass unnoticed, refuses it.
	NullWhereNil NullPolicy = iota
	// NullPointersOnly is NullWhereNil without slices and maps (unless they
	// decide for themselves).
	NullPointersOnly
	// NullAnywhere accepts null everywhere, as encoding/json does: it leaves
	// the zero value.
	NullAnywhere
)

// depthLimit is how deep the library itself goes.
const depthLimit = 10000

// MaxFaults is the number of faults after which [Decoder.Decode] looks no
// further. It also stops when their pointers hold a mebibyte.
const MaxFaults = 1000

// Options are the choices of a [Decoder]. The zero value is the strict one.
type Options struct {
	// AllowUnknown lets members pass that the struct does not have.
	AllowUnknown bool

	// Null says where null is accepted. Default: [NullWhereNil].
	Null NullPolicy

	// MaxDepth is how deep objects and arrays may be nested; a document
	// without any has depth 0. Default and upper bound: 10,000.
	MaxDepth int
}

// A Decoder decodes documents for values of one type. It is safe for
// concurrent use.
type Decoder struct {
	pointer  reflect.Type // *T
	root     *node
	fast     json.Options // of the good path
	slow     json.Options // of one value in the second pass
	maxDepth int
	unknown  bool // let unknown members pass
	nulls    bool // nulls need no check
}

// New returns a Decoder for values of type t.
//
// It returns an error for a type that cannot be decoded, or not as
// encoding/json would:
//   - one that holds a channel, a function, a complex number, an interface with
//     methods, a pointer to itself, or a map whose keys are neither strings nor
//     integers nor have UnmarshalText;
//   - a struct that has fields but no exported ones, or two of the same name;
//   - a name in a tag that encoding/json does not accept, and the name "-";
//   - a json tag on an unexported field;
//   - the tag option "string" on what is no string, number or boolean;
//   - the tag options format, embed, case:ignore and unknown, and inline on a
//     field that is not embedded: encoding/json does not know them;
//   - an embedded type without a name in its tag that is not a struct, is a
//     pointer to an unexported struct, has JSON methods, or has tag options.
//
// A field that is tagged "-" may be of any type.
func New(t reflect.Type, o Options) (*Decoder, error) {
	if t == nil {
		return nil, fmt.Errorf("jsonx: no type")
	}
	if o.MaxDepth < 0 || o.Null > NullAnywhere {
		return nil, fmt.Errorf("jsonx: unknown null policy or negative MaxDepth")
	}
	d := &Decoder{
		pointer:  reflect.PointerTo(t),
		maxDepth: depthLimit,
		unknown:  o.AllowUnknown,
		nulls:    o.Null == NullAnywhere,
	}
	if o.MaxDepth > 0 {
		d.maxDepth = min(o.MaxDepth, depthLimit)
	}
	b := planner{nodes: make(map[reflect.Type]*node), null: o.Null}
	root, err := b.node(t)
	if err != nil {
		return nil, fmt.Errorf("jsonx: %v cannot be decoded: %w", t, err)
	}
	d.root = root
	d.fast, d.slow = b.options(o)
	if err := b.probe(d.fast); err != nil {
		return nil, fmt.Errorf("jsonx: %v cannot be decoded: %w", t, err)
	}
	return d, nil
}

// Decode decodes the document into v, a pointer to a zero value of the
// Decoder's type; it panics if v is of another type. It returns nil when all is well.
//
// Otherwise it returns every fault of the document, in the order of the
// document, but at most [MaxFaults]. v then holds all that could be decoded up to an
// error of syntax, so that the rest can still be validated; where there
// is a fault it holds the zero value, and of two members of the same name the first.
//
// A document that is not JSON is walked up to the first error of syntax. A
// panic of a type's own method is not recovered. A type's UnmarshalJSON or
// UnmarshalText is called a second time for a document with a fault.
func (d *Decoder) Decode(data []byte, v any) []Fault {
	if reflect.TypeOf(v) != d.pointer {
		panic(fmt.Sprintf("jsonx: Decode into %T, want %v", v, d.pointer))
	}
	// Brackets are counted, in text too, so that most documents need no look
	// at their depth.
	if bytes.Count(data, openBracket)+bytes.Count(data, openBrace) > d.maxDepth &&
		tooDeepAt(data, d.maxDepth) >= 0 {
		return d.diagnose(data, v, Fault{Code: TooDeep})
	}
	if err := json.Unmarshal(data, v, d.fast); err != nil {
		return d.diagnose(data, v, generic(err))
	}
	if !d.nulls && bytes.Contains(data, null) {
		if _, bad := findNull(d.root, data, skipSpace(data, 0)); bad >= 0 {
			return d.diagnose(data, v, Fault{Code: Null, Offset: bad})
		}
	}
	return nil
}

var (
	openBracket = []byte("[")
	openBrace   = []byte("{")
)
