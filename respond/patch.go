package respond

import (
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// PatchFormat is a kind of patch.
type PatchFormat int

const (
	// MergePatch is application/merge-patch+json (RFC 7396): an object with
	// the members to set; null removes one.
	MergePatch PatchFormat = iota
	// JSONPatch is application/json-patch+json (RFC 6902): a list of
	// operations.
	JSONPatch
)

// patchTypes are the media types of the formats.
var patchTypes = [...]string{MergePatch: "application/merge-patch+json", JSONPatch: "application/json-patch+json"}

// PatchOptions are the settings of a [Patcher]. The zero value is useful.
type PatchOptions struct {
	// Formats are the kinds of patches that are taken. By default
	// [MergePatch] alone.
	Formats []PatchFormat
	// MaxBytes limits the patch: beyond it the answer is a 413. By default
	// 1 MiB.
	MaxBytes int64
	// MaxResultBytes limits the patched document, and all that the
	// operations "copy" of one JSON Patch copy: beyond it the answer is a
	// 422. By default 1 MiB.
	MaxResultBytes int
	// MaxOperations limits the operations of a JSON Patch: beyond it the
	// answer is a 422. By default 500.
	MaxOperations int
	// AllowUnknown lets the patched document have members that the type does
	// not have. By default each is an error.
	AllowUnknown bool
	// Null says which members of the patched document may be null. By default
	// [NullWhereNilable].
	Null NullPolicy
	// Validator checks the rules in struct tags. By default one of its own,
	// with required on nested structs (validator.WithRequiredStructEnabled).
	Validator *validator.Validate
	// Details are what a client reads about rules of your own, by the name
	// of the rule, as in [DecodeOptions].
	Details map[string]string
	// Split may make a 400 ([problem.InvalidRequest]) of what is wrong with
	// the patched document: it is asked with the code of each error and 422.
	// By default all of it is a 422.
	Split Split
}

// Patcher applies patches to values of type T. It is made once, and safe for
// concurrent use.
type Patcher[T any] struct{ *patcher }

// NewPatcher makes a Patcher. It returns an error for a T that cannot be
// decoded, for a rule that the validator does not know, and for settings that
// make no sense.
func NewPatcher[T any](o PatchOptions) (*Patcher[T], error) {
	p, err := newPatcher(reflect.TypeFor[T](), o)
	if err != nil {
		return nil, err
	}
	return &Patcher[T]{p}, nil
}

// Apply returns current as the patch in r changes it, as the function [Patch]
// says, with the settings of the Patcher.
func (p *Patcher[T]) Apply(r *http.Request, current T, pre ...Precondition) (T, error) {
	v := new(T)
	if err := p.apply(r, current, v, pre); err != nil {
		return *new(T), err
	}
	return *v, nil
}

// AcceptPatch is the value of the field Accept-Patch (RFC 5789 §3.1), which
// the answer to OPTIONS should have, and others may.
func (p *Patcher[T]) AcceptPatch() string { return strings.Join(p.body.types, ", ") }

// Patch returns current as the merge patch (RFC 7396) in r changes it, and
// leaves current as it is.
//
//	mux.Handle("PATCH /orders/{id}", respond.Handle(func(r *http.Request) (respond.Response, error) {
//		stored, err := store.Get(r.PathValue("id"))
//		...
//		changed, err := respond.Patch(r, stored.Writable(), respond.Matching(stored.Tag()))
//		if err != nil {
//			return respond.Response{}, err
//		}
//		...
//	}))
//
// T is the type with what a client may change, and nothing else: the one that
// it sends with POST or PUT. A member that the service owns (an id, a date of
// creation) and that T does not have is unknown in a patch, which is an
// error; one that T has can be changed. current is encoded with
// encoding/json, and that is the document which the patch is applied to. The
// result is decoded and its rules are checked as [Decode] does it, so what was
// wrong with current before is an error, too.
//
// Every error is a problem to be returned as it is; nothing was changed then
// (RFC 5789 §2: all of a patch or nothing).
//
//	400  no content; a patch that is malformed: no JSON, a name twice, an
//	     operation without its members. The pointers lead into the patch.
//	413  a patch of more than 1 MiB
//	415  another Content-Type; Accept-Patch names those that are taken
//	409  [problem.PatchConflict]: an operation that does not fit current, for its test
//	     fails, or the place it names is not there (RFC 5789 §2.2,
//	     "Conflicting state"). The pointer leads to the operation.
//	422  [problem.InvalidResult]: anything that is wrong with the result, a required
//	     member removed or a value of the wrong type among them (RFC 5789
//	     §2.2, "Unprocessable request"). The pointers lead into the result;
//	     where a merge patch set the member, it is at the same place there.
//	422  [problem.InvalidContent]: an operation that fits no resource, as a
//	     move of a value into itself, or too many of them. The pointers lead
//	     into the patch.
//
// [NewPatcher] has options, JSON Patch (RFC 6902) among them.
//
// A [Precondition] is checked after the 415 and 413, and before all others.
// A patch made for another state of the resource may do harm without an
// error, a JSON Patch above all: use [Matching] (RFC 5789 §2).
func Patch[T any](r *http.Request, current T, pre ...Precondition) (T, error) {
	t := reflect.TypeFor[T]()
	p, ok := defaultPatchers.Load(t)
	if !ok {
		made, err := newPatcher(t, PatchOptions{})
		if err != nil {
			return *new(T), err
		}
		p, _ = defaultPatchers.LoadOrStore(t, made)
	}
	v := new(T)
	if err := p.(*patcher).apply(r, current, v, pre); err != nil {
		return *new(T), err
	}
	return *v, nil
}

// defaultPatchers are those of Patch, by type: as many as the program has.
var defaultPatchers sync.Map // reflect.Type -> *patcher
