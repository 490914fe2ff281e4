package conform

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// anyStatus are the rules for every response.
var anyStatus = []Rule{
	{ID: "G1", Level: Must, Section: "RFC 9110 §15",
		Message: "The status code is not within 100 to 599.",
		Mend:    "Send a status code of three digits whose class exists.",
		one:     func(x *exchange) bool { return x.status < 100 || x.status > 599 }},
	{ID: "G1-registered", Level: Advice, Section: "RFC 9110 §16.2",
		Message: "The status code is not in IANA's registry, or is reserved there.",
		Mend:    "Send a registered status code; clients treat an unknown one as the x00 of its class.",
		one: func(x *exchange) bool {
			return x.status >= 100 && x.status <= 599 && !slices.Contains(registeredStatus, x.status)
		}},
	{ID: "G2", Level: Must, Section: "RFC 9110 §6.4.1",
		Message: "There is content where none may be: with 1xx, 204, 304, or in answer to HEAD.",
		Mend:    "Send the header alone.",
		one: func(x *exchange) bool {
			// A handler may write in answer to HEAD, which net/http leaves out;
			// and httptest's recorder takes a 1xx for the response.
			mended := x.Recorded && (x.method == http.MethodHead || x.status/100 == 1)
			return len(x.Body) > 0 && !x.mayHaveBody() && !x.isTunnel() && !mended
		}},
	{ID: "G3", Level: Must, Section: "RFC 9110 §8.6, RFC 9112 §6.1",
		Message: "A 1xx, a 204, or a 2xx to CONNECT has Content-Length or Transfer-Encoding.",
		Mend:    "Do not set them: these answers have no content.",
		one: func(x *exchange) bool {
			return (x.status/100 == 1 || x.status == 204 || x.isTunnel()) && (x.has("Content-Length") || x.has("Transfer-Encoding") || len(x.Response.TransferEncoding) > 0)
		}},
	{ID: "G5", Level: Should, Section: "RFC 9110 §8.3",
		Message: "There is content without a Content-Type that parses.",
		Mend:    "Set Content-Type to the media type of the content.",
		one: func(x *exchange) bool {
			_, ok := x.mediaType()
			return len(x.Body) > 0 && x.mayHaveBody() && !ok
		}},
	{ID: "G6", Level: Must, Section: "RFC 9110 §6.6.1",
		Message: "A 2xx, 3xx or 4xx has no Date.",
		Mend:    "Send the time of the answer in Date, or let the server add it. In Go, net/http does, unless the field is set to nil.",
		one: func(x *exchange) bool {
			return !x.Recorded && x.status >= 200 && x.status < 500 && !x.has("Date")
		}},
	{ID: "G7", Level: Must, Section: "RFC 9110 §5.3",
		Message: "A field that holds one value is sent more than once.",
		Mend:    "Set the field instead of adding to it; look for two layers that both send it.",
		one: func(x *exchange) bool {
			return slices.ContainsFunc(singleFields, func(name string) bool { return len(x.h[name]) > 1 })
		}},
	{ID: "G8", Level: Must, Section: "RFC 9110 §8.8.3",
		Message: "The ETag is not well-formed.",
		Mend:    `Put it in double quotes, "v1", with W/ before them if it is weak.`,
		one: func(x *exchange) bool {
			return slices.ContainsFunc(x.h["Etag"], func(v string) bool {
				_, ok := httpfield.ParseETag(v)
				return !ok
			})
		}},
	{ID: "G8-date", Level: Must, Section: "RFC 9110 §5.6.7",
		Message: "Date, Last-Modified or Expires is no IMF-fixdate, such as Sun, 06 Nov 1994 08:49:37 GMT.",
		Mend:    "Format it so, in UTC (in Go, with http.TimeFormat); in place of Expires: 0 send Cache-Control: no-cache.",
		one: func(x *exchange) bool {
			return slices.ContainsFunc([]string{"Date", "Last-Modified", "Expires"}, func(name string) bool {
				return slices.ContainsFunc(x.h[name], func(v string) bool { return !httpfield.IsIMFFixdate(v) })
			})
		}},
	{ID: "G8-modified", Level: Must, Section: "RFC 9110 §8.8.2.1",
		Message: "Last-Modified is later than Date.",
		Mend:    "Send the time of the answer in its place.",
		one: func(x *exchange) bool {
			date, ok1 := x.date("Date")
			modified, ok2 := x.date("Last-Modified")
			return ok1 && ok2 && modified.After(date)
		}},
	{ID: "G9", Level: Must, Section: "RFC 9110 §10.2.3",
		Message: "Retry-After is neither a number of seconds nor an IMF-fixdate.",
		Mend:    "Send whole seconds: Retry-After: 120.",
		one: func(x *exchange) bool {
			return slices.ContainsFunc(x.h["Retry-After"], func(v string) bool { return !httpfield.ValidRetryAfter(v) })
		}},
	{ID: "G9-odd", Level: Advice, Section: "RFC 9110 §10.2.3",
		Message: "Retry-After is sent with a status that does not ask to come back.",
		Mend:    "Keep it for 3xx, 413, 429, 503, and 202.",
		one: func(x *exchange) bool {
			return x.has("Retry-After") && x.status/100 != 3 && !x.is(202, 413, 429, 503)
		}},
	{ID: "G10", Level: Advice, Section: "RFC 9110 §10.2.2",
		Message: "Location is sent with a status that gives it no meaning.",
		Mend:    "Keep it for 201, 202 and 3xx; for the place of the content use Content-Location.",
		one: func(x *exchange) bool {
			return x.has("Location") && x.status/100 != 3 && !x.is(201, 202)
		}},
	{ID: "G11", Level: Should, Section: "RFC 9110 §12.5.5",
		Message: "The content has a coding, and Vary does not name Accept-Encoding.",
		Mend:    "Send Vary: Accept-Encoding with every answer of the resource, coded or not.",
		one: func(x *exchange) bool {
			return x.coding() != "" && x.cacheable() && !x.vary("Accept-Encoding")
		}},
	{ID: "G13", Level: Must, Section: "RFC 9113 §8.2.2, RFC 9114 §4.2",
		Message: "An answer over HTTP/2 or later has a field of the connection: Connection, Upgrade, Transfer-Encoding and their like.",
		Mend:    "Do not set it; only HTTP/1.1 has it.",
		one: func(x *exchange) bool {
			names := connectionFields
			if x.Recorded {
				names = names[2:] // net/http removes the first two, and takes Connection: close for an order to itself
			}
			return x.Response.ProtoMajor >= 2 && slices.ContainsFunc(names, x.has)
		}},
	{ID: "G14", Level: Must, Section: "RFC 9745 §2.1",
		Message: "Deprecation is not a date of structured fields, such as @1735689600.",
		Mend:    "Send @ and the Unix time of the deprecation.",
		one: func(x *exchange) bool {
			_, ok := x.deprecation()
			return x.has("Deprecation") && !ok
		}},
	{ID: "G14-sunset", Level: Must, Section: "RFC 8594 §3, RFC 9745 §4",
		Message: "Sunset is not an HTTP-date, or is earlier than Deprecation.",
		Mend:    "Send an IMF-fixdate that is not before the deprecation.",
		one: func(x *exchange) bool {
			if !x.has("Sunset") {
				return false
			}
			sunset, ok := x.date("Sunset")
			since, deprecated := x.deprecation()
			return !ok || !httpfield.IsIMFFixdate(x.h.Get("Sunset")) || deprecated && sunset.Before(since)
		}},
	{ID: "G15", Level: Must, Section: "RFC 8288 §3",
		Message: "Link does not parse, or a link in it has no rel.",
		Mend:    `Send <URI>; rel="relation".`,
		one: func(x *exchange) bool {
			if !x.has("Link") {
				return false
			}
			links, err := httpfield.ParseLinks(x.h["Link"])
			return err != nil || slices.ContainsFunc(links, func(l httpfield.Link) bool { return len(l.Rels()) == 0 })
		}},
	{ID: "G16", Level: Must, Section: "RFC 7240 §2",
		Message: "An answer that caches may keep depends on Prefer, and Vary does not name Prefer.",
		Mend:    "Send Vary: Prefer with every answer of the resource, also where the request had none.",
		one: func(x *exchange) bool {
			return x.variesByPrefer() && x.cacheable() && !x.vary("Prefer")
		}},
	{ID: "G16-applied", Level: Advice, Section: "RFC 7240 §3",
		Message: "Preference-Applied names a preference that was not asked for.",
		Mend:    "Name only what the request prefers.",
		one: func(x *exchange) bool {
			unasked := false
			httpfield.Prefer(x.h["Preference-Applied"]).Each(func(p httpfield.Preference) bool {
				_, asked := httpfield.Prefer(x.reqh["Prefer"]).Get(p.Name)
				unasked = unasked || !asked
				return true
			})
			return unasked
		}},
	{ID: "G17", Level: Should, Section: "RFC 9457 §3",
		Message: "The content is said to be application/problem+json, and is no JSON object.",
		Mend:    "Send an object with type, title, status and detail.",
		one: func(x *exchange) bool {
			p, is := x.problem()
			return is && p == nil
		}},
	{ID: "G17-status", Level: Must, Section: "RFC 9457 §3.1.2",
		Message: "The member status of the problem is not the status of the response.",
		Mend:    "Fill both from one value.",
		one: func(x *exchange) bool {
			p, _ := x.problem()
			status, ok := p["status"].(float64) // one of another type is as none (RFC 9457 §3.1)
			return ok && status != float64(x.status)
		}},
	{ID: "G18", Level: Must, Section: "RFC 9530 §2",
		Message: "Content-Digest does not match the content, or does not parse.",
		Mend:    "Compute it over the bytes that are sent, after any coding.",
		one: func(x *exchange) bool {
			return x.has("Content-Digest") && x.wholeBody() && !x.Response.Uncompressed && !x.digestOK()
		}},
	{ID: "G19", Level: Advice, Section: "RFC 9111 §5.2.2",
		Message: "An error may be kept by caches: it is public, or has a lifetime.",
		Mend:    "Send Cache-Control: no-store with errors, unless they are meant to be kept.",
		one:     func(x *exchange) bool { return x.isError() && x.fresh() && !x.is(428, 429, 431) }},
	{ID: "G20", Level: Advice, Section: "RFC 8259 §2",
		Message: "The content is said to be JSON, and is not one JSON value.",
		Mend:    "Send one value. The usual causes: it was cut off, there is text behind it, or two handlers wrote; for several values, one a line, use application/x-ndjson.",
		one: func(x *exchange) bool {
			if _, is := x.problem(); is || x.noContentSaid() { // G17 or another says it
				return false
			}
			return x.isJSON() && x.wholeBody() && !x.is(205, 206) && x.decoded() && !json.Valid(x.Body)
		}},
	{ID: "G22", Level: Should, Section: "RFC 9110 §9.3.7",
		Message: "An answer to OPTIONS has no Allow.",
		Mend:    "Name the methods of the resource in Allow.",
		one: func(x *exchange) bool {
			return x.method == http.MethodOptions && x.is(200, 204) && !x.has("Allow") && !x.asked("Access-Control-Request-Method") && !x.isAsterisk()
		}},
}

