package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

var (
	soldOut = problem.NewType("sold-out", 409, "It is sold out",
		problem.Doc("The last one is gone.\n\nTry again on Monday."), problem.Member("restock", "The day of the next delivery."))
	away = problem.NewType("away", 404, "It went away", problem.At("https://example.com/errors/away"))
	evil = problem.NewType("evil", 400, `<script>alert("t")</script>`, problem.Doc(`</p><img src=x onerror=alert(1)>&amp;`),
		problem.Member("member", `"><b onclick='a'>`))
)

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

func catalogue(t testing.TB, base string) http.Handler {
	return conformtest.Handler(t, newWriter(t, problem.Options{Base: base}).Catalog(soldOut, away, evil, problem.InvalidContent))
}

func fetch(t testing.TB, h http.Handler, method, target string, header ...string) *http.Response {
	return problemtest.Do(t, h, method, target, "", header...)
}

type entry struct {
	Type, Name, Title, Description string
	Status                         int
	Members                        []struct{ Name, Description string }
}

func TestCatalogInJSON(t *testing.T) {
	for _, base := range []string{"/problems/", "https://api.example.com/v1/problems/"} {
		h := catalogue(t, base)
		var list struct{ Types []entry }
		res := fetch(t, h, "GET", "/problems/")
		if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
			t.Fatal(err)
		}
		eq(t, "Content-Type", res.Header.Get("Content-Type"), "application/json")
		eq(t, "nosniff", res.Header.Get("X-Content-Type-Options"), "nosniff")
		var names []string
		for _, e := range list.Types {
			names = append(names, e.Name)
			want := base + e.Name
			if e.Name == "away" {
				want = "https://example.com/errors/away"
			}
			eq(t, e.Name, e.Type, want)
			// each at its own URI, and the same there
			var one entry
			if err := json.NewDecoder(fetch(t, h, "GET", "/problems/"+e.Name).Body).Decode(&one); err != nil {
				t.Fatal(err)
			}
			a, _ := json.Marshal(one)
			b, _ := json.Marshal(e)
			eq(t, e.Name, string(a), string(b))
		}
		if want := []string{"away", "evil", "invalid-content", "invalid-request", "invalid-result", "patch-conflict", "sold-out"}; !slices.Equal(names, want) {
			t.Errorf("names %q, want %q", names, want)
		}
		e := list.Types[6]
		if e.Title != "It is sold out" || e.Status != 409 || e.Description != "The last one is gone.\n\nTry again on Monday." ||
			len(e.Members) != 1 || e.Members[0].Name != "restock" || e.Members[0].Description != "The day of the next delivery." {
			t.Errorf("got %+v", e)
		}
	}
}

// RFC 9110 §12.5.1: the most specific range, then the weight; JSON where it is
// all the same.
func TestRFC9110Section12_5_1_CatalogNegotiates(t *testing.T) {
	h := catalogue(t, "")
	for _, tt := range []struct {
		accept []string
		want   string
	}{
		{nil, "json"}, {[]string{""}, "json"}, {[]string{"*/*"}, "json"}, {[]string{browser}, "html"},
		{[]string{"text/html"}, "html"}, {[]string{"TEXT/HTML"}, "html"}, {[]string{"text/*"}, "html"}, {[]string{"application/json"}, "json"},
		{[]string{"application/*, text/html;q=0.9"}, "json"}, {[]string{"text/html;q=0.5, application/json;q=0.4"}, "html"},
		{[]string{"application/json;q=0, */*"}, "html"}, {[]string{"text/html;q=0, */*"}, "json"}, {[]string{"application/json;q=0.1, */*;q=0.2"}, "html"},
		{[]string{"application/json;q=0.5", "text/html"}, "html"}, // two lines are one list (§5.3)
		{[]string{",,text/html,,"}, "html"}, {[]string{"text/html;charset=utf-8"}, "html"}, {[]string{"nonsense"}, "json"},
		{[]string{"image/png"}, "406"}, {[]string{"*/*;q=0"}, "406"}, {[]string{"text/html;q=0, application/json;q=0"}, "406"},
	} {
		for _, target := range []string{"/problems/", "/problems/sold-out"} {
			r := httptest.NewRequest("GET", target, nil)
			r.Header["Accept"] = tt.accept
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			got := map[string]string{"application/json": "json", "text/html; charset=utf-8": "html", "application/problem+json": "406"}[rec.Header().Get("Content-Type")]
			if got != tt.want || rec.Code != 200 && tt.want != "406" {
				t.Errorf("%q: %s (%d), want %s", tt.accept, got, rec.Code, tt.want)
			}
			eq(t, "Vary", rec.Header().Get("Vary"), "Accept")
		}
	}
	res := fetch(t, h, "GET", "/problems/", "Accept", "image/png")
	problemtest.Want(t, res, 406, nil)
	eq(t, "available", len(members(t, res)["available"].([]any)), 2)
}

func TestCatalogVaryIsMerged(t *testing.T) {
	rec := httptest.NewRecorder()
	rec.Header().Set("Vary", "Origin")
	catalogue(t, "").ServeHTTP(rec, httptest.NewRequest("GET", "/problems/", nil))
	eq(t, "Vary", strings.Join(rec.Header()["Vary"], "; "), "Origin, Accept")
}

