package problem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// ReaderOptions are the settings of a [Reader]. The zero value is useful.
type ReaderOptions struct {
	// Types are the problem types of the service, the very values that it
	// makes its problems with, or others of the same names.
	// [InvalidRequest] and [InvalidContent] are always among them.
	Types []*Type
	// Base is the service's [Options.Base]: what the name of a type is
	// appended to. A path is one of the host that answered. By default
	// "/problems/".
	Base string
	// MaxBytes is how much of a body is read. A longer one is not taken for a
	// problem, and only its status counts. By default 64 KiB.
	MaxBytes int64
	// Now is for a Retry-After that is a date, in a response without Date. By
	// default time.Now.
	Now func() time.Time
}

// Reader makes errors of the failed responses of another service: the
// client's half of this package. The zero value and nil work, with the
// defaults of [ReaderOptions]. A Reader is safe for concurrent use.
type Reader struct {
	types    []*Type
	base     string
	maxBytes int64
	now      func() time.Time
}

const defaultMaxBytes = 64 << 10

// NewReader makes a Reader. It returns an error where the base is not an
// absolute URL or a full path that ends with "/", a type is nil, or MaxBytes is
// below 0.
func NewReader(o ReaderOptions) (*Reader, error) {
	if o.Base == "" {
		o.Base = defaultBase
	}
	if err := checkBase(o.Base); err != nil {
		return nil, err
	}
	if i := slices.Index(o.Types, nil); i >= 0 {
		return nil, fmt.Errorf("problem: type %d of the reader is nil", i)
	}
	if o.MaxBytes < 0 {
		return nil, fmt.Errorf("problem: a reader of at most %d bytes", o.MaxBytes)
	}
	return &Reader{slices.Clone(o.Types), o.Base, o.MaxBytes, o.Now}, nil
}

// FromResponse is [Reader.FromResponse] by a reader with the defaults that
// knows these types, at /problems/NAME of the host that answered, or where [At]
// placed them.
//
//	res, err := client.Do(req)
//	if err != nil {
//		return err
//	}
//	defer res.Body.Close()
//	if err := problem.FromResponse(res, OutOfCredit); err != nil {
//		return err // errors.Is(err, OutOfCredit)
//	}
func FromResponse(res *http.Response, types ...*Type) error {
	return (&Reader{types: types}).FromResponse(res)
}

// FromResponse returns nil for a response below 400, and a [*Remote] for any
// other. It reads the body, and does not close it.
//
// It is lenient as RFC 9457 §3.1 demands: a member of the wrong type counts as
// absent, an absent type is about:blank, any member beyond the standard ones is
// an extension. The status is the response's. A type URI that is relative is
// resolved against the response's URL (§3.1.1), and has to equal that of a
// known type in every character. What is not application/problem+json (a
// proxy's page in HTML, a 413 without a body), and what does not parse, is a
// problem of type about:blank with the status alone.
//
// application/problem+xml is not read: nothing in it tells the number 30 from
// the text "30". A request that does not ask for it gets JSON.
//
// It is no http.RoundTripper: one must not make an error of a response.
func (rd *Reader) FromResponse(res *http.Response) error {
	if res.StatusCode < 400 {
		return nil
	}
	p := &Remote{status: res.StatusCode, uri: blankURI, header: res.Header.Clone(), retryAfter: -1}
	var from *url.URL
	if res.Request != nil && res.Request.URL != nil {
		from = res.Request.URL
		p.host = plain(from.Host)
	}
	if d, ok := rd.retryAfter(res.Header); ok {
		p.retryAfter = d
	}
	body, err := rd.read(res)
	if err == nil && body != nil {
		err = p.parse(body, from)
	}
	if err != nil {
		p.cause = fmt.Errorf("problem: the body of the response: %w", err)
		return p
	}
	p.typ = rd.lookUp(p.uri, from)
	return p
}

var errTooLong = errors.New("longer than a problem may be")