// registeredStatus is IANA's registry of HTTP status codes.
var registeredStatus = []int{
	100, 101, 102, 103, 104,
	200, 201, 202, 203, 204, 205, 206, 207, 208, 226,
	300, 301, 302, 303, 304, 305, 307, 308,
	400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417,
	421, 422, 423, 424, 425, 426, 428, 429, 431, 451,
	500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
}

// singleFields hold one value, and no list (RFC 9110 §5.3).
var singleFields = []string{
	"Access-Control-Allow-Credentials", "Access-Control-Allow-Origin", "Access-Control-Max-Age", "Age", "Content-Disposition", "Content-Length", "Content-Location",
	"Content-Range", "Content-Type", "Date", "Deprecation", "Etag", "Expires", "Last-Modified", "Location",
	"Retry-After", "Sunset",
}

// connectionFields are those that only HTTP/1.1 has (RFC 9110 §7.6.1).
var connectionFields = []string{"Connection", "Transfer-Encoding", "Upgrade", "Keep-Alive", "Proxy-Connection"}

// isAsterisk tells that the request is OPTIONS *, about the server in general.
func (x *exchange) isAsterisk() bool {
	return x.Request != nil && (x.Request.RequestURI == "*" || x.Request.URL != nil && (x.Request.URL.Path == "*" || x.Request.URL.Opaque == "*"))
}

