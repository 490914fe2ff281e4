package problem

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Remote is the answer of another service to a request of ours that failed,
// made by [FromResponse]. It is an error:
//
//	if errors.Is(err, OutOfCredit) { ... }
//	if p, ok := errors.AsType[*problem.Remote](err); ok && p.Status() == http.StatusConflict { ... }
//
// It is not a [Problem]: a handler that returns one answers with a 502 that
// says nothing of it, and the log has it all. A row of [Options.Map] decides
// otherwise, and [Remote.Relay] passes it on.
//
// Its texts come from elsewhere: control characters in them are replaced by
// spaces, and nothing else is.
type Remote struct {
	status     int
	typ        *Type
	uri        string // resolved
	title      string
	detail     string
	instance   string // resolved
	errors     []Item
	members    map[string]json.RawMessage // the extension members
	body       []byte                     // nil where it was no problem
	header     http.Header
	host       string
	retryAfter time.Duration // below 0 where there is none
	cause      error
}

// Status returns the response's status code. A member "status" that differs
// is advisory (RFC 9457 §3.1.2), and ignored.
func (p *Remote) Status() int { return p.status }

// Type returns the one of the types given that the response's type URI names.
// It is nil for about:blank and for a type that was not given.
func (p *Remote) Type() *Type { return p.typ }

// TypeURI returns the type URI, resolved against the response's URL (RFC 9457
// §3.1.1): "about:blank" where the response has none.
func (p *Remote) TypeURI() string { return p.uri }

// Title returns the title; where the response has none, the type's, or the
// phrase of the status.
func (p *Remote) Title() string {
	switch {
	case p.title != "":
		return p.title
	case p.typ != nil:
		return p.typ.title
	}
	return phrase(p.status)
}

// Detail returns what the service says about this occurrence.
func (p *Remote) Detail() string { return p.detail }

// Instance returns the URI of this occurrence, resolved against the
// response's URL (RFC 9457 §3.1.5), or "".
func (p *Remote) Instance() string { return p.instance }

// Errors returns the items of the member "errors", as far as they are objects,
// with the members of an [Item] that are of its types.
func (p *Remote) Errors() []Item { return slices.Clone(p.errors) }

// Member returns the value of an extension member as encoding/json decodes it
// into an any. [Remote.Decode] decodes into Go types.
func (p *Remote) Member(name string) (value any, ok bool) {
	raw, ok := p.members[name]
	if !ok || json.Unmarshal(raw, &value) != nil {
		return nil, false
	}
	return value, true
}

// Decode decodes the body into v, as encoding/json does:
//
//	var credit struct{ Balance, Cost int }
//	err := p.Decode(&credit)
//
// What v has no place for is ignored, as clients must (RFC 9457 §3.2). A member
// of another type than v's leaves its place as it is, and the error tells of
// the first such. A response that was no problem changes nothing.
func (p *Remote) Decode(v any) error {
	if p.body == nil {
		return nil
	}
	return json.Unmarshal(p.body, v)
}

// Header returns a copy of the response's header: the challenges of a 401 are
// in WWW-Authenticate, the methods of a 405 in Allow.
func (p *Remote) Header() http.Header { return p.header.Clone() }

// RetryAfter returns how long to wait before the next try, where the response
// says it (RFC 9110 §10.2.3). A date in it counts from the response's Date.
func (p *Remote) RetryAfter() (time.Duration, bool) { return max(0, p.retryAfter), p.retryAfter >= 0 }

// Error is for logs: the status, the type, the host that answered, the detail,
// and the first of the errors listed; long ones are cut.
func (p *Remote) Error() string {
	if p == nil {
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString(strconv.Itoa(p.status))
	b.WriteByte(' ')
	switch {
	case p.typ != nil:
		b.WriteString(p.typ.name)
	case p.uri != blankURI:
		b.WriteString(cut(p.uri))
	default:
		b.WriteString(phrase(p.status))
	}
	if p.host != "" {
		b.WriteString(" from ")
		b.WriteString(p.host)
	}
	if p.detail != "" {
		b.WriteString(": ")
		b.WriteString(cut(p.detail))
	}
	if len(p.errors) > 0 {
		b.WriteString(": ")
		b.WriteString(cut(Items(p.errors).Error()))
	}
	if p.cause != nil {
		b.WriteString(": ")
		b.WriteString(p.cause.Error())
	}
	return b.String()
}

// cut keeps a text of another service from filling the log.
func cut(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Unwrap returns why the body could not be read as a problem, nil where it
// could, or was not meant to be one.
func (p *Remote) Unwrap() error {
	if p == nil {
		return nil
	}
	return p.cause
}

// Is reports whether target is the [Type] of the problem, for errors.Is.
func (p *Remote) Is(target error) bool {
	t, ok := target.(*Type)
	return ok && p != nil && t != nil && t == p.typ
}

// relayed are the header fields that a relayed problem takes along: those
// that its status needs, and that tell the client what to do.
var relayed = [...]string{
	"Www-Authenticate", "Proxy-Authenticate", "Allow", "Upgrade",
	"Accept", "Accept-Encoding", "Accept-Patch", "Accept-Post", "Accept-Query",
}

// Relay makes a problem of one's own that passes on what the other service
// said: for a service that speaks for the other one and vouches for its words.
//
//	if p, ok := errors.AsType[*problem.Remote](err); ok && errors.Is(p, OutOfCredit) {
//		return p.Relay()
//	}
//
// The status, the detail, Retry-After and the fields that the status needs are
// taken over; where the type is known, it is, too, with the extension members
// and the errors, whose pointers lead into the request that was sent there. Of
// an unknown type the problem is about:blank: its URI, and any instance, may
// name a host that nobody outside knows. Where the problem cannot be
// sent as it is (a 401 without a challenge, a status that is none), the answer
// is a 502. The log has p.
func (p *Remote) Relay() *Problem {
	if p.status < 400 || p.status > 599 {
		return badGateway.Wrap(p)
	}
	c := blank(p.status, p.detail)
	c.cause = p
	if p.typ != nil {
		c.typ, c.errors = p.typ, p.Errors()
		for _, name := range slices.Sorted(maps.Keys(p.members)) {
			if name != "errors" {
				c.members = append(c.members, member{name, p.members[name]})
			}
		}
	}
	for _, name := range relayed {
		if values := p.header[name]; len(values) > 0 {
			c.setField(name, values...)
		}
	}
	if c.status == http.StatusUpgradeRequired {
		c.setField("Connection", "Upgrade")
	}
	if p.retryAfter >= 0 {
		c.setField("Retry-After", retryAfter(p.retryAfter))
	}
	if err := c.check(); err != nil {
		return badGateway.Wrap(errors.Join(err, p))
	}
	return c
}
