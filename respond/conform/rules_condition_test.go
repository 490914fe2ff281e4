package conform

import "testing"

// conditionExamples are those of the rules about preconditions that were not
// heeded.
var conditionExamples = []example{
	{rule: "304-ignored", bad: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "abc", W/"xyzzy"

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "xyzzy"
Content-Type: text/plain

Hello
`, good: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "abc", W/"xyzzy"

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "r2d2"
Content-Type: text/plain

Hello
`},
	{rule: "304-since", bad: `
GET /index HTTP/1.1
Host: www.example.com
If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT

HTTP/1.1 200 OK
Date: Sun, 06 Nov 1994 08:49:37 GMT
Last-Modified: Sat, 29 Oct 1994 19:43:31 GMT
Content-Type: text/plain

Hello
`, good: `
GET /index HTTP/1.1
Host: www.example.com
If-Modified-Since: Sat, 29 Oct 1994 19:43:30 GMT

HTTP/1.1 200 OK
Date: Sun, 06 Nov 1994 08:49:37 GMT
Last-Modified: Sat, 29 Oct 1994 19:43:31 GMT
Content-Type: text/plain

Hello
`},
	{rule: "412-ignored", bad: `
GET /index HTTP/1.1
Host: www.example.com
If-Match: W/"xyzzy"

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "xyzzy"
Content-Type: text/plain

Hello
`, good: `
GET /index HTTP/1.1
Host: www.example.com
If-Match: *

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "xyzzy"
Content-Type: text/plain

Hello
`},
	{rule: "406-excluded", bad: `
GET /index HTTP/1.1
Host: www.example.com
Accept: application/json;q=0.0, */*

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "xyzzy"
Vary: Accept
Content-Type: application/json

1
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Accept: application/json;q=0.001, */*;q=0

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "xyzzy"
Vary: Accept
Content-Type: application/json

1
`},
}

func TestConditionRules(t *testing.T) {
	for _, e := range conditionExamples {
		if got := ids(judgeText(t, e.bad)); got != e.rule {
			t.Errorf("%s: breaking it gives %q", e.rule, got)
		}
		if got := ids(judgeText(t, e.good)); got != "" {
			t.Errorf("%s: the twin gives %q", e.rule, got)
		}
	}
}

func judgeText(t *testing.T, text string) []Finding {
	t.Helper()
	return standard.Exchange(parse(t, text))
}

// A client that will not have what it has, a method that preconditions mean
// something else to, and an answer that has no tag.
func TestConditionsThatDoNotApply(t *testing.T) {
	for _, text := range []string{
		"GET / HTTP/1.1\nHost: x\nIf-None-Match: \"a\"\nCache-Control: no-cache\n\nHTTP/1.1 200 OK\nDate: Fri, 26 Mar 2010 00:05:00 GMT\nETag: \"a\"\nContent-Type: text/plain\n\na",
		"PUT / HTTP/1.1\nHost: x\nIf-None-Match: \"a\"\nContent-Length: 0\n\nHTTP/1.1 200 OK\nDate: Fri, 26 Mar 2010 00:05:00 GMT\nETag: \"a\"\nContent-Type: text/plain\n\na",
		"GET / HTTP/1.1\nHost: x\nIf-Match: \"a\"\n\nHTTP/1.1 200 OK\nDate: Fri, 26 Mar 2010 00:05:00 GMT\nLast-Modified: Fri, 26 Mar 2010 00:05:00 GMT\nContent-Type: text/plain\n\na",
		"GET / HTTP/1.1\nHost: x\nIf-Modified-Since: yesterday\n\nHTTP/1.1 200 OK\nDate: Fri, 26 Mar 2010 00:05:00 GMT\nLast-Modified: Fri, 26 Mar 2010 00:05:00 GMT\nContent-Type: text/plain\n\na",
		"GET / HTTP/1.1\nHost: x\nAccept: application/json;v=1;q=0\n\nHTTP/1.1 200 OK\nDate: Fri, 26 Mar 2010 00:05:00 GMT\nVary: Accept\nETag: \"a\"\nContent-Type: application/json\n\n1",
	} {
		if got := ids(judgeText(t, text)); got != "" {
			t.Errorf("%q: %s", text, got)
		}
	}
}
