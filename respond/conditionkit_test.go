package respond_test

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// When the resources of these tests changed, with a fraction that no field
// shows, and the dates around it.
var changed = time.Date(1994, time.November, 6, 8, 49, 37, 500_000_000, time.UTC)

const (
	changedDate = "Sun, 06 Nov 1994 08:49:37 GMT"
	earlierDate = "Sun, 06 Nov 1994 08:49:36 GMT"
	laterDate   = "Sun, 06 Nov 1994 08:49:38 GMT"
)

// condHead asks GET and then HEAD with the same fields, and fails unless they
// differ in nothing but the content (RFC 9110 §9.3.2). It returns the answer
// to GET.
func condHead(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	get, body := fieldAsk(t, "GET", url, "", header...)
	head, none := fieldAsk(t, "HEAD", url, "", header...)
	if none != "" {
		t.Errorf("RFC 9110 §9.3.2: HEAD has content: %q", none)
	}
	if get.StatusCode != head.StatusCode {
		t.Errorf("RFC 9110 §9.3.2: GET is a %d, HEAD a %d", get.StatusCode, head.StatusCode)
	}
	a, b := maps.Clone(get.Header), maps.Clone(head.Header)
	// Date may have moved on. A Content-Digest is that of the content, which
	// HEAD has none of: to be omitted (§9.3.2), or of nothing (RFC 9530 B.2).
	for _, name := range []string{"Date", "Content-Digest", "X-Request-Id"} {
		delete(a, name)
		delete(b, name)
	}
	if !maps.EqualFunc(a, b, slices.Equal) {
		t.Errorf("RFC 9110 §9.3.2: GET and HEAD differ:\n%v\n%v", a, b)
	}
	return get, body
}

// condWire sends a request as it stands over a connection of its own, and
// returns what comes behind the header of the answer, to the last byte.
func condWire(t *testing.T, url, method string, header ...string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b strings.Builder
	b.WriteString(method + " / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
	for i := 0; i < len(header); i += 2 {
		b.WriteString(header[i] + ": " + header[i+1] + "\r\n")
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	_, content, ok := strings.Cut(string(all), "\r\n\r\n")
	if !ok {
		t.Fatalf("no end of the header: %q", all)
	}
	return content
}

// condProblem fails unless an answer is a problem of its status, as
// everything that is a problem must be.
func condProblem(t *testing.T, res *http.Response, body string) (members map[string]any) {
	t.Helper()
	if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("RFC 9457 §3: a %d of type %q: %s", res.StatusCode, got, body)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a problem with Cache-Control %q", got)
	}
	if res.Request.Method == "HEAD" {
		return nil
	}
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatalf("RFC 9457 §3: %v: %s", err, body)
	}
	if members["status"] != float64(res.StatusCode) {
		t.Errorf("RFC 9457 §3.1.2: a %d says %v", res.StatusCode, members["status"])
	}
	return members
}

// condRequest is a request for handlers that are called as they are.
func condRequest(method string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// condNothing is a ResponseWriter that does nothing.
type condNothing struct{ h http.Header }

func (w condNothing) Header() http.Header       { return w.h }
func (condNothing) WriteHeader(int)             {}
func (condNothing) Write(p []byte) (int, error) { return len(p), nil }
func condAnswer(s respond.Response) http.Handler {
	return respond.Handle(func(*http.Request) (respond.Response, error) { return s, nil })
}
