package respond

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// content is the whole content of a request, in a buffer of the pool.
type content struct{ b []byte }

// maxKept is the size of a buffer that goes back to the pool.
const maxKept = 64 << 10

var contents = sync.Pool{New: func() any { return &content{make([]byte, 0, 2048)} }}

func (c *content) free() {
	if cap(c.b) <= maxKept {
		c.b = c.b[:0]
		contents.Put(c)
	}
}

// take makes the checks of a request in their order: 406, 415 and 413, then
// the preconditions (428, 412), then the 400 of a request without content. It
// returns the content.
func (d *decoder) take(r *http.Request, pre []Precondition) (contentDecoder, *content, error) {
	if err := Acceptable(r); err != nil {
		return nil, nil, err
	}
	decoder, c, err := d.read(r)
	if err != nil && err != error(d.noContent) {
		return nil, nil, err
	}
	for _, check := range pre {
		if err := check(r); err != nil {
			if c != nil {
				c.free()
			}
			return nil, nil, err
		}
	}
	return decoder, c, err
}

// read takes in the content of r, after the checks that need not see it, in
// the order of refusals: nothing there (400), a coding or media type that is
// not taken (415), too large (413).
func (d *decoder) read(r *http.Request) (contentDecoder, *content, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil, d.noContent
	}
	decoder, err := d.format(r)
	if err != nil {
		if r.ContentLength < 0 && isEmpty(r.Body) {
			return nil, nil, d.noContent
		}
		return nil, nil, err
	}
	if r.ContentLength > d.maxBytes {
		return nil, nil, d.tooLarge
	}
	c := contents.Get().(*content)
	if err := c.fill(r.Body, r.ContentLength, d.maxBytes); err != nil {
		c.free()
		return nil, nil, d.readError(err)
	}
	if len(c.b) == 0 {
		c.free()
		return nil, nil, d.noContent
	}
	return decoder, c, nil
}

// noContent makes the answer to a request without content.
func noContent(split Split) *problem.Problem {
	p := problem.InvalidRequest
	if split != nil && split(jsonx.Empty, http.StatusBadRequest) != http.StatusBadRequest {
		p = problem.InvalidContent
	}
	return p.New("The request has no content, which is needed here.").
		WithErrors(problem.Item{Pointer: "#", Code: jsonx.Empty, Detail: "is missing: the request has no content."})
}

var errTooLarge = errors.New("respond: the content is larger than the limit")

// fill reads to the end, and at most one byte beyond the limit.
func (c *content) fill(body io.Reader, length, limit int64) error {
	if need := min(length, limit) + 1; int64(cap(c.b)) < need { // one more, to see the end
		c.b = make([]byte, 0, need)
	}
	for {
		if len(c.b) == cap(c.b) {
			c.b = append(c.b, 0)[:len(c.b)]
		}
		room := c.b[len(c.b):cap(c.b)]
		if left := limit + 1 - int64(len(c.b)); int64(len(room)) > left {
			room = room[:left]
		}
		n, err := body.Read(room)
		c.b = c.b[:len(c.b)+n]
		switch {
		case int64(len(c.b)) > limit:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func isEmpty(body io.Reader) bool {
	var one [1]byte
	n, err := io.ReadFull(body, one[:])
	return n == 0 && err == io.EOF
}

func (d *decoder) readError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == errTooLarge:
		return d.tooLarge
	case errors.As(err, &tooLarge): // a limit further out
		return err
	case errors.Is(err, os.ErrDeadlineExceeded): // the server's read timeout
		return problem.RequestTimeout().Wrap(err)
	}
	// The client broke off, or its framing is wrong.
	return problem.BadRequest("The content of the request could not be read to its end.").Wrap(err).WithHeader("Connection", "close")
}

// format finds the decoder for the content of r.
func (d *decoder) format(r *http.Request) (contentDecoder, error) {
	for _, line := range r.Header["Content-Encoding"] {
		if line != "" && !httpfield.EqualFold(line, "identity") {
			return nil, errEncoding
		}
	}
	types := r.Header["Content-Type"]
	if len(types) == 1 {
		given := types[0]
		for i := range d.formats {
			if d.formats[i].mediaType == given { // the usual case, without parsing
				return d.formats[i].content, nil
			}
		}
		if m, ok := httpfield.ParseMediaType(given); ok {
			for i := range d.formats {
				if !m.Is(d.formats[i].mediaType) {
					continue
				}
				if !d.formats[i].content.accepts(m) {
					return nil, problem.UnsupportedMediaType(r.Method, d.types...).
						WithDetail("The content is in a charset that is not taken here: send UTF-8.")
				}
				return d.formats[i].content, nil
			}
		}
	}
	return nil, problem.UnsupportedMediaType(r.Method, d.types...)
}

var errEncoding = problem.UnsupportedEncoding()
