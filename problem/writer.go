package problem

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/internal/httpfield"
)

// Options are the settings of a [Writer]. The zero value is useful.
type Options struct {
	// Base is what the name of a problem type is appended to for its URI: an
	// absolute URL, which is best, or a full path (RFC 9457 §3.1.1), that ends
	// with "/". By default "/problems/".
	Base string
	// Logger gets one record for each problem: a 5xx at level error (a 503
	// at warn), all else at info. By default slog.Default() at the time of
	// the record. An error in the chain that has a method LogAttrs() []slog.Attr
	// adds these to the record: a reason code, for one.
	Logger *slog.Logger
	// Map is the table from the errors of your domain to problems. The first
	// row that fits wins.
	//
	// It comes before the answers to deadlines and to clients that went away:
	// a row for *url.Error or net.Error, say for a 502 where a connection was
	// refused, returns nil where the error is a timeout or context.Canceled.
	Map []Mapping
	// Unknown answers an error that nothing else knows. By default, and where
	// it returns nil, that is a 500 that says nothing.
	Unknown func(*http.Request, error) *Problem
	// Instance makes the URI of an occurrence for a 5xx, from the trace id
	// for one. By default, and where it returns "", it is a random urn:uuid.
	Instance func(*http.Request) string
	// Translate puts the texts of a problem (its title, its detail, and those
	// of the items of "errors") into the language that suits the lines of
	// Accept-Language best. It changes each Text in place where it knows it,
	// and returns the tag of the language that the problem then is in, for
	// Content-Language. All answers have Vary: Accept-Language. Package
	// problemlang has one. By default the texts are sent as they are.
	Translate func(accept []string, texts []Text) (language string)
	// OnProblem is called for each answer, just before it is written, for
	// metrics.
	OnProblem func(Event)
}

// Event tells of one answer, or of a client that went away before it.
type Event struct {
	Request *http.Request
	// Status is that of the problem, or 499 (which is never sent) where the
	// client went away.
	Status int
	// Type is the problem type, nil for about:blank.
	Type *Type
	// Instance is what the client was given to name this occurrence.
	Instance string
	// Err is the error as the handler returned it. It is not for clients.
	Err error
	// Sent is false where nothing can be written any more: the client went
	// away, or the header had been sent. Otherwise the answer is sent; whether
	// it arrives, nobody here can know.
	Sent bool
}

// ClientGone is the status of the log record and the [Event] for a client
// that went away before it got its answer. It is never sent.
const ClientGone = 499

const defaultBase = "/problems/"

// Writer turns errors into responses. Every part of a service that answers
// an error does it through one Writer, so that all problems look alike and
// each is logged once.
//
// The zero value and nil work, with the defaults of [Options]. A Writer is
// safe for concurrent use.
type Writer struct {
	base      string
	logger    *slog.Logger
	mappings  []Mapping
	unknown   func(*http.Request, error) *Problem
	instance  func(*http.Request) string
	translate func(accept []string, texts []Text) string
	onProblem func(Event)
}

// NewWriter makes a Writer. It returns an error where the base is not an
// absolute URL or a full path that ends with "/", or a row of the table is nil.
func NewWriter(o Options) (*Writer, error) {
	if o.Base == "" {
		o.Base = defaultBase
	}
	if err := checkBase(o.Base); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(o.Map, func(m Mapping) bool { return m == nil }); i >= 0 {
		return nil, fmt.Errorf("problem: row %d of the table is nil", i)
	}
	return &Writer{o.Base, o.Logger, slices.Clone(o.Map), o.Unknown, o.Instance, o.Translate, o.OnProblem}, nil
}

func checkBase(base string) error {
	if u, err := url.Parse(base); err != nil || !httpfield.IsURIReference(base) || strings.ContainsAny(base, "?#") || !strings.HasPrefix(u.Path, "/") || !strings.HasSuffix(u.Path, "/") {
		return fmt.Errorf("problem: the base %q is not an absolute URL or a full path that ends with a slash (RFC 9457 §3.1.1)", base)
	}
	return nil
}

// Write answers r with what err means, by a [Writer] with the defaults.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	(*Writer)(nil).Write(w, r, err)
}

