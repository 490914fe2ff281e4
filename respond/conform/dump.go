package conform

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// ReadDump reads what went over connections of HTTP/1.1, up to [MaxCapture]:
// a request followed by its responses, the interim ones of 1xx and the final
// one, then the next request, with empty lines between them if you like.
//
//	GET /orders/1 HTTP/1.1
//	Host: api.example.com
//
//	HTTP/1.1 404 Not Found
//	Content-Length: 0
//
// Lines may end in LF alone. A response with neither Content-Length nor
// chunked framing goes on to the end. What follows an answer that can have no
// content (HEAD, 204, 304) is the next request if it looks like one, and else
// content that should not be there. A response that is cut off is Truncated.
// After a 101, and a 2xx to CONNECT, nothing is read.
func ReadDump(r io.Reader) ([]Exchange, error) {
	b, err := readCapture(r, MaxCapture)
	if err != nil {
		return nil, err
	}
	return parseDump(b)
}

func parseDump(b []byte) ([]Exchange, error) {
	d := &dump{rest: bytes.TrimPrefix(b, []byte("\uFEFF"))}
	var all []Exchange
	for d.more() {
		x, err := d.exchange()
		if err != nil {
			return nil, fmt.Errorf("conform: exchange %d of the dump: %w", len(all), err)
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		return nil, errors.New("conform: the dump is empty")
	}
	return all, nil
}

// dump is what is left to read.
type dump struct{ rest []byte }

// more skips empty lines.
func (d *dump) more() bool {
	d.rest = bytes.TrimLeft(d.rest, "\r\n")
	return len(d.rest) > 0
}

// read calls f with a reader of the rest, and goes on behind what it reads.
func (d *dump) read(f func(*bufio.Reader) error) error {
	src := bytes.NewReader(d.rest)
	br := bufio.NewReader(src)
	err := f(br)
	d.rest = d.rest[len(d.rest)-src.Len()-br.Buffered():]
	return err
}

func (d *dump) exchange() (Exchange, error) {
	var x Exchange
	if bytes.HasPrefix(d.rest, []byte("HTTP/")) {
		return x, errors.New("there is a response without a request before it")
	}
	if !isRequestLine(d.rest) {
		return x, errors.New("there is no request line such as GET / HTTP/1.1")
	}
	if err := d.read(func(br *bufio.Reader) (err error) {
		x.Request, err = readDumpRequest(br)
		return err
	}); err != nil {
		return x, fmt.Errorf("the request: %w", orCutOff(err))
	}
	for {
		if !d.more() {
			return x, errors.New("there is no response")
		}
		if err := d.response(&x); err != nil {
			return x, fmt.Errorf("the response: %w", orCutOff(err))
		}
		if s := x.Response.StatusCode; s/100 != 1 || s == http.StatusSwitchingProtocols {
			break
		}
		x.Interim = append(x.Interim, x.Response)
	}
	seen := newExchange(x)
	switch {
	case seen.isTunnel():
		d.rest = nil
	case !seen.mayHaveBody():
		x.Body = d.stray()
	}
	return x, nil
}

func readDumpRequest(br *bufio.Reader) (*http.Request, error) {
	req, err := http.ReadRequest(br)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(content))
	if req.URL.Host == "" && req.Host != "" && req.Method != http.MethodConnect {
		req.URL.Scheme, req.URL.Host = "http", req.Host
	}
	return req, nil
}

// response reads one response, with its content.
func (d *dump) response(x *Exchange) error {
	return d.read(func(br *bufio.Reader) error {
		res, err := http.ReadResponse(br, x.Request)
		if err != nil {
			return err
		}
		x.Response = res
		if res.StatusCode == http.StatusSwitchingProtocols {
			return nil
		}
		x.Body, err = io.ReadAll(res.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		x.Truncated = err != nil
		return nil
	})
}

// stray takes what is no request, up to a line that begins one.
func (d *dump) stray() []byte {
	if !d.more() {
		return nil
	}
	for at := 0; ; {
		if isRequestLine(d.rest[at:]) {
			body := d.rest[:at]
			d.rest = d.rest[at:]
			return body
		}
		next := bytes.IndexByte(d.rest[at:], '\n')
		if next < 0 {
			body := d.rest
			d.rest = nil
			return body
		}
		at += next + 1
	}
}

// isRequestLine tells whether b begins with METHOD target HTTP/1.x.
func isRequestLine(b []byte) bool {
	const longest = 64 << 10
	line, _, _ := bytes.Cut(b[:min(len(b), longest)], []byte("\n"))
	method, rest, ok := strings.Cut(strings.TrimSuffix(string(line), "\r"), " ")
	target, version, ok2 := strings.Cut(rest, " ")
	return ok && ok2 && httpfield.IsToken(method) && target != "" && len(version) == len("HTTP/1.1") && strings.HasPrefix(version, "HTTP/")
}

func orCutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut off")
	}
	return err
}
