package respond

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/internal/httpfield"
)

// Hint is a link (RFC 8288 §3) that a client can act on before it has the
// answer.
type Hint struct {
	// Target is what to fetch or connect to: a URI reference. Required.
	Target string
	// Rel is the relation. By default "preload"; browsers also act on
	// "preconnect" and "modulepreload".
	Rel string
	// As is the kind of what is preloaded: "style", "script", "font",
	// "image", "fetch". Required for preload, which browsers ignore without.
	As string
	// Attributes are further ones, such as "crossorigin", "type",
	// "integrity", "fetchpriority". An empty value is sent as the name alone.
	Attributes map[string]string
}

// HintOptions are the settings of [Hints]. The zero value is useful.
type HintOptions struct {
	// HTTP1 sends hints over HTTP/1.1 too. By default they are for HTTP/2 and
	// up: some HTTP/1.1 clients take a 103 for the answer, and then each
	// answer on that connection for part of the one before (RFC 8297 §3).
	// Set it where all clients are known, behind a proxy for one.
	HTTP1 bool
}

// Hints tells clients what an answer will link to while it is being made, by
// an interim response 103 (Early Hints, RFC 8297). It is made once, by
// [NewHints], and safe for concurrent use.
type Hints struct {
	links []string
	http1 bool
}

// NewHints makes Hints of links. It returns an error where there is none, a
// target is not a URI reference, a preload has no kind, or an attribute cannot
// be sent.
func NewHints(o HintOptions, hints ...Hint) (*Hints, error) {
	if len(hints) == 0 {
		return nil, errors.New("respond: early hints without a link (RFC 8297 §2)")
	}
	e := &Hints{http1: o.HTTP1}
	for _, h := range hints {
		link, err := h.link()
		if err != nil {
			return nil, fmt.Errorf("respond: the hint %q: %w", h.Target, err)
		}
		if !slices.Contains(e.links, link) {
			e.links = append(e.links, link)
		}
	}
	e.links = slices.Clip(e.links)
	return e, nil
}

// link is the value of a Link field.
func (h Hint) link() (string, error) {
	target, ok := httpfield.EscapeURI(h.Target)
	if !ok || target == "" {
		return "", errors.New("its target is not a URI reference (RFC 8288 §3.1)")
	}
	rel := h.Rel
	if rel == "" {
		rel = "preload"
	}
	if rel == "preload" && h.As == "" {
		return "", errors.New("a preload does not say as what")
	}
	link := "<" + target + ">"
	attributes := maps.Clone(h.Attributes)
	if attributes == nil {
		attributes = make(map[string]string)
	}
	names := slices.Sorted(maps.Keys(attributes))
	for _, own := range [...]struct{ name, value string }{{"as", h.As}, {"rel", rel}} {
		if _, ok := attributes[own.name]; ok {
			return "", fmt.Errorf("%q is among its attributes, and has a field of its own", own.name)
		}
		if own.value != "" {
			attributes[own.name] = own.value
			names = slices.Insert(names, 0, own.name)
		}
	}
	for _, name := range names {
		value := attributes[name]
		if !httpfield.IsToken(name) || !httpfield.ValidValue(value) {
			return "", fmt.Errorf("its attribute %q cannot be sent (RFC 8288 §3)", name)
		}
		link += "; " + name
		if value == "" {
			continue
		}
		if !httpfield.IsToken(value) {
			if value, ok = httpfield.Quote(value); !ok {
				return "", fmt.Errorf("its attribute %q cannot be sent (RFC 8288 §3)", name)
			}
		}
		link += "=" + value
	}
	return link, nil
}

// Handler is middleware that sends the hints before h is called, to GET
// requests: see [Hints.Send]. An answer to HEAD has the Link fields, and no
// 103 before it. Put it behind whatever may refuse the request.
func (e *Hints) Handler(h http.Handler) http.Handler {
	if h == nil {
		panic("respond: the handler is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isRead(r.Method) {
			e.Send(w, r)
		}
		h.ServeHTTP(w, r)
	})
}

// Send sends a 103 with the links and no other field, where the client can
// take it (see [HintOptions]), and adds them to the header of the final
// answer (RFC 8297 §2), where a link is never twice. To take them back there, a
// handler deletes Link from its header; a [Response] that adds links leaves
// them beside these.
//
// It is no answer: the status is as open as before. After the header of the
// answer is sent, it does nothing.
func (e *Hints) Send(w http.ResponseWriter, r *http.Request) {
	if commit.Status(w) != 0 {
		return
	}
	h := w.Header()
	if (r.ProtoMajor >= 2 || e.http1 && r.ProtoAtLeast(1, 1)) && r.Method != http.MethodHead {
		// The server sends all that is in the header.
		kept := maps.Clone(h)
		clear(h)
		h["Link"] = e.links
		w.WriteHeader(http.StatusEarlyHints)
		clear(h)
		maps.Copy(h, kept)
	}
	links := slices.Clone(h["Link"])
	for _, link := range e.links {
		if !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	h["Link"] = links
}
