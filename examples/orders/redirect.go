package main

import (
	"net/http"

	"github.com/forthright-http/forthright/respond"
)

// moved leads from where the orders were before they had a version: a read
// with 301, which old clients know, and a write with 308, which keeps its
// method.
func (s *service) moved(r *http.Request) (respond.Response, error) {
	to := "/v1" + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return respond.MovedPermanently(to), nil
	}
	return respond.PermanentRedirect(to), nil
}
