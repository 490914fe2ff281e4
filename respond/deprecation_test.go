package respond_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// The dates of RFC 9745 §2.1 and §4.
var (
	deprecationSince  = time.Date(2023, time.June, 30, 23, 59, 59, 0, time.UTC)
	deprecationSunset = time.Date(2024, time.June, 30, 23, 59, 59, 0, time.UTC)
)

func deprecated(t *testing.T, d respond.Deprecation, h http.Handler) (url string) {
	t.Helper()
	middleware, err := respond.Deprecated(d)
	if err != nil {
		t.Fatal(err)
	}
	return fieldServe(t, middleware(h))
}

func TestDeprecated(t *testing.T) {
	elsewhere := time.FixedZone("", -7*3600)
	const page = "https://developer.example.com/deprecation"
	for _, row := range []struct {
		name                string
		d                   respond.Deprecation
		deprecation, sunset string
		links               string // rel and target
	}{
		{"RFC 9745 §2.1", respond.Deprecation{Since: deprecationSince}, "@1688169599", "", ""},
		{"RFC 9745 §3.1", respond.Deprecation{Since: deprecationSince, Info: page}, "@1688169599", "", "deprecation " + page},
		{"RFC 9745 §4", respond.Deprecation{Since: deprecationSince, Sunset: deprecationSunset}, "@1688169599", "Sun, 30 Jun 2024 23:59:59 GMT", ""},                                                  // it says UTC; RFC 9110 §5.6.7 has GMT
		{"RFC 8594 §3", respond.Deprecation{Since: deprecationSince.AddDate(-5, 0, 0), Sunset: time.Date(2018, 12, 31, 23, 59, 59, 0, time.UTC)}, "@1530403199", "Mon, 31 Dec 2018 23:59:59 GMT", ""}, // it says Sat
		{"times elsewhere, with fractions", respond.Deprecation{Since: deprecationSince.In(elsewhere).Add(1), Sunset: deprecationSunset.In(elsewhere).Add(1)}, "@1688169599", "Sun, 30 Jun 2024 23:59:59 GMT", ""},
		{"both at one time", respond.Deprecation{Since: deprecationSince.Add(1), Sunset: deprecationSince}, "@1688169599", "Fri, 30 Jun 2023 23:59:59 GMT", ""},
		{"RFC 9745 §2.1: in the future", respond.Deprecation{Since: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}, "@32472144000", "", ""},
		{"RFC 9651 §3.3.7: before 1970", respond.Deprecation{Since: time.Unix(-1, 0)}, "@-1", "", ""},
		{"RFC 5829 §3.3", respond.Deprecation{Since: deprecationSince, Info: "/why", Successor: func(r *http.Request) string { return "/v1" + r.URL.EscapedPath() }}, "@1688169599", "", "deprecation /why, successor-version /v1/caf%C3%A9%2F"},
		{"no successor", respond.Deprecation{Since: deprecationSince, Successor: func(*http.Request) string { return "" }}, "@1688169599", "", ""},
		{"RFC 3986 §2.1: what must be escaped", respond.Deprecation{Since: deprecationSince, Info: "/w\u00e4rum>?", Successor: func(*http.Request) string { return `/v1/"<>; rel=x` }}, "@1688169599", "", "deprecation /w%C3%A4rum%3E?, successor-version /v1/%22%3C%3E;%20rel=x"},
		{"CR and LF in a successor", respond.Deprecation{Since: deprecationSince, Successor: func(*http.Request) string { return "/v1\r\nSet-Cookie: a=b" }}, "@1688169599", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			api, _ := logged(t)
			answers := map[string]http.Handler{
				"200": api.Handle(func(*http.Request) (respond.Response, error) { return respond.OK("v"), nil }),
				"304": api.Handle(func(*http.Request) (respond.Response, error) { return respond.OK("v").ETag("v1"), nil }),
				"404": api.Handle(func(*http.Request) (respond.Response, error) { return respond.Fail(problem.NotFound("")) }),
				"500": api.Recover(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })),
			}
			for status, h := range answers {
				url := deprecated(t, row.d, h)
				res, _ := fieldAsk(t, "GET", url+"/caf%C3%A9%2F", "", "If-None-Match", `"v1"`)
				if !strings.HasPrefix(res.Status, status) {
					t.Fatalf("%s, want %s", res.Status, status)
				}
				if got := strings.Join(res.Header["Deprecation"], "|"); got != row.deprecation {
					t.Errorf("%s: RFC 9745 §2.1: Deprecation is %q, want %q", status, got, row.deprecation)
				}
				if got := strings.Join(res.Header["Sunset"], "|"); got != row.sunset {
					t.Errorf("%s: RFC 8594 §3: Sunset is %q, want %q", status, got, row.sunset)
				}
				var links []string
				for _, l := range pageParse(t, res.Header["Link"]) {
					links = append(links, l.rel()+" "+l.target)
				}
				if got := strings.Join(links, ", "); got != row.links {
					t.Errorf("%s: RFC 8288 §3: Link has %s, want %s", status, got, row.links)
				}
				if res.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s: a field was injected", status)
				}
				deprecationRule(t, res)
			}
		})
	}
}

