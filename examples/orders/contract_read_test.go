package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestContractConditionalReads(t *testing.T) {
	c := newClient(t)
	path := c.create("conditional")
	read := c.do("GET", path, "")
	etag, modified := read.Header.Get("ETag"), read.Header.Get("Last-Modified")
	for _, row := range []struct {
		name, field, value string
		status             int
	}{
		{"RFC 9110 §13.1.2 If-None-Match", "If-None-Match", etag, 304},
		{"RFC 9110 §13.1.2 a list", "If-None-Match", `"x", ` + etag, 304},
		{"RFC 9110 §13.1.2 *", "If-None-Match", `*`, 304},
		{"RFC 9110 §13.1.2 weak comparison", "If-None-Match", "W/" + etag, 304},
		{"RFC 9110 §13.1.2 another", "If-None-Match", `"x"`, 200},
		{"RFC 9110 §13.1.3 If-Modified-Since", "If-Modified-Since", modified, 304},
		{"RFC 9110 §13.1.3 earlier", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200},
		{"RFC 9110 §13.1.3 no date", "If-Modified-Since", "yesterday", 200},
		{"RFC 9110 §13.1.1 If-Match", "If-Match", etag, 200},
		{"RFC 9110 §13.1.1 stale", "If-Match", `"x"`, 412},
		{"RFC 9110 §13.1.1 weak", "If-Match", "W/" + etag, 412},
		{"RFC 9110 §13.1.4 If-Unmodified-Since", "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 412},
		{"RFC 9110 §12.5.1 not acceptable", "Accept", "text/csv", 406},
		{"RFC 9110 §12.5.1 excluded", "Accept", "application/json;q=0, */*", 406},
		{"RFC 9110 §12.5.1 any", "Accept", "text/html;q=0.9, */*;q=0.1", 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.with(t)
			res := c.do("GET", path, "", row.field, row.value)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, res.body)
			}
			if row.status == 304 {
				for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
					if res.Header.Get(name) != read.Header.Get(name) {
						t.Errorf("RFC 9110 §15.4.5: %s is %q, and %q with 200", name, res.Header.Get(name), read.Header.Get(name))
					}
				}
			}
			if row.status == 406 && (!strings.Contains(string(res.body), "application/json") || res.Header.Get("Vary") != "Accept") {
				t.Errorf("RFC 9110 §15.5.7: the 406 has Vary %q and the content %s", res.Header.Get("Vary"), res.body)
			}
		})
	}
	if res := c.do("GET", "/v1/orders/unknown", "", "Accept", "text/csv"); res.StatusCode != 404 {
		t.Errorf("an unknown order that is asked for in another form is %d, want 404", res.StatusCode)
	}
}

var link = regexp.MustCompile(`<([^>]*)>; rel="([a-z]+)"`)

// links returns the targets of a Link field by relation.
func links(res exchange) map[string]string {
	all := make(map[string]string)
	for _, line := range res.Header.Values("Link") {
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			all[m[2]] = m[1]
		}
	}
	return all
}

func references(t *testing.T, res exchange) []string {
	t.Helper()
	var list struct{ Orders []struct{ Reference string } }
	if res.StatusCode != 200 || json.Unmarshal(res.body, &list) != nil || list.Orders == nil {
		t.Fatalf("a list: %d %s", res.StatusCode, res.body)
	}
	var all []string
	for _, o := range list.Orders {
		all = append(all, o.Reference)
	}
	return all
}

