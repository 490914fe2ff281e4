package respond

import (
	"net/http"
	"strings"
)

// Page tells where the pages beside this one begin; nil is none.
type Page[P any] struct {
	Next, Prev *P
}

// Page answers 200 with v, a page of a list, and the links (RFC 8288 §3) from
// it: rel "first", and "next" and "prev" where there are such pages. Each is
// the path and query of the request, with another cursor.
//
// A malformed query is answered with the 400 of [Cursors.Open].
func (c *Cursors[P]) Page(r *http.Request, v any, at Page[P]) Response {
	s := OK(v)
	query, err := c.query(r)
	if err != nil {
		s.defect = err
		return s
	}
	scope := c.scope(r, query)
	path := requestPath(r)
	if strings.HasPrefix(path, "//") {
		path = "/." + path // or it would be another host (RFC 3986 §4.2)
	}
	link := func(rel string, position *P) {
		query.Del(c.parameter)
		if position != nil {
			text, err := c.seal(*position, scope)
			if err != nil {
				s.defect = err
				return
			}
			query.Set(c.parameter, text)
		}
		target := path
		if q := query.Encode(); q != "" {
			target += "?" + q
		}
		s = s.Link(target, rel)
	}
	link("first", nil)
	if at.Next != nil {
		link("next", at.Next)
	}
	if at.Prev != nil {
		link("prev", at.Prev)
	}
	return s
}