// Write logs one record, tells [Options.OnProblem], and answers r with the
// problem that [Writer.Problem] finds for err.
//
// The body is JSON, whatever Accept says (RFC 9457 §3), but for a request
// whose Accept names application/problem+xml and gives it more weight than
// application/problem+json and application/json (RFC 9110 §12.5.1): then it is
// XML (RFC 9457 Appendix B). A range such as application/xml or */* does not
// ask for it: browsers send both. Vary names Accept where the body is XML, and
// where the problem's own Cache-Control lets a cache store it.
//
// It removes from the header what a success would have sent (Content-Length,
// Content-Encoding, ETag, Last-Modified, Cache-Control, CDN-Cache-Control,
// Location and their like), keeps the rest (Vary, CORS, security and request
// id fields, cookies), and adds Cache-Control: no-store and X-Content-Type-Options:
// nosniff unless the problem says otherwise. An answer to HEAD has the fields
// and no body (RFC 9110 §9.3.2). Nothing is written to a client that went
// away.
//
// Where the header has been sent already (by a writer of this module's
// middleware, which is how Write knows), no answer is possible any more:
// Write logs, and panics with http.ErrAbortHandler so that the connection is
// aborted and the client does not take half an answer for a whole one.
func (w *Writer) Write(rw http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		err = errors.New("problem: Write was called without an error")
	}
	p := w.Problem(r, err)
	sent := commit.Status(rw)
	if p == nil { // nobody is there to answer; returning would send an empty 200
		w.record(rw, Event{Request: r, Status: ClientGone, Err: err}, sent)
		panic(http.ErrAbortHandler)
	}
	if sent != 0 {
		w.record(rw, Event{Request: r, Status: p.status, Type: p.typ, Err: err}, sent)
		panic(http.ErrAbortHandler)
	}
	if defect := p.check(); defect != nil {
		p, err = internalError, errors.Join(defect, err)
	}
	if defect := w.send(rw, r, p, err); defect != nil { // a member that cannot be encoded
		_ = w.send(rw, r, internalError, errors.Join(defect, err)) // always can
	}
}

// send writes p, or nothing where it cannot be encoded. The record comes
// first: who has the answer finds it in the log.
func (w *Writer) send(rw http.ResponseWriter, r *http.Request, p *Problem, err error) error {
	base := defaultBase
	if w != nil && w.base != "" {
		base = w.base
	}
	instance := p.instance
	if instance == "" && p.status >= 500 {
		instance = w.newInstance(r)
	}
	p, language := w.translated(r, p)
	xml := prefersXML(r.Header["Accept"])
	c, defect := p.payload(base, instance, xml)
	if defect != nil {
		return defect
	}
	defer c.free()

	h := rw.Header()
	clearSuccess(h)
	h["Content-Type"] = jsonType
	if xml {
		h["Content-Type"] = xmlType
	}
	h["Content-Length"] = c.length
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	stored := false
	for _, f := range p.fields {
		switch {
		case f.name == "Link" || f.name == "Set-Cookie": // lists that others add to
			h[f.name] = slices.Concat(h[f.name], f.values)
		case f.name == "Vary" && len(h["Vary"]) > 0:
			h["Vary"] = []string{httpfield.MergeVary(slices.Concat(h["Vary"], f.values))}
		case r.ProtoMajor >= 2 && p.status == http.StatusUpgradeRequired && (f.name == "Upgrade" || f.name == "Connection"):
			// RFC 9113 §8.2.2: such a message would be malformed.
		default:
			h[f.name] = f.values
			stored = stored || f.name == "Cache-Control" && !httpfield.HasElement(f.values, "no-store")
		}
	}
	if xml || stored {
		addVary(h, varyAccept)
	}
	if w != nil && w.translate != nil {
		addVary(h, varyLanguage)
		if language != "" {
			h["Content-Language"] = []string{language}
		}
	}
	w.record(rw, Event{Request: r, Status: p.status, Type: p.typ, Instance: instance, Err: err, Sent: true}, 0)
	rw.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_, _ = rw.Write(c.body) // the client is gone, or the next read will tell
	}
	return nil
}

// addVary adds one name to Vary; the slice is shared.
func addVary(h http.Header, name []string) {
	switch lines := h["Vary"]; {
	case len(lines) == 0:
		h["Vary"] = name
	case !httpfield.VaryHas(lines, name[0]):
		h["Vary"] = []string{httpfield.MergeVary(lines, name[0])}
	}
}

func (w *Writer) newInstance(r *http.Request) string {
	if w != nil && w.instance != nil {
		if id := w.instance(r); id != "" && httpfield.IsURIReference(id) {
			return id
		}
	}
	return newInstance()
}

// Values that all responses share; nobody writes to them.
var (
	jsonType     = []string{"application/problem+json"}
	xmlType      = []string{"application/problem+xml"}
	noStore      = []string{"no-store"}
	noSniff      = []string{"nosniff"}
	varyAccept   = []string{"Accept"}
	varyLanguage = []string{"Accept-Language"}
)

// clearSuccess removes the fields that belong to an answer which is not
// going to be sent: those that describe its content (RFC 9110 §8), its
// caching and its place.
func clearSuccess(h http.Header) {
	for name := range h {
		switch name {
		case "Accept-Ranges", "Content-Digest", "Content-Disposition", "Content-Encoding", "Content-Language",
			"Content-Location", "Content-Range", "Etag", "ETag", "Expires", "Last-Modified", "Location",
			"Preference-Applied", "Repr-Digest", "Trailer", "Transfer-Encoding",
			// A shared cache obeys these, whatever Cache-Control says (RFC 9213 §2.2).
			"Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control", "Netlify-Cdn-Cache-Control",
			"Vercel-Cdn-Cache-Control", "Akamai-Cache-Control", "Surrogate-Control":
			delete(h, name)
		}
	}
}
