package conform

import (
	"net/http"
	"sync"
)

// kept is what a tap keeps of a response. Its parts are used again.
type kept struct {
	header http.Header
	body   []byte
	res    http.Response
}

var keptPool = sync.Pool{New: func() any { return &kept{header: http.Header{}} }}

// What is larger is left to the garbage collector.
const (
	maxPooledBody   = 128 << 10
	maxPooledHeader = 64
)

// keep copies a header. The values are shared: Header's methods replace them.
func keep(h http.Header) *kept {
	k := keptPool.Get().(*kept)
	for name, values := range h {
		k.header[name] = values
	}
	return k
}

func (k *kept) release() {
	if cap(k.body) > maxPooledBody || len(k.header) > maxPooledHeader {
		return
	}
	clear(k.header)
	k.body = k.body[:0]
	k.res = http.Response{}
	keptPool.Put(k)
}

// asSent takes away what net/http's server does not send.
func asSent(h http.Header, status int, r *http.Request) {
	if r.ProtoMajor >= 2 {
		delete(h, "Connection")
		delete(h, "Transfer-Encoding")
		return
	}
	if status == 204 || status == 304 {
		delete(h, "Content-Length")
		delete(h, "Transfer-Encoding")
	}
	if status == 304 {
		delete(h, "Content-Type")
	}
}

// sniff adds the Content-Type that net/http's server does.
func sniff(h http.Header, body []byte) {
	if _, set := h["Content-Type"]; !set && len(body) > 0 && h.Get("Content-Encoding") == "" && h.Get("Transfer-Encoding") == "" {
		h["Content-Type"] = []string{http.DetectContentType(body)}
	}
}
