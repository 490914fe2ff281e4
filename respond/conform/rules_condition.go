package conform

import (
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// conditions are the rules for a success that a precondition, or Accept,
// should have kept away, where one exchange shows it.
var conditions = []Rule{
	{ID: "304-ignored", Level: Must, Section: "RFC 9110 §13.1.2, §13.2.1",
		Message: "If-None-Match names the ETag of the answer, and the answer is no 304.",
		Mend:    "Compare the tags before sending. In Go, http.ServeContent does; but its 412 has no content (4xx-body), and its 416 to a malformed Range no size (416-size).",
		one: func(x *exchange) bool {
			return x.status == 200 && x.isMethod("GET", "HEAD") && !x.demandsFresh() && x.has("Etag") && x.asked("If-None-Match") &&
				httpfield.MatchWeak(x.reqh["If-None-Match"], x.h.Get("Etag")).Found
		}},
	{ID: "304-since", Level: Should, Section: "RFC 9110 §13.1.3",
		Message: "If-Modified-Since is not earlier than the answer's Last-Modified, and the answer is no 304.",
		Mend:    "Compare the times at whole seconds before sending. In Go, http.ServeContent does.",
		one: func(x *exchange) bool {
			if x.status != 200 || !x.isMethod("GET", "HEAD") || x.demandsFresh() || x.asked("If-None-Match") || len(x.reqh["If-Modified-Since"]) != 1 {
				return false
			}
			modified, ok1 := x.date("Last-Modified")
			since, ok2 := httpfield.ParseDate(x.reqh.Get("If-Modified-Since"), time.Now())
			return ok1 && ok2 && !modified.After(since)
		}},
	{ID: "412-ignored", Level: Must, Section: "RFC 9110 §13.1.1, §13.2.1",
		Message: "If-Match does not name the ETag of the answer, and the answer is a success.",
		Mend:    "Send 412 where no tag matches by the strong comparison. In Go, http.ServeContent does; but its 412 has no content, for which 4xx-body asks.",
		one: func(x *exchange) bool {
			if !x.is(200, 206) || !x.isMethod("GET", "HEAD") || !x.has("Etag") || !x.asked("If-Match") {
				return false
			}
			m := httpfield.MatchStrong(x.reqh["If-Match"], x.h.Get("Etag"))
			return !m.Found && !m.Any && !m.Malformed
		}},
	{ID: "406-excluded", Level: Advice, Section: "RFC 9110 §12.4.2, §12.5.1",
		Message: "An answer that is chosen by Accept has the media type that Accept excludes with q=0.",
		Mend:    "Send another type, or 406.",
		one: func(x *exchange) bool {
			return x.status == 200 && x.vary("Accept") && x.excluded()
		}},
}

// demandsFresh tells that the client will not have what it has confirmed: some
// servers then leave the preconditions alone.
func (x *exchange) demandsFresh() bool {
	return httpfield.HasElement(x.reqh["Cache-Control"], "no-cache") || httpfield.HasElement(x.reqh["Pragma"], "no-cache")
}

// excluded tells whether Accept names the answer's media type itself with q=0.
func (x *exchange) excluded() bool {
	have, ok := x.mediaType()
	list := httpfield.NewElements(x.reqh["Accept"])
	for el, more := list.Next(); ok && more; el, more = list.Next() {
		m, valid := httpfield.ParseMediaType(el)
		if !valid || !m.Is(have.Type+"/"+have.Subtype) {
			continue
		}
		params := m.Params()
		n, q := 0, ""
		for p, more := params.Next(); more; p, more = params.Next() {
			n++
			if httpfield.EqualFold(p.Name, "q") {
				q = p.Value()
			}
		}
		if n == 1 && (q == "0" || q == "0." || q == "0.0" || q == "0.00" || q == "0.000") {
			return true
		}
	}
	return false
}
