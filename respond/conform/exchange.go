package conform

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Exchange is a request and its response, as they were seen.
type Exchange struct {
	Request  *http.Request
	Response *http.Response
	// Body is the content of the response, as far as it was seen. The body of
	// Response is not read.
	Body []byte
	// Truncated tells that Body is not all of it: rules about the whole
	// content do not apply.
	Truncated bool
	// Interim are the responses of 1xx that came before Response.
	Interim []*http.Response
	// Recorded tells that no server was between, so that nothing added a
	// Date: as with httptest.ResponseRecorder.
	Recorded bool

	// steady tells of a probe's plain GET that it got the same again at the
	// end, so that other content has another reason than time.
	steady bool
	// again is where the handler sent a second status, as the middleware saw.
	again string
	// misframed tells how the content was not as long as it said, as the
	// middleware or a probe saw.
	misframed string
}

// exchange is an Exchange with what several rules ask of it.
type exchange struct {
	Exchange
	method string
	status int
	reqh   http.Header
	h      http.Header

	parsed bool // and its object, if it is a problem
	object map[string]any
}

func newExchange(e Exchange) *exchange {
	x := &exchange{Exchange: e, method: http.MethodGet, status: e.Response.StatusCode, h: canonical(e.Response.Header)}
	if e.Request != nil {
		x.reqh = canonical(e.Request.Header)
		if e.Request.Method != "" {
			x.method = e.Request.Method
		}
	}
	return x
}

// canonical returns h with the keys that rules look for. A handler may have
// set h["WWW-Authenticate"] to keep its case, which goes out as it is.
func canonical(h http.Header) http.Header {
	for key := range h {
		if http.CanonicalHeaderKey(key) == key {
			continue
		}
		clean := make(http.Header, len(h))
		for _, key := range slices.Sorted(maps.Keys(h)) {
			for _, v := range h[key] {
				clean.Add(key, v)
			}
		}
		return clean
	}
	return h
}

// capture reads the body of res, up to limit, and puts it back. It leaves alone
// what has no end: a connection that speaks another protocol from here on, and
// a live stream of events.
func capture(req *http.Request, res *http.Response, limit int64) (Exchange, error) {
	if req == nil {
		req = res.Request
	}
	x := Exchange{Request: req, Response: res, Recorded: res.Request == nil}
	if res.Body == nil || res.Body == http.NoBody {
		return x, nil
	}
	if seen := newExchange(x); seen.isTunnel() || !x.Recorded && seen.isEndless() {
		x.Truncated = true
		return x, nil
	}
	most := limit
	if most < math.MaxInt64 {
		most++ // one more shows that there is more
	}
	seen, err := io.ReadAll(io.LimitReader(res.Body, most))
	var rest io.Reader = res.Body
	if err != nil {
		rest = failed{err}
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(seen), rest), res.Body}
	x.Body, x.Truncated = seen, err != nil
	if int64(len(seen)) > limit {
		x.Body, x.Truncated = seen[:limit], true
	}
	return x, err
}

// failed fails as the body did that was read before.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

func (x *exchange) has(name string) bool { return len(x.h[http.CanonicalHeaderKey(name)]) > 0 }

func (x *exchange) is(statuses ...int) bool { return slices.Contains(statuses, x.status) }

func (x *exchange) isMethod(methods ...string) bool { return slices.Contains(methods, x.method) }

func (x *exchange) isError() bool { return x.status >= 400 && x.status <= 599 }

// mayHaveBody is false where RFC 9110 §6.4.1 has no content.
func (x *exchange) mayHaveBody() bool {
	return x.method != http.MethodHead && x.status/100 != 1 && x.status != 204 && x.status != 304 && !x.isTunnel()
}

// isTunnel tells that what follows the header is another protocol's, and no
// content (RFC 9110 §7.8, §9.3.6).
func (x *exchange) isTunnel() bool {
	return x.status == 101 || x.method == http.MethodConnect && x.status/100 == 2
}

// empty tells that there is no content, and might be.
func (x *exchange) empty() bool { return x.mayHaveBody() && len(x.Body) == 0 && !x.Truncated }

// wholeBody tells that the content was seen to its end.
func (x *exchange) wholeBody() bool { return x.mayHaveBody() && !x.Truncated }

// decoded tells that the content is as its media type says, without a coding.
func (x *exchange) decoded() bool { return x.Response.Uncompressed || x.coding() == "" }

