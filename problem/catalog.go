package problem

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Catalog is [Writer.Catalog] by a writer with the defaults.
func Catalog(types ...*Type) http.Handler { return (*Writer)(nil).Catalog(types...) }

// Catalog serves the documentation of problem types (RFC 9457 §3.1.1: the
// type should lead a person to a page that explains it): a list at the
// writer's base, and each type at its own URI below, as HTML for a browser
// and as JSON for a program, by Accept. [InvalidRequest], [InvalidContent],
// [InvalidResult] and [PatchConflict] are always among them.
//
//	mux.Handle("GET /problems/", problem.Catalog(OutOfCredit, Duplicate))
//
// With the method, since a pattern without one gets requests of unknown methods as
// well, which are for the mux to answer (RFC 9110 §9.1: 501).
//
// The last part of the request's path picks the type, so the handler may be
// mounted anywhere, and also at "GET /problems" without a slash, for the list.
// A path that names no type is a 404; where Accept excludes both forms, it is
// a 406. Two types of one name panic, and so does a nil one.
//
// The list in JSON is
//
//	{"types":[{"type":URI,"name":NAME,"title":TITLE,"status":CODE,"description":TEXT,
//	"members":[{"name":NAME,"description":TEXT}]}]}
//
// and a single type is one element of it.
func (w *Writer) Catalog(types ...*Type) http.Handler {
	base := defaultBase
	if w != nil && w.base != "" {
		base = w.base
	}
	all := []*Type{InvalidRequest, InvalidContent, InvalidResult, PatchConflict}
	for _, t := range types {
		if t == nil {
			panic("problem: a type in the catalogue is nil")
		}
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b *Type) int { return strings.Compare(a.name, b.name) })
	c := &catalog{writer: w, pages: make(map[string]pages, len(all)+1), index: base[strings.LastIndex(strings.TrimSuffix(base, "/"), "/")+1:]}
	list := make([]entry, len(all))
	for i, t := range all {
		list[i] = t.entry(base)
		if _, twice := c.pages[t.name]; twice {
			panic("problem: two types in the catalogue are named " + strconv.Quote(t.name))
		}
		c.pages[t.name] = newPages("type.html", list[i], list[i])
	}
	c.index = strings.TrimSuffix(c.index, "/")
	c.list = newPages("list.html", list, struct {
		Types []entry `json:"types"`
	}{list})
	return c
}

type entry struct {
	URI         string        `json:"type"`
	Name        string        `json:"name"`
	Title       string        `json:"title"`
	Status      int           `json:"status"`
	Description string        `json:"description,omitempty"`
	Members     []entryMember `json:"members,omitempty"`
}

type entryMember struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Phrase and Paragraphs are for the pages.
func (e entry) Phrase() string       { return phrase(e.Status) }
func (e entry) Paragraphs() []string { return strings.Split(e.Description, "\n\n") }

func (t *Type) entry(base string) entry {
	e := entry{URI: t.uri, Name: t.name, Title: t.title, Status: t.status, Description: t.doc}
	if e.URI == "" {
		e.URI = base + t.name
	}
	for _, m := range t.members {
		e.Members = append(e.Members, entryMember{m.name, m.doc})
	}
	return e
}

//go:embed list.html type.html style.css
var pageFiles embed.FS

var pageTemplates = template.Must(template.ParseFS(pageFiles, "*.html", "*.css"))

// pages are the forms of one document, in the order of pageTypes.
type pages [2]page

// pageTypes are in the order of preference where a request has none.
var pageTypes = [...]string{"application/json", "text/html; charset=utf-8"}

var pageOffers = func() httpfield.Offers {
	o, err := httpfield.NewOffers(pageTypes[:]...)
	if err != nil {
		panic("problem: " + err.Error()) // the types are ours
	}
	return o
}()

type page struct {
	mediaType string
	body      []byte
	etag      string
}

func newPages(name string, data, doc any) pages {
	var html bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&html, name, data); err != nil {
		panic("problem: " + err.Error()) // the templates are ours
	}
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic("problem: " + err.Error())
	}
	return pages{newPage(pageTypes[0], append(body, '\n')), newPage(pageTypes[1], html.Bytes())}
}

func newPage(mediaType string, body []byte) page {
	sum := sha256.Sum256(body)
	return page{mediaType, body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

type catalog struct {
	writer *Writer
	index  string // the last part of the base: where the list is
	list   pages
	pages  map[string]pages
}

func (c *catalog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		c.writer.Write(w, r, MethodNotAllowed("GET", "HEAD", "OPTIONS"))
		return
	}
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	found, ok := c.pages[name]
	if !ok {
		if name != "" && name != c.index {
			c.writer.Write(w, r, NotFound("There is no problem type of this name."))
			return
		}
		found = c.list
	}
	h := w.Header()
	h.Set("Vary", httpfield.MergeVary(h["Vary"], "Accept"))
	choice, ok := httpfield.NegotiateType(r.Header["Accept"], pageOffers)
	if !ok {
		c.writer.Write(w, r, NotAcceptable(pageTypes[:]...))
		return
	}
	found[choice.Index].serve(w, r, c.writer)
}

// serve answers a GET or HEAD, conditional or not. A Range is ignored, which
// RFC 9110 §14.2 allows: a page is small.
func (p *page) serve(w http.ResponseWriter, r *http.Request, problems *Writer) {
	if lines := r.Header["If-Match"]; len(lines) > 0 {
		if m := httpfield.MatchStrong(lines, p.etag); !m.Any && !m.Found {
			problems.Write(w, r, PreconditionFailed("The page has another ETag."))
			return
		}
	}
	h := w.Header()
	h.Set("ETag", p.etag)
	h.Set("Cache-Control", "no-cache")
	if m := httpfield.MatchWeak(r.Header["If-None-Match"], p.etag); m.Any || m.Found {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", p.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(p.body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(p.body)
	}
}
