package conform

import "testing"

func BenchmarkExchange(b *testing.B) {
	for _, e := range []struct{ name, text string }{
		{"200", `
GET /books/bk_17 HTTP/1.1
Host: www.example.com
Accept: application/json

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: "v1"
Cache-Control: private, max-age=60
Vary: Accept
Content-Type: application/json
Content-Length: 69

{"id":"bk_17","title":"A book","author":"Somebody","year":1999,"price":12}
`}, {"404", `
GET /books/none HTTP/1.1
Host: www.example.com
Accept: application/json

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Cache-Control: no-store
X-Content-Type-Options: nosniff
Content-Type: application/problem+json

{"title":"Not Found","status":404,"detail":"No book has this id."}
`}, {"401 and 3 findings", `
GET /books/none HTTP/1.1
Host: www.example.com

HTTP/1.1 401 Unauthorized
Content-Length: 0
`},
	} {
		b.Run(e.name, func(b *testing.B) {
			x := parse(b, e.text)
			b.ReportAllocs()
			for b.Loop() {
				judged(x)
			}
		})
	}
}
