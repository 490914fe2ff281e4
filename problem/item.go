package problem

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Item is one of the errors in a request, as in the example of RFC 9457 §3.
// Of Pointer, Parameter and Header one is set: where the error is.
type Item struct {
	// Detail tells a person what is wrong. It does not repeat the value.
	Detail string
	// Pointer is the place in the request's content: a JSON Pointer as a URI
	// fragment, "#/items/1/sku" (RFC 6901 §6). [Pointer] makes one.
	Pointer string
	// Parameter is the name of a parameter in the path or query.
	Parameter string
	// Header is the name of a request header field.
	Header string
	// Code is for programs: the name of the rule that was broken, stable
	// over time: "required", "max".
	Code string
	// Params are the settings of the rule, so that a client can write its
	// own words: {"max": 64}.
	Params map[string]any
	// Cause is what found the error, for [Options.Translate]: package respond
	// puts the validator's FieldError there. It is never sent.
	Cause error
}

// Items is a list of errors, and itself an error: what a Validate method
// collects and returns.
//
//	func (o Order) Validate() error {
//		var errs problem.Items
//		if o.Quantity < 1 {
//			errs.Add("min", "must be at least 1.", "quantity")
//		}
//		return errs.Err()
//	}
type Items []Item

// Add appends an error at a place in the content: the names of members and
// the indices of elements (as int) that lead there.
func (s *Items) Add(code, detail string, path ...any) {
	*s = append(*s, Item{Code: code, Detail: detail, Pointer: Pointer(path...)})
}

// Err returns nil where the list is empty, and the list otherwise.
func (s Items) Err() error {
	if len(s) == 0 {
		return nil
	}
	return s
}

// Error is for logs: how many errors there are, and where and of what code the
// first five are.
func (s Items) Error() string {
	const most = 5
	var b strings.Builder
	b.WriteString(strconv.Itoa(len(s)))
	b.WriteString(" error")
	if len(s) != 1 {
		b.WriteByte('s')
	}
	for n, i := range s {
		sep := ", "
		if n == 0 {
			sep = ": "
		}
		b.WriteString(sep)
		if n == most {
			b.WriteString("…")
			break
		}
		b.WriteString(plain(strings.TrimSpace(i.Pointer + i.Parameter + i.Header + " " + i.Code)))
	}
	return b.String()
}

// maxPointer is the length at which a pointer is cut: names of members come
// from the client.
const maxPointer = 200

// Pointer makes the URI fragment form of a JSON Pointer (RFC 6901 §6) from
// the names of members (string) and the indices of elements (int):
//
//	problem.Pointer("items", 1, "unit/price") // "#/items/1/unit~1price"
//
// It panics at a part of another type. Pointer() is the whole document, "#".
// A pointer is cut behind the last whole character within 200 bytes.
func Pointer(path ...any) string {
	dst := append(make([]byte, 0, 32), '#')
	for _, part := range path {
		dst = append(dst, '/')
		switch part := part.(type) {
		case string:
			dst = appendFragment(dst, part, true)
		case int:
			dst = strconv.AppendInt(dst, int64(part), 10)
		default:
			panic("problem: a JSON Pointer is made of strings and ints")
		}
	}
	return cutPointer(string(dst))
}

// FragmentPointer turns a plain JSON Pointer ("/items/1/sku", RFC 6901 §3)
// into its URI fragment form ("#/items/1/sku", §6), cut as [Pointer] is.
func FragmentPointer(pointer string) string {
	dst := append(make([]byte, 0, len(pointer)+8), '#')
	return cutPointer(string(appendFragment(dst, pointer, false)))
}

// appendFragment appends s, percent-encoded for a fragment (RFC 3986 §3.5);
// as one reference token it is escaped as RFC 6901 §3 has it, too.
func appendFragment(dst []byte, s string, token bool) []byte {
	const hex = "0123456789ABCDEF"
	s = strings.ToValidUTF8(s, "\uFFFD")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case token && c == '~':
			dst = append(dst, "~0"...)
		case token && c == '/':
			dst = append(dst, "~1"...)
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@/?", c) >= 0:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// cutPointer keeps percent-encoded characters and ~-escapes whole.
func cutPointer(s string) string {
	if len(s) <= maxPointer {
		return s
	}
	end := 0
	for i := 0; i < maxPointer; {
		n := 1
		switch {
		case s[i] == '~' && (s[i+1] == '0' || s[i+1] == '1'):
			n = 2
		case s[i] == '%':
			n = 3
			if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil && b >= utf8.RuneSelf {
				switch {
				case b >= 0xF0:
					n = 12
				case b >= 0xE0:
					n = 9
				default:
					n = 6
				}
			}
		}
		if i+n > maxPointer {
			break
		}
		i += n
		end = i
	}
	return s[:end]
}

// Invalid makes the problem for a request whose content is well-formed and
// breaks rules: 422, of the type [InvalidContent], with the errors listed
// (RFC 9110 §15.5.21).
func Invalid(items ...Item) *Problem {
	return InvalidContent.New("").WithErrors(items...)
}

// The problem types of a request that could not be taken. Every [Catalog]
// documents them.
var (
	// InvalidRequest is the type of a 400 that lists what is wrong with the
	// structure of a request, in "errors".
	InvalidRequest = NewType("invalid-request", http.StatusBadRequest, "The request is not valid",
		Doc("The request could not be read as what it must be: its syntax is broken, a required member is missing, a member is unknown or of the wrong type. The same request will fail again."),
		Member("errors", itemsDoc))
	// InvalidContent is the type of a 422 that lists the rules that a
	// well-formed request breaks, in "errors".
	InvalidContent = NewType("invalid-content", http.StatusUnprocessableEntity, "The content breaks a rule",
		Doc("The request could be read, and what it says breaks a rule of this service: a value is out of its range or not of its format, or two values do not go together. The same request will fail again."),
		Member("errors", itemsDoc))
)

const itemsDoc = "List of objects, one for each error: detail (for people), code (stable, for programs), params (the settings of the rule), and where it is: pointer (a JSON Pointer into the content, as a URI fragment), parameter (in the path or query) or header."
