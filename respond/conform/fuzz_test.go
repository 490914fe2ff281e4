package conform

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzCheck reads an exchange as a client would. Check does not panic, tells
// the same twice, prints each finding as one line, and leaves the response
// as it was.
func FuzzCheck(f *testing.F) {
	for _, e := range examples() {
		for _, text := range []string{e.bad, e.good} {
			ask, answer, _ := strings.Cut(strings.TrimPrefix(text, "\n"), "\n\nHTTP/")
			f.Add(ask+"\n\n", "HTTP/"+answer, int64(1<<20))
		}
	}
	f.Add("GET / HTTP/1.1\n\n", "HTTP/1.1 200 OK\nContent-Length: 9\n\nabc", int64(2))
	f.Add("GET / HTTP/1.1\n\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\nA: b\n\n", int64(0))
	f.Fuzz(func(t *testing.T, ask, answer string, limit int64) {
		read := func() (*http.Request, *http.Response) {
			req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(ask)))
			if err != nil {
				req = nil
			}
			res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), req)
			if err != nil {
				t.Skip()
			}
			return req, res
		}
		c, err := New(Options{MaxBody: max(limit, 0)})
		if err != nil {
			t.Fatal(err)
		}
		req, res := read()
		_, untouched := read()
		first := c.Check(req, res)
		if second := c.Check(req, res); !slices.Equal(first, second) {
			t.Errorf("first %v, then %v", first, second)
		}
		for _, f := range first {
			if strings.ContainsAny(f.String(), "\r\n") {
				t.Errorf("%q is more than a line", f)
			}
		}
		want, err1 := io.ReadAll(untouched.Body)
		got, err2 := io.ReadAll(res.Body)
		if !bytes.Equal(want, got) || (err1 == nil) != (err2 == nil) {
			t.Errorf("the body is %q (%v), was %q (%v)", got, err2, want, err1)
		}
		if !maps.EqualFunc(res.Trailer, untouched.Trailer, slices.Equal) {
			t.Errorf("the trailer is %v, was %v", res.Trailer, untouched.Trailer)
		}
		if res.StatusCode != untouched.StatusCode || !reflect.DeepEqual(res.Header, untouched.Header) {
			t.Errorf("the header is %d %v, was %d %v", res.StatusCode, res.Header, untouched.StatusCode, untouched.Header)
		}
		for _, f := range c.Compare(Exchange{Request: req, Response: untouched, Body: want}, Exchange{Request: req, Response: res, Body: got}) {
			if f.Level == Must && f.Rule != "304-would" {
				t.Errorf("beside itself: %s", f)
			}
		}
	})
}

// FuzzExchange judges what no parser has seen: any status, method and fields.
func FuzzExchange(f *testing.F) {
	f.Add("GET", "/a", "*", 401, "WWW-Authenticate: ,\nETag: \"a\"", "Range: bytes=", []byte("a"), byte(0))
	f.Add("", "", "\n", -1, "Location: %\nLocation: //[", "", []byte(nil), byte(255))
	f.Fuzz(func(t *testing.T, method, path, query string, status int, fields, asked string, body []byte, flags byte) {
		header := func(text string) http.Header {
			if text == "" {
				return nil
			}
			h := http.Header{}
			for line := range strings.SplitSeq(text, "\n") {
				name, value, _ := strings.Cut(line, ":")
				h[name] = append(h[name], value) // whatever its case
			}
			return h
		}
		x := Exchange{Body: body, Truncated: flags&1 != 0, Recorded: flags&2 != 0,
			Response: &http.Response{StatusCode: status, Header: header(fields), ProtoMajor: int(flags >> 6), Uncompressed: flags&4 != 0}}
		if flags&8 == 0 {
			x.Request = &http.Request{Method: method, Header: header(asked), ContentLength: int64(flags&16) - 1}
		}
		if flags&24 == 0 {
			x.Request.URL = &url.URL{Path: path, RawQuery: query}
		}
		before := x.Response.Header.Clone()
		first, second := judged(x), judged(x)
		if !slices.Equal(first, second) {
			t.Errorf("first %v, then %v", first, second)
		}
		for _, f := range first {
			if strings.ContainsAny(f.String(), "\r\n") {
				t.Errorf("%q is more than a line", f)
			}
		}
		if !reflect.DeepEqual(before, x.Response.Header) || !bytes.Equal(body, x.Body) {
			t.Error("the exchange was changed")
		}
		plain := x
		plain.Request = nil
		_ = standard.Compare(plain, x)
		_ = standard.Compare(x, plain)
		_ = standard.Exchange(Exchange{})
		_ = standard.Check(nil, nil)
	})
}
