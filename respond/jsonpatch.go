package respond

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// operation is one of a JSON Patch (RFC 6902 §4).
type operation struct {
	op         string
	path, from []string // reference tokens, unescaped
	value      *tree
}

// operations are those that there are, and the member that each needs beside
// op and path.
var operations = map[string]string{
	"add": "value", "remove": "", "replace": "value", "move": "from", "copy": "from", "test": "value",
}

// operationNames is what a client reads about them.
var operationNames = []string{"add", "remove", "replace", "move", "copy", "test"}

// patchReader collects all that is wrong with a JSON Patch.
type patchReader struct{ faults []fault }

// parsePatch reads a JSON Patch of at most so many operations. Members that an
// operation does not define are ignored (RFC 6902 §4).
func parsePatch(patch *tree, most int) ([]operation, []fault) {
	var r patchReader
	if patch.kind != '[' {
		r.malformed("", jsonx.WrongType, "array", "")
		return nil, r.faults
	}
	if len(patch.elements) > most {
		r.wrong("", "max", "has more operations than are taken: at most "+strconv.Itoa(most)+" are.", map[string]any{"max": most})
		return nil, r.faults
	}
	ops := make([]operation, len(patch.elements))
	for i, e := range patch.elements {
		at := string(jsonx.AppendIndex(nil, i))
		if e.kind != '{' {
			r.malformed(at, jsonx.WrongType, "object", "")
			continue
		}
		ops[i] = r.operation(at, e.object)
	}
	return ops, r.faults
}

func (r *patchReader) operation(at string, o *object) (op operation) {
	var path, from bool
	op.path, path = r.pointer(at, o, "path")
	name, ok := r.text(at, o, "op")
	if !ok {
		return op
	}
	need, known := operations[name]
	if !known {
		r.malformed(at+"/op", "oneof", "", "must be one of: "+strings.Join(operationNames, ", ")+".")
		r.faults[len(r.faults)-1].item.Params = map[string]any{"oneof": operationNames}
		return op
	}
	op.op = name
	switch need {
	case "value":
		if op.value = o.get("value"); op.value == nil {
			r.missing(at + "/value")
		}
	case "from":
		op.from, from = r.pointer(at, o, "from")
		if name == "move" && from && path && len(op.from) < len(op.path) && slices.Equal(op.from, op.path[:len(op.from)]) {
			r.wrong(at+"/path", "inside_from", "must not lie within what is moved.", nil) // §4.4
		}
	}
	if name == "remove" && path && len(op.path) == 0 {
		r.wrong(at+"/path", "whole_document", "must not be the whole document, of which nothing would remain.", nil)
	}
	return op
}

// text reads a member that must be a string.
func (r *patchReader) text(at string, o *object, name string) (string, bool) {
	at += "/" + name
	switch v := o.get(name); {
	case v == nil:
		r.missing(at)
	case v.kind != '"':
		r.malformed(at, jsonx.WrongType, "string", "")
	default:
		return unquote(v.text), true
	}
	return "", false
}

// pointer reads a member that must be a JSON Pointer (RFC 6901 §3).
func (r *patchReader) pointer(at string, o *object, name string) (tokens []string, ok bool) {
	s, ok := r.text(at, o, name)
	if !ok || s == "" {
		return nil, ok
	}
	if s[0] != '/' || !validEscapes(s) {
		r.malformed(at+"/"+name, jsonx.Format, "", "must be a JSON Pointer (RFC 6901).")
		return nil, false
	}
	tokens = strings.Split(s[1:], "/")
	for i, t := range tokens {
		tokens[i] = unescapeToken(t)
	}
	return tokens, true
}

// validEscapes tells whether each ~ is that of a ~0 or ~1.
func validEscapes(s string) bool {
	for {
		i := strings.IndexByte(s, '~')
		if i < 0 {
			return true
		}
		if s = s[i+1:]; s == "" || s[0] != '0' && s[0] != '1' {
			return false
		}
	}
}

func (r *patchReader) missing(at string) { r.malformed(at, "required", "", "is missing.") }

// malformed notes what makes a patch malformed: a 400 (RFC 5789 §2.2).
func (r *patchReader) malformed(at, code, want, detail string) {
	f := newFault(code, want, at, len(r.faults), nil)
	f.status = http.StatusBadRequest
	if detail != "" {
		f.item.Detail = detail
	}
	r.faults = append(r.faults, f)
}

// wrong notes what no resource makes right, in a patch that is well-formed: a
// 422.
func (r *patchReader) wrong(at, code, detail string, params map[string]any) {
	f := newFault(code, "", at, len(r.faults), nil)
	f.status = http.StatusUnprocessableEntity
	f.item.Detail, f.item.Params = detail, params
	r.faults = append(r.faults, f)
}
