package conform

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// legal are exchanges that look odd and break no MUST.
var legal = []struct{ name, text string }{
	{"a challenge over three lines, its parameters on the next", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Basic realm="foo", ,
WWW-Authenticate: charset="UTF-8"
WWW-Authenticate: Newauth abc123==
`},
	{"token68 that looks like a parameter", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Negotiate oYG2MIGzoAMKAQChCwYJKoZIgvcSAQICo4GeBIGbYIGY=
`},
	{"a scheme alone", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 401 Unauthorized
Date: Tue, 15 Nov 1994 08:12:31 GMT
WWW-Authenticate: Hoba
`},
	{"an ETag of odd bytes", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
ETag: W/"é\,;/=!#"
`},
	{"a leap second", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 200 OK
Date: Sun, 01 Jan 2017 00:00:01 GMT
Last-Modified: Sat, 31 Dec 2016 23:59:60 GMT
`},
	{"Expires of long ago, and a Date of the year 1", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 200 OK
Date: Mon, 01 Jan 0001 00:00:00 GMT
Expires: Thu, 01 Jan 1970 00:00:00 GMT
`},
	{"Retry-After in the past, and of many digits", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 503 Service Unavailable
Retry-After: Thu, 01 Jan 1970 00:00:00 GMT
`},
	{"Retry-After of many digits", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 503 Service Unavailable
Retry-After: 000099999999999999999999999999
`},
	{"a 5xx without Date", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 500 Internal Server Error
Content-Length: 0
`},
	{"no method is allowed", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow:
`},
	{"Allow in two lines, one of them empty", `
PUT / HTTP/1.1
Host: a.example

HTTP/1.1 405 Method Not Allowed
Date: Tue, 15 Nov 1994 08:12:31 GMT
Allow: ,
Allow: GET,HEAD
`},
	{"426 over HTTP/2, which may not have Upgrade", `
GET / HTTP/2.0
Host: a.example

HTTP/2.0 426 Upgrade Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{"426 that closes the connection", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 426 Upgrade Required
Date: Tue, 15 Nov 1994 08:12:31 GMT
Upgrade: TLS/1.0, HTTP/1.1
Connection: close, Upgrade
`},
	{"a newer version of the protocol that was named without one", `
GET / HTTP/1.1
Host: a.example
Upgrade: websocket, RTA
Connection: keep-alive, Upgrade

HTTP/1.1 101 Switching Protocols
Upgrade: RTA/x11
Connection: Upgrade
`},
	{"200 in answer to Range", `
GET / HTTP/1.1
Host: a.example
Range: bytes=0-1

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Ranges: none

abc
`},
	{"one part of several ranges, as multipart", `
GET / HTTP/1.1
Host: a.example
Range: bytes=0-1,
Range: bytes=9-

HTTP/1.1 206 Partial Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: Multipart/ByteRanges; boundary="a b"

--a b--
`},
	{"the parts of several ranges as one", `
GET / HTTP/1.1
Host: a.example
Range: bytes=0-1,1-3

HTTP/1.1 206 Partial Content
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Range: bytes 0-3/*

abcd
`},
	{"416 without Content-Range", `
GET / HTTP/1.1
Host: a.example
Range: bytes=9-

HTTP/1.1 416 Range Not Satisfiable
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{"the digest of no content, in answer to HEAD (RFC 9530 B.2)", `
HEAD /items/123 HTTP/1.1
Host: foo.example

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: application/json
Content-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
`},
	{"the digest of what GET would send, in answer to HEAD", `
HEAD /items/123 HTTP/1.1
Host: foo.example

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:
`},
	{"a problem whose status is no number, which readers ignore (RFC 9457 §3.1)", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: application/problem+json

{"status": "400"}
`},
	{"a problem with a coding", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 404 Not Found
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Type: application/problem+json
Content-Encoding: gzip

binary
`},
	{"a preference about processing", `
GET / HTTP/1.1
Host: a.example
Prefer: wait=5, handling=strict

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Preference-Applied: wait=5, handling=strict
`},
	{"a preference, to a method that is not cached", `
POST / HTTP/1.1
Host: a.example
Prefer: return=minimal

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Preference-Applied: return=minimal
`},
	{"a 304 to HEAD with a date, and to QUERY", `
HEAD / HTTP/1.1
Host: a.example
If-Modified-Since: Tue, 15 Nov 1994 08:12:31 GMT

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
Content-Length: 5
Transfer-Encoding: chunked
`},
	{"a 304 to QUERY", `
QUERY / HTTP/1.1
Host: a.example
If-None-Match: "a"

HTTP/1.1 304 Not Modified
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{"415 for content without a coding", `
POST / HTTP/1.1
Host: a.example

HTTP/1.1 415 Unsupported Media Type
Date: Tue, 15 Nov 1994 08:12:31 GMT
Accept-Encoding: gzip, *;q=0
`},
	{"501 for a transfer coding (RFC 9112 §6.1)", `
GET / HTTP/1.0
Host: a.example

HTTP/1.1 501 Not Implemented
Date: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{"a tunnel", `
CONNECT a.example:443 HTTP/1.1
Host: a.example:443

HTTP/1.1 200 Connection Established
Date: Tue, 15 Nov 1994 08:12:31 GMT

SSH-2.0
`},
	{"deprecated with parameters, and no sunset before it", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Deprecation: @-62135596800; x="y"
Sunset: Tue, 15 Nov 1994 08:12:31 GMT
`},
	{"links as RFC 8288 has them", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Link:
Link: <http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"
Link: </>; rel="http://example.net/foo", </terms>; rel="copyright"; anchor="#foo"
Link: <?page=2>; REL=next; rev=prev,<>; rel=self
Link: <urn:a:b>; rel="self"; x
`},
	{"several values in lists of several lines", `
GET / HTTP/1.1
Host: a.example

HTTP/1.1 200 OK
Date: Tue, 15 Nov 1994 08:12:31 GMT
Vary: *
Vary: Accept
Via: 1.1 a
Via: 1.1 b
Warning: 110 - "Response is Stale"
Content-Language: da
Content-Language: en
Server-Timing: a;dur=1
Server-Timing: b;dur=2
`},
}

func TestNoFalseMust(t *testing.T) {
	for _, l := range legal {
		x := parse(t, l.text)
		if x.Request.Proto == "HTTP/1.0" { // a coding that http.ReadRequest refuses
			x.Request.TransferEncoding = []string{"gzip", "chunked"}
		}
		wantNoMust(t, l.name, judged(x))
	}
}

// judged judges one by the default rules.
func judged(x Exchange) []Finding { return standard.Exchange(x) }

func wantNoMust(t testing.TB, name string, found []Finding) {
	t.Helper()
	for _, f := range found {
		if f.Level == Must {
			t.Errorf("%s: %s", name, f)
		}
	}
}

// A handler that does all that net/http mends, mends itself, or allows.
func netHTTP() http.Handler {
	modified := time.Date(2023, 6, 30, 23, 59, 59, 0, time.UTC)
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Vary", "Accept")
		http.ServeContent(w, r, "a.txt", modified, strings.NewReader("Hello World!"))
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Encoding")
		w.Header().Set("Content-Type", "application/json")
		var b bytes.Buffer
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			z := gzip.NewWriter(&b)
			_, _ = io.WriteString(z, `{"a":1}`)
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Etag", `"z"`)
		} else {
			b.WriteString(`{"a":1}`)
			w.Header().Set("Etag", `"p"`)
		}
		sum := sha256.Sum256(b.Bytes())
		w.Header().Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		_, _ = w.Write(b.Bytes())
	})
	mux.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["WWW-Authenticate"] = []string{"Bearer"} // not as net/http spells it
		http.Error(w, "Who are you?", 401)
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(204)
		_, _ = io.WriteString(w, "dropped")
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		w.Header().Set("Trailer", "Etag, Content-Digest")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, "Hello")
		w.Header().Set("Etag", "after the content")
		w.Header().Set("Content-Digest", "sha-256=:AAAA:")
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // of HTTP/2, an order to the server
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, "Bye")
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Digest", "sha-256=:AAAA:")
		_, _ = w.Write(make([]byte, 2<<20))
	})
	return mux
}

func TestNoFalseMustThroughNetHTTP(t *testing.T) {
	for _, two := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(netHTTP())
		srv.EnableHTTP2 = two
		srv.StartTLS()
		defer srv.Close()
		for _, text := range []string{
			"GET /file", "HEAD /file", "HEAD /gzip", "GET /gzip", "GET /none", "HEAD /none", "GET /hints", "HEAD /hints", "GET /close", "GET /long",
			"GET /file If-None-Match:\"v1\"", "HEAD /file If-None-Match:W/\"v1\"", "GET /file If-None-Match:*",
			"GET /file If-Modified-Since:Fri, 30 Jun 2023 23:59:59 GMT", "GET /file Range:bytes=0-4", "GET /file Range:bytes=0-1,3-4",
			"GET /file Range:bytes=99-", "GET /file Range:bytes=b-a", "GET /file Range:lines=0-1", "GET /file If-Match:\"v0\"", "OPTIONS /file", "GET /gzip Accept-Encoding:gzip",
			"PUT /file If-None-Match:*", "GET /nowhere", "GET /secret", "GET /gzip Accept-Encoding:identity",
		} {
			target, field, _ := strings.Cut(text, " ")
			path, field, _ := strings.Cut(field, " ")
			req, err := http.NewRequest(target, srv.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if name, value, ok := strings.Cut(field, ":"); ok {
				req.Header.Set(name, value)
			}
			res, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%s over %s", text, res.Proto)
			wantNoMust(t, name, Check(req, res))
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			_ = res.Body.Close()

			// The same without a server between.
			rec := httptest.NewRecorder()
			r := httptest.NewRequest(target, path, nil)
			r.Header = req.Header.Clone()
			netHTTP().ServeHTTP(rec, r)
			for _, f := range Check(r, rec.Result()) {
				// A recorder keeps what is written to a 204; net/http would not.
				if f.Level == Must && !(f.Rule == "G2" && path == "/none") {
					t.Errorf("%s, recorded: %s", text, f)
				}
			}
		}
	}
}

// What the server answers before a handler runs.
func TestNoFalseMustByServer(t *testing.T) {
	srv := httptest.NewServer(netHTTP())
	defer srv.Close()
	u, _ := url.Parse(srv.URL)
	for _, ask := range []string{
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
		"GET / HTTP/3.7\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 2<<20) + "\r\n\r\n",
		"GET /file HTTP/1.0\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, ask) }()
		line, _, _ := strings.Cut(ask, "\r\n")
		req, err := http.NewRequest(strings.Fields(line)[0], srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.RequestURI = strings.Fields(line)[1]
		if strings.Contains(ask, "gzip") {
			req.TransferEncoding = []string{"gzip"}
		}
		if strings.Contains(ask, "Expect") {
			req.Header.Set("Expect", "200-ok")
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), req)
		if err != nil {
			t.Fatal(line, err)
		}
		for _, f := range Check(req, res) {
			// net/http's early 4xx have no Date, which is a MUST that it breaks.
			if f.Level == Must && f.Rule != "G6" {
				t.Errorf("%s: %s", line, f)
			}
		}
		_ = conn.Close()
	}
}

// The connection of a 101 is the caller's, and is not read.
func TestCheckLeavesTunnels(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	req.Header.Set("Upgrade", "echo")
	req.Header.Set("Connection", "Upgrade")
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if found := Check(req, res); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	both, ok := res.Body.(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("the body is a %T, no connection", res.Body)
	}
	defer both.Close()
	_, _ = io.WriteString(both, "hello\n")
	if line, err := bufio.NewReader(both).ReadString('\n'); line != "hello\n" {
		t.Errorf("read %q, %v", line, err)
	}
}

// A live stream of events is not waited for.
func TestCheckLeavesEvents(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if found := Check(req, res); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); line != "data: 1\n" || ctx.Err() != nil {
		t.Errorf("read %q, %v, %v", line, err, ctx.Err())
	}
}
