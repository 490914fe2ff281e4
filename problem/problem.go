package problem

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Problem is a problem of RFC 9457: what the client is told, the header
// fields that go with it, and, for the log alone, the cause. It is an error.
//
// A Problem does not change once it is made: the methods that begin with
// With return a copy, so that one made once may be shared by all requests. A
// problem that is written more than once is serialised once.
type Problem struct {
	content
	cache atomic.Pointer[encoded]
}

// content is all of a problem that a copy takes along.
type content struct {
	typ      *Type  // nil: about:blank
	title    string // in another language than the type's; mostly empty
	status   int
	detail   string
	instance string
	members  []member
	errors   []Item
	fields   []field
	cause    error
	defect   error // why this problem cannot be sent; found when it was made, reported when it is written
}

// member is an extension member (RFC 9457 §3.2).
type member struct {
	name  string
	value any
}

// field is a header field that goes with a problem. Its values are shared by
// all responses, so nobody may write to them.
type field struct {
	name   string // canonical
	values []string
}

// Status returns the HTTP status code, 400 to 599.
func (p *Problem) Status() int { return p.status }

// Type returns the problem type, nil for about:blank.
func (p *Problem) Type() *Type { return p.typ }

// Title returns the title of the problem's type; that of about:blank is the
// phrase of the status (RFC 9457 §4.2.1).
func (p *Problem) Title() string {
	if p.title != "" {
		return p.title
	}
	if p.typ != nil {
		return p.typ.title
	}
	return phrase(p.status)
}

// Detail returns what is said about this occurrence.
func (p *Problem) Detail() string { return p.detail }

// Instance returns the URI of this occurrence, if one was set. The instance
// that a [Writer] gives to a 5xx is not part of the value.
func (p *Problem) Instance() string { return p.instance }

// Errors returns a copy of the items of the member "errors".
func (p *Problem) Errors() []Item { return slices.Clone(p.errors) }

