package conform

import (
	"net/http"
	"strings"
	"testing"
)

// get is an answer, in few words: method, fields asked, status, fields, and
// content after a blank line.
func get(method, asked string, status int, fields string) Exchange {
	header := func(text string) http.Header {
		h := http.Header{}
		for line := range strings.SplitSeq(text, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				h.Add(name, value)
			}
		}
		return h
	}
	fields, content, _ := strings.Cut(fields, "\n\n")
	return Exchange{Body: []byte(content), Request: &http.Request{Method: method, Header: header(asked)},
		Response: &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header("Date: Tue, 15 Nov 1994 08:12:31 GMT\n" + fields)}}
}

func uncompressed(x Exchange) Exchange {
	res := *x.Response
	res.Uncompressed = true
	x.Response = &res
	return x
}

// Pairs that differ for a good reason; and beside them, those that do not.
func TestPairs(t *testing.T) {
	tagged := get("GET", "", 200, "Etag: \"a\"\nCache-Control: max-age=60\nContent-Length: 5\n\nHello")
	for _, p := range []struct {
		name        string
		base, other Exchange
		want        string
	}{
		{"HEAD of a state that has changed", tagged, get("HEAD", "", 200, "Etag: \"b\"\nCache-Control: max-age=60\nContent-Length: 9"), "G21"},
		{"HEAD of the same state", tagged, get("HEAD", "", 200, "Etag: \"a\"\nCache-Control: max-age=60\nContent-Length: 9"), "G4"},
		{"HEAD for another user", tagged, get("HEAD", "Authorization: Bearer a", 200, "Etag: \"b\"\nContent-Length: 9"), ""},
		{"HEAD without the length", tagged, get("HEAD", "", 200, "Etag: \"a\"\nCache-Control: max-age=60"), ""},
		{"HEAD while limited", tagged, get("HEAD", "", 429, ""), ""},
		{"HEAD that fails", get("GET", "", 502, ""), get("HEAD", "", 200, "Etag: \"a\""), ""},
		{"HEAD whose Expires is later", get("GET", "", 200, "Expires: Tue, 15 Nov 1994 08:12:31 GMT"), get("HEAD", "", 200, "Expires: Tue, 15 Nov 1994 08:12:32 GMT"), ""},
		{"HEAD beside a GET that net/http decoded", uncompressed(tagged), get("HEAD", "", 200, "Etag: \"a\"\nCache-Control: max-age=60\nContent-Length: 5\nContent-Encoding: gzip\nVary: Accept-Encoding"), "G21"},
		{"HEAD that leaves out the coding, and the GET is coded", get("GET", "", 200, "Etag: \"a\"\nContent-Encoding: gzip"), get("HEAD", "", 200, "Etag: \"a\""), "G21"},
		{"one strong tag, one coding in two spellings", get("GET", "Accept-Encoding: x-gzip", 200, "Etag: \"a\"\nContent-Encoding: x-gzip"), get("GET", "Accept-Encoding: gzip", 200, "Etag: \"a\"\nContent-Encoding: identity, GZIP"), ""},
		{"one strong tag, and net/http decoded one", get("GET", "", 200, "Etag: \"a\"\nVary: Accept-Encoding"), uncompressed(get("GET", "Accept-Encoding: gzip", 200, "Etag: \"a\"\nVary: Accept-Encoding")), "G12"},
		{"one weak tag, two codings", get("GET", "", 200, "Etag: W/\"a\"\nVary: *"), get("GET", "Accept-Encoding: gzip", 200, "Etag: W/\"a\"\nContent-Encoding: gzip\nVary: *"), ""},
		{"a 206 of another representation", tagged, get("GET", "Range: bytes=0-1\nAccept: text/html", 206, ""), ""},
		{"a 206 of the same", tagged, get("GET", "Range: bytes=0-1", 206, "Etag: \"a\""), "206-pair"},
		{"a 304 of another representation", tagged, get("GET", "If-None-Match: \"a\"\nAccept-Language: da", 304, ""), ""},
		{"a 304 after an error that has passed", get("GET", "", 500, ""), get("GET", "If-None-Match: \"a\"", 304, ""), ""},
		{"a 304 after a limit", get("GET", "", 429, ""), get("GET", "If-None-Match: \"a\"", 304, ""), ""},
		{"a 304 where there is nothing", get("GET", "", 404, ""), get("GET", "If-None-Match: *", 304, ""), "304-would"},
		{"a 304 where there is a redirect", get("GET", "", 301, "Location: /b"), get("GET", "If-None-Match: *", 304, ""), "304-would"},
		{"a 304 after a 204", get("GET", "", 204, ""), get("GET", "If-None-Match: *", 304, ""), ""},
		{"a preference that nobody asked for", get("GET", "", 200, ""), get("GET", "", 200, "Preference-Applied: return=minimal"), ""},
		{"a preference that was asked for", get("GET", "", 200, "Vary: Prefer"), get("GET", "Prefer: return=minimal", 200, "Preference-Applied: return=minimal"), "G16-pair"},
		{"content by Accept, not for caches", get("GET", "", 200, "Cache-Control: no-store\nContent-Type: text/html"), get("GET", "Accept: text/plain", 200, "Cache-Control: no-store\nContent-Type: text/plain"), ""},
		{"content by Accept, Vary on one side", get("GET", "", 200, "Content-Type: text/html"), get("GET", "Accept: text/plain", 200, "Vary: Accept\nContent-Type: text/plain"), "G11-pair"},
		{"content that differs, the same Accept", get("GET", "Accept: a/b", 200, "Content-Type: text/html"), get("GET", "Accept: a/b", 200, "Content-Type: text/plain"), ""},
	} {
		if got := ids(standard.Compare(p.base, p.other)); got != p.want {
			t.Errorf("%s: found %q, want %q", p.name, got, p.want)
		}
	}
	// Where the caller does not say that nothing changed, only the same tag does.
	plain := get("GET", "", 200, "Content-Length: 5")
	head := get("HEAD", "", 200, "Content-Length: 9")
	if got := ids(standard.compare(plain, head)); got != "" {
		t.Errorf("a page that changes all the time: found %s", got)
	}
	if got := ids(standard.Compare(plain, head)); got != "G4" {
		t.Errorf("a page that does not change: found %q", got)
	}
}

