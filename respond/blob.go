package respond

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"time"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Bytes answers 200 with content as it is. See [Content].
func Bytes(mediaType string, content []byte) Response {
	return Content(mediaType, bytes.NewReader(content))
}

// Content answers 200 with content of a media type as it is: a file, an
// image, a document that was made before. A GET may ask for parts of it
// (RFC 9110 §14): 206 with one part or several, under If-Range where that
// holds, and 416 with its size where no part is there. A Range that is
// malformed, in another unit than bytes, asks for more than 16 parts, or for
// more bytes than there are, is ignored.
//
// The content is read from its start, wherever it stands, and closed after
// it, if it is an io.Closer. It must not be shared by two requests.
func Content(mediaType string, content io.ReadSeeker) Response {
	s := Response{status: http.StatusOK, body: &blob{mediaType, content}}
	if _, ok := httpfield.ParseMediaType(mediaType); !ok {
		return s.fail("the media type does not parse (RFC 9110 §8.3.1)")
	}
	return s
}

// blob is content that needs no encoding.
type blob struct {
	mediaType string
	content   io.ReadSeeker
}

func (b *blob) close() {
	if c, ok := b.content.(io.Closer); ok {
		_ = c.Close() // it was only read
	}
}

// maxRanges is how many parts a request may ask for; beyond that Range is
// ignored (RFC 9110 §14.2 warns of many small ranges).
const maxRanges = 16

// Shared by all responses; nobody writes to it.
var acceptBytes = []string{"bytes"}

func (a *API) sendBlob(w http.ResponseWriter, r *http.Request, s *Response, b *blob) {
	defer b.close()
	h := w.Header()
	writeVary(h, r, false)
	size, err := b.measure(s)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if a.decided(w, r, s) {
		return
	}
	parts, satisfiable := rangesOf(r, s, size)
	if !satisfiable {
		p := problem.RangeNotSatisfiable(size)
		if s.etag != "" {
			p = p.WithHeader("ETag", s.etag)
		}
		a.fail(w, r, p)
		return
	}
	h["Content-Type"] = []string{b.mediaType}
	if isRead(r.Method) {
		h["Accept-Ranges"] = acceptBytes
	}
	s.header(h)
	if s.digested && len(parts) == 0 && r.Method != http.MethodHead {
		sum, err := b.sum("")
		if err != nil {
			a.fail(w, r, err)
			return
		}
		h["Content-Digest"] = digestField(sum)
	}
	if _, err := b.content.Seek(0, io.SeekStart); err != nil {
		a.fail(w, r, err)
		return
	}
	out := commit.Track(w) // so that an error halfway aborts the answer
	if err := b.send(out, r, parts, size); err != nil {
		a.writer().Write(out, r, fmt.Errorf("respond: sending the content: %w", err))
	}
}

// measure finds the size, and the entity tag if it is to be computed.
func (b *blob) measure(s *Response) (size int64, err error) {
	if s.compute {
		sum, err := b.sum(b.mediaType + "\x00")
		if err != nil {
			return 0, err
		}
		s.etag = tagOf(sum)
	}
	return b.content.Seek(0, io.SeekEnd)
}

// send writes the header and the content, or those parts of it.
func (b *blob) send(w http.ResponseWriter, r *http.Request, parts []httpfield.Range, size int64) error {
	h := w.Header()
	status, length := http.StatusPartialContent, int64(0)
	content := func(w io.Writer) error { return b.copyPart(w, parts[0]) }
	switch len(parts) {
	case 0:
		status, length = http.StatusOK, size
		content = func(w io.Writer) error { return b.copyPart(w, httpfield.Range{Length: size}) }
	case 1:
		length = parts[0].Length
		h["Content-Range"] = []string{contentRange(parts[0], size)}
	default:
		m := byteRanges{parts: parts, size: size, mediaType: h.Get("Content-Type"), boundary: multipart.NewWriter(nil).Boundary()}
		length = m.length()
		h["Content-Type"] = []string{"multipart/byteranges; boundary=" + m.boundary}
		content = func(w io.Writer) error { return m.write(w, b.copyPart) }
	}
	h["Content-Length"] = []string{strconv.FormatInt(length, 10)}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	return content(w)
}

func (b *blob) copyPart(w io.Writer, part httpfield.Range) error {
	if part.Start > 0 || part.Length > 0 {
		if _, err := b.content.Seek(part.Start, io.SeekStart); err != nil {
			return err
		}
	}
	_, err := io.CopyN(w, b.content, part.Length)
	return err
}

// byteRanges is the content of a 206 with several parts (RFC 9110 §14.6).
type byteRanges struct {
	parts     []httpfield.Range
	size      int64
	mediaType string
	boundary  string
}

func (m *byteRanges) write(w io.Writer, copyPart func(io.Writer, httpfield.Range) error) error {
	mw := multipart.NewWriter(w)
	if err := mw.SetBoundary(m.boundary); err != nil {
		return err
	}
	for _, part := range m.parts {
		pw, err := mw.CreatePart(textproto.MIMEHeader{
			"Content-Range": {contentRange(part, m.size)},
			"Content-Type":  {m.mediaType},
		})
		if err != nil {
			return err
		}
		if err := copyPart(pw, part); err != nil {
			return err
		}
	}
	return mw.Close()
}

func (m *byteRanges) length() int64 {
	var n counter
	_ = m.write(&n, func(_ io.Writer, part httpfield.Range) error { // n never fails
		n += counter(part.Length)
		return nil
	})
	return int64(n)
}

// counter counts what is written to it.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

func contentRange(part httpfield.Range, size int64) string {
	b, _ := httpfield.ContentRange{First: part.Start, Last: part.Start + part.Length - 1, Size: size}.Append(nil)
	return string(b)
}

// rangesOf returns the parts that r asks for; none stand for the whole. It is
// not ok where no part that r asks for is there.
func rangesOf(r *http.Request, s *Response, size int64) (parts []httpfield.Range, ok bool) {
	lines := r.Header["Range"]
	if len(lines) != 1 || r.Method != http.MethodGet || !ifRange(r, s) {
		return nil, true
	}
	ranges := httpfield.ParseRange(lines[0], size, maxRanges)
	return ranges.Parts, ranges.Status != httpfield.RangeUnsatisfiable
}

// ifRange tells whether Range counts: there is no If-Range, or it names the
// content as it is now (RFC 9110 §13.1.5, a strong comparison, or the exact
// date).
func ifRange(r *http.Request, s *Response) bool {
	lines := r.Header["If-Range"]
	if len(lines) == 0 {
		return true
	}
	if len(lines) > 1 {
		return false
	}
	now := time.Now()
	given, ok := httpfield.ParseIfRange(lines[0], now)
	switch {
	case !ok:
		return false
	case given.Tag != httpfield.ETag{}:
		current, ok := httpfield.ParseETag(s.etag)
		return ok && given.Tag.EqualStrong(current)
	}
	// A date is strong only where it is at least a second older than the
	// answer (RFC 9110 §8.8.2.2).
	return s.modified != 0 && given.Date.Unix() == s.modified && now.Unix() > s.modified
}
