package respond

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// ServeHTTP sends the Response as JSON, for those who write to w themselves.
// An answer to HEAD has the fields and no content.
func (s Response) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*API)(nil).of(r.Context()).answer(w, r, &s, jsonForms.choose(r))
}

// counted is the length from which on Content-Length is set here. Shorter
// answers get it from net/http, without an allocation.
const counted = 2048

// zeroLength is shared by all responses; nobody writes to it.
var zeroLength = []string{"0"}

// answer sends s through a sender of the pool, so that neither of them is
// allocated for each request.
func (a *API) answer(w http.ResponseWriter, r *http.Request, s *Response, choice int) {
	o := senders.Get().(*sender)
	o.a, o.w, o.r, o.s = a, w, r, *s
	a.send(w, r, &o.s, o, choice)
	*o = sender{}
	senders.Put(o)
}

var senders = sync.Pool{New: func() any { return new(sender) }}

// send answers with s, a value of it in the chosen form (-1: none of those
// that there are).
func (a *API) send(w http.ResponseWriter, r *http.Request, s *Response, out *sender, choice int) {
	b, isBlob := s.body.(*blob)
	if s.status == 0 || s.defect != nil {
		if isBlob {
			b.close()
		}
		a.fail(w, r, s.Err())
		return
	}
	if isBlob {
		a.sendBlob(w, r, s, b)
		return
	}
	h := w.Header()
	if a != nil && a.tracing != TraceOff {
		if t := traceOf(r); t != nil {
			t.field(h)
		}
	}
	if s.body == nil {
		writeVary(h, r, false)
		if a.decided(w, r, s) {
			return
		}
		delete(h, "Content-Type") // of a middleware, for content that is not there
		delete(h, "Content-Length")
		if s.status != http.StatusNoContent && s.status != http.StatusNotModified {
			h["Content-Length"] = zeroLength // net/http sets it too, but not for HEAD
		}
		s.header(h)
		w.WriteHeader(s.status)
		return
	}
	forms := a.offered()
	if choice < 0 {
		if isRead(r.Method) && s.status < 300 {
			a.fail(w, r, forms.refusal)
			return
		}
		choice = 0
	}
	f := &forms.list[choice]
	writeVary(h, r, true)
	if f.suffix != "" && s.etag != "" {
		s.etag = s.etag[:len(s.etag)-1] + f.suffix + `"`
	}
	if !s.compute && a.decided(w, r, s) {
		return
	}
	out.f = f
	if err := encode(f.encoder, out, s.body); err != nil && !out.begun {
		a.fail(w, r, err) // nothing has been written: it is still an honest 500
	}
}

// decided answers a read whose preconditions decide against its content (RFC
// 9110 §13.2.1: only where the answer would be a success; §15.4.5: a 304 only
// in place of a 200, which is what a 206 would be without its Range).
func (a *API) decided(w http.ResponseWriter, r *http.Request, s *Response) bool {
	if s.status > 299 || !isRead(r.Method) {
		return false
	}
	out := evaluate(r, true, s.etag, s.modified)
	if a != nil && a.tracing != TraceOff {
		if t := traceOf(r); t != nil {
			tracePrecondition(t, r, true, s.etag, out)
			t.field(w.Header())
		}
	}
	switch out {
	case notModified:
		if s.status != http.StatusOK && s.status != http.StatusPartialContent {
			return false
		}
		s.notModified(w)
		return true
	case failed:
		a.fail(w, r, errPreconditionFailed)
		return true
	}
	return false
}

// notModified sends the 304 in place of s: with its ETag, Cache-Control,
// Content-Location, Expires and Vary, and without what describes content that
// is not there (RFC 9110 §15.4.5).
func (s *Response) notModified(w http.ResponseWriter) {
	h := w.Header()
	if s.etag != "" {
		s.modified = 0 // the ETag says it better
	}
	s.header(h)
	for name := range h {
		switch name {
		case "Accept-Ranges", "Content-Digest", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
			"Content-Range", "Content-Type", "Repr-Digest":
			delete(h, name)
		case "Last-Modified":
			if h["Etag"] != nil {
				delete(h, name)
			}
		}
	}
	w.WriteHeader(http.StatusNotModified)
}

// sender gets the whole content in one call to Write, so that the header goes
// out knowing it.
type sender struct {
	a     *API
	w     http.ResponseWriter
	r     *http.Request
	s     Response
	f     *form
	begun bool
}

func (o *sender) Write(content []byte) (int, error) {
	o.begun = true
	h := o.w.Header()
	if o.s.compute {
		o.s.etag = contentTag(o.f.contentType[0], content)
		if o.a.decided(o.w, o.r, &o.s) {
			return len(content), nil
		}
	}
	h["Content-Type"] = o.f.contentType
	o.s.header(h)
	head := o.r.Method == http.MethodHead
	if o.s.digested && !head {
		h["Content-Digest"] = digestField(sha256.Sum256(content))
	}
	if head || len(content) >= counted {
		h["Content-Length"] = []string{strconv.Itoa(len(content))}
	} else {
		delete(h, "Content-Length") // of a middleware
	}
	if o.s.status != http.StatusOK || head {
		o.w.WriteHeader(o.s.status)
	}
	if head {
		return len(content), nil
	}
	return o.w.Write(content)
}

// header sets the fields of the Response. Their values share an array.
func (s *Response) header(h http.Header) {
	values := make([]string, 0, 3+s.fields.count(s.n))
	set := func(name, value string) {
		values = append(values, value)
		h[name] = values[len(values)-1 : len(values) : len(values)]
	}
	if s.location != "" {
		set("Location", s.location)
	}
	if s.etag != "" {
		set("Etag", s.etag)
	}
	if s.modified != 0 {
		// Never later than Date (RFC 9110 §8.8.2.1).
		set("Last-Modified", httpfield.FormatDate(time.Unix(min(s.modified, time.Now().Unix()), 0)))
	}
	s.fields.each(s.n, func(f *field) {
		switch {
		case f.name == "Vary":
			addVary(h, f.value)
		case f.add && len(h[f.name]) > 0:
			h[f.name] = append(h[f.name], f.value)
		default:
			set(f.name, f.value)
		}
	})
}
