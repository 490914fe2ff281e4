package problem_test

import (
	"regexp"
	"strings"
	"testing"
)

// What a reader, and a screen reader, needs of each page.
func TestCatalogHTMLIsAccessible(t *testing.T) {
	h := catalogue(t, "https://api.example.com/problems/")
	for target, title := range map[string]string{"/problems/": "Problem types", "/problems/sold-out": "It is sold out"} {
		res := fetch(t, h, "GET", target, "Accept", browser)
		eq(t, "Content-Type", res.Header.Get("Content-Type"), "text/html; charset=utf-8")
		b := body(t, res)
		for _, want := range []string{
			"<!DOCTYPE html>", `<html lang="en">`, `<meta charset="utf-8">`, `<meta name="viewport"`,
			"<title>" + title + "</title>", "<h1>" + title + "</h1>", "<main>",
		} {
			if n := strings.Count(b, want); n != 1 {
				t.Errorf("%s: %d of %s", target, n, want)
			}
		}
		for _, th := range regexp.MustCompile(`<th[ >][^>]*>?`).FindAllString(b, -1) {
			if !strings.Contains(th, ` scope="col"`) && !strings.Contains(th, ` scope="row"`) {
				t.Errorf("%s: a header without a scope: %s", target, th)
			}
		}
		if strings.Contains(b, "<script") || strings.Contains(b, "ZgotmplZ") {
			t.Errorf("%s: %s", target, b)
		}
		if css := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(b); css == nil || !strings.Contains(css[1], "max-width") {
			t.Errorf("%s: no style", target)
		}
	}
	list := body(t, fetch(t, h, "GET", "/problems/", "Accept", browser))
	for _, want := range []string{
		"<caption>", "<thead>", `<th scope="col">Status</th>`, `<td>409</td>`,
		`<a href="https://api.example.com/problems/sold-out">It is sold out</a>`, `<a href="https://example.com/errors/away">`,
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %s: %s", want, list)
		}
	}
	one := body(t, fetch(t, h, "GET", "/problems/sold-out", "Accept", browser))
	for _, want := range []string{
		"<p>The last one is gone.</p>", "<p>Try again on Monday.</p>", "<dd>409 Conflict</dd>", "<code>https://api.example.com/problems/sold-out</code>",
		"<code>restock</code>", "The day of the next delivery.",
	} {
		if !strings.Contains(one, want) {
			t.Errorf("the page has no %s: %s", want, one)
		}
	}
}

// What stands in a type is text, in the HTML and in the JSON.
func TestCatalogEscapes(t *testing.T) {
	h := catalogue(t, "")
	for _, target := range []string{"/problems/", "/problems/evil"} {
		b := body(t, fetch(t, h, "GET", target, "Accept", browser))
		for _, bad := range []string{"<script", "<img", "<b onclick", `alert("t")`} {
			if strings.Contains(b, bad) {
				t.Errorf("%s has %s: %s", target, bad, b)
			}
		}
		if !strings.Contains(b, "&lt;script&gt;alert(") {
			t.Errorf("%s lost the title: %s", target, b)
		}
		if b := body(t, fetch(t, h, "GET", target)); strings.ContainsAny(b, "<>&") {
			t.Errorf("%s in JSON: %s", target, b)
		}
	}
}
