package conform

import (
	"net/http"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// pairs are the rules that compare two exchanges about one resource. base is
// the plain GET that was answered with a 200.
var pairs = []Rule{
	{ID: "G4", Level: Must, Section: "RFC 9110 §8.6", Pair: true,
		Message: "Content-Length in answer to HEAD, or of a 304, is not that of the 200 to GET.",
		Mend:    "Send the length that GET would have, or none.",
		both: func(base, other *exchange) bool {
			length := other.h.Get("Content-Length")
			head := other.method == http.MethodHead && other.status == 200
			if length == "" || base.method != http.MethodGet || base.status != 200 || !head && other.status != 304 || !sameRequest(base, other, !head) || !unchanged(base, other) {
				return false
			}
			want := base.h.Get("Content-Length")
			if want == "" && base.wholeBody() && !base.Response.Uncompressed {
				return length != itoa(len(base.Body))
			}
			return want != "" && length != want
		}},
	{ID: "G11-pair", Level: Should, Section: "RFC 9110 §12.5.5", Pair: true,
		Message: "Two requests that differ in a field get different content, and Vary does not name it in both answers.",
		Mend:    "Name in Vary every request field that the content is chosen by, also where the field is absent.",
		both: func(base, other *exchange) bool {
			if !base.cacheable() || !other.cacheable() || base.status != 200 || other.status != 200 {
				return false
			}
			for _, n := range []struct {
				request string
				chosen  bool
			}{
				{"Accept", base.h.Get("Content-Type") != other.h.Get("Content-Type")},
				{"Accept-Language", base.h.Get("Content-Language") != other.h.Get("Content-Language")},
				{"Accept-Encoding", base.coding() != other.coding()},
			} {
				differs := strings.Join(base.reqh[n.request], ",") != strings.Join(other.reqh[n.request], ",")
				if differs && n.chosen && (!base.vary(n.request) || !other.vary(n.request)) {
					return true
				}
			}
			return false
		}},
	{ID: "G12", Level: Must, Section: "RFC 9110 §8.8.3.3", Pair: true,
		Message: "One strong ETag stands for two content codings.",
		Mend:    "Make the tag of each coding its own, or weak.",
		both: func(base, other *exchange) bool {
			a, ok1 := httpfield.ParseETag(base.h.Get("Etag"))
			b, ok2 := httpfield.ParseETag(other.h.Get("Etag"))
			// HEAD may leave out a coding that is applied while the content is made (§9.3.2).
			return ok1 && ok2 && base.method == other.method && base.status == 200 && other.status == 200 && a.EqualStrong(b) && base.coding() != other.coding()
		}},
	{ID: "G16-pair", Level: Must, Section: "RFC 7240 §2", Pair: true,
		Message: "The answer differs by Prefer, and Vary does not name Prefer in both answers.",
		Mend:    "Send Vary: Prefer also where the request had none.",
		both: func(base, other *exchange) bool {
			return other.variesByPrefer() && other.asked("Prefer") && !base.asked("Prefer") && base.cacheable() && other.cacheable() && !(base.vary("Prefer") && other.vary("Prefer"))
		}},
	{ID: "G21", Level: Should, Section: "RFC 9110 §9.3.2", Pair: true,
		Message: "The fields in answer to HEAD are not those of GET.",
		Mend:    "Let HEAD run as GET does, without its content.",
		both: func(base, other *exchange) bool {
			if other.method != http.MethodHead || base.method != http.MethodGet || !sameRequest(base, other, false) {
				return false
			}
			if base.passing() || other.passing() {
				return false
			}
			// Expires is later the later the answer.
			return other.status != base.status || base.has("Expires") != other.has("Expires") ||
				slices.ContainsFunc(headFields, func(name string) bool {
					return strings.Join(base.h[name], ", ") != strings.Join(other.h[name], ", ")
				}) || base.coding() != other.coding()
		}},
	{ID: "206-pair", Level: Must, Section: "RFC 9110 §15.3.7", Pair: true,
		Message: "A 206 lacks a field that the 200 has: Cache-Control, Content-Location, Date, ETag, Expires or Vary.",
		Mend:    "Send these with the part, too, also where the request has If-Range.",
		both: func(base, other *exchange) bool {
			return other.status == 206 && base.status == 200 && base.method == http.MethodGet && sameRequest(base, other, true) && lacks(base, other)
		}},
	{ID: "304-pair", Level: Must, Section: "RFC 9110 §15.4.5", Pair: true,
		Message: "A 304 lacks a field that the 200 has: Cache-Control, Content-Location, Date, ETag, Expires or Vary; or has another ETag.",
		Mend:    "Send these with the 304, too.",
		both: func(base, other *exchange) bool {
			if other.status != 304 || base.status != 200 || base.method != http.MethodGet || !sameRequest(base, other, true) {
				return false
			}
			return lacks(base, other) || base.steady && other.has("Etag") && other.h.Get("Etag") != base.h.Get("Etag")
		}},
	{ID: "304-would", Level: Must, Section: "RFC 9110 §13.2.1, §15.4.5", Pair: true,
		Message: "A 304 is sent where the answer without the precondition is a redirect or an error.",
		Mend:    "Evaluate preconditions last; send the redirect or the error.",
		both: func(base, other *exchange) bool {
			refused := base.status >= 300 && !base.is(304, 412) && !base.passing()
			return other.status == 304 && refused && sameRequest(base, other, true)
		}},
}

// headFields are compared between GET and HEAD.
var headFields = []string{"Content-Type", "Content-Language", "Etag", "Last-Modified", "Cache-Control", "Vary", "Location", "Allow", "Content-Location", "Link", "Accept-Ranges"}

// passing tells of an answer that the same request may not get a moment later.
func (x *exchange) passing() bool { return x.is(408, 425, 429) || x.status >= 500 }

// copied are the fields that a 206 and a 304 take from the 200.
var copied = []string{"Cache-Control", "Content-Location", "Date", "Etag", "Expires", "Vary"}

func lacks(base, other *exchange) bool {
	return slices.ContainsFunc(copied, func(name string) bool { return base.has(name) && !other.has(name) })
}

// sameRequest tells that both requests ask for the same of the same, but for
// what makes one conditional or a range request, where that does not count.
func sameRequest(base, other *exchange, butConditions bool) bool {
	names := asking
	if butConditions {
		names = names[:len(names)-conditional]
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		return strings.Join(base.reqh[name], ", ") != strings.Join(other.reqh[name], ", ")
	})
}

// asking are the request fields by which answers differ, the conditions last.
var asking = []string{
	"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Prefer", "Authorization", "Cookie", "Origin", "X-Api-Key",
	"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
}

const conditional = 6

// unchanged tells that the two answers show one state of the resource, as far
// as is known.
func unchanged(base, other *exchange) bool {
	for _, name := range []string{"Etag", "Last-Modified"} {
		if base.has(name) && other.has(name) {
			return base.h.Get(name) == other.h.Get(name)
		}
	}
	return base.steady
}