// Member returns the value of an extension member.
func (p *Problem) Member(name string) (value any, ok bool) {
	for _, m := range p.members {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// Header returns a copy of the header fields that this problem brings along.
func (p *Problem) Header() http.Header {
	h := make(http.Header, len(p.fields))
	for _, f := range p.fields {
		h[f.name] = slices.Clone(f.values)
	}
	return h
}

// Error is for logs and tests: the status, the type's name, the detail, the
// first of the errors listed, and the cause. It never reaches a client.
func (p *Problem) Error() string {
	if p == nil {
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString(strconv.Itoa(p.status))
	b.WriteByte(' ')
	if p.typ != nil {
		b.WriteString(p.typ.name)
	} else {
		b.WriteString(phrase(p.status))
	}
	if p.detail != "" {
		b.WriteString(": ")
		b.WriteString(p.detail)
	}
	if len(p.errors) > 0 {
		b.WriteString(": ")
		b.WriteString(Items(p.errors).Error())
	}
	if p.cause != nil {
		b.WriteString(": ")
		b.WriteString(p.cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause, for errors.Is and errors.As.
func (p *Problem) Unwrap() error {
	if p == nil {
		return nil // a nil *Problem in an error is a mistake that Write answers with a 500
	}
	return p.cause
}

// Is reports whether target is the problem's [Type], for errors.Is.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Type)
	return ok && p != nil && t == p.typ
}

func (p *Problem) clone() *Problem { return &Problem{content: p.content} }

// With returns a copy with an extension member, which stands at the top level
// of the body (RFC 9457 §3.2). The value is encoded by encoding/json; it
// reaches the client, so do not put there what the client sent or the text of
// an error. A second value for a name replaces the first.
//
// Member names are part of your program: With panics at a name that §4
// does not allow (letters, digits and "_", at least 3, a letter first, none
// of the five standard members, nor "errors", which [Problem.WithErrors]
// sets), unless the type declares it.
func (p *Problem) With(name string, value any) *Problem {
	if !memberNameOK(name) && !p.typ.declares(name) {
		panic("problem: " + strconv.Quote(name) + " cannot be an extension member (RFC 9457 §4: a letter, then letters, digits or _, at least 3; not a standard member)")
	}
	c := p.clone()
	c.members = slices.Clone(p.members)
	for i := range c.members {
		if c.members[i].name == name {
			c.members[i].value = value
			return c
		}
	}
	c.members = append(c.members, member{name, value})
	return c
}

// WithDetail returns a copy with another detail: what is wrong this time, in
// words that help the client to mend it (RFC 9457 §3.1.4). Control characters
// in it (CR and LF above all) are replaced by spaces.
func (p *Problem) WithDetail(detail string) *Problem {
	c := p.clone()
	c.detail = plain(detail)
	return c
}

// WithErrors returns a copy whose member "errors" lists the items (the
// example of RFC 9457 §3), after those it had before.
func (p *Problem) WithErrors(items ...Item) *Problem {
	c := p.clone()
	c.errors = slices.Concat(p.errors, items)
	return c
}

// WithInstance returns a copy with the URI of this occurrence (RFC 9457
// §3.1.5). A [Writer] gives a 5xx one by itself.
func (p *Problem) WithInstance(uri string) *Problem {
	c := p.clone()
	c.instance = uri
	if !httpfield.IsURIReference(uri) {
		c.fail("the instance is not a URI reference (RFC 9457 §3.1.5)")
	}
	return c
}

// WithHeader returns a copy that sets a header field on the response, with
// these values in place of any it had. Vary, Link and Set-Cookie are added to
// what the response has; any other field replaces it.
//
// A name or value that cannot be sent (CR, LF or another control character,
// RFC 9110 §5.5), a challenge that does not parse, and a field that belongs to
// the content that a [Writer] makes (Content-Type, Content-Length,
// Content-Encoding, Transfer-Encoding) turn the answer into a 500, and the log
// says why.
func (p *Problem) WithHeader(name string, values ...string) *Problem {
	c := p.clone()
	c.setField(name, values...)
	return c
}

// WithRetryAfter returns a copy with Retry-After (RFC 9110 §10.2.3) in whole
// seconds, rounded up, at least 1.
func (p *Problem) WithRetryAfter(d time.Duration) *Problem {
	return p.WithHeader("Retry-After", retryAfter(d))
}

// Wrap returns a copy whose cause is err: errors.Is and errors.As find it,
// the log shows it, the client never sees it.
func (p *Problem) Wrap(err error) *Problem {
	c := p.clone()
	c.cause = err
	return c
}

func (p *Problem) setField(name string, values ...string) {
	if !httpfield.IsToken(name) {
		p.fail("a header field's name is not a token (RFC 9110 §5.1)")
		return
	}
	name = http.CanonicalHeaderKey(name)
	switch name {
	case "Content-Type", "Content-Length", "Content-Encoding", "Content-Range", "Transfer-Encoding", "Trailer":
		if name != "Content-Range" || p.status != http.StatusRequestedRangeNotSatisfiable {
			p.fail(name + " is not for a problem to set: it describes the content, which the Writer makes (RFC 9110 §8)")
			return
		}
	case "Www-Authenticate", "Proxy-Authenticate":
		for _, c := range values {
			if _, err := httpfield.ParseChallenges([]string{c}); err != nil {
				p.fail("a challenge does not parse (RFC 9110 §11.6.1): " + err.Error())
				return
			}
		}
	}
	for _, v := range values {
		if !httpfield.ValidValue(v) {
			p.fail("the value for " + name + " holds a character that no field may (RFC 9110 §5.5)")
			return
		}
	}
	fields := make([]field, 0, len(p.fields)+1)
	for _, f := range p.fields {
		if f.name != name {
			fields = append(fields, f)
		}
	}
	// Clipped: an Add on a response's header must not reach the shared array.
	p.fields = append(fields, field{name, slices.Clip(slices.Clone(values))})
}

// fail notes why the problem cannot be sent as it is.
func (p *Problem) fail(why string) {
	if p.defect == nil {
		p.defect = fmt.Errorf("problem: %d cannot be sent: %s", p.status, why)
	}
}

// check tells why the problem must not be sent: a defect found when it was
// made, or a field that its status must have.
func (p *Problem) check() error {
	if p.defect != nil {
		return p.defect
	}
	if need, ok := required[p.status]; ok && !p.has(need.field) {
		return fmt.Errorf("problem: %d without %s (%s): make it with problem.%s", p.status, need.field, need.section, need.constructor)
	}
	return nil
}

// has tells whether the problem has a field. Only Allow may be empty, which
// says that no method is allowed (RFC 9110 §10.2.1).
func (p *Problem) has(name string) bool {
	return slices.ContainsFunc(p.fields, func(f field) bool {
		return f.name == name && len(f.values) > 0 && (f.values[0] != "" || name == "Allow")
	})
}

// required names the field without which a status must not be sent.
var required = map[int]struct{ field, section, constructor string }{
	http.StatusUnauthorized:      {"Www-Authenticate", "RFC 9110 §15.5.2", "Unauthorized"},
	http.StatusMethodNotAllowed:  {"Allow", "RFC 9110 §15.5.6", "MethodNotAllowed"},
	http.StatusProxyAuthRequired: {"Proxy-Authenticate", "RFC 9110 §15.5.8", "ProxyAuthenticationRequired"},
	http.StatusUpgradeRequired:   {"Upgrade", "RFC 9110 §15.5.22", "UpgradeRequired"},
}

// plain replaces control characters by spaces.
func plain(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, s)
}

func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }
