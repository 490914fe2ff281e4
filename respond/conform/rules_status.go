package conform

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// byStatus are the rules for single status codes.
var byStatus = []Rule{
	{ID: "101", Level: Must, Section: "RFC 9110 §15.2.2, §7.8",
		Message: "A 101 does not name in Upgrade a protocol that was asked for, with Connection: upgrade.",
		Mend:    "Send both fields, and change only to a protocol in the request's Upgrade.",
		one: func(x *exchange) bool {
			if x.status != 101 {
				return false
			}
			list := httpfield.NewElements(x.h["Upgrade"])
			named := false
			for el, ok := list.Next(); ok; el, ok = list.Next() {
				switch {
				case x.askedUpgrade(el):
					named = true
				case !httpfield.EqualFold(el, "HTTP/1.1"): // which goes on, above TLS as in RFC 2817 §3.3
					return true
				}
			}
			return !named || !x.connection("upgrade")
		}},
	{ID: "103", Level: Advice, Section: "RFC 8297 §2",
		Message: "A 103 has no Link: there is nothing to fetch early.",
		Mend:    "Send it only with links.",
		one:     func(x *exchange) bool { return x.status == 103 && !x.has("Link") }},
	{ID: "200-validator", Level: Should, Section: "RFC 9110 §8.8.2.1, §8.8.3.1",
		Message: "A 200 to GET or HEAD has neither ETag nor Last-Modified.",
		Mend:    "Send a validator, so that clients can ask whether it changed; or no-store if nobody is to keep it.",
		one: func(x *exchange) bool {
			return x.status == 200 && x.isMethod("GET", "HEAD") && !x.has("Etag") && !x.has("Last-Modified") && !x.noStore() && !x.isStream()
		}},
	{ID: "200-empty", Level: Advice, Section: "RFC 9110 §15.3.1",
		Message: "A 200 to a method that changes something has no content.",
		Mend:    "Send 204 (No Content).",
		one: func(x *exchange) bool {
			return x.status == 200 && x.isMethod("POST", "PUT", "PATCH", "DELETE") && x.empty()
		}},
	{ID: "201-location", Level: Should, Section: "RFC 9110 §9.3.3",
		Message: "A 201 to POST has no Location, or a 201 has one that is no URI reference.",
		Mend:    "Name what was made in Location.",
		one: func(x *exchange) bool {
			return x.status == 201 && (x.method == http.MethodPost || x.has("Location")) && !x.goodLocation()
		}},
	{ID: "201-method", Level: Advice, Section: "RFC 9110 §15.3.2",
		Message: "A 201 is sent to a method that makes nothing.",
		Mend:    "Send 200, or let the client use POST or PUT.",
		one: func(x *exchange) bool {
			return x.status == 201 && x.isMethod("GET", "HEAD", "OPTIONS")
		}},
	{ID: "202", Level: Advice, Section: "RFC 9110 §15.3.3",
		Message: "A 202 does not tell how the work goes on: it has neither content nor Location.",
		Mend:    "Lead to a status resource.",
		one:     func(x *exchange) bool { return x.status == 202 && x.empty() && !x.has("Location") }},
	{ID: "204-type", Level: Advice, Section: "RFC 9110 §15.3.5",
		Message: "A 204 has a Content-Type.",
		Mend:    "Leave it out: there is no content.",
		one:     func(x *exchange) bool { return x.status == 204 && x.has("Content-Type") }},
	{ID: "205", Level: Must, Section: "RFC 9110 §15.3.6",
		Message: "A 205 has content.",
		Mend:    "Send the header alone, with Content-Length: 0.",
		one:     func(x *exchange) bool { return x.status == 205 && x.mayHaveBody() && len(x.Body) > 0 }},
	{ID: "206-range", Level: Must, Section: "RFC 9110 §15.3.7, §14.2",
		Message: "A 206 is sent to a request that is no GET with Range.",
		Mend:    "Send 200 with the whole.",
		one: func(x *exchange) bool {
			return x.status == 206 && (!x.isMethod("GET", "QUERY") || !x.asked("Range"))
		}},
	{ID: "206-part", Level: Must, Section: "RFC 9110 §15.3.7.1, §15.3.7.2",
		Message: "A 206 has neither a Content-Range that parses nor the type multipart/byteranges, or it has both.",
		Mend:    "Send one part with Content-Range, several as multipart/byteranges without it.",
		one: func(x *exchange) bool {
			m, ok := x.mediaType()
			multipart := ok && m.Is("multipart/byteranges")
			r, valid := httpfield.ParseContentRange(x.h.Get("Content-Range"))
			single := valid && !r.Unsatisfied && len(x.h["Content-Range"]) == 1
			return x.status == 206 && (multipart == x.has("Content-Range") || !multipart && !single)
		}},
	{ID: "206-multipart", Level: Must, Section: "RFC 9110 §15.3.7.2",
		Message: "One range was asked for, and the 206 is multipart.",
		Mend:    "Send one part with Content-Range.",
		one: func(x *exchange) bool {
			m, ok := x.mediaType()
			return x.status == 206 && ok && m.Is("multipart/byteranges") && len(x.reqh["Range"]) == 1 && !strings.Contains(x.reqh.Get("Range"), ",")
		}},
	{ID: "300", Level: Should, Section: "RFC 9110 §15.4.1",
		Message: "A 300 does not list the choices.",
		Mend:    "Send content from which a person or program can choose.",
		one:     func(x *exchange) bool { return x.status == 300 && x.empty() }},
	{ID: "3xx-location", Level: Should, Section: "RFC 9110 §15.4.2-4, §15.4.8-9",
		Message: "A redirect has no Location that is a URI reference.",
		Mend:    "Name the place in Location.",
		one:     func(x *exchange) bool { return x.is(301, 302, 303, 307, 308) && !x.goodLocation() }},
	{ID: "3xx-method", Level: Advice, Section: "RFC 9110 §15.4.2-3",
		Message: "A 301 or 302 is sent to a method that clients may change to GET.",
		Mend:    "Send 307 or 308 to keep the method, 303 to change it.",
		one:     func(x *exchange) bool { return x.is(301, 302) && !x.isMethod("GET", "HEAD") }},
	{ID: "3xx-self", Level: Advice, Section: "RFC 9110 §15.4",
		Message: "A redirect leads to the URI that was asked for.",
		Mend:    "Answer the request, or lead elsewhere.",
		one: func(x *exchange) bool {
			if x.Request == nil || x.Request.URL == nil || !x.goodLocation() {
				return false
			}
			// To another method, 301 to 303 lead from POST to GET, often of the same URI.
			if !x.is(307, 308) && !(x.is(301, 302, 303) && x.isMethod("GET", "HEAD")) {
				return false
			}
			to, err := url.Parse(x.h.Get("Location"))
			if err != nil {
				return false
			}
			from := x.requestURL()
			to = from.ResolveReference(to)
			to.Fragment = ""
			return to.String() == from.String()
		}},
	{ID: "304-asked", Level: Must, Section: "RFC 9110 §13.1.2-3",
		Message: "A 304 is sent to a request that is no GET or HEAD with If-None-Match or If-Modified-Since.",
		Mend:    "Send 200 with the content.",
		one: func(x *exchange) bool {
			return x.status == 304 && (!x.isMethod("GET", "HEAD", "QUERY") || !x.asked("If-None-Match") && !x.asked("If-Modified-Since"))
		}},
	{ID: "304-fields", Level: Should, Section: "RFC 9110 §15.4.5",
		Message: "A 304 has Content-Type, Content-Encoding or Content-Language.",
		Mend:    "Send only what the client needs to use what it has: ETag, Cache-Control, Content-Location, Expires, Vary.",
		one: func(x *exchange) bool {
			return x.status == 304 && (x.has("Content-Type") || x.has("Content-Encoding") || x.has("Content-Language"))
		}},
	{ID: "305", Level: Advice, Section: "RFC 9110 §15.4.6-7",
		Message: "A 305 or 306 is sent, of which one is deprecated and the other reserved.",
		Mend:    "Send 307 with Location, or answer the request.",
		one:     func(x *exchange) bool { return x.is(305, 306) }},
	{ID: "4xx-body", Level: Should, Section: "RFC 9110 §15.5, §15.6",
		Message: "An error has no content that explains it.",
		Mend:    "Send a problem (RFC 9457), or a page.",
		one:     func(x *exchange) bool { return x.isError() && x.empty() && !x.is(406, 409, 428, 429, 431, 451) }},
	{ID: "401", Level: Must, Section: "RFC 9110 §15.5.2, §11.6.1",
		Message: "A 401 has no challenge in WWW-Authenticate, or one that does not parse.",
		Mend:    `Send one for each scheme that is taken: WWW-Authenticate: Bearer realm="api".`,
		one:     func(x *exchange) bool { return x.status == 401 && !x.challenged("Www-Authenticate") }},
	{ID: "403-challenge", Level: Advice, Section: "RFC 9110 §15.5.4",
		Message: "A 403 has a challenge, and no credentials were sent.",
		Mend:    "Send 401 with it.",
		one: func(x *exchange) bool {
			return x.status == 403 && x.has("Www-Authenticate") && !x.sentCredentials()
		}},
	{ID: "403-anonymous", Level: Advice, Section: "RFC 9110 §15.5.4",
		Message: "A 403 is sent to a request without credentials.",
		Mend:    "If credentials would help, send 401 with a challenge.",
		one: func(x *exchange) bool {
			return x.status == 403 && !x.has("Www-Authenticate") && !x.sentCredentials()
		}},
	{ID: "4xx-cache", Level: Advice, Section: "RFC 9110 §15.1",
		Message: "A 404, 405, 410, 414 or 501 to GET or HEAD does not say whether caches may keep it; they may, by heuristics.",
		Mend:    "Send Cache-Control: no-store, or a lifetime. With Go's http.ServeMux, wrap the mux; a pattern \"/\" would turn its 405s into 404s.",
		one: func(x *exchange) bool {
			return x.is(404, 405, 410, 414, 501) && x.isMethod("GET", "HEAD") && !x.has("Cache-Control") && !x.has("Expires")
		}},
	{ID: "405", Level: Must, Section: "RFC 9110 §15.5.6, §10.2.1",
		Message: "A 405 has no Allow, or one that names the method it refuses.",
		Mend:    "Name the methods of the resource in Allow; it may be empty.",
		one: func(x *exchange) bool {
			return x.status == 405 && (len(x.h["Allow"]) == 0 || httpfield.AllowHas(x.h["Allow"], x.method))
		}},
	{ID: "406-asked", Level: Should, Section: "RFC 9110 §15.5.7",
		Message: "A 406 is sent to a request that negotiates nothing.",
		Mend:    "Send what there is.",
		one: func(x *exchange) bool {
			return x.status == 406 && !x.asked("Accept") && !x.asked("Accept-Language") && !x.asked("Accept-Charset") && !x.asked("Accept-Encoding")
		}},
	{ID: "406-list", Level: Should, Section: "RFC 9110 §15.5.7",
		Message: "A 406 does not list what there is.",
		Mend:    "Name the available media types or languages in the content.",
		one:     func(x *exchange) bool { return x.status == 406 && x.empty() }},
	{ID: "406-vary", Level: Should, Section: "RFC 9110 §12.5.5",
		Message: "A 406 has no Vary.",
		Mend:    "Name the field that was looked at: Vary: Accept.",
		one:     func(x *exchange) bool { return x.status == 406 && !x.has("Vary") }},
	{ID: "407", Level: Must, Section: "RFC 9110 §15.5.8, §11.7.1",
		Message: "A 407 has no challenge in Proxy-Authenticate, or one that does not parse.",
		Mend:    "Send one for each scheme that is taken.",
		one:     func(x *exchange) bool { return x.status == 407 && !x.challenged("Proxy-Authenticate") }},
	{ID: "408", Level: Advice, Section: "RFC 9110 §15.5.9",
		Message: "The connection stays open after a 408.",
		Mend:    "Send Connection: close.",
		one: func(x *exchange) bool {
			return x.status == 408 && x.Response.ProtoMajor < 2 && !x.connection("close")
		}},
	{ID: "409", Level: Should, Section: "RFC 9110 §15.5.10",
		Message: "A 409 does not say what conflicts.",
		Mend:    "Tell in the content what the client needs to resolve it.",
		one:     func(x *exchange) bool { return x.status == 409 && x.empty() }},
	{ID: "412", Level: Advice, Section: "RFC 9110 §15.5.13",
		Message: "A 412 is sent to a request without a precondition.",
		Mend:    "To ask for one, send 428.",
		one: func(x *exchange) bool {
			return x.status == 412 && !slices.ContainsFunc([]string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "If"}, x.asked)
		}},
	{ID: "415-names", Level: Should, Section: "RFC 9110 §15.5.16, RFC 5789 §2.2",
		Message: "A 415 does not name the media types that are taken.",
		Mend:    "Send Accept, Accept-Post, Accept-Patch (to PATCH) or Accept-Query (to QUERY).",
		one: func(x *exchange) bool {
			return x.status == 415 && !x.asked("Content-Encoding") && !x.namesTypes() && !x.has("Accept-Encoding")
		}},
	{ID: "415-encoding", Level: Must, Section: "RFC 9110 §12.5.3",
		Message: "A 415 that is not about a content coding has Accept-Encoding.",
		Mend:    "Leave it out: it tells the client that the coding was wrong.",
		one: func(x *exchange) bool {
			// A resource may also refuse content for having no coding; then it
			// must exclude identity.
			_, identity := httpfield.NegotiateEncoding(x.h["Accept-Encoding"], []string{httpfield.Identity})
			return x.status == 415 && x.has("Accept-Encoding") && identity && !x.asked("Content-Encoding")
		}},
	{ID: "415-coding", Level: Should, Section: "RFC 9110 §15.5.16, §12.5.3",
		Message: "Content with a coding is refused, and neither Accept-Encoding nor the media types that are taken are named.",
		Mend:    "If the coding is the reason, send Accept-Encoding with those that are taken, or identity.",
		one: func(x *exchange) bool {
			return x.status == 415 && x.asked("Content-Encoding") && !x.has("Accept-Encoding") && !x.namesTypes()
		}},
	{ID: "416-asked", Level: Should, Section: "RFC 9110 §15.5.17",
		Message: "A 416 is sent to a request without Range.",
		Mend:    "Send 200 with the whole.",
		one:     func(x *exchange) bool { return x.status == 416 && !x.asked("Range") }},
	{ID: "416-size", Level: Should, Section: "RFC 9110 §15.5.17, §14.4",
		Message: "A 416 about bytes does not tell the size of the whole.",
		Mend:    "Send Content-Range: bytes */SIZE.",
		one: func(x *exchange) bool {
			if unit, _, _ := strings.Cut(x.reqh.Get("Range"), "="); unit != "" && !httpfield.EqualFold(unit, "bytes") {
				return false
			}
			r, ok := httpfield.ParseContentRange(x.h.Get("Content-Range"))
			return x.status == 416 && (!ok || !r.Unsatisfied)
		}},
	{ID: "417", Level: Advice, Section: "RFC 9110 §15.5.18, §10.1.1",
		Message: "A 417 is sent to a request without Expect.",
		Mend:    "Send the status that is meant.",
		one:     func(x *exchange) bool { return x.status == 417 && !x.asked("Expect") }},
	{ID: "422-content", Level: Advice, Section: "RFC 9110 §15.5.21",
		Message: "A 422 is sent to a request without content.",
		Mend:    "Send 400 (Bad Request).",
		one: func(x *exchange) bool {
			return x.status == 422 && x.Request != nil && !x.sentContent() && x.Request.URL != nil && x.Request.URL.RawQuery == ""
		}},
	{ID: "422-list", Level: Advice, Section: "RFC 9110 §15.5.21",
		Message: "A 422 does not list what is wrong.",
		Mend:    "List each error with its place: errors, with pointer and detail (RFC 9457 §3).",
		one: func(x *exchange) bool {
			if x.status != 422 || !x.mayHaveBody() || x.Truncated {
				return false
			}
			if p, is := x.problem(); is {
				return p["errors"] == nil && p["detail"] == nil
			}
			return len(x.Body) == 0
		}},
	{ID: "425", Level: Advice, Section: "RFC 8470 §5.2",
		Message: "A 425 is sent to a request that was no early data.",
		Mend:    "Send it only to requests with Early-Data: 1, or in TLS early data.",
		one:     func(x *exchange) bool { return x.status == 425 && !x.asked("Early-Data") }},
	{ID: "426", Level: Must, Section: "RFC 9110 §15.5.22, §7.8",
		Message: "A 426 does not name a protocol in Upgrade, with Connection: upgrade.",
		Mend:    "Send both fields.",
		one: func(x *exchange) bool {
			list := httpfield.NewElements(x.h["Upgrade"])
			_, named := list.Next()
			// Over HTTP/2 it may not (RFC 9113 §8.2.2).
			return x.status == 426 && x.Response.ProtoMajor < 2 && (!named || !x.connection("upgrade"))
		}},
	{ID: "428", Level: Should, Section: "RFC 6585 §3",
		Message: "A 428 does not say how to send the request again.",
		Mend:    "Explain in the content which precondition is wanted.",
		one:     func(x *exchange) bool { return x.status == 428 && x.empty() }},
	{ID: "429", Level: Should, Section: "RFC 6585 §4",
		Message: "A 429 does not explain.",
		Mend:    "Tell in the content which limit was met.",
		one:     func(x *exchange) bool { return x.status == 429 && x.empty() }},
	{ID: "429-retry", Level: Advice, Section: "RFC 6585 §4",
		Message: "A 429 does not say when to come back.",
		Mend:    "Tell the seconds in Retry-After.",
		one:     func(x *exchange) bool { return x.status == 429 && !x.has("Retry-After") }},
	{ID: "431", Level: Should, Section: "RFC 6585 §5",
		Message: "A 431 does not tell which field is too large.",
		Mend:    "Name it in the content.",
		one:     func(x *exchange) bool { return x.status == 431 && x.empty() }},
	{ID: "42x-store", Level: Should, Section: "RFC 6585 §3-5",
		Message: "A 428, 429 or 431 may be kept by caches, which must not store it.",
		Mend:    "Send Cache-Control: no-store.",
		one:     func(x *exchange) bool { return x.is(428, 429, 431) && x.fresh() }},
	{ID: "451", Level: Should, Section: "RFC 7725 §3",
		Message: "A 451 does not explain.",
		Mend:    "Tell in the content who demands what by which law.",
		one:     func(x *exchange) bool { return x.status == 451 && x.empty() }},
	{ID: "451-link", Level: Should, Section: "RFC 7725 §4",
		Message: "A 451 has no Link to who blocks.",
		Mend:    `Send Link: <URI>; rel="blocked-by".`,
		one: func(x *exchange) bool {
			links, err := httpfield.ParseLinks(x.h["Link"])
			return x.status == 451 && (err != nil || !slices.ContainsFunc(links, func(l httpfield.Link) bool { return l.HasRel("blocked-by") }))
		}},
	{ID: "500-leak", Level: Advice, Section: "RFC 9457 §5",
		Message: "A 5xx shows a stack trace or a panic.",
		Mend:    "Log it, and send the client an instance to name it by.",
		one: func(x *exchange) bool {
			return x.status/100 == 5 && slices.ContainsFunc([]string{"panic:", "goroutine ", "Traceback (most recent call last)", "\n\tat ", "\\n\\tat "}, func(mark string) bool {
				return bytes.Contains(x.Body, []byte(mark))
			})
		}},
	{ID: "501-method", Level: Advice, Section: "RFC 9110 §9.1, §15.6.2",
		Message: "A 501 is sent to a method that servers know.",
		Mend:    "Send 405 with Allow where the resource does not take it and another does; 501 is for what no resource takes.",
		one: func(x *exchange) bool {
			return x.status == 501 && x.isMethod("POST", "PUT", "DELETE", "OPTIONS", "PATCH") && !x.sentStrangeTransfer()
		}},
	{ID: "501-read", Level: Must, Section: "RFC 9110 §9.1",
		Message: "A 501 is sent to GET or HEAD, which every server must support.",
		Mend:    "Send 404, 405 or 500.",
		one: func(x *exchange) bool {
			return x.status == 501 && x.isMethod("GET", "HEAD") && !x.sentStrangeTransfer()
		}},
	{ID: "503", Level: Advice, Section: "RFC 9110 §15.6.4",
		Message: "A 503 does not say when to come back.",
		Mend:    "Tell the seconds in Retry-After.",
		one:     func(x *exchange) bool { return x.status == 503 && !x.has("Retry-After") }},
	{ID: "511", Level: Should, Section: "RFC 6585 §6",
		Message: "A 511 comes from an origin server.",
		Mend:    "Leave it to the proxies that control access to a network; send 401 or 403.",
		one:     func(x *exchange) bool { return x.status == 511 }},
}