// variesByPrefer tells that a preference was applied which may have changed
// the content. Those of RFC 7240 about how the request is processed do not.
func (x *exchange) variesByPrefer() bool {
	varies := false
	httpfield.Prefer(x.h["Preference-Applied"]).Each(func(p httpfield.Preference) bool {
		varies = !slices.ContainsFunc([]string{"respond-async", "wait", "handling"}, func(name string) bool { return httpfield.EqualFold(p.Name, name) })
		return !varies
	})
	return varies
}

func (x *exchange) date(name string) (time.Time, bool) {
	if len(x.h[name]) != 1 {
		return time.Time{}, false
	}
	return httpfield.ParseDate(x.h[name][0], time.Now())
}

func (x *exchange) deprecation() (time.Time, bool) {
	item, err := httpfield.ParseSFItem(x.h["Deprecation"])
	if err != nil || item.Value.Kind != httpfield.SFDate {
		return time.Time{}, false
	}
	return time.Unix(item.Value.Int, 0), true
}

// digestOK checks the algorithms that it knows; another is taken on trust
// (RFC 9530 §5).
func (x *exchange) digestOK() bool {
	digests, err := httpfield.ParseSFDict(x.h["Content-Digest"])
	if err != nil {
		return false
	}
	if d, ok := digests.Get("sha-256"); ok {
		sum := sha256.Sum256(x.Body)
		if !isBytes(d, sum[:]) {
			return false
		}
	}
	if d, ok := digests.Get("sha-512"); ok {
		sum := sha512.Sum512(x.Body)
		if !isBytes(d, sum[:]) {
			return false
		}
	}
	return true
}

func isBytes(m httpfield.SFMember, want []byte) bool {
	return !m.IsInner() && m.Value.Kind == httpfield.SFBytes && bytes.Equal([]byte(m.Value.Str), want)
}
