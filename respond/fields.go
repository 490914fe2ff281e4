package respond

import (
	"net/http"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// ETag sets a strong entity tag (RFC 9110 §8.8.3): opaque is what stands
// between the quotes, as in ETag("v7"), and changes whenever a byte of the
// content does. A GET or HEAD is compared with it, and with LastModified, by
// itself: 304 or 412 (§13.2.2).
//
// In answer to a PUT, send it only where what the client sent was stored as it
// is, or where the answer carries the stored value: §9.3.4 lets a client take
// the tag for that of what it sent.
func (s Response) ETag(opaque string) Response { return s.tag("", opaque) }

// WeakETag sets a weak entity tag (RFC 9110 §8.8.3): it stays the same while
// the content means the same.
func (s Response) WeakETag(opaque string) Response { return s.tag("W/", opaque) }

// ComputeETag makes a strong entity tag from the content that is sent (RFC
// 9110 §8.8.3). It saves the client the transfer and not the service the
// work: [Response.ETag] with a version that you keep saves both, and works
// for writes.
func (s Response) ComputeETag() Response {
	s.compute = true
	return s
}

func (s Response) tag(weak, opaque string) Response {
	s.etag = weak + `"` + opaque + `"`
	if _, ok := httpfield.ParseETag(s.etag); !ok {
		return s.fail("an entity tag holds a character that it may not: visible ASCII without quotes (RFC 9110 §8.8.3)")
	}
	return s
}

// LastModified sets when the resource changed last (RFC 9110 §8.8.2), at
// whole seconds. The zero time sets nothing.
func (s Response) LastModified(t time.Time) Response {
	if !t.IsZero() {
		s.modified = t.Unix()
	}
	return s
}

// Vary adds names of request fields that this answer was chosen by (RFC 9110
// §12.5.5).
func (s Response) Vary(names ...string) Response {
	for _, name := range names {
		if !httpfield.IsToken(name) {
			return s.fail("a name in Vary is not a token (RFC 9110 §12.5.5)")
		}
		s = s.with(field{"Vary", name, true})
	}
	return s
}

// Link adds a link (RFC 8288 §3) to target, a URI reference, with a relation:
// "next", "describedby".
func (s Response) Link(target, rel string) Response {
	if escaped, ok := httpfield.EscapeURI(target); ok {
		target = escaped
	} else {
		return s.fail("the target of a link is not a URI reference (RFC 8288 §3.1)")
	}
	quoted, ok := httpfield.Quote(rel)
	if !ok || rel == "" {
		return s.fail("the relation of a link is empty, or holds a character that it may not (RFC 8288 §3.3)")
	}
	return s.Add("Link", "<"+target+">; rel="+quoted)
}

// Language sets Content-Language (RFC 9110 §8.5): "en", "de-CH".
func (s Response) Language(tags ...string) Response {
	return s.Header("Content-Language", strings.Join(tags, ", "))
}

// ContentLocation sets the URI reference of exactly this content (RFC 9110
// §8.7).
func (s Response) ContentLocation(uri string) Response {
	escaped, ok := httpfield.EscapeURI(uri)
	if !ok {
		return s.fail("the content's location is not a URI reference (RFC 9110 §8.7)")
	}
	return s.Header("Content-Location", escaped)
}

// RetryAfter says when to ask again (RFC 9110 §10.2.3), in whole seconds,
// rounded up.
func (s Response) RetryAfter(d time.Duration) Response {
	return s.Header("Retry-After", httpfield.FormatRetryAfter(d))
}

// Cookie adds a cookie (RFC 6265 §4.1). One that net/http would drop as
// invalid cannot be sent.
func (s Response) Cookie(c *http.Cookie) Response {
	if c.Valid() != nil { // of nil, too
		return s.fail("a cookie is not valid (RFC 6265 §4.1.1)")
	}
	return s.Add("Set-Cookie", c.String())
}

// Header sets any header field to one value, in place of those that it had.
func (s Response) Header(name, value string) Response {
	return s.field(name, value, false)
}

// Add adds a value to any header field, beside those that it has. A field
// that holds one value (Content-Type, ETag, Location, Retry-After and their
// like, RFC 9110 §5.3) is replaced.
func (s Response) Add(name, value string) Response {
	return s.field(name, value, !single[http.CanonicalHeaderKey(name)])
}

// single are the fields of a response that hold one value.
var single = map[string]bool{
	"Age": true, "Content-Disposition": true, "Content-Location": true, "Content-Range": true, "Content-Type": true, "Date": true,
	"Etag": true, "Expires": true, "Last-Modified": true, "Location": true, "Retry-After": true, "Server": true,
}

func (s Response) field(name, value string, add bool) Response {
	if !httpfield.IsToken(name) {
		return s.fail("a header field's name is not a token (RFC 9110 §5.1)")
	}
	name = http.CanonicalHeaderKey(name)
	if !httpfield.ValidValue(value) {
		return s.fail("the value for " + name + " holds a character that no field may (RFC 9110 §5.5)")
	}
	switch name {
	case "Content-Length", "Transfer-Encoding":
		return s.fail(name + " is set by the server")
	}
	return s.with(field{name, value, add})
}
