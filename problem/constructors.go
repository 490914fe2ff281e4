package problem

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// New makes a problem of type about:blank for any 4xx or 5xx status. The
// detail may be empty.
//
// It panics at another status, and at one that must not be sent without a
// field: 401, 405, 407 and 426 have constructors that take what they need.
func New(status int, detail string) *Problem {
	if status < 400 || status > 599 {
		panic("problem: " + strconv.Itoa(status) + " is not the status of a problem: 400 to 599 are")
	}
	if need, ok := required[status]; ok {
		panic("problem: " + strconv.Itoa(status) + " needs " + need.field + " (" + need.section + "): use problem." + need.constructor)
	}
	return blank(status, detail)
}

func blank(status int, detail string) *Problem {
	return &Problem{content: content{status: status, detail: plain(detail)}}
}

// BadRequest makes a 400 (RFC 9110 §15.5.1): the request itself is wrong.
func BadRequest(detail string) *Problem { return blank(http.StatusBadRequest, detail) }

// Unauthorized makes a 401 (RFC 9110 §15.5.2): there are no credentials, or
// they do not hold. Each challenge (§11.6.1) becomes a WWW-Authenticate
// field:
//
//	problem.Unauthorized(`Basic realm="orders", charset="UTF-8"`)
//
// A challenge that does not parse turns the answer into a 500, and the log
// says why.
func Unauthorized(challenge string, more ...string) *Problem {
	p := blank(http.StatusUnauthorized, "")
	p.setField("WWW-Authenticate", append([]string{challenge}, more...)...)
	return p
}

// ProxyAuthenticationRequired makes a 407 (RFC 9110 §15.5.8) with its
// challenges in Proxy-Authenticate, as [Unauthorized] does.
func ProxyAuthenticationRequired(challenge string, more ...string) *Problem {
	p := blank(http.StatusProxyAuthRequired, "")
	p.setField("Proxy-Authenticate", append([]string{challenge}, more...)...)
	return p
}

// Forbidden makes a 403 (RFC 9110 §15.5.4): who asks is known, or does not
// matter, and may not.
func Forbidden(detail string) *Problem { return blank(http.StatusForbidden, detail) }

// NotFound makes a 404 (RFC 9110 §15.5.5).
func NotFound(detail string) *Problem { return blank(http.StatusNotFound, detail) }

// MethodNotAllowed makes a 405 (RFC 9110 §15.5.6) with the methods that the
// resource supports in Allow (§10.2.1). There may be none: the field is sent
// all the same.
func MethodNotAllowed(allow ...string) *Problem {
	p := blank(http.StatusMethodNotAllowed, "")
	for _, m := range allow {
		if !httpfield.IsToken(m) {
			p.fail("a method in Allow is not a token (RFC 9110 §9.1)")
			return p
		}
	}
	p.setField("Allow", strings.Join(allow, ", "))
	return p
}

// NotAcceptable makes a 406 (RFC 9110 §15.5.7) whose member "available" lists
// what there is: media types, or languages.
func NotAcceptable(available ...string) *Problem {
	return blank(http.StatusNotAcceptable, "").With("available", append([]string{}, available...))
}

// RequestTimeout makes a 408 (RFC 9110 §15.5.9): the request did not arrive
// in time. The connection is closed after it.
func RequestTimeout() *Problem {
	return blank(http.StatusRequestTimeout, "The request did not arrive in time.").WithHeader("Connection", "close")
}

// Conflict makes a 409 (RFC 9110 §15.5.10): the request goes against the
// state of the resource. The detail should say what conflicts.
func Conflict(detail string) *Problem { return blank(http.StatusConflict, detail) }

// Gone makes a 410 (RFC 9110 §15.5.11): it was here, and will not come back.
func Gone(detail string) *Problem { return blank(http.StatusGone, detail) }

// PreconditionFailed makes a 412 (RFC 9110 §15.5.13).
func PreconditionFailed(detail string) *Problem {
	return blank(http.StatusPreconditionFailed, detail)
}

// ContentTooLarge makes a 413 (RFC 9110 §15.5.14) that names the limit in
// bytes, in the detail and as the member "limit".
func ContentTooLarge(limit int64) *Problem {
	return blank(http.StatusRequestEntityTooLarge, "The content is larger than "+strconv.FormatInt(limit, 10)+" bytes.").
		With("limit", limit)
}

// UnsupportedMediaType makes a 415 (RFC 9110 §15.5.16) for content of a type
// that is not taken here, and teaches which are: in Accept, and in the field
// that the method of the request has for it: Accept-Post, Accept-Patch (RFC
// 5789 §3.1) or Accept-Query (RFC 10008).
func UnsupportedMediaType(method string, types ...string) *Problem {
	p := blank(http.StatusUnsupportedMediaType, "The content is of a media type that is not taken here; the header names those that are.")
	for _, t := range types {
		if _, ok := httpfield.ParseMediaType(strings.ReplaceAll(t, "*", "x")); !ok { // a range may be named, as text/*
			p.fail("a media type in Accept does not parse (RFC 9110 §8.3.1)")
			return p
		}
	}
	list := strings.Join(types, ", ")
	p.setField("Accept", list)
	if list == "" {
		return p // Accept-Query is a structured field, of which an empty one is not sent (RFC 9651 §3.1)
	}
	switch method {
	case http.MethodPost:
		p.setField("Accept-Post", list)
	case http.MethodPatch:
		p.setField("Accept-Patch", list)
	case "QUERY":
		p.setField("Accept-Query", list)
	}
	return p
}

