package jsonx

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"reflect"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// diagnose is the second pass: it walks a document that was refused, collects
// its faults and decodes into v what can be decoded. otherwise is the fault of
// a document in which it finds none.
func (d *Decoder) diagnose(data []byte, v any, otherwise Fault) []Fault {
	value := reflect.ValueOf(v).Elem()
	value.SetZero()
	if skipSpace(data, 0) == len(data) {
		return []Fault{{Code: Empty}}
	}
	w := walker{decoder: d, data: data, deep: tooDeepAt(data, d.maxDepth)}
	if w.deep >= 0 {
		// The document is cut where it becomes too deep, so that nobody has
		// to watch the depth but the one who comes to the cut (syntax).
		w.data = slices.Clip(data[:w.deep])
		otherwise = Fault{Code: TooDeep, Offset: w.deep}
	}
	w.tokens = jsontext.NewDecoder(bytes.NewBuffer(w.data), jsontext.AllowDuplicateNames(true))
	if w.value(d.root, value) {
		w.end()
	}
	if len(w.faults) == 0 {
		return []Fault{otherwise}
	}
	slices.SortStableFunc(w.faults, func(a, b Fault) int { return cmp.Compare(a.Offset, b.Offset) })
	return w.faults
}

// A walker is the state of one second pass. Its methods return false when
// the walk is at its end.
type walker struct {
	decoder *Decoder
	data    []byte
	deep    int // where the document becomes too deep, or -1
	tokens  *jsontext.Decoder
	path    []byte // JSON Pointer
	faults  []Fault
	held    int // bytes of the faults' pointers
}

// maxHeld is the number of bytes of pointers after which the walk ends too: a thousand
// faults within a member whose name is a megabyte would be a gigabyte.
const maxHeld = 1 << 20

// add adds a fault of what the path points to.
func (w *walker) add(offset int, code, want string, err error) bool {
	w.faults = append(w.faults, Fault{string(w.path), code, want, offset, err})
	w.held += len(w.path)
	return len(w.faults) < MaxFaults && w.held < maxHeld
}

// offset returns the offset of the next token.
func (w *walker) offset() int {
	i := w.read()
	for i < len(w.data) && (w.data[i] == ',' || w.data[i] == ':' || skipSpace(w.data[i:i+1], 0) == 1) {
		i++
	}
	return i
}

// read returns the offset after the last token.
func (w *walker) read() int { return int(w.tokens.InputOffset()) }

// members reads an object and calls do before each of its values that is not
// of a name that the object had before.
func (w *walker) members(do func(name string, at int) bool) bool {
	if !w.token() {
		return false
	}
	seen := make(map[string]struct{})
	length := len(w.path)
	for w.tokens.PeekKind() != jsontext.KindEndObject {
		at := w.offset()
		token, err := w.tokens.ReadToken()
		if err != nil {
			return w.syntax(err)
		}
		name := token.String()
		w.path = AppendToken(w.path, name)
		if _, ok := seen[name]; ok {
			if !w.add(at, Duplicate, "", nil) || !w.skip(false) {
				return false
			}
		} else {
			seen[name] = struct{}{}
			if !do(name, at) {
				return false
			}
		}
		w.path = w.path[:length]
	}
	return w.token()
}

// elements reads an array and calls do before each of its elements.
func (w *walker) elements(do func(index int) bool) bool {
	if !w.token() {
		return false
	}
	length := len(w.path)
	for i := 0; w.tokens.PeekKind() != jsontext.KindEndArray; i++ {
		if i > 0 && !bytes.Contains(w.data[w.read():w.offset()], comma) {
			break // neither "," nor "]": an error of the array
		}
		w.path = AppendIndex(w.path, i)
		if !do(i) {
			return false
		}
		w.path = w.path[:length]
	}
	return w.token()
}

var comma = []byte(",")

// skip reads a value and looks for duplicate names in it. If the value is for
// an interface, it also looks at the range of its numbers.
func (w *walker) skip(isAny bool) bool {
	switch w.tokens.PeekKind() {
	case jsontext.KindBeginObject:
		return w.members(func(string, int) bool { return w.skip(isAny) })
	case jsontext.KindBeginArray:
		return w.elements(func(int) bool { return w.skip(isAny) })
	}
	at := w.offset()
	if !w.token() {
		return false
	}
	if isAny && !fitsFloat(w.data[at:w.read()]) {
		return w.add(at, OutOfRange, wantNumber, nil)
	}
	return true
}

// token reads a token.
func (w *walker) token() bool {
	if _, err := w.tokens.ReadToken(); err != nil {
		return w.syntax(err)
	}
	return true
}

// end looks at what comes after the document.
func (w *walker) end() {
	at := w.read()
	next := skipSpace(w.data, at)
	switch last := w.data[at-1]; {
	case next == len(w.data):
	case next == at && last != '"' && last != ']' && last != '}':
		w.add(next, Syntax, "", nil) // 01, nullx
	default:
		w.add(next, TrailingData, "", nil)
	}
}

// syntax ends the walk at what is not JSON.
func (w *walker) syntax(err error) bool {
	at, code := len(w.data), Syntax
	if s := (*jsontext.SyntacticError)(nil); errors.As(err, &s) {
		at = min(int(s.ByteOffset), at)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
		at, code = len(w.data), Truncated
		if w.deep >= 0 {
			code = TooDeep
		}
	case notUTF8(w.data[at:]):
		code = InvalidUTF8
	}
	return w.add(at, code, "", err) && false
}

// notUTF8 reports whether the bytes begin with what is not UTF-8, or with the
// escape of a surrogate, of which an error says that it is alone.
func notUTF8(s []byte) bool {
	r, size := utf8.DecodeRune(s)
	return r == utf8.RuneError && size == 1 || utf16.IsSurrogate(hex4(s))
}

// generic makes a fault of an error of the library.
func generic(err error) Fault {
	f := Fault{Code: Syntax, Err: err}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntactic):
		f.Pointer, f.Offset = string(syntactic.JSONPointer), int(syntactic.ByteOffset)
	case errors.As(err, &semantic):
		f.Code, f.Pointer, f.Offset = WrongType, string(semantic.JSONPointer), int(semantic.ByteOffset)
	}
	return f
}
