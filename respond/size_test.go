package respond_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

type sized struct {
	A string `json:"a"`
}

func newSizeService(t *testing.T, o respond.Options) (http.Handler, *logBook) {
	t.Helper()
	api, book := newAPI(t, o)
	mux := http.NewServeMux()
	handleDecode(mux, api, "/small", respond.Must(respond.NewDecoder[sized](respond.DecodeOptions{MaxBytes: 100})))
	handleDecode(mux, api, "/large", respond.Must(respond.NewDecoder[sized](respond.DecodeOptions{MaxBytes: 64 << 20})))
	handleDecode(mux, api, "/usual", respond.Must(respond.NewDecoder[sized](respond.DecodeOptions{})))
	return api.Wrap(mux), book
}

// object is a document of n bytes.
func object(n int) string {
	return `{"a":"` + strings.Repeat("s", n-len(`{"a":""}`)) + `"}`
}

// Content beyond the limit is a 413, whatever else is wrong with it.
func TestSplitTooLarge(t *testing.T) {
	service, book := newSizeService(t, respond.Options{MaxBytes: 1000})
	addr := startServer(t, service, book)
	for _, row := range []struct {
		name, raw string
		status    int
	}{
		{"as large as may be", request("POST", "/small", object(100), jsonField), 201},
		{"as large as may be, in chunks", chunked("POST", "/small", object(100), jsonField), 201},
		{"one more", request("POST", "/small", object(101), jsonField), 413},
		{"one more, in chunks", chunked("POST", "/small", object(101), jsonField), 413},
		{"its tail alone", request("POST", "/small", object(50)+strings.Repeat(" ", 51), jsonField), 413},
		{"its tail alone, in chunks", chunked("POST", "/small", object(50)+strings.Repeat(" ", 51), jsonField), 413},
		{"a syntax error first", request("POST", "/small", "}"+object(200), jsonField), 413},
		{"a syntax error first, in chunks", chunked("POST", "/small", "}"+object(200), jsonField), 413},
		{"an unknown member first", chunked("POST", "/small", `{"x":1,`+object(200), jsonField), 413},
		{"another media type: 415 goes first", request("POST", "/small", object(200), "Content-Type: text/plain"), 415},
		{"an unknown path: 404 goes first", request("POST", "/none", object(2000), jsonField), 404},
		{"another method: 405 goes first", request("DELETE", "/small", object(2000), jsonField), 405},
		{"the service's limit", request("POST", "/large", object(1001), jsonField), 413},
		{"the service's limit, in chunks", chunked("POST", "/large", object(1001), jsonField), 413},
		{"below the service's limit", request("POST", "/large", object(1000), jsonField), 201},
		{"declared and not sent", "POST /small HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nContent-Length: 999999999999\r\n\r\n", 413},
		{"beyond the service's limit alone, and not sent", "POST /large HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nContent-Length: 300000\r\n\r\n", 413},
		{"declared and not sent, to the service", "POST /large HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nContent-Length: 999999999999\r\n\r\n", 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			res, body := exchangeRaw(t, addr, row.raw, false)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, cut(body))
			}
			if row.status >= 400 {
				wantProblem(t, res, body)
			}
			if row.status == 413 && !strings.Contains(body, `"limit":`) {
				t.Errorf("the limit is not named: %s", body)
			}
		})
	}
	if level := book.worst(); level > slog.LevelInfo {
		t.Errorf("logged at %v", level)
	}
}

// With Expect: 100-continue the content is not even asked for.
func TestSplitTooLargeIsNotAskedFor(t *testing.T) {
	service, book := newSizeService(t, respond.Options{})
	addr := startServer(t, service, book)
	raw := "POST /small HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n"
	if res, _ := exchangeRaw(t, addr, raw, false); res.StatusCode != 413 {
		t.Errorf("the first answer is %d, want 413 without a 100", res.StatusCode)
	}
}

// 100 MB are refused while they arrive, and are never in memory.
func TestSplitTooLargeStreamed(t *testing.T) {
	service, book := newSizeService(t, respond.Options{})
	addr := startServer(t, service, book)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res, err := http.Post("http://"+addr+"/usual", "application/json", io.LimitReader(new(letters), 100<<20))
	if err == nil {
		defer res.Body.Close()
		if res.StatusCode != 413 {
			t.Errorf("the status is %d, want 413", res.StatusCode)
		}
	} else if !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
	if level := book.worst(); level > slog.LevelInfo {
		t.Errorf("logged at %v", level)
	}
}

// letters reads as an endless text.
type letters struct{ begun bool }

func (l *letters) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	if !l.begun {
		l.begun = true
		copy(b, `{"a":"`)
	}
	return len(b), nil
}

// A client that is too slow gets a 408 or nothing, and is no error of the
// service; nor is one that breaks off, or whose framing is wrong.
func TestSlowAndBrokenClients(t *testing.T) {
	service, book := newSizeService(t, respond.Options{})
	addr := startServer(t, service, book, func(s *http.Server) { s.ReadTimeout = 300 * time.Millisecond })
	for _, row := range []struct {
		name, raw string
		half      bool // the client ends its side
		status    int
	}{
		{"slow", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nContent-Length: 50\r\n\r\n{\"a\":", false, 408},
		{"slow, in chunks", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":", false, 408},
		{"broken off", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nContent-Length: 50\r\n\r\n{\"a\":", true, 400},
		{"broken off, in chunks", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":", true, 400},
		{"malformed chunks", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", false, 400},
		{"malformed second chunk", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\ns3cr3t\r\n", false, 400},
		{"a chunk without its end", "POST /usual HTTP/1.1\r\nHost: x\r\n" + jsonField + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n", false, 400},
		{"no media type, slow", "POST /usual HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", false, 415},
	} {
		t.Run(row.name, func(t *testing.T) {
			res, body := exchangeRaw(t, addr, row.raw, row.half)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, body)
			}
			wantProblem(t, res, body)
			if row.status != 415 && !res.Close {
				t.Error("the connection is kept after half a request")
			}
			if strings.Contains(body, marker) {
				t.Errorf("the answer holds what the client sent: %s", body)
			}
		})
	}
	if level := book.worst(); level > slog.LevelInfo {
		t.Errorf("logged at %v", level)
	}
}

// A client that disconnects in the middle is no error, and the service lives.
func TestClientDisconnects(t *testing.T) {
	service, book := newSizeService(t, respond.Options{})
	addr := startServer(t, service, book)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "POST /usual HTTP/1.1\r\nHost: x\r\n"+jsonField+"\r\nContent-Length: 50\r\n\r\n{\"a\":")
	_ = c.(*net.TCPConn).SetLinger(0) // a reset
	c.Close()
	for range 100 {
		if strings.Contains(book.String(), `"status":400`) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if level := book.worst(); level != slog.LevelInfo {
		t.Errorf("logged at %v, want one record at info", level)
	}
	if res, _ := exchangeRaw(t, addr, request("POST", "/usual", object(20), jsonField), false); res.StatusCode != 201 {
		t.Errorf("after that the status is %d", res.StatusCode)
	}
}