// deprecationRule is G14: Deprecation is a structured-field Date, and Sunset an
// HTTP-date not earlier than it.
func deprecationRule(t *testing.T, res *http.Response) {
	t.Helper()
	m := regexp.MustCompile(`^@(-?[0-9]{1,15})$`).FindStringSubmatch(res.Header.Get("Deprecation"))
	if m == nil {
		t.Fatalf("RFC 9651 §3.3.7: %q", res.Header["Deprecation"])
	}
	if sunset := res.Header.Get("Sunset"); sunset != "" {
		at, err := time.Parse(http.TimeFormat, sunset)
		since, _ := time.ParseDuration(m[1] + "s")
		if err != nil || at.Unix() < int64(since/time.Second) {
			t.Errorf("RFC 9745 §4: Sunset %q, Deprecation %s", sunset, m[0])
		}
	}
}

func TestDeprecatedRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		d    respond.Deprecation
	}{
		{"no date", respond.Deprecation{Sunset: deprecationSunset}},
		{"RFC 9745 §4: a sunset before", respond.Deprecation{Since: deprecationSunset, Sunset: deprecationSince}},
		{"RFC 9745 §4: a second before", respond.Deprecation{Since: deprecationSince, Sunset: deprecationSince.Add(-time.Second)}},
		{"RFC 9110 §5.6.7: a year of 5 digits", respond.Deprecation{Since: deprecationSince, Sunset: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"a date of 5 digits", respond.Deprecation{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"RFC 9110 §5.5: CR and LF", respond.Deprecation{Since: deprecationSince, Info: "/\r\nSet-Cookie: a=b"}},
		{"RFC 9110 §5.5: NUL", respond.Deprecation{Since: deprecationSince, Info: "/\x00"}},
		{"RFC 3986 §3.2.3: a bad port", respond.Deprecation{Since: deprecationSince, Info: "https://example.com:x/"}},
	} {
		if middleware, err := respond.Deprecated(row.d); err == nil || middleware != nil {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestDeprecatedBesideOthers(t *testing.T) {
	d := respond.Deprecation{Since: deprecationSince, Sunset: deprecationSunset, Info: "/why"}
	api, _ := logged(t)
	legal := problem.UnavailableForLegalReasons("https://court.example/", "")
	for _, row := range []struct {
		name  string
		h     http.Handler
		links string
		since string
	}{
		{"RFC 8288 §3: the handler's own", api.Handle(func(*http.Request) (respond.Response, error) {
			return respond.OK("v").Link("/help", "help"), nil
		}), "deprecation help", "@1688169599"},
		{"of pages", api.Handle(pageList(cursorsOf[pagePlace](t, respond.CursorOptions{}), 45)), "deprecation first next", "@1688169599"},
		{"RFC 7725 §4: of a problem", api.Handle(func(*http.Request) (respond.Response, error) { return respond.Fail(legal) }), "deprecation blocked-by", "@1688169599"},
		{"of net/http", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Add("Link", `</help>; rel="help"`) }), "deprecation help", "@1688169599"},
		{"another date of the handler's own", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Deprecation", "@1") }), "deprecation", "@1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			url := deprecated(t, d, row.h)
			for range 2 { // the second time nothing has piled up
				res, _ := fieldAsk(t, "GET", url, "")
				var rels []string
				for _, l := range pageParse(t, res.Header["Link"]) {
					rels = append(rels, l.rel())
				}
				if got := strings.Join(rels, " "); got != row.links {
					t.Errorf("%s, want %s", got, row.links)
				}
				if res.Header.Get("Deprecation") != row.since || res.Header.Get("Sunset") == "" {
					t.Errorf("%v", res.Header)
				}
			}
		})
	}
}

// A link that middleware further out has set stays, too.
func TestDeprecatedWithin(t *testing.T) {
	middleware, err := respond.Deprecated(respond.Deprecation{Since: deprecationSince, Info: "/why", Successor: func(*http.Request) string { return "/v2" }})
	if err != nil {
		t.Fatal(err)
	}
	h := middleware(http.NotFoundHandler())
	url := fieldServe(t, except(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `</openapi.json>; rel="service-desc"`)
		h.ServeHTTP(w, r)
	}), "the 404 is net/http's", "4xx-cache"))
	res, _ := fieldAsk(t, "GET", url, "")
	var rels []string
	for _, l := range pageParse(t, res.Header["Link"]) {
		rels = append(rels, l.rel())
	}
	if got := strings.Join(rels, " "); got != "service-desc deprecation successor-version" {
		t.Error(got)
	}
}

// A handler that adds to a field must not reach the answers of others.
func TestDeprecatedSharesNothing(t *testing.T) {
	middleware := respond.Must(respond.Deprecated(respond.Deprecation{Since: deprecationSince, Sunset: deprecationSunset}))
	url := fieldServe(t, except(middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.Header().Add("Deprecation", "@2")
			w.Header().Add("Sunset", "x")
		}
	})), "/bad is bad", "G7", "G14", "G14-sunset"))
	fieldAsk(t, "GET", url+"/bad", "")
	res, _ := fieldAsk(t, "GET", url+"/good", "")
	if len(res.Header["Deprecation"]) != 1 || len(res.Header["Sunset"]) != 1 {
		t.Errorf("%v", res.Header)
	}
}