// What net/http mends or knows better, of a handler or of a response.
func TestMendedByNetHTTP(t *testing.T) {
	two := func(fields string, recorded bool) Exchange {
		x := get("DELETE", "", 204, fields)
		x.Response.ProtoMajor, x.Recorded = 2, recorded
		return x
	}
	body := get("GET", "", 404, "Cache-Control: no-store\nContent-Type: application/problem+json\nContent-Encoding: gzip\n\nbinary")
	digest := get("POST", "", 200, "Content-Type: text/plain\nContent-Digest: sha-256=:AAAA:\n\nHello")
	head := get("HEAD", "", 200, "Cache-Control: no-store\nContent-Type: text/plain\n\nHello")
	recordedHead := head
	recordedHead.Recorded = true
	for _, m := range []struct {
		name string
		x    Exchange
		want string
	}{
		{"Connection: close of a handler over HTTP/2", two("Connection: close", true), ""},
		{"Connection: close on the wire of HTTP/2", two("Connection: close", false), "G13"},
		{"Upgrade of a handler over HTTP/2, which passes", two("Upgrade: websocket", true), "G13"},
		{"a problem that nobody decoded", body, ""},
		{"a problem that net/http decoded", uncompressed(body), "G17"},
		{"a digest of what net/http decoded", uncompressed(digest), ""},
		{"a digest of the content", digest, "G18"},
		{"content in answer to HEAD on the wire", head, "G2"},
		{"content that a handler writes to HEAD", recordedHead, ""},
		{"a decoded answer without Vary", uncompressed(get("GET", "", 200, "Etag: \"a\"\nContent-Type: text/plain\n\nHello")), "G11"},
	} {
		if got := ids(judged(m.x)); got != m.want {
			t.Errorf("%s: found %q, want %q", m.name, got, m.want)
		}
	}
}
