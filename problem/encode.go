package problem

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"
)

// encoded is the serialised form of a problem, kept with it.
type encoded struct {
	base   string   // of the type URIs in body
	body   []byte   // nil until the problem is written a second time
	length []string // the value of Content-Length
}

// first marks a problem that was written once: only what is written again is
// worth keeping.
var first = new(encoded)

// maxKept is the size of a buffer that goes back to the pool.
const maxKept = 16 << 10

var buffers = sync.Pool{New: func() any { return new(buffer) }}

type buffer struct{ b []byte }

func (b *buffer) free() {
	if cap(b.b) <= maxKept {
		b.b = b.b[:0]
		buffers.Put(b)
	}
}

// payload is the content of a response.
type payload struct {
	body   []byte
	length []string
	buf    *buffer // to free; nil where the body is kept
}

func (c payload) free() {
	if c.buf != nil {
		c.buf.free()
	}
}

// payload encodes p. JSON that is written again is kept.
func (p *Problem) payload(base, instance string, xml bool) (payload, error) {
	if !xml && instance == p.instance {
		kept := p.cache.Load()
		switch {
		case kept != nil && kept.body != nil && kept.base == base:
			return payload{body: kept.body, length: kept.length}, nil
		case kept == nil:
			p.cache.CompareAndSwap(nil, first)
		default:
			b, err := p.appendBody(nil, base, instance)
			if err != nil {
				return payload{}, err
			}
			kept = &encoded{base, b, []string{strconv.Itoa(len(b))}}
			p.cache.Store(kept)
			return payload{body: kept.body, length: kept.length}, nil
		}
	}
	buf := buffers.Get().(*buffer)
	var err error
	if buf.b, err = p.appendBody(buf.b[:0], base, instance); err == nil && xml {
		buf.b, err = appendXML(make([]byte, 0, 2*len(buf.b)), buf.b)
	}
	if err != nil {
		buf.free()
		return payload{}, err
	}
	return payload{buf.b, []string{strconv.Itoa(len(buf.b))}, buf}, nil
}

// MarshalJSON encodes the problem as the body of a response has it (RFC 9457
// §3), its type below /problems/.
func (p *Problem) MarshalJSON() ([]byte, error) {
	return p.appendJSON(nil, defaultBase, p.instance)
}

// JSON encodes a problem as Write would send it, its type below [Options.Base], for
// another place than a response: the document of a job that failed, a message.
func (w *Writer) JSON(p *Problem) ([]byte, error) {
	base := defaultBase
	if w != nil && w.base != "" {
		base = w.base
	}
	return p.appendJSON(nil, base, p.instance)
}

// appendBody appends the body of a response: the problem and a line feed, as a
// json.Encoder ends its values, so that a terminal shows it well.
func (p *Problem) appendBody(dst []byte, base, instance string) ([]byte, error) {
	dst, err := p.appendJSON(dst, base, instance)
	return append(dst, '\n'), err
}

func (p *Problem) appendJSON(dst []byte, base, instance string) ([]byte, error) {
	dst = append(dst, `{"type":`...)
	switch {
	case p.typ == nil:
		dst = append(dst, `"about:blank"`...)
	case p.typ.uri != "":
		dst = appendString(dst, p.typ.uri)
	default:
		dst = appendString(dst, base)
		dst = append(dst[:len(dst)-1], p.typ.name...) // a name needs no escape
		dst = append(dst, '"')
	}
	dst = append(dst, `,"title":`...)
	dst = appendString(dst, p.Title())
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(p.status), 10)
	if p.detail != "" {
		dst = append(dst, `,"detail":`...)
		dst = appendString(dst, p.detail)
	}
	if instance != "" {
		dst = append(dst, `,"instance":`...)
		dst = appendString(dst, instance)
	}
	for _, m := range p.members {
		dst = append(dst, ',')
		dst = appendString(dst, m.name)
		dst = append(dst, ':')
		var err error
		if dst, err = appendValue(dst, m.value); err != nil {
			return dst, fmt.Errorf("problem: member %s: %w", m.name, err)
		}
	}
	if len(p.errors) > 0 {
		dst = append(dst, `,"errors":[`...)
		for i := range p.errors {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = p.errors[i].appendJSON(dst); err != nil {
				return dst, fmt.Errorf("problem: errors[%d]: %w", i, err)
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

// MarshalJSON encodes the item as "errors" has it: the members that are set.
func (i Item) MarshalJSON() ([]byte, error) { return i.appendJSON(nil) }

func (i *Item) appendJSON(dst []byte) ([]byte, error) {
	dst = append(dst, `{"detail":`...)
	dst = appendString(dst, i.Detail)
	for _, m := range [...]struct{ name, value string }{
		{`,"pointer":`, i.Pointer}, {`,"parameter":`, i.Parameter}, {`,"header":`, i.Header}, {`,"code":`, i.Code},
	} {
		if m.value != "" {
			dst = append(dst, m.name...)
			dst = appendString(dst, m.value)
		}
	}
	if len(i.Params) > 0 {
		dst = append(dst, `,"params":`...)
		if len(i.Params) == 1 { // the usual case, without a sort or a reflection
			for k, v := range i.Params {
				dst = append(dst, '{')
				dst = appendString(dst, k)
				dst = append(dst, ':')
				var err error
				if dst, err = appendValue(dst, v); err != nil {
					return dst, err
				}
				dst = append(dst, '}')
			}
		} else {
			b, err := json.Marshal(i.Params)
			if err != nil {
				return dst, err
			}
			dst = append(dst, b...)
		}
	}
	return append(dst, '}'), nil
}

func appendValue(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendString(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	}
	b, err := json.Marshal(v)
	return append(dst, b...), err
}

// appendString appends s as a JSON string, as encoding/json does it: with <,
// > and & escaped, so that no sniffing client takes a problem for HTML.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			if c == '"' || c == '\\' {
				dst = append(dst, '\\', c)
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
			dst = append(dst, s[start:i]...)
			if n == 1 {
				dst = append(dst, `\ufffd`...)
			} else {
				dst = append(dst, `\u202`...)
				dst = append(dst, hex[r&15])
			}
			i += n
			start = i
			continue
		}
		i += n
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