// UnsupportedEncoding makes a 415 for content in a coding that is not taken
// here, and names those that are in Accept-Encoding (RFC 9110 §12.5.3). With
// none named it says "identity": content without a coding.
func UnsupportedEncoding(codings ...string) *Problem {
	if len(codings) == 0 {
		codings = []string{"identity"}
	}
	p := blank(http.StatusUnsupportedMediaType, "The content is in a coding that is not taken here; Accept-Encoding names those that are.")
	for _, c := range codings {
		if !httpfield.IsToken(c) {
			p.fail("a coding in Accept-Encoding is not a token (RFC 9110 §8.4.1)")
			return p
		}
	}
	p.setField("Accept-Encoding", strings.Join(codings, ", "))
	return p
}

// RangeNotSatisfiable makes a 416 (RFC 9110 §15.5.17) that tells the size of
// the whole in bytes: Content-Range: bytes */SIZE (§14.4).
func RangeNotSatisfiable(size int64) *Problem {
	p := blank(http.StatusRequestedRangeNotSatisfiable, "")
	if size < 0 {
		p.fail("the size in Content-Range is negative (RFC 9110 §14.4)")
		return p
	}
	p.setField("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
	return p
}

// UnprocessableContent makes a 422 (RFC 9110 §15.5.21) of type about:blank.
// [Invalid] makes one that lists errors.
func UnprocessableContent(detail string) *Problem {
	return blank(http.StatusUnprocessableEntity, detail)
}

// UpgradeRequired makes a 426 (RFC 9110 §15.5.22) that names the protocols to
// change to, in order of preference, in Upgrade, with Connection: upgrade as
// §7.8 demands. HTTP/2 and up have neither field (RFC 9113 §8.2.2), so a
// [Writer] leaves them out there.
func UpgradeRequired(protocol string, more ...string) *Problem {
	p := blank(http.StatusUpgradeRequired, "")
	all := append([]string{protocol}, more...)
	for _, s := range all {
		name, version, versioned := strings.Cut(s, "/")
		if !httpfield.IsToken(name) || versioned && !httpfield.IsToken(version) {
			p.fail("a protocol in Upgrade is not name or name/version (RFC 9110 §7.8)")
			return p
		}
	}
	p.setField("Upgrade", strings.Join(all, ", "))
	p.setField("Connection", "upgrade")
	return p
}

// PreconditionRequired makes a 428 (RFC 6585 §3). The detail should say how
// to send the request again; left empty, it asks for If-Match.
func PreconditionRequired(detail string) *Problem {
	if detail == "" {
		detail = "Get the resource, and send the request again with its ETag in If-Match."
	}
	return blank(http.StatusPreconditionRequired, detail)
}

// TooManyRequests makes a 429 (RFC 6585 §4) that says when to come back.
func TooManyRequests(after time.Duration) *Problem {
	return blank(http.StatusTooManyRequests, "").WithRetryAfter(after)
}

// HeaderTooLarge makes a 431 (RFC 6585 §5) that names the field that is too
// large, if it is a single one; "" says that all of them together are.
func HeaderTooLarge(name string) *Problem {
	if name == "" {
		return blank(http.StatusRequestHeaderFieldsTooLarge, "The header fields together are too large.")
	}
	p := blank(http.StatusRequestHeaderFieldsTooLarge, "A header field is too large.")
	if !httpfield.IsToken(name) {
		p.fail("a header field's name is not a token (RFC 9110 §5.1)")
		return p
	}
	name = http.CanonicalHeaderKey(name)
	p.detail = "The header field " + name + " is too large."
	return p.WithErrors(Item{Header: name, Code: "too_large", Detail: "is too large."})
}

// UnavailableForLegalReasons makes a 451 (RFC 7725 §3) with a Link that names
// who carries out the block (§4, rel="blocked-by"; not who demanded it, which
// is for the detail); "" where that is not known.
func UnavailableForLegalReasons(blockedBy, detail string) *Problem {
	p := blank(http.StatusUnavailableForLegalReasons, detail)
	if blockedBy == "" {
		return p
	}
	if !httpfield.IsURIReference(blockedBy) {
		p.fail("blocked-by is not a URI reference (RFC 7725 §4)")
		return p
	}
	p.setField("Link", "<"+blockedBy+`>; rel="blocked-by"`)
	return p
}

// NotImplemented makes a 501 (RFC 9110 §15.6.2).
func NotImplemented(detail string) *Problem { return blank(http.StatusNotImplemented, detail) }

// BadGateway makes a 502 (RFC 9110 §15.6.3): a server that this one depends
// on gave an answer that makes no sense.
func BadGateway(detail string) *Problem { return blank(http.StatusBadGateway, detail) }

// Unavailable makes a 503 (RFC 9110 §15.6.4) that says when to come back.
func Unavailable(after time.Duration) *Problem {
	return blank(http.StatusServiceUnavailable, "").WithRetryAfter(after)
}

// GatewayTimeout makes a 504 (RFC 9110 §15.6.5): a server that this one
// depends on did not answer in time.
func GatewayTimeout(detail string) *Problem { return blank(http.StatusGatewayTimeout, detail) }

// retryAfter writes delay-seconds (RFC 9110 §10.2.3): rounded up, so that who
// waits that long is not early, and at least 1, since clients ignore 0.
func retryAfter(d time.Duration) string {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return strconv.FormatInt(max(s, 1), 10)
}
