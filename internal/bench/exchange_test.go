package bench

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// exchange is a request that can be sent again and again, with content that
// changes, and a writer that throws the answer away.
type exchange struct {
	r        *http.Request
	contents [][]byte
	body     body
	header   http.Header
	status   int
	length   int
	n        int
	buffer   []byte // of ReadFrom
}

func newExchange(method, path string, contents ...[]byte) *exchange {
	x := &exchange{r: httptest.NewRequest(method, path, nil), contents: contents, header: make(http.Header)}
	if len(contents) > 0 {
		x.r.Header.Set("Content-Type", "application/json")
	}
	return x
}

// send sends the next content. The request is one value all the time, as a
// connection's memory is to a server; what handlers change in it is laid anew.
func (x *exchange) send(h http.Handler) {
	clear(x.header)
	x.status = 0
	x.length = 0
	if len(x.contents) > 0 {
		content := x.contents[x.n%len(x.contents)]
		x.n++
		x.body.Reset(content)
		x.r.Body = &x.body
		x.r.ContentLength = int64(len(content))
	}
	h.ServeHTTP(x, x.r)
}

func (x *exchange) Header() http.Header { return x.header }

func (x *exchange) WriteHeader(status int) { x.status = status }

func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.length += len(b)
	return len(b), nil
}

// ReadFrom is there because the writer of net/http has it: what copies from a
// reader needs no memory of its own.
func (x *exchange) ReadFrom(r io.Reader) (n int64, err error) {
	if x.buffer == nil {
		x.buffer = make([]byte, 4<<10)
	}
	for {
		k, err := r.Read(x.buffer)
		if k > 0 {
			_, _ = x.Write(x.buffer[:k])
			n += int64(k)
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

type body struct{ bytes.Reader }

func (*body) Close() error { return nil }

// measure sends to h again and again.
func (x *exchange) measure(b *testing.B, h http.Handler, status int) {
	b.ReportAllocs()
	for range 3 { // pools are filled, and a problem is kept from its second time on
		x.send(h)
	}
	for b.Loop() {
		x.send(h)
	}
	if x.status != status || (x.length == 0) != (status == http.StatusNotModified) {
		b.Fatalf("status %d and %d bytes", x.status, x.length)
	}
}

// run measures every contender that has the handler.
func run(b *testing.B, x func() *exchange, handler func(contender) http.Handler, status int) {
	for _, c := range contenders {
		if h := handler(c); h != nil {
			b.Run(c.name, func(b *testing.B) { x().measure(b, h, status) })
		}
	}
}
