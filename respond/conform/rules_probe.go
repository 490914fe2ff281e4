package conform

import (
	"bytes"
	"net/http"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// unknownMethod is a method that nobody defined.
const unknownMethod = "NONESUCH"

// probed are the rules that need to know why a request was sent, as only a
// Prober does. base is the plain GET, or, of the rules about Allow, the answer
// that has it.
var probed = []Rule{
	{ID: probeNothing, Level: Advice, Section: "RFC 9110 §9.3.1", Pair: true, Probe: true,
		Message: "The plain GET got neither 2xx nor 3xx: there was nothing to compare.",
		Mend:    "Probe a URL that answers, with the credentials that it wants; where this status is meant, turn the rule off with that reason.",
		both:    func(*exchange, *exchange) bool { return false }}, // sendAll tells it
	{ID: "404-method", Level: Should, Section: "RFC 9110 §9.1, §15.5.6", Pair: true, Probe: true,
		Message: "GET finds the resource, and another method is answered with 404.",
		Mend:    "Send 405 with Allow to a method that the resource does not take, 501 to one that the server does not know; look for the path first, then for the method.",
		both: func(base, other *exchange) bool {
			return base.method == http.MethodGet && base.status/100 == 2 && other.status == 404 && !other.isMethod("GET", "HEAD")
		}},
	{ID: "405-allow", Level: Must, Section: "RFC 9110 §15.5.6, §10.2.1", Pair: true, Probe: true,
		Message: "Allow of a 405 does not tell the truth: it names this method, which is refused, or leaves it out, and it is served.",
		Mend:    "Take Allow from the routes of the resource.",
		both:    func(base, other *exchange) bool { return base.status == 405 && base.misleads(other) }},
	{ID: "G22-allow", Level: Should, Section: "RFC 9110 §9.3.7, §10.2.1", Pair: true, Probe: true,
		Message: "Allow in the answer to OPTIONS does not tell the truth: it names this method, which is refused, or leaves it out, and it is served.",
		Mend:    "Take Allow from the routes of the resource.",
		both: func(base, other *exchange) bool {
			return base.method == http.MethodOptions && base.status/100 == 2 && base.misleads(other)
		}},
	{ID: "501-unknown", Level: Should, Section: "RFC 9110 §9.1, §15.6.2", Pair: true, Probe: true,
		Message: "A method that nobody defined is served, or answered with 405 as if the server knew it.",
		Mend:    "Send 501 to a method that the server does not know; with Go's http.ServeMux, look at r.Method in front of the mux, which knows no method from another.",
		both: func(_, other *exchange) bool {
			return other.method == unknownMethod && (other.status/100 == 2 || other.status/100 == 3 || other.status == 405)
		}},
	{ID: "304-none", Level: Must, Section: "RFC 9110 §13.1.2", Pair: true, Probe: true,
		Message: "A 304 is sent although no tag in If-None-Match is that of the resource.",
		Mend:    "Compare the tags; a 304 needs one that matches.",
		both: func(base, other *exchange) bool {
			if other.status != 304 || !other.asked("If-None-Match") || base.status != 200 {
				return false
			}
			m := httpfield.MatchWeak(other.reqh["If-None-Match"], base.h.Get("Etag"))
			return !m.Found && !m.Any
		}},
	{ID: "G11-probe", Level: Should, Section: "RFC 9110 §12.5.5", Pair: true, Probe: true,
		Message: "The content differs by a field of the request, and Vary does not name it in both answers.",
		Mend:    "Name in Vary every request field that the content is chosen by, also where the field is absent.",
		both: func(base, other *exchange) bool {
			for _, name := range []string{"Accept", "Accept-Encoding"} {
				if other.differsBy(base, name) {
					return true
				}
			}
			return false
		}},
	{ID: "G16-probe", Level: Must, Section: "RFC 7240 §2", Pair: true, Probe: true,
		Message: "The content differs by Prefer, and Vary does not name it in both answers.",
		Mend:    "Send Vary: Prefer also where the request had none.",
		both:    func(base, other *exchange) bool { return other.differsBy(base, "Prefer") }},
	{ID: "500-probe", Level: Advice, Section: "RFC 9110 §15.6.1", Pair: true, Probe: true,
		Message: "A field of the request, or its method, leads to a 500, where the plain request does not.",
		Mend:    "Ignore what is optional and malformed, or answer 400; see the server's log.",
		both: func(base, other *exchange) bool {
			return base.method == http.MethodGet && base.status < 500 && other.status == 500
		}},
}

// probeNothing tells that a probe had nothing to look at.
const probeNothing = "probe-nothing"

// noAnswer is the same as 500-probe, where the server ended the connection.
const noAnswer = "A field of the request, or its method, leads to no answer at all, where the plain request does not."

// misleads tells whether other is not what Allow in x says of its method. A
// server may answer OPTIONS for all resources, and need not name it.
func (x *exchange) misleads(other *exchange) bool {
	if len(x.h["Allow"]) == 0 {
		return false
	}
	if httpfield.AllowHas(x.h["Allow"], other.method) {
		return other.is(405, 501)
	}
	return other.method != http.MethodOptions && (other.status/100 == 2 || other.status == 303)
}

// differsBy tells whether other has other content than base, which is steady,
// by a field that only other's request has; and one of them hides it.
func (x *exchange) differsBy(base *exchange, name string) bool {
	if !base.steady || base.asked(name) || !x.asked(name) || !base.cacheable() || !x.cacheable() || !base.is(200) || !x.is(200) {
		return false
	}
	if !base.wholeBody() || !x.wholeBody() || base.coding() != x.coding() || bytes.Equal(base.Body, x.Body) {
		return false
	}
	return !base.vary(name) || !x.vary(name)
}
