package conform

// anyExamples are those of the rules for every response.
var anyExamples = []example{
	{rule: "G1", bad: `
GET / HTTP/1.1
Host: www.example.com

HTTP/1.1 799 Overloaded
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Values outside the range 100..599 are invalid.
`, good: `
GET / HTTP/1.1
Host: www.example.com

HTTP/1.1 503 Service Unavailable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Retry-After: 120
Content-Type: text/plain

Overloaded.
`},
	{rule: "G1-registered", bad: `
GET /pot HTTP/1.1
Host: www.example.com

HTTP/1.1 418 I'm a teapot
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Short and stout.
`, good: `
GET /pot HTTP/1.1
Host: www.example.com

HTTP/1.1 421 Misdirected Request
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Ask the other pot.
`},
	{rule: "G2", bad: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Content-Type: text/plain

Hello World!
`, good: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Content-Length: 70
Content-Type: text/plain
`},
	{rule: "G3", bad: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{rule: "G3", bad: `
CONNECT server.example.com:80 HTTP/1.1
Host: server.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Transfer-Encoding: chunked
`, good: `
CONNECT server.example.com:80 HTTP/1.1
Host: server.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT

220 this is another protocol
`},
	{rule: "G5", bad: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
Content-Type: html

<p>Hello.
`, good: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
Content-Type: text/html; charset=ISO-8859-4

<p>Hello.
`},
	{rule: "G6", bad: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
`, good: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{rule: "G7", bad: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
Content-Type: text/html
Content-Type: text/plain

Hello.
`, good: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
Content-Type: text/html
Vary: Accept
Vary: Accept-Language
Set-Cookie: a=1
Set-Cookie: b=2
Cache-Control: private
Cache-Control: max-age=60
Link: </a>; rel=next
Link: </b>; rel=prev

Hello.
`},
	{rule: "G8", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: xyzzy
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: W/"xyzzy"
`},
	{rule: "G8", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: w/"xyzzy"
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: ""
`},
	{rule: "G8-date", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Sunday, 06-Nov-94 08:49:37 GMT
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Sun, 06 Nov 1994 08:49:37 GMT
`},
	{rule: "G8-date", bad: `
GET /now HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Thu, 01 Dec 1994 15:00:00 GMT
ETag: "xyzzy"
Expires: 0
Content-Type: text/plain

now
`, good: `
GET /now HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Thu, 01 Dec 1994 15:00:00 GMT
ETag: "xyzzy"
Expires: Thu, 01 Dec 1994 15:00:00 GMT
Content-Type: text/plain

now
`},
	{rule: "G8-modified", bad: `
GET /gif HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Wed, 15 Nov 1995 06:25:24 GMT
Last-Modified: Wed, 15 Nov 1995 06:25:25 GMT
Content-Type: image/gif

GIF89a
`, good: `
GET /gif HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Wed, 15 Nov 1995 06:25:24 GMT
Last-Modified: Wed, 15 Nov 1995 06:25:24 GMT
Content-Type: image/gif

GIF89a
`},
	{rule: "G9", bad: `
GET / HTTP/1.1
Host: www.example.com

HTTP/1.1 503 Service Unavailable
Date: Fri, 31 Dec 1999 23:58:59 GMT
Retry-After: 2m
Content-Type: text/plain

Maintenance.
`, good: `
GET / HTTP/1.1
Host: www.example.com

HTTP/1.1 503 Service Unavailable
Date: Fri, 31 Dec 1999 23:58:59 GMT
Retry-After: Fri, 31 Dec 1999 23:59:59 GMT
Content-Type: text/plain

Maintenance.
`},
	{rule: "G9-odd", bad: `
POST / HTTP/1.1
Host: www.example.com

HTTP/1.1 400 Bad Request
Date: Fri, 31 Dec 1999 23:58:59 GMT
Retry-After: 120
Content-Type: text/plain

Bad.
`, good: `
POST / HTTP/1.1
Host: www.example.com

HTTP/1.1 413 Content Too Large
Date: Fri, 31 Dec 1999 23:58:59 GMT
Retry-After: 120
Content-Type: text/plain

Too large for now.
`},
	{rule: "G10", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 31 Dec 1999 23:58:59 GMT
ETag: "xyzzy"
Location: /a.en
Content-Type: text/plain

Hello.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 31 Dec 1999 23:58:59 GMT
ETag: "xyzzy"
Content-Location: /a.en
Content-Type: text/plain

Hello.
`},
	{rule: "G11", bad: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Encoding: gzip

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-b"
Content-Length: 43
Content-Type: text/plain
Content-Encoding: gzip

...binary data...
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Encoding: gzip

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-b"
Content-Length: 43
Vary: accept-encoding
Content-Type: text/plain
Content-Encoding: gzip

...binary data...
`},
	{rule: "G13", bad: `
GET /index HTTP/2.0
Host: www.example.com

HTTP/2.0 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-b"
Keep-Alive: timeout=5
Content-Type: text/plain

Hello.
`, good: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-b"
Connection: keep-alive
Keep-Alive: timeout=5
Content-Type: text/plain

Hello.
`},
	{rule: "G14", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Deprecation: Fri, 30 Jun 2023 23:59:59 GMT
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Deprecation: @1688169599
`},
	{rule: "G14-sunset", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Deprecation: @1688169599
Sunset: Thu, 30 Jun 2022 23:59:59 GMT
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Deprecation: @1688169599
Sunset: Sun, 30 Jun 2024 23:59:59 GMT
`},
	{rule: "G14-sunset", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Sunset: @1719791999
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Sunset: Sat, 31 Dec 2022 23:59:59 GMT
`},
	{rule: "G15", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Link: <http://example.com/TheBook/chapter2>; title="previous chapter"
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Link: </TheBook/chapter2>; rel="previous"; title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; rel="next"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel
Link: <http://example.org/>; rel="start http://example.net/relation/other"
`},
	{rule: "G15", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Link: http://example.com/TheBook/chapter2; rel="previous"
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Link: ,, </>; rel = "http://example.net/foo"; anchor="#foo"
Link: <//cdn.example.com>; rel=preconnect; crossorigin
`},
	{rule: "G16", bad: `
GET /my-document HTTP/1.1
Host: example.org
Prefer: return=minimal

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
ETag: "a"
Preference-Applied: return=minimal
Content-Type: application/json

{"a": 1}
`, good: `
GET /my-document HTTP/1.1
Host: example.org
Prefer: return=minimal

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
ETag: "a"
Preference-Applied: return=minimal
Vary: Prefer
Content-Type: application/json

{"a": 1}
`},
	{rule: "G16-applied", bad: `
PATCH /my-document HTTP/1.1
Host: example.org
Prefer: wait=10
Content-Type: application/example-patch
Content-Length: 40

[{"op": "add", "path": "/a", "value": 1}]

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
Preference-Applied: return=representation
Content-Type: application/json

{"a": 1}
`, good: `
PATCH /my-document HTTP/1.1
Host: example.org
Prefer: Return=representation, wait=10
Content-Type: application/example-patch
Content-Length: 40

[{"op": "add", "path": "/a", "value": 1}]

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
Preference-Applied: return=representation
Content-Type: application/json

{"a": 1}
`},
	{rule: "G17", bad: `
POST /purchase HTTP/1.1
Host: store.example.com

HTTP/1.1 403 Forbidden
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/problem+json

"You do not have enough credit."
`, also: "403-anonymous", good: `
POST /purchase HTTP/1.1
Host: store.example.com

HTTP/1.1 403 Forbidden
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/problem+json

{"type": "https://example.com/probs/out-of-credit", "title": "You do not have enough credit.", "balance": 30}
`},
	{rule: "G17-status", bad: `
POST /purchase HTTP/1.1
Host: store.example.com
Authorization: Bearer mF_9.B5f-4.1JqM

HTTP/1.1 403 Forbidden
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/problem+json

{"title": "You do not have enough credit.", "status": 402}
`, good: `
POST /purchase HTTP/1.1
Host: store.example.com
Authorization: Bearer mF_9.B5f-4.1JqM

HTTP/1.1 403 Forbidden
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/problem+json

{"title": "You do not have enough credit.", "status": 403.0}
`},
	{rule: "G18", bad: `
GET /items/123 HTTP/1.1
Host: foo.example

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
ETag: "a"
Content-Type: application/json
Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:

{"hello": "World"}
`, good: `
GET /items/123 HTTP/1.1
Host: foo.example

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
ETag: "a"
Content-Type: application/json
Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:

{"hello": "world"}
`},
	{rule: "G18", bad: `
GET /items/123 HTTP/1.1
Host: foo.example
Range: bytes=10-18

HTTP/1.1 206 Partial Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/json
Content-Range: bytes 10-18/19
Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:

"world"}
`, good: `
GET /items/123 HTTP/1.1
Host: foo.example
Range: bytes=10-18

HTTP/1.1 206 Partial Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/json
Content-Range: bytes 10-18/19
Content-Digest: sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:
Repr-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:

"world"}
`},
	{rule: "G18", bad: `
POST /items HTTP/1.1
Host: foo.example

HTTP/1.1 400 Bad Request
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: text/plain
Content-Digest: sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=

Bad.
`, good: `
POST /items HTTP/1.1
Host: foo.example

HTTP/1.1 400 Bad Request
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: text/plain
Content-Digest: newhash=:AAAA:

Bad.
`},
	{rule: "G19", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Fri, 30 Jun 2023 23:59:59 GMT
Cache-Control: public, max-age=31536000, immutable
Content-Type: text/plain

Not there.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Fri, 30 Jun 2023 23:59:59 GMT
Cache-Control: private, max-age=0
Content-Type: text/plain

Not there.
`},
	{rule: "G19", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Fri, 30 Jun 2023 23:59:59 GMT
Expires: Sat, 01 Jul 2023 23:59:59 GMT
Content-Type: text/plain

Not there.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Fri, 30 Jun 2023 23:59:59 GMT
Cache-Control: max-age=0
Expires: Sat, 01 Jul 2023 23:59:59 GMT
Content-Type: text/plain

Not there.
`},
	{rule: "G20", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/json

{"a": 1}
{"a": 2}
`, good: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Type: application/x-ndjson

{"a": 1}
{"a": 2}
`},
	{rule: "G22", bad: `
OPTIONS /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
`, good: `
OPTIONS /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Fri, 30 Jun 2023 23:59:59 GMT
Allow: GET, HEAD, PUT
`},
	{rule: "G22", bad: `
OPTIONS /a HTTP/1.1
Host: www.example.com
Origin: https://example.net

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Length: 0
`, good: `
OPTIONS * HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 30 Jun 2023 23:59:59 GMT
Content-Length: 0
`},
}
