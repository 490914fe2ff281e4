package conform

import (
	"bufio"
	"net"
	"net/http"
)

// A handler may ask its writer what it can do, and a writer that says too much
// would change what the handler does. So a tap has Flush, Hijack and Push
// only where the writer beneath has them. Each kind is one pointer: it costs
// no allocation.
type (
	tapF   struct{ *tap }
	tapH   struct{ *tap }
	tapP   struct{ *tap }
	tapFH  struct{ *tap }
	tapFP  struct{ *tap }
	tapHP  struct{ *tap }
	tapFHP struct{ *tap }
)

// writer returns t with the methods that the writer beneath has.
func (t *tap) writer() http.ResponseWriter {
	_, f := t.ResponseWriter.(http.Flusher)
	_, p := t.ResponseWriter.(http.Pusher)
	h := canHijack(t.ResponseWriter)
	switch {
	case f && h && p:
		return tapFHP{t}
	case f && h:
		return tapFH{t}
	case f && p:
		return tapFP{t}
	case h && p:
		return tapHP{t}
	case f:
		return tapF{t}
	case h:
		return tapH{t}
	case p:
		return tapP{t}
	}
	return t
}

func (t *tap) flush() { _ = t.FlushError() }

func (t *tap) push(target string, o *http.PushOptions) error {
	return t.ResponseWriter.(http.Pusher).Push(target, o)
}

func (t tapF) Flush()   { t.flush() }
func (t tapFH) Flush()  { t.flush() }
func (t tapFP) Flush()  { t.flush() }
func (t tapFHP) Flush() { t.flush() }

func (t tapH) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return t.hijack() }
func (t tapFH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return t.hijack() }
func (t tapHP) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return t.hijack() }
func (t tapFHP) Hijack() (net.Conn, *bufio.ReadWriter, error) { return t.hijack() }

func (t tapP) Push(target string, o *http.PushOptions) error   { return t.push(target, o) }
func (t tapFP) Push(target string, o *http.PushOptions) error  { return t.push(target, o) }
func (t tapHP) Push(target string, o *http.PushOptions) error  { return t.push(target, o) }
func (t tapFHP) Push(target string, o *http.PushOptions) error { return t.push(target, o) }

// canHijack and canFlush look down the chain of writers as
// http.ResponseController does. With Hijack a tap says more than a writer that
// only unwraps to one, or it would not see the connection go.
func canHijack(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// CloseNotify tells when the client went away. It is deprecated, but there are
// frameworks that take it for granted. Where the writer beneath has none,
// the channel follows the request's context.
func (t *tap) CloseNotify() <-chan bool {
	if n, ok := t.ResponseWriter.(interface{ CloseNotify() <-chan bool }); ok {
		return n.CloseNotify()
	}
	gone := make(chan bool, 1)
	go func() {
		<-t.r.Context().Done()
		gone <- true
	}()
	return gone
}
