// Package authn decides who sent a request, and answers those who may not come in:
// 401, 403, 400 or 503, each with the challenge that is true.
//
//	auth, err := authn.New(authn.Options{
//		Schemes: []authn.Scheme{
//			authn.JWT[Claims]{
//				Issuer: issuer, Audience: audience, Algorithms: []string{"ES256"},
//				Keys: authn.JWKS(keysURL),
//			},
//			authn.Basic{Users: users},
//		}, // an empty audience, issuer or algorithm list is an error here, not a hole later
//		Problems: problems,
//	})
//	mux.Handle("/v1/", auth.Handler(v1))
//	mux.Handle("DELETE /v1/orders/{id}", auth.Require(authn.Scope("orders:write"), authn.MaxAge(5*time.Minute))(remove))
//
// In a handler:
//
//	who := authn.From(r.Context())          // the principal, whatever the scheme was
//	claims, ok := authn.Claims[Claims](who) // of a token
//
// A request without credentials gets
//
//	HTTP/1.1 401 Unauthorized
//	Content-Type: application/problem+json
//	WWW-Authenticate: Bearer realm="api"
//	WWW-Authenticate: Basic realm="api", charset="UTF-8"
//
//	{"type":"/problems/authentication-required", ...}
//
// # Schemes
//
// [JWT] takes access tokens of an issuer, whose keys are [Keys], or come from a URL
// ([JWKS]) or by discovery ([Discover]), or from several of these ([FirstOf]). [Introspection] asks the authorization
// server about opaque tokens. [DPoP] takes both with a proof of possession; tokens
// that are bound to a client certificate need no setting. [Basic] takes users with
// passwords, [APIKey] keys in a field, [Custom] all else. A route takes any set of
// them, and a request uses one.
//
// # Requirements
//
// [Authenticator.Require] demands more of a route: a [Scope], a recent login
// ([MaxAge]), a strong one ([ACR]), or what a function of yours says ([Allow]). It
// authenticates by itself. [Authenticator.Optional] lets requests without credentials
// pass as nobody. [Authenticator.Verify] and [Authenticator.Checker] decide without
// answering.
//
// # What clients and logs are told
//
// Each row of the decision table has a problem type of its own ([Types]) and a fixed
// text. The log record of a refusal has a [Reason], which is finer: an unknown user
// and a wrong password are two reasons and one answer. No credentials, and no text of
// a library or a store, reach a client; tokens and passwords are in no log.
//
// When the keys of an issuer or a store cannot be had, the answer is 503 with
// Retry-After: an outage does not look like a bad token. [Authenticator.Ready] is for
// a readiness probe.
//
// # In tests
//
// Package authntest has an issuer with a clock of its own, and a request for every
// row of the table, so that you can prove your own routes.
//
// # Where not to use it
//
// It has no sessions, login pages or tokens of its own: those are an authorization
// server's. It does not limit who guesses passwords: see package ratelimit. It needs
// TLS in front of it.
package authn
