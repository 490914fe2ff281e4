package conform

// statusExamples are those of the rules for single status codes.
var statusExamples = []example{
	{rule: "101", bad: `
GET /hello HTTP/1.1
Host: www.example.com
Connection: upgrade
Upgrade: websocket, IRC/6.9, RTA/x11

HTTP/1.1 101 Switching Protocols
Date: Tue, 15 Nov 1994 08:12:31 GMT
Connection: upgrade
Upgrade: h2c
`, good: `
GET /hello HTTP/1.1
Host: www.example.com
Connection: upgrade
Upgrade: websocket, IRC/6.9, RTA/x11

HTTP/1.1 101 Switching Protocols
Date: Tue, 15 Nov 1994 08:12:31 GMT
Connection: upgrade
Upgrade: websocket
`},
	{rule: "101", bad: `
GET /hello HTTP/1.1
Host: www.example.com
Connection: upgrade
Upgrade: websocket

HTTP/1.1 101 Switching Protocols
Date: Tue, 15 Nov 1994 08:12:31 GMT
Upgrade: websocket
`, good: `
OPTIONS * HTTP/1.1
Host: www.example.com
Connection: Upgrade
Upgrade: TLS/1.0

HTTP/1.1 101 Switching Protocols
Date: Tue, 15 Nov 1994 08:12:31 GMT
Upgrade: TLS/1.0, HTTP/1.1
Connection: Upgrade
`},
	{rule: "103", bad: `
GET / HTTP/1.1
Host: www.example.com

HTTP/1.1 103 Early Hints
Date: Tue, 15 Nov 1994 08:12:31 GMT
`, good: `
GET / HTTP/1.1
Host: www.example.com

HTTP/1.1 103 Early Hints
Date: Tue, 15 Nov 1994 08:12:31 GMT
Link: </style.css>; rel=preload; as=style
Link: </script.js>; rel=preload; as=script
`},
	{rule: "200-validator", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Hello.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Last-Modified: Tue, 15 Nov 1994 08:00:00 GMT
Content-Type: text/plain

Hello.
`},
	{rule: "200-validator", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: private
Content-Type: text/plain

Hello.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: private, no-store
Content-Type: text/plain

Hello.
`},
	{rule: "200-empty", bad: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{rule: "201-location", bad: `
POST /items HTTP/1.1
Host: www.example.com
Content-Type: text/plain
Content-Length: 3

abc

HTTP/1.1 201 Created
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Made.
`, good: `
POST /items HTTP/1.1
Host: www.example.com
Content-Type: text/plain
Content-Length: 3

abc

HTTP/1.1 201 Created
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /items/7
Content-Type: text/plain

Made.
`},
	{rule: "201-location", bad: `
PUT /items/7 HTTP/1.1
Host: www.example.com

HTTP/1.1 201 Created
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /items/sept et demi
`, good: `
PUT /items/7 HTTP/1.1
Host: www.example.com

HTTP/1.1 201 Created
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{rule: "201-method", bad: `
GET /items/7 HTTP/1.1
Host: www.example.com

HTTP/1.1 201 Created
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /items/7
Content-Type: text/plain

Made.
`, good: `
PUT /items/7 HTTP/1.1
Host: www.example.com

HTTP/1.1 201 Created
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /items/7
Content-Type: text/plain

Made.
`},
	{rule: "202", bad: `
POST /jobs HTTP/1.1
Host: www.example.com

HTTP/1.1 202 Accepted
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
POST /jobs HTTP/1.1
Host: www.example.com

HTTP/1.1 202 Accepted
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /jobs/7
Retry-After: 5
Content-Length: 0
`},
	{rule: "204-type", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: application/json
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 204 No Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
`},
	{rule: "205", bad: `
POST /form HTTP/1.1
Host: www.example.com

HTTP/1.1 205 Reset Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Again.
`, good: `
POST /form HTTP/1.1
Host: www.example.com

HTTP/1.1 205 Reset Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`},
	{rule: "206-range", bad: `
GET /gif HTTP/1.1
Host: www.example.com

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: bytes 21010-47021/47022
Content-Type: image/gif

... 26012 bytes of partial image data ...
`, good: `
GET /gif HTTP/1.1
Host: www.example.com
Range: bytes=21010-47021

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: bytes 21010-47021/47022
Content-Type: image/gif

... 26012 bytes of partial image data ...
`},
	{rule: "206-range", bad: `
HEAD /gif HTTP/1.1
Host: www.example.com
Range: bytes=21010-47021

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: bytes 21010-47021/47022
Content-Type: image/gif
`, good: `
HEAD /gif HTTP/1.1
Host: www.example.com
Range: bytes=21010-47021

HTTP/1.1 200 OK
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Length: 47022
Content-Type: image/gif
`},
	{rule: "206-part", bad: `
GET /pdf HTTP/1.1
Host: www.example.com
Range: bytes=500-999,7000-7999

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: bytes 500-7999/8000
Content-Type: multipart/byteranges; boundary=THIS_STRING_SEPARATES

--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 500-999/8000

...the first range...
--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 7000-7999/8000

...the second range
--THIS_STRING_SEPARATES--
`, good: `
GET /pdf HTTP/1.1
Host: www.example.com
Range: bytes=500-999,7000-7999

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Type: multipart/byteranges; boundary=THIS_STRING_SEPARATES

--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 500-999/8000

...the first range...
--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 7000-7999/8000

...the second range
--THIS_STRING_SEPARATES--
`},
	{rule: "206-part", bad: `
GET /gif HTTP/1.1
Host: www.example.com
Range: bytes=21010-

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: bytes 21010-47021/47021
Content-Type: image/gif

... 26012 bytes of partial image data ...
`, good: `
GET /gif HTTP/1.1
Host: www.example.com
Range: bytes=21010-
If-Range: "xyzzy"

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: bytes 21010-47021/*
Content-Type: image/gif

... 26012 bytes of partial image data ...
`},
	{rule: "206-part", bad: `
GET /gif HTTP/1.1
Host: www.example.com
Range: bytes=21010-

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Type: image/gif

GIF89a
`, good: `
GET /gif HTTP/1.1
Host: www.example.com
Range: lines=3-

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Range: lines 3-4/5
Content-Type: text/plain

c
d
`},
	{rule: "206-multipart", bad: `
GET /pdf HTTP/1.1
Host: www.example.com
Range: bytes=500-999

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Type: multipart/byteranges; boundary=THIS_STRING_SEPARATES

--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 500-999/8000

...the first range...
--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 7000-7999/8000

...the second range
--THIS_STRING_SEPARATES--
`, good: `
GET /pdf HTTP/1.1
Host: www.example.com
Range: bytes=500-999,1000-1001

HTTP/1.1 206 Partial Content
Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT
Date: Wed, 15 Nov 1995 06:25:24 GMT
Content-Type: multipart/byteranges; boundary=THIS_STRING_SEPARATES

--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 500-999/8000

...the first range...
--THIS_STRING_SEPARATES
Content-Type: application/pdf
Content-Range: bytes 7000-7999/8000

...the second range
--THIS_STRING_SEPARATES--
`},
	{rule: "300", bad: `
GET /page HTTP/1.1
Host: www.example.com

HTTP/1.1 300 Multiple Choices
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /page.en
Content-Length: 0
`, good: `
GET /page HTTP/1.1
Host: www.example.com

HTTP/1.1 300 Multiple Choices
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /page.en
Content-Type: text/html

<a href="/page.en">English</a> <a href="/page.de">Deutsch</a>
`},
	{rule: "3xx-location", bad: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 301 Moved Permanently
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 301 Moved Permanently
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://www.example.net/index.html
Content-Length: 0
`},
	{rule: "3xx-location", bad: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 302 Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 302 Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: //www.example.org/b
Content-Length: 0
`},
	{rule: "3xx-location", bad: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 303 See Other
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 303 See Other
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /People.html#tim
Content-Length: 0
`},
	{rule: "3xx-location", bad: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 307 Temporary Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 307 Temporary Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: //www.example.org/b
Content-Length: 0
`},
	{rule: "3xx-location", bad: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 308 Permanent Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
GET /~tim HTTP/1.1
Host: www.example.com

HTTP/1.1 308 Permanent Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: //www.example.org/b
Content-Length: 0
`},
	{rule: "3xx-location", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 302 Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://www.example.com/a b
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 302 Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://www.example.com/a%20b
`},
	{rule: "3xx-method", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 302 Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /b
`, good: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 303 See Other
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /b
`},
	{rule: "3xx-self", bad: `
GET /a?x=1 HTTP/1.1
Host: www.example.com

HTTP/1.1 307 Temporary Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: ?x=1#frag
`, good: `
GET /a?x=1 HTTP/1.1
Host: www.example.com

HTTP/1.1 307 Temporary Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: /a/?x=1
`},
	{rule: "3xx-self", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 303 See Other
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://www.example.com/a
`, good: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 303 See Other
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://www.example.com/a
`},
	{rule: "304-asked", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
`, good: `
GET /a HTTP/1.1
Host: www.example.com
If-None-Match: "xyzzy"

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
`},
	{rule: "304-asked", bad: `
POST /a HTTP/1.1
Host: www.example.com
If-None-Match: *

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
`, good: `
HEAD /a HTTP/1.1
Host: www.example.com
If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
Last-Modified: Sat, 29 Oct 1994 19:43:31 GMT
`},
	{rule: "304-fields", bad: `
GET /a HTTP/1.1
Host: www.example.com
If-None-Match: "xyzzy"

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
Content-Type: text/plain
`, good: `
GET /a HTTP/1.1
Host: www.example.com
If-None-Match: "xyzzy"

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "xyzzy"
Content-Location: /a.txt
Cache-Control: max-age=60
Vary: Accept
`},
	{rule: "305", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 305 Use Proxy
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://proxy.example.com/
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 307 Temporary Redirect
Date: Tue, 15 Nov 1994 08:12:31 GMT
Location: http://proxy.example.com/
`},
	{rule: "4xx-body", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 400 Bad Request
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
HEAD /a HTTP/1.1
Host: www.example.com

HTTP/1.1 400 Bad Request
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`},
	{rule: "4xx-body", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 502 Bad Gateway
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 502 Bad Gateway
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No answer.
`},
	{rule: "401", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Who are you?
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""
Content-Type: text/plain

Who are you?
`},
	{rule: "401", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: ,
Content-Type: text/plain

Who are you?
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Negotiate YIIg8gYGKwYBBQUC==, Bearer,
WWW-Authenticate: Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
WWW-Authenticate: NTLM
Content-Type: text/plain

Who are you?
`},
	{rule: "401", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Bearer realm="example" error="invalid_token"
Content-Type: text/plain

Who are you?
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Bearer realm="example", error="invalid_token", error_description="The access token expired"
Content-Type: text/plain

Who are you?
`},
	{rule: "403-challenge", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 403 Forbidden
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Basic realm="simple"
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==

HTTP/1.1 403 Forbidden
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Basic realm="simple"
Content-Type: text/plain

No.
`},
	{rule: "403-anonymous", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 403 Forbidden
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Cookie: session=1

HTTP/1.1 403 Forbidden
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "4xx-cache", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
Content-Type: text/plain

No.
`},
	{rule: "4xx-cache", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow:
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow:
Cache-Control: no-store
Content-Type: text/plain

No.
`},
	{rule: "4xx-cache", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 410 Gone
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 410 Gone
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
Content-Type: text/plain

No.
`},
	{rule: "4xx-cache", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 414 URI Too Long
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 414 URI Too Long
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
Content-Type: text/plain

No.
`},
	{rule: "4xx-cache", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
DELETE /a HTTP/1.1
Host: www.example.com

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "405", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow: GET, HEAD
Content-Type: text/plain

No.
`},
	{rule: "405", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow: GET, HEAD, PUT
Content-Type: text/plain

No.
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow:
Content-Type: text/plain

No.
`},
	{rule: "405", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow: GET
Allow: PUT
Content-Type: text/plain

No.
`, good: `
get /a HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow: GET
Allow: PUT
Content-Type: text/plain

No.
`},
	{rule: "406-asked", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 406 Not Acceptable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Vary: Accept
Content-Type: text/plain

text/html, text/plain
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Accept: image/png

HTTP/1.1 406 Not Acceptable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Vary: Accept
Content-Type: text/plain

text/html, text/plain
`},
	{rule: "406-list", bad: `
GET /a HTTP/1.1
Host: www.example.com
Accept: image/png

HTTP/1.1 406 Not Acceptable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Vary: Accept
Content-Length: 0
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Accept: image/png

HTTP/1.1 406 Not Acceptable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Vary: Accept
Content-Type: text/plain

text/html, text/plain
`},
	{rule: "406-vary", bad: `
GET /a HTTP/1.1
Host: www.example.com
Accept-Language: x-klingon

HTTP/1.1 406 Not Acceptable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

en, de
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Accept-Language: x-klingon

HTTP/1.1 406 Not Acceptable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Vary: Accept-Language
Content-Type: text/plain

en, de
`},
	{rule: "407", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 407 Proxy Authentication Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Basic realm="simple"
Content-Type: text/plain

Who are you?
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 407 Proxy Authentication Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Proxy-Authenticate: Basic realm="simple"
Content-Type: text/plain

Who are you?
`},
	{rule: "408", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 408 Request Timeout
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain
Content-Length: 10

Too slow.
`, good: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 408 Request Timeout
Date: Tue, 15 Nov 1994 08:12:31 GMT
Connection: close
Content-Type: text/plain
Content-Length: 10

Too slow.
`},
	{rule: "409", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 409 Conflict
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 409 Conflict
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Version 3 is newer than yours.
`},
	{rule: "412", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 412 Precondition Failed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
PUT /a HTTP/1.1
Host: www.example.com
If-Match: "xyzzy"

HTTP/1.1 412 Precondition Failed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "415-names", bad: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept: application/json
Content-Type: text/plain

No.
`},
	{rule: "415-names", bad: `
PATCH /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
PATCH /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Patch: application/example;charset=utf-8
Content-Type: text/plain

No.
`},
	{rule: "415-encoding", bad: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept: application/json
Accept-Encoding: gzip
Content-Type: text/plain

No.
`, good: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain
Content-Encoding: br

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Encoding: gzip
Content-Type: text/plain

No.
`},
	{rule: "415-encoding", bad: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Encoding:
Content-Type: text/plain

No.
`, good: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Encoding: gzip, identity;q=0
Content-Type: text/plain

Compress it.
`},
	{rule: "415-coding", bad: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain
Content-Encoding: br

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: text/plain
Content-Encoding: br

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Encoding: identity
Content-Type: text/plain

No.
`},
	{rule: "416-asked", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 416 Range Not Satisfiable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Range: bytes */47022
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Range: bytes=50000-

HTTP/1.1 416 Range Not Satisfiable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Range: bytes */47022
Content-Type: text/plain

No.
`},
	{rule: "416-size", bad: `
GET /a HTTP/1.1
Host: www.example.com
Range: bytes=50000-

HTTP/1.1 416 Range Not Satisfiable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Range: lines=50000-

HTTP/1.1 416 Range Not Satisfiable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "416-size", bad: `
GET /a HTTP/1.1
Host: www.example.com
Range: bytes=50000-

HTTP/1.1 416 Range Not Satisfiable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Range: bytes 0-1/2
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Range: bytes=50000-

HTTP/1.1 416 Range Not Satisfiable
Date: Fri, 20 Jan 2012 15:41:54 GMT
Content-Range: bytes */47022
Content-Type: text/plain

No.
`},
	{rule: "417", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 417 Expectation Failed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
POST /a HTTP/1.1
Host: www.example.com
Expect: 200-ok

HTTP/1.1 417 Expectation Failed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "422-content", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 422 Unprocessable Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a?limit=many HTTP/1.1
Host: www.example.com

HTTP/1.1 422 Unprocessable Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "422-list", bad: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: application/json
Content-Length: 3

{}

HTTP/1.1 422 Unprocessable Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: application/problem+json

{"title": "Your request is not valid."}
`, good: `
POST /a HTTP/1.1
Host: www.example.com
Content-Type: application/json
Content-Length: 3

{}

HTTP/1.1 422 Unprocessable Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: application/problem+json

{"title": "Your request is not valid.", "errors": [{"detail": "must be a positive integer", "pointer": "#/age"}]}
`},
	{rule: "425", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 425 Too Early
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Early-Data: 1

HTTP/1.1 425 Too Early
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "426", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 426 Upgrade Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Upgrade: HTTP/3.0
Content-Length: 53
Content-Type: text/plain

This service requires use of the HTTP/3.0 protocol.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 426 Upgrade Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Upgrade: HTTP/3.0
Connection: Upgrade
Content-Type: text/plain

This service requires use of the HTTP/3.0 protocol.
`},
	{rule: "426", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 426 Upgrade Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Connection: Upgrade
Content-Length: 53
Content-Type: text/plain

This service requires use of the HTTP/3.0 protocol.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 426 Upgrade Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Upgrade: HTTP/3.0
Upgrade: websocket
Connection: close, upgrade
Content-Type: text/plain

This service requires use of the HTTP/3.0 protocol.
`},
	{rule: "428", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 428 Precondition Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 428 Precondition Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/html

<p>This request is required to be conditional;
try using "If-Match".</p>
`},
	{rule: "429", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Date: Tue, 15 Nov 1994 08:12:31 GMT
Retry-After: 3600
Content-Length: 0
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/html
Retry-After: 3600

<p>I only allow 50 requests per hour to this Web site per
logged in user.  Try again soon.</p>
`},
	{rule: "429-retry", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/html

<p>I only allow 50 requests per hour to this Web site per
logged in user.  Try again soon.</p>
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/html
Retry-After: 3600

<p>I only allow 50 requests per hour to this Web site per
logged in user.  Try again soon.</p>
`},
	{rule: "431", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 431 Request Header Fields Too Large
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 0
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 431 Request Header Fields Too Large
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/html

<p>The "Example" header was too large.</p>
`},
	{rule: "42x-store", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: max-age=60
Content-Type: text/html
Retry-After: 3600

<p>I only allow 50 requests per hour to this Web site per
logged in user.  Try again soon.</p>
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
Content-Type: text/html
Retry-After: 3600

<p>I only allow 50 requests per hour to this Web site per
logged in user.  Try again soon.</p>
`},
	{rule: "42x-store", bad: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 428 Precondition Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: public
Content-Type: text/plain

Use If-Match.
`, good: `
PUT /a HTTP/1.1
Host: www.example.com

HTTP/1.1 428 Precondition Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-cache
Content-Type: text/plain

Use If-Match.
`},
	{rule: "451", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 451 Unavailable For Legal Reasons
Date: Tue, 15 Nov 1994 08:12:31 GMT
Link: <https://spqr.example.org/legislatione>; rel="blocked-by"
Content-Length: 0
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 451 Unavailable For Legal Reasons
Date: Tue, 15 Nov 1994 08:12:31 GMT
Link: <https://spqr.example.org/legislatione>; rel="blocked-by"
Content-Type: text/html

<p>This request may not be serviced in the Roman Province
of Judea due to the Lex Julia Majestatis</p>
`},
	{rule: "451-link", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 451 Unavailable For Legal Reasons
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/html

<p>This request may not be serviced in the Roman Province
of Judea due to the Lex Julia Majestatis</p>
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 451 Unavailable For Legal Reasons
Date: Tue, 15 Nov 1994 08:12:31 GMT
Link: <https://spqr.example.org/legislatione>; rel="blocked-by"
Content-Type: text/html

<p>This request may not be serviced in the Roman Province
of Judea due to the Lex Julia Majestatis</p>
`},
	{rule: "500-leak", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 500 Internal Server Error
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

panic: runtime error: index out of range [3] with length 3

goroutine 7 [running]:
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 500 Internal Server Error
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

Something is broken. Name urn:uuid:3 to the support.
`},
	{rule: "501-method", bad: `
POST /a HTTP/1.1
Host: www.example.com

HTTP/1.1 501 Not Implemented
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
BREW /a HTTP/1.1
Host: www.example.com

HTTP/1.1 501 Not Implemented
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
	{rule: "501-read", bad: `
HEAD /a HTTP/1.1
Host: www.example.com

HTTP/1.1 501 Not Implemented
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
`, good: `
BREW /a HTTP/1.1
Host: www.example.com
Transfer-Encoding: chunked

0

HTTP/1.1 501 Not Implemented
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
Content-Type: text/plain

No.
`},
	{rule: "503", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 503 Service Unavailable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 503 Service Unavailable
Date: Tue, 15 Nov 1994 08:12:31 GMT
Retry-After: 120
Content-Type: text/plain

No.
`},
	{rule: "511", bad: `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 511 Network Authentication Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`, good: `
GET /a HTTP/1.1
Host: www.example.com
Cookie: a=1

HTTP/1.1 403 Forbidden
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: text/plain

No.
`},
}
