package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// RFC 9457 §3.1.1: the catalogue has all types, those of authn too, each with a page
// and a JSON form at its own URI. Types that IANA has registered are at IANA.
func TestCatalogue(t *testing.T) {
	c := newClient(t)
	var names []string
	page := string(c.do("GET", "/problems", "", "Accept", "text/html").body)
	for _, v := range c.do("GET", "/problems", "").json(t)["types"].([]any) {
		v := v.(object)
		uri, name, title := v["type"].(string), v["name"].(string), v["title"].(string)
		names = append(names, name)
		if v["description"] == nil {
			t.Errorf("%s is not explained", name)
		}
		if !strings.Contains(page, `href="`+uri+`"`) {
			t.Errorf("%s is not on the page", name)
		}
		if strings.HasPrefix(uri, "https://iana.org/assignments/http-problem-types#") {
			continue
		}
		if uri != c.base+"/problems/"+name {
			t.Errorf("%s is at %s", name, uri)
		}
		path := "/problems/" + name
		if one := c.do("GET", path, "").json(t); one["type"] != uri || one["title"] != title || one["status"] != v["status"] {
			t.Errorf("%s: %v", path, one)
		}
		res := c.do("GET", path, "", "Accept", "text/html")
		if res.StatusCode != 200 || !strings.Contains(string(res.body), "<code>"+uri+"</code>") {
			t.Errorf("%s as a page: %d %s", path, res.StatusCode, res.body)
		}
	}
	want := []string{"invalid-request", "invalid-content", "reference-taken", "out-of-credit"}
	for _, typ := range authn.Types() {
		want = append(want, typ.Name())
	}
	for _, name := range want {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not in the catalogue", name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(names) {
		t.Errorf("the names are not in order, or twice there: %v", names)
	}
}
