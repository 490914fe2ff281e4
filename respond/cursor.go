package respond

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// CursorOptions are the settings of [Cursors].
type CursorOptions struct {
	// Parameter is the query parameter that holds the cursor. By default
	// "cursor".
	Parameter string
	// Free are query parameters that may change from page to page. By
	// default "limit" alone. All others are bound: a cursor that was made
	// for one filter does not open with another.
	Free []string
	// Bind adds something of the request that a cursor is bound to, such as
	// who asks, or the host. By default nothing.
	Bind func(*http.Request) string
	// OldKeys are keys that are not used for new cursors any more, and still
	// open those that clients have.
	OldKeys [][]byte
}

// Cursors make and open cursors: positions in a list, of type P, as text that
// a client hands back unread. A cursor is opaque, has a version, and is
// authenticated by HMAC-SHA256 together with the path and the parameters of
// its query; it is not encrypted, so keep secrets out of P. Neither the order
// of the parameters nor how they are percent-encoded matters.
//
// P is written and read by encoding/json. Cursors are safe for concurrent use.
type Cursors[P any] struct {
	keys      [][]byte // the first one seals
	parameter string
	free      []string
	bind      func(*http.Request) string
}

// minCursorKey is the length that HMAC-SHA256 asks for (RFC 2104 §3).
const minCursorKey = sha256.Size

// NewCursors makes Cursors with a key of at least 32 random bytes, the same
// on every machine of the service. It returns an error for a shorter one, and
// for a P that JSON does not carry there and back, such as a struct with
// unexported fields, or with an embedded time.Time that hides the others.
func NewCursors[P any](key []byte, o CursorOptions) (*Cursors[P], error) {
	keys := append([][]byte{key}, o.OldKeys...)
	for i, k := range keys {
		if len(k) < minCursorKey {
			return nil, fmt.Errorf("respond: key %d for cursors has %d bytes, and needs %d", i, len(k), minCursorKey)
		}
		keys[i] = slices.Clone(k)
	}
	if err := checkPosition(reflect.TypeFor[P]()); err != nil {
		return nil, fmt.Errorf("respond: a cursor cannot hold its position: %w", err)
	}
	c := &Cursors[P]{keys: keys, parameter: o.Parameter, free: slices.Clone(o.Free), bind: o.Bind}
	if c.parameter == "" {
		c.parameter = "cursor"
	}
	if c.free == nil {
		c.free = []string{"limit"}
	}
	return c, nil
}

// Open returns the position that r asks for, and false where it asks for the
// beginning. A cursor that is not one of ours, not whole, or of another query
// is a 400 that names the parameter. So is a malformed query, with a cursor
// or without: a parameter that readers differ about cannot be bound to.
func (c *Cursors[P]) Open(r *http.Request) (position P, ok bool, err error) {
	query, err := c.query(r)
	if err != nil {
		return position, false, err
	}
	values := query[c.parameter]
	switch {
	case len(values) == 0:
		return position, false, nil
	case len(values) > 1:
		return position, false, c.refuse(r, c.parameter, duplicateParameter, "is there more than once.", nil)
	}
	position, err = c.open(values[0], c.scope(r, query))
	if err != nil {
		return *new(P), false, c.refuse(r, c.parameter, "cursor", "is not a cursor of this list.", err)
	}
	return position, true, nil
}

// query reads the whole query, or refuses it: url.URL.Query would drop what is
// malformed, or all of it where there are too many pairs, and with it what a
// cursor is bound to.
func (c *Cursors[P]) query(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	for rest := r.URL.RawQuery; ; {
		pair, after, ok := nextPair(rest)
		switch {
		case !ok && err == nil:
			return query, nil
		case pair.named && pair.code != "":
			return nil, c.refuse(r, cutName(pair.name), pair.code, "is not well-formed.", err)
		case pair.code != "" || !ok:
			return nil, c.refuse(r, "", jsonx.Syntax, "The query is not well-formed.", err)
		}
		rest = after
	}
}