// coding returns the codings of the content as it was sent, in one spelling
// (RFC 9110 §8.4.1); "" for none.
func (x *exchange) coding() string {
	var out []string
	list := httpfield.NewElements(x.h["Content-Encoding"])
	for el, ok := list.Next(); ok; el, ok = list.Next() {
		if el = strings.ToLower(el); el != httpfield.Identity {
			out = append(out, strings.TrimPrefix(el, "x-"))
		}
	}
	if len(out) == 0 && x.Response.Uncompressed {
		return "gzip" // the only one that net/http decodes by itself, removing the field
	}
	return strings.Join(out, ", ")
}

// sentCredentials tells of the request whether it says who asks.
func (x *exchange) sentCredentials() bool {
	return x.asked("Authorization") || x.asked("Cookie") || x.asked("X-Api-Key") || x.asked("Dpop") ||
		x.Request != nil && x.Request.URL != nil && x.Request.URL.User != nil ||
		x.Request != nil && x.Request.TLS != nil && len(x.Request.TLS.PeerCertificates) > 0
}

// asked tells whether the request has a field.
func (x *exchange) asked(name string) bool { return len(x.reqh[http.CanonicalHeaderKey(name)]) > 0 }

// sentContent tells of the request whether it had content, as far as is known.
func (x *exchange) sentContent() bool {
	r := x.Request
	return r != nil && (r.ContentLength != 0 && (r.ContentLength > 0 || r.Body != nil) || len(r.TransferEncoding) > 0 ||
		x.reqh.Get("Content-Length") != "" && x.reqh.Get("Content-Length") != "0" || x.asked("Transfer-Encoding"))
}

// directive looks for a directive of Cache-Control (RFC 9111 §5.2).
func (x *exchange) directive(name string) (value string, ok bool) {
	list := httpfield.NewElements(x.h["Cache-Control"])
	for el, more := list.Next(); more; el, more = list.Next() {
		n, v, _ := strings.Cut(el, "=")
		if httpfield.EqualFold(strings.TrimSpace(n), name) {
			return strings.Trim(strings.TrimSpace(v), `"`), true
		}
	}
	return "", false
}

func (x *exchange) noStore() bool {
	_, ok := x.directive("no-store")
	return ok
}

// fresh tells whether the answer says that a cache may use it without asking,
// or is public.
func (x *exchange) fresh() bool {
	if _, ok := x.directive("public"); ok {
		return true
	}
	aged := false
	for _, name := range []string{"max-age", "s-maxage"} {
		if v, ok := x.directive(name); ok {
			aged = true
			if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 {
				return true
			}
		}
	}
	if aged { // Expires does not count beside it (RFC 9111 §5.3)
		return false
	}
	date, ok1 := x.date("Date")
	expires, ok2 := x.date("Expires")
	return ok1 && ok2 && expires.After(date)
}

// cacheable tells whether caches may keep the answer: a success or a redirect
// to a read, which does not forbid it.
func (x *exchange) cacheable() bool {
	return x.isMethod("GET", "HEAD") && !x.noStore() && x.is(200, 203, 204, 206, 300, 301, 304, 308)
}

func (x *exchange) vary(name string) bool { return httpfield.VaryHas(x.h["Vary"], name) }

// mediaType returns the Content-Type.
func (x *exchange) mediaType() (httpfield.MediaType, bool) {
	return httpfield.ParseMediaType(x.h.Get("Content-Type"))
}

func (x *exchange) isJSON() bool {
	m, ok := x.mediaType()
	return ok && (m.Is("application/json") || m.HasSuffix("json"))
}

// problem returns the body as a problem of RFC 9457.
func (x *exchange) problem() (p map[string]any, is bool) {
	if m, ok := x.mediaType(); !ok || !m.Is("application/problem+json") || !x.wholeBody() || !x.decoded() {
		return nil, false
	}
	if !x.parsed { // several rules ask
		x.parsed, x.object = true, jsonObject(x.Body)
	}
	return x.object, true
}

// jsonObject returns nil for what is none. (Apart from problem, so that only a
// problem costs an allocation.)
func jsonObject(b []byte) (object map[string]any) {
	_ = json.Unmarshal(b, &object)
	return object
}

// isStream tells of content that is made while it is sent, so that there is
// nothing which a validator could be for.
func (x *exchange) isStream() bool {
	m, ok := x.mediaType()
	return ok && (m.Is("application/x-ndjson") || m.Is("application/json-seq")) || x.isEndless()
}

// isEndless tells of content that may never end.
func (x *exchange) isEndless() bool {
	m, ok := x.mediaType()
	return ok && (m.Is("text/event-stream") || m.Is("multipart/x-mixed-replace"))
}

// connection looks for an option of Connection. net/http removes all of a
// Connection that has close, so that then nobody knows.
func (x *exchange) connection(option string) bool {
	return x.Response.Close && !x.has("Connection") || httpfield.HasElement(x.h["Connection"], option)
}
