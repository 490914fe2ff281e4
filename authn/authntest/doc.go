// Package authntest proves that the routes of a service answer to credentials,
// good and bad, as they must.
//
// An [Issuer] is an authorization server on loopback with a clock that stands
// still. It makes tokens that hold, and tokens that are wrong in one way, and it
// has a ready-made request for every row of the decision table of package authn:
//
//	func TestOrders(t *testing.T) {
//		iss := authntest.NewIssuer(t)
//		auth, err := authn.New(authn.Options{
//			Schemes: []authn.Scheme{iss.JWT()}, Now: iss.Now, OnDecision: iss.OnDecision,
//		})
//		...
//		h := auth.Require(authn.Scope("orders:read"))(orders)
//		iss.Check(t, h, authntest.Route{URL: "https://api.example.com/orders", JWT: true, Scope: "orders:read"})
//	}
//
// [Issuer.Token] alone is enough for tests of what a handler does once it knows
// who asks.
//
// It is for tests alone: it imports testing. The keys are made anew by each
// issuer and protect nothing.
package authntest