// read returns the body of a problem, nil where the response has none.
func (rd *Reader) read(res *http.Response) ([]byte, error) {
	m, ok := httpfield.ParseMediaType(res.Header.Get("Content-Type"))
	if !ok || !m.Is("application/problem+json") || res.Body == nil ||
		res.Request != nil && res.Request.Method == http.MethodHead {
		return nil, nil
	}
	most := int64(defaultMaxBytes)
	if rd != nil && rd.maxBytes > 0 {
		most = rd.maxBytes
	}
	if res.ContentLength > most {
		return nil, errTooLong
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) == most {
		var more [1]byte
		if n, _ := io.ReadFull(res.Body, more[:]); n > 0 {
			return nil, errTooLong
		}
	}
	return bytes.TrimPrefix(body, []byte("\ufeff")), nil // RFC 8259 §8.1
}

const blankURI = "about:blank"

// parse takes over what the members of the right type say. The names are
// compared as JSON has them, in every letter.
func (p *Remote) parse(body []byte, from *url.URL) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return err
	}
	if members == nil {
		return errors.New("null is not an object")
	}
	p.body = body
	if s, ok := resolve(members["type"], from); ok {
		p.uri = s
	}
	p.title = plain(text(members["title"]))
	p.detail = plain(text(members["detail"]))
	p.instance, _ = resolve(members["instance"], from)
	p.errors = items(members["errors"])
	for name := range members {
		if standardMember(name) {
			delete(members, name)
		}
	}
	p.members = members
	return nil
}

// isText tells whether raw is a JSON string.
func isText(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

func text(raw json.RawMessage) (s string) {
	if isText(raw) {
		_ = json.Unmarshal(raw, &s) // raw was parsed before
	}
	return s
}

// resolve returns the URI of a member, absolute where that can be (RFC 3986
// §5). The user and password of a URL do not become part of a name.
func resolve(raw json.RawMessage, from *url.URL) (string, bool) {
	s := text(raw)
	if !isText(raw) || !httpfield.IsURIReference(s) {
		return "", false
	}
	return absolute(s, from)
}

func absolute(reference string, from *url.URL) (string, bool) {
	if httpfield.IsURI(reference) || from == nil {
		return reference, true
	}
	u, err := url.Parse(reference)
	if err != nil {
		return "", false
	}
	base := *from
	base.User = nil
	return base.ResolveReference(u).String(), true
}

// items returns those that are objects.
func items(raw json.RawMessage) []Item {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var all []Item
	for _, raw := range list {
		var m map[string]json.RawMessage
		if json.Unmarshal(raw, &m) != nil || m == nil {
			continue
		}
		i := Item{
			Detail: plain(text(m["detail"])), Pointer: plain(text(m["pointer"])), Parameter: plain(text(m["parameter"])),
			Header: plain(text(m["header"])), Code: plain(text(m["code"])),
		}
		_ = json.Unmarshal(m["params"], &i.Params) // of another type, it counts as absent
		all = append(all, i)
	}
	return all
}

// lookUp returns the known type of the URI.
func (rd *Reader) lookUp(uri string, from *url.URL) *Type {
	if uri == blankURI {
		return nil
	}
	base, types := defaultBase, []*Type(nil)
	if rd != nil {
		types = rd.types
		if rd.base != "" {
			base = rd.base
		}
	}
	base, _ = absolute(base, from)
	for _, list := range [...][]*Type{types, {InvalidRequest, InvalidContent}} {
		for _, t := range list {
			if t != nil && (t.uri == uri || t.uri == "" && strings.HasPrefix(uri, base) && uri[len(base):] == t.name) {
				return t
			}
		}
	}
	return nil
}

func (rd *Reader) retryAfter(h http.Header) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if value == "" {
		return 0, false
	}
	now := time.Now
	if rd != nil && rd.now != nil {
		now = rd.now
	}
	at := now()
	if sent, ok := httpfield.ParseDate(h.Get("Date"), at); ok {
		at = sent
	}
	return httpfield.ParseRetryAfter(value, at)
}
