package conform_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

const date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

// The parts of a dump.
const (
	getOrder   = "GET /orders/1 HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
	headOrder  = "HEAD /orders/1 HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
	postOrder  = "POST /orders HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 2\r\n\r\n{}"
	askOrder   = "GET /orders/1 HTTP/1.1\r\nHost: api.example.com\r\nIf-None-Match: \"v1\"\r\n\r\n"
	okOrder    = "HTTP/1.1 200 OK\r\n" + date + "ETag: \"v1\"\r\nCache-Control: no-cache\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
	chunked    = "HTTP/1.1 200 OK\r\n" + date + "ETag: \"v1\"\r\nCache-Control: no-cache\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n"
	headAnswer = "HTTP/1.1 200 OK\r\n" + date + "ETag: \"v1\"\r\nCache-Control: no-cache\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
	unmodified = "HTTP/1.1 304 Not Modified\r\n" + date + "ETag: \"v1\"\r\nCache-Control: no-cache\r\n\r\n"
	bare304    = "HTTP/1.1 304 Not Modified\r\n" + date + "\r\n"
	noContent  = "HTTP/1.1 204 No Content\r\n" + date + "\r\n"
	created    = "HTTP/1.1 201 Created\r\n" + date + "Location: /orders/1\r\nContent-Length: 0\r\n\r\n"
	hints      = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
	emptyHints = "HTTP/1.1 103 Early Hints\r\n\r\n"
	unframed   = "HTTP/1.1 200 OK\r\n" + date + "ETag: \"v1\"\r\nContent-Type: application/json\r\n\r\n{\"a\":"
	cutOff     = "HTTP/1.1 200 OK\r\n" + date + "ETag: \"v1\"\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n{\"a\":"
	switched   = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n\x81\x05hello"
	upgrade    = "GET /chat HTTP/1.1\r\nHost: api.example.com\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n"
)

func TestReadDump(t *testing.T) {
	checker, err := conform.New(conform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dump string
		n          int
		want       string // exchange:rule
	}{
		{"one", getOrder + okOrder, 1, ""},
		{"LF alone", strings.ReplaceAll(getOrder+okOrder, "\r", ""), 1, ""},
		{"several, with and without empty lines", getOrder + okOrder + "\r\n\r\n" + postOrder + created + headOrder + headAnswer + "\n\n", 3, ""},
		{"chunked", getOrder + chunked + getOrder + okOrder, 2, ""},
		{"HEAD and 304 and 204 have no content", headOrder + headAnswer + askOrder + unmodified + postOrder + noContent + getOrder + okOrder, 4, ""},
		{"but one has", getOrder + okOrder + askOrder + unmodified + "{\"a\":1}\n\n" + postOrder + created, 3, "1:G2"},
		{"the last has", postOrder + noContent + "what?", 1, "0:G2"},
		{"the 304 lost a field", getOrder + okOrder + askOrder + bare304, 2, "1:304-pair"},
		{"before the 200", askOrder + bare304 + getOrder + okOrder, 2, "0:304-pair"},
		{"after a change it may", getOrder + okOrder + strings.Replace(postOrder, "/orders", "/orders/1", 1) + created + askOrder + bare304, 3, ""},
		{"interim", postOrder + "HTTP/1.1 100 Continue\r\n\r\n" + hints + created, 1, ""},
		{"an empty 103", getOrder + okOrder + postOrder + emptyHints + created, 2, "1:103"},
		{"to the end", getOrder + unframed, 1, "0:G20"},
		{"cut off", getOrder + cutOff, 1, ""},
		{"another protocol", upgrade + switched, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := conform.ReadDump(strings.NewReader(c.dump))
			if err != nil || len(all) != c.n {
				t.Fatalf("%d exchanges, %v; want %d", len(all), err, c.n)
			}
			var got []string
			for _, f := range checker.Exchanges(all) {
				got = append(got, string(rune('0'+f.Exchange))+":"+f.Rule)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("found %q, want %q", s, c.want)
			}
		})
	}
	all, _ := conform.ReadDump(strings.NewReader(postOrder + created))
	if got := all[0].Request.URL.String(); got != "http://api.example.com/orders" || all[0].Request.Method != http.MethodPost {
		t.Errorf("the URL is %s", got)
	}
}

func TestReadDumpErrors(t *testing.T) {
	for _, c := range []struct{ dump, want string }{
		{"", "the dump is empty"},
		{"\r\n\r\n", "the dump is empty"},
		{okOrder, "exchange 0 of the dump: there is a response without a request"},
		{"hello", "exchange 0 of the dump: there is no request line"},
		{getOrder, "exchange 0 of the dump: there is no response"},
		{getOrder + okOrder + "GET / HTTP/1.1\r\nHost: x", "exchange 1 of the dump: the request: it is cut off"},
		{getOrder + "HTTP/1.1 200 OK\r\nDate: x", "exchange 0 of the dump: the response: it is cut off"},
		{getOrder + "HTTP/2 200\r\n\r\n", "exchange 0 of the dump: the response: malformed HTTP version"},
		{getOrder + "HTTP/1.1 200 OK\r\nbad field\r\n\r\n", "exchange 0 of the dump: the response: malformed MIME header"},
		{getOrder + okOrder + getOrder + getOrder, "exchange 1 of the dump: the response: malformed HTTP"},
		{"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", "exchange 0 of the dump: the request: it is cut off"},
	} {
		if _, err := conform.ReadDump(strings.NewReader(c.dump)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.dump, err, c.want)
		}
	}
}

func FuzzReadDump(f *testing.F) {
	for _, s := range []string{getOrder + okOrder, getOrder + chunked + postOrder + created, askOrder + unmodified + "x\n" + headOrder + headAnswer, upgrade + switched, postOrder + hints + noContent + "what?", getOrder + cutOff} {
		f.Add([]byte(s))
	}
	fuzzCapture(f)
}

func fuzzCapture(f *testing.F) {
	checker, err := conform.New(conform.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := conform.ReadCapture(strings.NewReader(string(b)))
		if err != nil && !strings.HasPrefix(err.Error(), "conform: ") {
			t.Errorf("the error is %v", err)
		}
		for _, found := range checker.Exchanges(all) {
			if found.Exchange < 0 || found.Exchange >= len(all) || strings.ContainsAny(found.String(), "\r\n") {
				t.Errorf("the finding is %+v", found)
			}
		}
	})
}