// sentStrangeTransfer tells of a request with a transfer coding that a server
// need not understand, which is answered with 501 (RFC 9112 §6.1).
func (x *exchange) sentStrangeTransfer() bool {
	codings := x.reqh["Transfer-Encoding"]
	if x.Request != nil && len(codings) == 0 {
		codings = x.Request.TransferEncoding
	}
	list := httpfield.NewElements(codings)
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if !httpfield.EqualFold(el, "chunked") {
			return true
		}
	}
	return false
}

// askedUpgrade tells whether the request has a protocol in Upgrade, by its name
// and its version, if it said one (RFC 9110 §7.8).
func (x *exchange) askedUpgrade(protocol string) bool {
	name, _, _ := strings.Cut(protocol, "/")
	return httpfield.HasElement(x.reqh["Upgrade"], protocol) || httpfield.HasElement(x.reqh["Upgrade"], name)
}

// goodLocation tells whether there is one Location that is a URI reference.
func (x *exchange) goodLocation() bool {
	v := x.h["Location"]
	return len(v) > 0 && v[0] != "" && httpfield.IsURIReference(v[0])
}

// requestURL is absolute, also for a request as a server sees it.
func (x *exchange) requestURL() *url.URL {
	u := *x.Request.URL
	if u.Host == "" {
		u.Host = x.Request.Host
	}
	if u.Scheme == "" {
		u.Scheme = "http"
		if x.Request.TLS != nil {
			u.Scheme = "https"
		}
	}
	u.Fragment = ""
	return &u
}

// challenged tells whether a field has a challenge, and all of it parses.
func (x *exchange) challenged(name string) bool {
	challenges, err := httpfield.ParseChallenges(x.h[name])
	return err == nil && len(challenges) > 0
}

// namesTypes tells whether a 415 names media types that are taken.
func (x *exchange) namesTypes() bool {
	return slices.ContainsFunc([]string{"Accept", "Accept-Post", "Accept-Patch", "Accept-Query"}, x.has)
}