func TestContractPages(t *testing.T) {
	c := newClient(t)
	if got := references(t, c.do("GET", "/v1/orders", "")); len(got) > 0 {
		t.Errorf("an empty list has %v", got)
	}
	var want []string
	for i := range 45 {
		c.create("page-" + strconv.Itoa(i))
		want = append([]string{"page-" + strconv.Itoa(i)}, want...)
	}
	for _, limit := range []int{1, 7, 20, 45, 100} {
		var forth []string
		var pages []exchange
		for at := "/v1/orders?limit=" + strconv.Itoa(limit); at != ""; {
			res := c.do("GET", at, "")
			pages = append(pages, res)
			forth = append(forth, references(t, res)...)
			at = links(res)["next"]
			if links(res)["first"] == "" || res.Header.Get("ETag") == "" {
				t.Fatalf("a page without rel=first or ETag: %v", res.Header)
			}
		}
		if !slices.Equal(forth, want) {
			t.Errorf("limit %d: forth are %v", limit, forth)
		}
		back := references(t, pages[len(pages)-1])
		for at := links(pages[len(pages)-1])["prev"]; at != ""; {
			res := c.do("GET", at, "")
			back = append(references(t, res), back...)
			at = links(res)["prev"]
		}
		if !slices.Equal(back, want) {
			t.Errorf("limit %d: back are %v", limit, back)
		}
	}
	if got := references(t, c.do("GET", "/v1/orders", "")); len(got) != 20 {
		t.Errorf("the default limit gives %d", len(got))
	}
	if got := references(t, c.do("GET", "/v1/orders?customer=nobody@example.com", "")); len(got) > 0 {
		t.Errorf("another customer has %v", got)
	}
	next := links(c.do("GET", "/v1/orders?limit=2", ""))["next"]
	for _, row := range []struct {
		path      string
		status    int
		parameter string
	}{
		{"/v1/orders?limit=abc", 400, "limit"},
		{"/v1/orders?limit=", 400, "limit"},
		{"/v1/orders?limit=1&limit=2", 400, "limit"},
		{"/v1/orders?limit=0", 422, "limit"},
		{"/v1/orders?limit=101", 422, "limit"},
		{"/v1/orders?customer=ana", 422, "customer"},
		{"/v1/orders?cursor=abc", 400, "cursor"},
		{"/v1/orders?cursor=abc&limit=0", 400, "cursor"},
		{"/v1/orders?cursor=abc&limit=0", 400, "limit"},
		{next[:len(next)-2] + "AA", 400, "cursor"},
		{next + "&customer=ana@example.com", 400, "cursor"},
	} {
		res := c.do("GET", row.path, "")
		if res.StatusCode != row.status || !strings.Contains(string(res.body), `"parameter":"`+row.parameter+`"`) {
			t.Errorf("%s: %d %s, want %d and the parameter %s", row.path, res.StatusCode, res.body, row.status, row.parameter)
		}
	}
}

func TestContractRedirects(t *testing.T) {
	c := newClient(t)
	if res := c.do("GET", "/v1/orders/latest", ""); res.StatusCode != 404 {
		t.Errorf("latest of none is %d, want 404", res.StatusCode)
	}
	c.create("first")
	path := c.create("second")
	for _, row := range []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/v1/orders/latest", 307, path},
		{"HEAD", "/v1/orders/latest", 307, path},
		{"GET", "/orders", 301, "/v1/orders"},
		{"GET", "/orders?limit=2&x=%20", 301, "/v1/orders?limit=2&x=%20"},
		{"GET", "/orders/a%2Fb", 301, "/v1/orders/a%2Fb"},
		{"POST", "/orders", 308, "/v1/orders"},
		{"DELETE", "/orders/x", 308, "/v1/orders/x"},
	} {
		res := c.do(row.method, row.path, "")
		if res.StatusCode != row.status || res.Header.Get("Location") != row.location {
			t.Errorf("%s %s: %d to %q, want %d to %q", row.method, row.path, res.StatusCode, res.Header.Get("Location"), row.status, row.location)
		}
	}
}

func TestContractOldVersion(t *testing.T) {
	c := newClient(t)
	id := strings.TrimPrefix(c.create("old"), "/v1/orders/")
	for _, path := range []string{"/v0/orders", "/v0/orders/" + id, "/v0/orders/unknown"} {
		res := c.do("GET", path, "")
		if !regexp.MustCompile(`^@[0-9]+$`).MatchString(res.Header.Get("Deprecation")) {
			t.Errorf("RFC 9745 §2.1: Deprecation is %q", res.Header.Get("Deprecation"))
		}
		if _, err := time.Parse(http.TimeFormat, res.Header.Get("Sunset")); err != nil {
			t.Errorf("RFC 8594 §3: %v", err)
		}
		want := `<` + strings.Replace(path, "/v0", "/v1", 1) + `>; rel="successor-version"`
		if !slices.Contains(res.Header.Values("Link"), want) {
			t.Errorf("%s: Link is %q, want %s in it", path, res.Header.Values("Link"), want)
		}
	}
}

func TestContractDemo(t *testing.T) {
	c := newClient(t)
	for path, status := range map[string]int{"/demo/slow": 503, "/demo/unavailable": 503, "/demo/teapot": 418, "/demo/panic": 500} {
		res := c.do("GET", path, "")
		if res.StatusCode != status || status == 503 && res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", path, res.StatusCode, res.Header.Get("Retry-After"))
		}
	}
	found := false
	for line := range strings.Lines(c.logs.String()) {
		found = found || strings.Contains(line, `"msg":"conform"`) && strings.Contains(line, `"route":"GET /demo/teapot"`)
	}
	if !found {
		t.Errorf("the checker did not log the teapot by its route: %s", c.logs)
	}
}
