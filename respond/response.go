package respond

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Response is what a handler answers: a status, a value to be encoded, and
// header fields. It is passed by value, and its methods return a changed
// copy:
//
//	return respond.OK(order).ETag(order.Version).LastModified(order.Changed), nil
//
// The zero Response is none: returned without an error it is a mistake, which
// is logged and answered with a 500. An answer without content is said as
// [NoContent].
//
// What cannot be sent (CR or LF in a field, a Location that is no URI
// reference, a value that JSON cannot express) is never sent in part: the
// client gets a 500, and the log says what was wrong.
type Response struct {
	status   int
	body     any
	location string
	etag     string // as it is sent, with quotes
	modified int64  // Unix seconds; 0 is none
	compute  bool   // the entity tag, from the content
	digested bool   // Content-Digest, from the content
	fields   *fieldChunk
	n        int // of the fields in that chunk
	defect   error
}

// OK answers 200 (RFC 9110 §15.3.1) with v as JSON. A nil v is no content.
func OK(v any) Response { return Response{status: http.StatusOK, body: v} }

// Created answers 201 (RFC 9110 §15.3.2): a resource was made, and location
// is its URI reference. v describes it; nil sends no content.
func Created(location string, v any) Response {
	return Response{status: http.StatusCreated, body: v}.at(location)
}

// Accepted answers 202 (RFC 9110 §15.3.3): the work is not done yet. monitor
// is the URI reference of a resource that tells how it goes on; v describes
// its state now.
func Accepted(monitor string, v any) Response {
	return Response{status: http.StatusAccepted, body: v}.at(monitor)
}

// NoContent answers 204 (RFC 9110 §15.3.5): it is done, and there is nothing
// to say.
func NoContent() Response { return Response{status: http.StatusNoContent} }

// MovedPermanently answers 301 (RFC 9110 §15.4.2). Clients may change POST
// to GET; [PermanentRedirect] does not let them.
func MovedPermanently(location string) Response {
	return Response{status: http.StatusMovedPermanently}.at(location)
}

// Found answers 302 (RFC 9110 §15.4.3). Clients may change POST to GET;
// [SeeOther] and [TemporaryRedirect] say which is meant.
func Found(location string) Response { return Response{status: http.StatusFound}.at(location) }

// SeeOther answers 303 (RFC 9110 §15.4.4): the answer to this request is to
// be had by GET from location.
func SeeOther(location string) Response { return Response{status: http.StatusSeeOther}.at(location) }

// TemporaryRedirect answers 307 (RFC 9110 §15.4.8): the same request, this
// time to location.
func TemporaryRedirect(location string) Response {
	return Response{status: http.StatusTemporaryRedirect}.at(location)
}

// PermanentRedirect answers 308 (RFC 9110 §15.4.9): the same request, from
// now on to location.
func PermanentRedirect(location string) Response {
	return Response{status: http.StatusPermanentRedirect}.at(location)
}

// Status answers any other status from 200 to 399 with v as JSON; nil sends
// no content. Errors are not answered this way: return a problem. A status
// that has no content (204, 205, 304) takes none.
func Status(code int, v any) Response {
	s := Response{status: code, body: v}
	switch {
	case code < 200 || code > 399:
		s = s.fail("status " + strconv.Itoa(code) + " is not 200 to 399: an error is returned as a problem")
	case v != nil && !hasContent(code):
		s = s.fail("status " + strconv.Itoa(code) + " has no content (RFC 9110 §6.4.1)")
	}
	return s
}

// Fail returns err from a handler: Fail(err) is short for Response{}, err.
// A nil err is a mistake, and becomes a 500.
func Fail(err error) (Response, error) {
	if err == nil {
		err = errors.New("respond: Fail was called without an error")
	}
	return Response{}, err
}

// Code returns the status code, 0 for the zero Response.
func (s Response) Code() int { return s.status }

// Value returns the value that will be encoded as the content, nil without
// one.
func (s Response) Value() any { return s.body }

// Err tells why this Response cannot be sent as it is; nil if it can, as far
// as is known before its value is encoded.
func (s Response) Err() error {
	if s.status == 0 {
		return errZero
	}
	return s.defect
}

var errZero = errors.New("respond: a handler returned the zero Response and no error; an answer without content is respond.NoContent()")

func (s Response) at(location string) Response {
	escaped, ok := httpfield.EscapeURI(location)
	if !ok || location == "" { // the empty one refers to the request's own URI
		return s.fail("the location is not a URI reference (RFC 9110 §10.2.2)")
	}
	s.location = escaped
	return s
}

func (s Response) fail(why string) Response {
	if s.defect == nil {
		s.defect = errors.New("respond: " + why)
	}
	return s
}

// hasContent is RFC 9110 §6.4.1, and §15.3.6 for 205.
func hasContent(status int) bool {
	return status != http.StatusNoContent && status != http.StatusResetContent && status != http.StatusNotModified
}
