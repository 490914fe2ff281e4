package main

import (
	"net/http"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// demo mounts the demo issuer, and the routes that fail on purpose.
func (s *service) demo(mux *http.ServeMux) {
	mux.Handle("POST /demo/token", s.api.Handle(s.token))
	mux.Handle("GET /demo/panic", s.api.Handle(s.panics))
	mux.Handle("GET /demo/slow", s.api.Deadline(slowDeadline)(s.api.Handle(s.slow)))
	mux.Handle("GET /demo/unavailable", s.api.Handle(s.unavailable))
	mux.Handle("GET /demo/teapot", s.api.Handle(s.teapot))
}

// slowDeadline is what /demo/slow has, and never keeps.
const slowDeadline = 500 * time.Millisecond

// panics shows what a client sees of a bug: an instance, and no more.
func (s *service) panics(*http.Request) (respond.Response, error) {
	panic("the demonstration of a bug")
}

// slow works until its deadline, and is answered with a 503.
func (s *service) slow(r *http.Request) (respond.Response, error) {
	<-r.Context().Done()
	return respond.Fail(r.Context().Err())
}

// unavailable says when to come back.
func (s *service) unavailable(*http.Request) (respond.Response, error) {
	return respond.Fail(problem.Unavailable(30 * time.Second).WithDetail("This is never available."))
}

// teapot answers with a status that is not to be used (RFC 9110 §15.5.19).
func (s *service) teapot(*http.Request) (respond.Response, error) {
	return respond.Fail(problem.New(http.StatusTeapot, "This service brews no coffee."))
}
