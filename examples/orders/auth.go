package main

import (
	"net/http"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/respond"
)

const (
	demoUser         = "ana"
	demoPassword     = "correct horse battery staple"
	demoTokenRequest = `{"subject":"ana","scope":"orders:read orders:write"}`
	demoOrder        = `{"reference":"web-1","customer":"ana@example.com","currency":"EUR","items":[{"sku":"AB-123","quantity":2,"unit_price":"12.50"}]}`
)

// The scopes of a token. Those who may write may not read by that alone.
const (
	readOrders  = "orders:read"
	writeOrders = "orders:write"
)

// freshLogin is how recent the login must be for what cannot be undone.
const freshLogin = 5 * time.Minute

// newAuth takes the demo issuer's tokens, and ana's password. Both make the same
// principal: the user has the issuer of the tokens.
func newAuth(o serviceOptions, s *service) (*authn.Authenticator, error) {
	hash, err := authn.HashPassword(demoPassword)
	if err != nil {
		return nil, err
	}
	return authn.New(authn.Options{
		Schemes: []authn.Scheme{
			authn.JWT[authn.NoClaims]{
				Issuer:     o.PublicURL,
				Audience:   o.PublicURL,
				Algorithms: []string{"ES256"},
				Keys:       s.issuer.keys(),
			},
			authn.Basic{
				Users:    authn.Users{demoUser: {Issuer: o.PublicURL, Hash: hash, Scopes: []string{readOrders, writeOrders}}},
				Remember: time.Minute, // a hash takes some 25 ms
			},
		},
		Realm: "orders",
		Metadata: &authn.Metadata{
			Resource:             o.PublicURL,
			AuthorizationServers: []string{o.PublicURL},
			InsecureHTTP:         true, // -public-url may be any origin
			Scopes:               []string{readOrders, writeOrders},
		},
		Leeway:   -1, // the issuer and this service have one clock
		Problems: s.problems,
		Now:      o.Now,
	})
}

// private makes a handler for those who may do what the requirements say, within
// limits and what else needs to know who asks. It gets the owner that they are: issuer and subject, whatever the scheme was.
func (s *service) private(within func(http.Handler) http.Handler, h func(r *http.Request, owner string) (respond.Response, error), requirements ...authn.Requirement) http.Handler {
	return s.auth.Require(requirements...)(within(s.api.Handle(func(r *http.Request) (respond.Response, error) {
		return h(r, authn.From(r.Context()).Owner())
	})))
}
