package conform

import (
	"net/http"
	"strings"
	"testing"
)

// Details tell of the response's header, and each is of a rule.
func TestDetails(t *testing.T) {
	for id := range details {
		if _, ok := find(id); !ok {
			t.Errorf("there is no rule %s", id)
		}
	}
	c, _ := New(Options{})
	for _, e := range examples() {
		x := parse(t, e.bad)
		var secrets []string
		for _, values := range x.Request.Header {
			secrets = append(secrets, values...)
		}
		for _, f := range e.judge(t, c, e.bad) {
			for _, s := range secrets {
				if strings.Contains(f.Detail, s) && !inHeader(x.Response.Header, s) && len(s) > 3 && e.plain == "" {
					t.Errorf("%s shows %q of the request: %s", f.Rule, s, f.Detail)
				}
			}
		}
	}
}

func inHeader(h http.Header, s string) bool {
	for _, values := range h {
		if strings.Contains(strings.Join(values, ", "), s) {
			return true
		}
	}
	return false
}

func TestDetail(t *testing.T) {
	const ask = "GET /a HTTP/1.1\nHost: x\nAuthorization: Bearer hush\n\n"
	const plain = "HTTP/1.1 200 OK\nDate: Sun, 06 Nov 1994 08:49:37 GMT\nETag: \"v1\"\nVary: Accept\nContent-Length: 2\nContent-Type: text/plain\n\nhi"
	for _, x := range []struct{ rule, plain, text, want string }{
		{"401", "", ask + "HTTP/1.1 401 Who\n\nwho?", "no WWW-Authenticate"},
		{"401", "", ask + "HTTP/1.1 401 Who\nWWW-Authenticate: =\n\nwho?", "WWW-Authenticate: ="},
		{"405", "", ask + "HTTP/1.1 405 No\nAllow: GET\n\nno", "Allow: GET"},
		{"G8", "", ask + "HTTP/1.1 200 OK\nETag: v1\n\nhi", "ETag: v1"},
		{"G8-date", "", ask + "HTTP/1.1 200 OK\nExpires: 0\n\nhi", "Expires: 0"},
		{"G9", "", ask + "HTTP/1.1 503 No\nRetry-After: soon\n\nno", "Retry-After: soon"},
		{"G7", "", ask + "HTTP/1.1 200 OK\nETag: \"a\"\nETag: \"b\"\n\nhi", `ETag: "a", "b"`},
		{"G8", "", ask + "HTTP/1.1 200 OK\nETag: " + strings.Repeat("x", 200) + "\n\nhi", "ETag: " + strings.Repeat("x", 100) + "..."},
		{"304-pair", ask + plain, strings.Replace(ask, "\n\n", "\nIf-None-Match: \"v1\"\n\n", 1) + "HTTP/1.1 304 Same\nDate: Sun, 06 Nov 1994 08:49:37 GMT\n\n", "no ETag, Vary"},
		{"G21", ask + plain, "HEAD" + ask[3:] + "HTTP/1.1 200 OK\nETag: \"v1\"\nVary: Accept\n\n", "HEAD has no Content-Type; GET has Content-Type: text/plain"},
		{"G21", ask + plain, "HEAD" + ask[3:] + "HTTP/1.1 405 No\nAllow: GET\n\n", "HEAD answered 405, GET 200"},
	} {
		e := example{plain: x.plain}
		c, _ := New(Options{})
		seen := false
		for _, f := range e.judge(t, c, x.text) {
			if strings.Contains(f.Detail, "hush") {
				t.Errorf("%s tells %s", f.Rule, f.Detail)
			}
			if f.Rule != x.rule {
				continue
			}
			seen = true
			if f.Detail != x.want || !strings.Contains(f.String(), " Here: "+x.want+". ") {
				t.Errorf("%s: %q, want %q", f.Rule, f.Detail, x.want)
			}
		}
		if !seen {
			t.Errorf("%s is not found", x.rule)
		}
	}
}
