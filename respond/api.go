package respond

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/problem"
)

// Options are the settings of an [API]. The zero value is useful.
type Options struct {
	// Problems answers the errors. By default, a writer with its defaults.
	Problems *problem.Writer
	// MaxBytes limits the content of each request that [API.Wrap] passes on;
	// a handler that reads beyond it gets an *http.MaxBytesError, which is a
	// 413. By default 16 MiB; below 0 there is no limit. A decoder has a
	// smaller limit of its own.
	MaxBytes int64
	// Methods are further methods that the service knows (RFC 9110 §9.1),
	// beside those of RFC 9110, PATCH and QUERY: an unknown one is a 501
	// where a known one would be a 405. A method that some pattern for the
	// same path registers need not be named.
	Methods []string
	// RequestID makes the id of a request that brings none. By default 26
	// random letters and digits.
	RequestID func() string
	// Trace tells why an answer is what it is. By default [TraceOff].
	Trace Tracing
	// Logger gets the records of [TraceLog]. By default slog.Default() at the
	// time of the record.
	Logger *slog.Logger
}

// API joins handlers to the settings of a service. Its zero value and nil
// work, with the defaults; the package's own [Handle] and [Wrap] use it so.
type API struct {
	problems  *problem.Writer
	maxBytes  int64
	known     map[string]bool
	requestID func() string
	forms     *forms
	tracing   Tracing
	logger    *slog.Logger
}

// New makes an API. It returns an error where a method is not a token, or the
// tracing is none that there is.
func New(o Options) (*API, error) {
	known, err := knownMethods(o.Methods)
	if err != nil {
		return nil, err
	}
	if o.Trace < TraceOff || o.Trace > TraceField {
		return nil, errors.New("respond: the tracing is none that there is")
	}
	return &API{
		problems: o.Problems, maxBytes: o.MaxBytes, known: known, requestID: o.RequestID,
		tracing: o.Trace, logger: o.Logger,
	}, nil
}

// Handler is a function that answers a request with a value or an error. Of
// the two, one is zero.
type Handler = func(*http.Request) (Response, error)

// Handle makes an http.Handler of a [Handler], with the settings of the API
// whose [API.Wrap] or [API.RequestID] the request came through, and with the
// defaults where it came through none.
func Handle(h Handler) http.Handler { return (*API)(nil).Handle(h) }

// Handle makes an http.Handler of a [Handler]: its Response is sent, its
// error becomes a problem.
func (a *API) Handle(h Handler) http.Handler {
	if h == nil {
		panic("respond: the handler is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := a.of(r.Context())
		forms := a.offered()
		choice := forms.choose(r)
		if a != nil && a.tracing != TraceOff {
			if t := traceOf(r); t != nil {
				forms.trace(t, r, choice)
			}
		}
		if choice < 0 && !isRead(r.Method) {
			r = forms.refuse(r)
		}
		s, err := h(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		a.answer(w, r, &s, choice)
	})
}

// HandleWriter makes an http.Handler of a function that writes the response
// itself, with the settings that [Handle] has.
func HandleWriter(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return (*API)(nil).HandleWriter(h)
}

// HandleWriter makes an http.Handler of a function that writes the response
// itself: a stream, a file, an upgrade. An error that it returns before the
// header is sent becomes a problem; after that the connection is aborted, so
// that the client does not take half an answer for a whole one.
func (a *API) HandleWriter(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	if h == nil {
		panic("respond: the handler is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := commit.Track(w)
		if err := h(t, r); err != nil {
			a.of(r.Context()).fail(t, r, err)
		}
	})
}

// of returns a itself, or where it is nil the API that a request with this
// context came through.
func (a *API) of(ctx context.Context) *API {
	if a == nil {
		if s := scopeOf(ctx); s != nil {
			return s.api
		}
	}
	return a
}

// fail answers with an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	writeVary(w.Header(), r, false)
	if a != nil && a.tracing != TraceOff {
		if t := traceOf(r); t != nil {
			if p := a.writer().Problem(r, err); p != nil {
				t.add("problem", strconv.Itoa(p.Status())+" "+p.Title())
			}
			t.field(w.Header())
		}
	}
	a.writer().Write(w, r, err)
}

func (a *API) writer() *problem.Writer {
	if a == nil {
		return nil
	}
	return a.problems
}

// Wrap is [API.Wrap] with the defaults.
func Wrap(h http.Handler) http.Handler { return (*API)(nil).Wrap(h) }

// Wrap stands around a whole service. From the outside in: [API.RequestID],
// [API.Recover], [API.LimitContent] and, where h is an *http.ServeMux,
// [API.Mux].
//
// A ServeMux mounted below another one has 404s and 405s of its own: give it
// to [API.Mux] before it is mounted.
func (a *API) Wrap(h http.Handler) http.Handler {
	if mux, ok := h.(*http.ServeMux); ok {
		h = a.Mux(mux)
	}
	limit := int64(defaultMaxContent)
	if a != nil && a.maxBytes != 0 {
		limit = a.maxBytes
	}
	if limit > 0 {
		h = a.LimitContent(limit)(h)
	}
	return a.RequestID(a.Recover(h))
}