func TestCatalogRefuses(t *testing.T) {
	h := catalogue(t, "")
	for _, target := range []string{"/problems/none", "/problems/Sold-Out", "/problems/sold-out%20", "/problems/<script>"} {
		problemtest.Want(t, fetch(t, h, "GET", strings.ReplaceAll(target, "<", "%3C")), 404, nil)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "get"} {
		res := fetch(t, h, method, "/problems/sold-out")
		problemtest.Want(t, res, 405, nil)
		eq(t, method, res.Header.Get("Allow"), "GET, HEAD, OPTIONS")
	}
	res := fetch(t, h, "OPTIONS", "/problems/sold-out")
	eq(t, "OPTIONS", res.StatusCode, 204)
	eq(t, "OPTIONS", res.Header.Get("Allow"), "GET, HEAD, OPTIONS")
	eq(t, "OPTIONS", res.Header.Get("Content-Length")+res.Header.Get("Content-Type"), "")
}

func TestCatalogHEAD(t *testing.T) {
	h := catalogue(t, "")
	for _, accept := range []string{"application/json", browser} {
		get, head := fetch(t, h, "GET", "/problems/", "Accept", accept), fetch(t, h, "HEAD", "/problems/", "Accept", accept)
		eq(t, "body of HEAD", body(t, head), "")
		eq(t, "length", head.Header.Get("Content-Length"), itoa(len(body(t, get))))
		for name, want := range get.Header {
			if got := head.Header[name]; !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

// RFC 9110 §13.1, §15.4.5, §8.8.3: each form has a tag of its own.
func TestCatalogPreconditions(t *testing.T) {
	h := catalogue(t, "")
	page := fetch(t, h, "GET", "/problems/sold-out", "Accept", browser)
	inJSON := fetch(t, h, "GET", "/problems/sold-out")
	tag := page.Header.Get("ETag")
	if tag == "" || tag == inJSON.Header.Get("ETag") || tag == fetch(t, h, "GET", "/problems/evil", "Accept", browser).Header.Get("ETag") {
		t.Errorf("tag %s of HTML, %s of JSON", tag, inJSON.Header.Get("ETag"))
	}
	eq(t, "of the same page", fetch(t, h, "GET", "/problems/sold-out", "Accept", browser).Header.Get("ETag"), tag)
	for _, tt := range []struct {
		name, value string
		want        int
	}{
		{"If-None-Match", tag, 304}, {"If-None-Match", "W/" + tag, 304}, {"If-None-Match", `"x", ` + tag, 304}, {"If-None-Match", "*", 304},
		{"If-None-Match", `"x"`, 200}, {"If-None-Match", inJSON.Header.Get("ETag"), 200},
		{"If-Match", tag, 200}, {"If-Match", "*", 200}, {"If-Match", "W/" + tag, 412}, {"If-Match", `"x"`, 412},
		{"Range", "bytes=0-1", 200}, {"Range", "bytes=999999-", 200},
	} {
		res := fetch(t, h, "GET", "/problems/sold-out", "Accept", browser, tt.name, tt.value)
		eq(t, tt.name+" "+tt.value, res.StatusCode, tt.want)
		switch tt.want {
		case 304:
			eq(t, "ETag", res.Header.Get("ETag"), tag)
			eq(t, "Vary", res.Header.Get("Vary"), "Accept")
			eq(t, "Cache-Control", res.Header.Get("Cache-Control"), page.Header.Get("Cache-Control"))
			eq(t, "content", res.Header.Get("Content-Type")+res.Header.Get("Content-Length")+body(t, res), "")
		case 412:
			problemtest.Want(t, res, 412, nil)
		}
	}
}

func TestCatalogMounts(t *testing.T) {
	h := catalogue(t, "")
	outer := http.NewServeMux()
	outer.Handle("/problems", h)
	outer.Handle("/problems/", h)
	inner := http.NewServeMux()
	inner.Handle("/problems/", h)
	outer.Handle("/api/", http.StripPrefix("/api", inner))
	outer.Handle("/deep/er/problems/", h)
	for target, title := range map[string]string{
		"/problems/": "Problem types", "/problems": "Problem types", "/problems/sold-out": "It is sold out",
		"/api/problems/": "Problem types", "/api/problems/sold-out": "It is sold out", "/deep/er/problems/sold-out": "It is sold out",
	} {
		if b := body(t, fetch(t, outer, "GET", target, "Accept", "text/html")); !strings.Contains(b, "<h1>"+title+"</h1>") {
			t.Errorf("%s: %s", target, b)
		}
	}
	// the list without a slash, below other bases
	for base, target := range map[string]string{"/v1/errors/": "/v1/errors", "https://api.example.com/errors/": "/errors", "/": "/", "https://api.example.com/": "/"} {
		eq(t, base, fetch(t, catalogue(t, base), "GET", target).StatusCode, 200)
	}
}

func TestCatalogPanics(t *testing.T) {
	for name, types := range map[string][]*problem.Type{
		"two of a name":     {soldOut, problem.NewType("sold-out", 410, "Another")},
		"a name of our own": {problem.NewType("invalid-request", 400, "Mine")},
		"nil":               {soldOut, nil},
	} {
		if e, _ := panics(func() { problem.Catalog(types...) }).(string); !strings.HasPrefix(e, "problem: ") {
			t.Errorf("%s: %v", name, e)
		}
	}
	if e := panics(func() { problem.Catalog(soldOut, soldOut, problem.InvalidRequest) }); e != nil {
		t.Errorf("the same one twice: %v", e)
	}
}
