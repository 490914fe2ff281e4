package conform

const plainText = `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Length: 13
Content-Type: text/plain

Hello World!
`

// pairExamples are those of the rules that compare two exchanges.
var pairExamples = []example{
	{rule: "G4", plain: plainText, bad: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Length: 0
Content-Type: text/plain
`, good: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Length: 13
Content-Type: text/plain
`},
	{rule: "G4", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Length: 0
`, good: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Length: 13
`},
	{rule: "G11-pair", plain: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "en"
Content-Language: en
Content-Type: text/plain

Hello World!
`, bad: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Language: da

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "da"
Content-Language: da
Vary: accept-encoding, accept-language
Content-Type: text/plain

Hej Verden!
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Language: da, en-gb;q=0.8, en;q=0.7

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "en"
Content-Language: en
Content-Type: text/plain

Hello World!
`},
	{rule: "G12", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Encoding: gzip

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Content-Length: 43
Vary: Accept-Encoding
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
Cache-Control: max-age=60
Content-Length: 43
Vary: Accept-Encoding
Content-Type: text/plain
Content-Encoding: gzip

...binary data...
`},
	{rule: "G12", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Encoding: br

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Vary: Accept-Encoding
Content-Type: text/plain
Content-Encoding: br

...binary data...
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Encoding: br

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: W/"123-a"
Vary: Accept-Encoding
Content-Type: text/plain
Content-Encoding: br

...binary data...
`},
	{rule: "G16-pair", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
Prefer: return=minimal

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-m"
Preference-Applied: return=minimal
Vary: Accept-Encoding, Prefer
Content-Type: text/plain

Hello
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Prefer: handling=lenient, wait=10

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Preference-Applied: handling=lenient, wait=10
Vary: Accept-Encoding
Content-Type: text/plain

Hello World!
`},
	{rule: "G21", plain: plainText, bad: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:00 GMT
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Type: text/plain
`, good: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 200 OK
Date: Fri, 26 Mar 2010 00:05:09 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Type: text/plain
`},
	{rule: "G21", plain: plainText, bad: `
HEAD /index HTTP/1.1
Host: www.example.com

HTTP/1.1 405 Method Not Allowed
Date: Fri, 26 Mar 2010 00:05:00 GMT
Allow: GET
`, good: `
HEAD /index HTTP/1.1
Host: www.example.com
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
`},
	{rule: "206-pair", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
Range: bytes=0-4
If-Range: "123-a"

HTTP/1.1 206 Partial Content
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Content-Range: bytes 0-4/13
Content-Type: text/plain

Hello
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Range: bytes=0-4
If-Range: "123-a"

HTTP/1.1 206 Partial Content
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
Content-Range: bytes 0-4/13

Hello
`},
	{rule: "304-pair", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
Cache-Control: max-age=60
Vary: Accept-Encoding
`, good: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
Cache-Control: max-age=60
Vary: Accept-Encoding
`},
	{rule: "304-pair", plain: plainText, bad: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a-gzip"
Cache-Control: max-age=60
Vary: Accept-Encoding
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Accept-Encoding: gzip
If-None-Match: "123-b"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-b"
Vary: Accept-Encoding
`},
	{rule: "304-would", plain: `
GET /index HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Date: Fri, 26 Mar 2010 00:05:00 GMT
WWW-Authenticate: Basic realm="simple"
`, bad: `
GET /index HTTP/1.1
Host: www.example.com
If-None-Match: *

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
`, good: `
GET /index HTTP/1.1
Host: www.example.com
Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==
If-None-Match: "123-a"

HTTP/1.1 304 Not Modified
Date: Fri, 26 Mar 2010 00:05:00 GMT
ETag: "123-a"
`},
}