func (c *Cursors[P]) refuse(r *http.Request, parameter, code, detail string, cause error) error {
	if err := Acceptable(r); err != nil { // it goes before a 400
		return err
	}
	return problem.InvalidRequest.New("").WithErrors(problem.Item{Parameter: parameter, Code: code, Detail: detail}).Wrap(cause)
}

// cursorVersion is the first byte of a cursor: another form gets another one.
const cursorVersion = 1

// maxCursor is the length of a cursor, in characters, that is looked at.
const maxCursor = 2048

// macSize is the length of the truncated HMAC (RFC 2104 §5: not below half).
const macSize = 16

// Seal makes the cursor of a position for the query of r. Its error is a 400
// where that is malformed.
func (c *Cursors[P]) Seal(r *http.Request, position P) (string, error) {
	query, err := c.query(r)
	if err != nil {
		return "", err
	}
	return c.seal(position, c.scope(r, query))
}

func (c *Cursors[P]) seal(position P, scope []byte) (string, error) {
	data, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("respond: a cursor cannot hold its position: %w", err)
	}
	sealed := append([]byte{cursorVersion}, data...)
	sealed = append(sealed, mac(c.keys[0], sealed, scope)...)
	text := base64.RawURLEncoding.EncodeToString(sealed)
	if len(text) > maxCursor {
		return "", fmt.Errorf("respond: a cursor would have %d characters, and at most %d are opened", len(text), maxCursor)
	}
	return text, nil
}

func (c *Cursors[P]) open(text string, scope []byte) (position P, err error) {
	if len(text) > maxCursor {
		return position, errors.New("respond: the cursor is too long")
	}
	if strings.ContainsAny(text, "\r\n") { // the decoder would skip them, and one cursor have many forms
		return position, errors.New("respond: the cursor holds a line break")
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return position, err
	}
	if len(sealed) < 1+macSize || sealed[0] != cursorVersion {
		return position, errors.New("respond: the cursor is of another version")
	}
	data, sum := sealed[:len(sealed)-macSize], sealed[len(sealed)-macSize:]
	if !slices.ContainsFunc(c.keys, func(key []byte) bool { return hmac.Equal(mac(key, data, scope), sum) }) {
		return position, errors.New("respond: the cursor was not made here for this query")
	}
	err = json.Unmarshal(data[1:], &position)
	return position, err
}

func mac(key, data, scope []byte) []byte {
	h := hmac.New(sha256.New, key)
	// The data's hash has a fixed length: no byte can move between the two.
	sum := sha256.Sum256(data)
	h.Write(sum[:])
	h.Write(scope)
	return h.Sum(nil)[:macSize]
}

// scope is what a cursor is bound to: path, parameters, and Bind's.
func (c *Cursors[P]) scope(r *http.Request, query url.Values) []byte {
	bound := make(url.Values, len(query))
	for name, values := range query {
		if name != c.parameter && !slices.Contains(c.free, name) {
			bound[name] = values
		}
	}
	var b bytes.Buffer
	b.WriteString(canonicalPath(requestPath(r)))
	b.WriteByte('?')
	b.WriteString(bound.Encode())
	if c.bind != nil {
		b.WriteByte('#')
		b.WriteString(c.bind(r))
	}
	return b.Bytes()
}

// requestPath is the path that the client sent, escaped, also behind
// http.StripPrefix.
func requestPath(r *http.Request) string {
	path := r.URL.EscapedPath()
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		path = u.EscapedPath()
	}
	if path == "" {
		return "/" // RFC 9110 §4.2.3
	}
	return path
}

// canonicalPath escapes each segment in one way: a client may send "%7E" for
// "~", and it is the same path (RFC 3986 §6.2.2.2). "%2F" stays apart from "/".
func canonicalPath(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if text, err := url.PathUnescape(s); err == nil {
			segments[i] = url.PathEscape(text)
		}
	}
	return strings.Join(segments, "/")
}
