package jsonx

import (
	"encoding/json"
	"io"
	"sync"
)

// maxKept is the size of the largest encoded value, in bytes, after which an
// encoder still goes back to the pool. With GOEXPERIMENT=jsonv2 (and from Go
// 1.27 on) a json.Encoder holds a buffer of its own that would stay as large as
// its largest value.
const maxKept = 64 << 10

// Encode writes v to w as encoding/json's Encoder does, a newline at the end and
// <, > and & escaped included. It calls w.Write exactly once, with all of it,
// and not at all when v cannot be encoded. The error is encoding/json's or
// that of w.Write; its text may hold values and is for logs.
func Encode(w io.Writer, v any) error {
	e := encoders.Get().(*encoder)
	e.w, e.written = w, 0
	err := e.enc.Encode(v)
	e.w = nil
	// A json.Encoder remembers the error of a write and would return it to
	// whoever is next, so after an error, any error, it is not used again.
	if err == nil && e.written <= maxKept {
		encoders.Put(e)
	}
	return err
}

// An encoder is a json.Encoder whose writer can be changed.
type encoder struct {
	enc     *json.Encoder
	w       io.Writer
	written int
}

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.enc = json.NewEncoder(e)
	return e
}}

// Write passes the encoded value on to the writer of the moment.
func (e *encoder) Write(p []byte) (int, error) {
	e.written = len(p)
	return e.w.Write(p)
}
