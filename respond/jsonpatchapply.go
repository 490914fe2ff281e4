package respond

import (
	"math"
	"slices"
	"strconv"
)

// patchTarget is a document while the operations of a JSON Patch are applied
// to it.
type patchTarget struct {
	root   *tree
	budget int // bytes that may still be copied
}

// The codes of an operation that does not fit the document.
const (
	testFailed = "test_failed"
	notFound   = "not_found"
)

// apply applies one operation (RFC 6902 §4). code tells why it does not fit,
// and member which of its members that is about, "" for all of it. err is
// that the document grew too much.
func (d *patchTarget) apply(op *operation) (code, member string, err error) {
	switch op.op {
	case "add":
		return d.put(op.path, op.value)
	case "remove":
		return missing(d.remove(op.path) == nil, "path")
	case "replace":
		if len(op.path) == 0 {
			d.root = op.value
			return "", "", nil
		}
		return missing(!d.replace(op.path, op.value), "path")
	case "test":
		switch found := d.find(op.path); {
		case found == nil:
			return notFound, "path", nil
		case !found.equal(op.value):
			return testFailed, "", nil
		}
		return "", "", nil
	}
	found := d.find(op.from)
	switch {
	case found == nil:
		return notFound, "from", nil
	case op.op == "copy":
		if found, err = found.clone(&d.budget, 0); err != nil {
			return "", "", err
		}
	case slices.Equal(op.from, op.path):
		return "", "", nil
	default:
		d.remove(op.from)
	}
	return d.put(op.path, found)
}

func missing(is bool, member string) (string, string, error) {
	if is {
		return notFound, member, nil
	}
	return "", "", nil
}

// find returns the value at a place, or nil.
func (d *patchTarget) find(path []string) *tree {
	at := d.root
	for _, token := range path {
		switch at.kind {
		case '{':
			at = at.object.get(token)
		case '[':
			i, ok := arrayIndex(token, len(at.elements))
			if !ok {
				return nil
			}
			at = at.elements[i]
		default:
			return nil
		}
		if at == nil {
			return nil
		}
	}
	return at
}

// parent returns what contains a place other than the root, and the last
// token.
func (d *patchTarget) parent(path []string) (*tree, string) {
	last := len(path) - 1
	return d.find(path[:last]), path[last]
}

// put is the operation add: what contains the place must be there.
func (d *patchTarget) put(path []string, value *tree) (code, member string, err error) {
	if len(path) == 0 {
		d.root = value
		return "", "", nil
	}
	in, token := d.parent(path)
	switch {
	case in == nil:
	case in.kind == '{':
		in.object.set(token, quote(token), value)
		return "", "", nil
	case in.kind == '[' && token == "-":
		in.elements = append(in.elements, value)
		return "", "", nil
	case in.kind == '[':
		if i, ok := arrayIndex(token, len(in.elements)+1); ok {
			in.elements = slices.Insert(in.elements, i, value)
			return "", "", nil
		}
	}
	return notFound, "path", nil
}

// replace tells whether there was something to replace.
func (d *patchTarget) replace(path []string, value *tree) bool {
	in, token := d.parent(path)
	switch {
	case in == nil:
	case in.kind == '{' && in.object.get(token) != nil:
		in.object.set(token, nil, value)
		return true
	case in.kind == '[':
		if i, ok := arrayIndex(token, len(in.elements)); ok {
			in.elements[i] = value
			return true
		}
	}
	return false
}

// remove returns what it removed, or nil.
func (d *patchTarget) remove(path []string) *tree {
	in, token := d.parent(path)
	switch {
	case in == nil:
	case in.kind == '{':
		removed := in.object.get(token)
		in.object.remove(token)
		return removed
	case in.kind == '[':
		if i, ok := arrayIndex(token, len(in.elements)); ok {
			removed := in.elements[i]
			in.elements = slices.Delete(in.elements, i, i+1)
			return removed
		}
	}
	return nil
}

// arrayIndex reads an index below limit: digits without a leading zero (RFC
// 6901 §4), so neither "-" nor "01" nor "+1".
func arrayIndex(token string, limit int) (int, bool) {
	if token == "" || token[0] < '0' || token[0] > '9' || token[0] == '0' && token != "0" {
		return 0, false
	}
	n, err := strconv.ParseUint(token, 10, 64)
	if err != nil || n > math.MaxInt || int(n) >= limit {
		return 0, false
	}
	return int(n), true
}
