package respond

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Offer returns an API whose handlers answer in one of several forms, chosen
// by Accept (RFC 9110 §12.5.1): the most specific range that fits an encoder
// counts, then its q, then the order of the encoders. Without Accept it is
// the first. An API offers [AsJSON] alone from the start.
//
//	mux.Handle("GET /orders", api.Offer(respond.AsJSON, ordersAsCSV).Handle(listOrders))
//
// Where none is accepted, a GET or HEAD is answered with a 406 that lists
// what there is. Another method is so only before its handler has done
// anything: by [Acceptable], which decoders and preconditions (but those of
// DELETE) call by themselves; a handler that has acted sends the first form.
// Every answer with a value has Vary: Accept. The entity tag of another form
// than the first is told apart from the first one's by its end, ";csv", and
// RequireMatch takes both; so a tag of your own should have no ";" in it.
//
// Offer panics where there is no encoder, or one whose media type does not
// parse or is another's.
func (a *API) Offer(encoders ...Encoder) *API {
	f := newForms(encoders)
	if a == nil {
		return &API{forms: f}
	}
	b := *a
	b.forms = f
	return &b
}

// Acceptable returns the 406 for a request that accepts none of the forms
// that its handler offers, and nil for any other. A handler that changes
// something, and neither decodes content nor checks a precondition, calls it
// before it acts.
func Acceptable(r *http.Request) error {
	if len(r.Header["Accept"]) == 0 {
		return nil
	}
	if p, ok := r.Context().Value(refusalKey{}).(*problem.Problem); ok {
		return p
	}
	return nil
}

type refusalKey struct{}

// forms are those that a handler offers.
type forms struct {
	list    []form
	offers  httpfield.Offers
	refusal *problem.Problem
}

type form struct {
	encoder     Encoder
	contentType []string
	suffix      string // of its entity tags
}

func newForms(encoders []Encoder) *forms {
	if len(encoders) == 0 {
		panic("respond: Offer without an encoder")
	}
	f := &forms{list: make([]form, len(encoders))}
	types, essences, suffixes := make([]string, len(encoders)), make(map[string]bool), make(map[string]bool)
	for i, e := range encoders {
		if e == nil {
			panic("respond: an encoder is nil")
		}
		types[i] = e.MediaType()
		m, ok := httpfield.ParseMediaType(types[i])
		if !ok {
			panic("respond: the media type of an encoder does not parse (RFC 9110 §8.3.1): " + types[i])
		}
		if essences[m.String()] {
			panic("respond: two encoders write " + m.String())
		}
		essences[m.String()] = true
		f.list[i] = form{encoder: e, contentType: []string{types[i]}}
		if i > 0 {
			suffix := ";" + strings.ToLower(m.Subtype)
			for suffixes[suffix] { // text/xml beside application/xml
				suffix += "." + strconv.Itoa(i)
			}
			suffixes[suffix] = true
			f.list[i].suffix = suffix
		}
	}
	var err error
	if f.offers, err = httpfield.NewOffers(types...); err != nil {
		panic("respond: " + err.Error())
	}
	f.refusal = problem.NotAcceptable(types...).WithHeader("Vary", "Accept").
		WithDetail("The content is not to be had in a form that the request accepts; available lists those that there are.")
	return f
}

var jsonForms = newForms([]Encoder{AsJSON})

func (a *API) offered() *forms {
	if a == nil || a.forms == nil {
		return jsonForms
	}
	return a.forms
}

// choose returns the index of the form for r, -1 for none.
func (f *forms) choose(r *http.Request) int {
	accept := r.Header["Accept"]
	if len(accept) == 0 {
		return 0
	}
	choice, ok := httpfield.NegotiateType(accept, f.offers)
	if !ok {
		return -1
	}
	return choice.Index
}

// refuse lets Acceptable know.
func (f *forms) refuse(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), refusalKey{}, f.refusal))
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }
