package conform_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

// onlyReader hides WriteTo, so that io.Copy asks the writer for ReadFrom.
type onlyReader struct{ io.Reader }

// play runs a script of single bytes, as a handler.
func play(w http.ResponseWriter, r *http.Request) {
	script, err := hex.DecodeString(r.Header.Get("X-Script"))
	if err != nil {
		panic(err)
	}
	next := func() int {
		if len(script) == 0 {
			return 0
		}
		b := script[0]
		script = script[1:]
		return int(b)
	}
	statuses := []int{100, 102, 103, 200, 201, 204, 205, 206, 304, 400, 401, 404, 405, 418, 500, 503}
	names := []string{"Content-Type", "Etag", "Content-Length", "Connection", "Trailer", "Content-Encoding", "Link", "Date", "Transfer-Encoding", "www-authenticate"}
	values := []string{"", "text/plain", `"v1"`, "3", "close", "X-End", "gzip", "</a>; rel=preload", "identity", "Bearer"}
	for len(script) > 0 {
		switch next() % 11 {
		case 0:
			w.WriteHeader(statuses[next()%len(statuses)])
		case 1, 2:
			w.Header().Set(names[next()%len(names)], values[next()%len(values)])
		case 3:
			w.Header()[names[next()%len(names)]] = nil
		case 4:
			_, _ = w.Write(bytes.Repeat([]byte{'a'}, next()*next()))
		case 5:
			_, _ = io.WriteString(w, strings.Repeat("b", next()))
		case 6:
			n, err := io.Copy(w, onlyReader{bytes.NewReader(bytes.Repeat([]byte{'c'}, next()*8))})
			w.Header().Set("X-End", fmt.Sprint(n, err))
		case 7:
			w.(http.Flusher).Flush()
		case 8:
			_ = http.NewResponseController(w).Flush()
		case 9:
			_, _ = io.Copy(io.Discard, r.Body)
		case 10:
			if next() == 255 {
				panic(http.ErrAbortHandler)
			}
		}
	}
}

// answers sends one request over a connection of its own, and returns all
// that came, taken apart.
func answers(t *testing.T, addr, method, script string) string {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s / HTTP/1.1\r\nHost: x\r\nX-Script: %s\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", method, script)
	var out strings.Builder
	br := bufio.NewReader(c)
	req := &http.Request{Method: method}
	for {
		res, err := http.ReadResponse(br, req)
		if err != nil {
			fmt.Fprintln(&out, "no response:", strings.Contains(err.Error(), "EOF"))
			return out.String()
		}
		b, err := io.ReadAll(res.Body)
		if len(res.Header["Date"]) > 0 && res.Header.Get("Date") != "" {
			res.Header.Set("Date", "now")
		}
		if err != nil { // how much of an aborted answer gets out is a matter of buffers
			b = nil
		}
		fmt.Fprintln(&out, res.Status, res.Header, res.TransferEncoding, res.ContentLength, res.Close, len(b), err != nil, res.Trailer)
		if n := bytes.IndexFunc(b, func(r rune) bool { return r < 'a' || r > 'c' }); n >= 0 {
			fmt.Fprintln(&out, "odd byte at", n)
		}
		fmt.Fprintf(&out, "%d %d %d\n", bytes.Count(b, []byte("a")), bytes.Count(b, []byte("b")), bytes.Count(b, []byte("c")))
		if res.StatusCode >= 200 || res.StatusCode == 101 {
			return out.String()
		}
	}
}

// The middleware never changes a response, whatever the handler does.
func FuzzMiddleware(f *testing.F) {
	for _, seed := range []string{
		"", "\x00\x0a", "\x01\x00\x01\x04\x10\x10", "\x00\x02\x00\x0a\x05\x03", "\x06\x3f", "\x06\x40", "\x06\x41", "\x06\xff\x06\xff", "\x05\x03\x06\x50",
		"\x07\x05\x09\x08", "\x01\x02\x03\x05\x09", "\x01\x04\x05\x04\x20\x20\x01\x05\x02", "\x00\x08\x05\x05", "\x00\x05\x04\x04\x04", "\x05\x05\x0a\xff",
		"\x09\x06\x64", "\x03\x00\x05\x20", "\x01\x08\x08\x05\x20", "\x06\x00\x00\x0a", "\x05\x01\x06\x3f\x06\x05",
	} {
		for limit := range uint16(6) {
			f.Add([]byte(seed), false, limit)
			f.Add([]byte(seed), true, limit)
		}
	}
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	start := func(h http.Handler) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = quiet
		s.Start()
		f.Cleanup(s.Close)
		return s
	}
	bare := start(http.HandlerFunc(play))
	limits := []int64{0, 1, 511, 512, 600, 1000}
	var checked []*httptest.Server
	for _, n := range limits {
		m, err := conform.Middleware(conform.MiddlewareOptions{Options: conform.Options{MaxBody: n}, Logger: quietLogger()})
		if err != nil {
			f.Fatal(err)
		}
		checked = append(checked, start(m(http.HandlerFunc(play))))
	}
	f.Fuzz(func(t *testing.T, script []byte, head bool, limit uint16) {
		if len(script) > 64 {
			return
		}
		method := "POST"
		if head {
			method = "HEAD"
		}
		s := checked[int(limit)%len(checked)]
		code := hex.EncodeToString(script)
		want := answers(t, bare.Listener.Addr().String(), method, code)
		if got := answers(t, s.Listener.Addr().String(), method, code); got != want {
			t.Errorf("with the middleware:\n%s\nwithout:\n%s", got, want)
		}
	})
}
