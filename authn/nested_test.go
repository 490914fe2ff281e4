package authn_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// Beneath one of the same authenticator, credentials are verified once, and the
// decision is told once.
func TestNestedVerifiesOnce(t *testing.T) {
	g := newGate(t)
	wrap := func(hs ...func(http.Handler) http.Handler) http.Handler {
		var h http.Handler = gateOpen
		for _, f := range slices.Backward(hs) {
			h = f(h)
		}
		return h
	}
	read, write := g.Require(authn.Scope("orders:read")), g.Require(authn.Scope("orders:write"))
	verify := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p, err := g.Verify(r); err != nil || p.Subject != "ana" {
				t.Errorf("Verify: %v %v", p, err)
			}
			if p, err := g.Checker(authn.Scope("orders:read"))(r); err != nil || p.Subject != "ana" {
				t.Errorf("Checker: %v %v", p, err)
			}
			next.ServeHTTP(w, r)
		})
	}
	accepted, missing := authn.Accepted, authn.ScopeMissing
	for _, tt := range []struct {
		name    string
		h       http.Handler
		status  int
		reasons []authn.Reason
	}{
		{"Require", wrap(read), 200, []authn.Reason{accepted}},
		{"Require in Handler", wrap(g.Handler, read), 200, []authn.Reason{accepted}},
		{"Require in Require", wrap(read, read), 200, []authn.Reason{accepted}},
		{"Require in Optional", wrap(g.Optional, read), 200, []authn.Reason{accepted}},
		{"Optional in Handler", wrap(g.Handler, g.Optional), 200, []authn.Reason{accepted}},
		{"Handler in Handler", wrap(g.Handler, g.Handler), 200, []authn.Reason{accepted}},
		{"Verify and Checker in Handler", wrap(g.Handler, verify), 200, []authn.Reason{accepted}},
		{"Require that refuses", wrap(write), 403, []authn.Reason{missing}},
		{"Require that refuses, in Handler", wrap(g.Handler, write), 403, []authn.Reason{accepted, missing}},
		{"Require in Require that refuses", wrap(write, read), 403, []authn.Reason{missing}},
	} {
		before := g.keys.asked.Load()
		w := gateGet(t, tt.h, gateBearer(t, jwt.MapClaims{"scope": "orders:read"}))
		if n := g.keys.asked.Load() - before; w.Code != tt.status || n != 1 {
			t.Errorf("%s: %d, keys asked for %d times", tt.name, w.Code, n)
		}
		if got := g.take(); !slices.Equal(got, tt.reasons) {
			t.Errorf("%s: %v, not %v", tt.name, got, tt.reasons)
		}
	}
}

// Beneath Optional of the same authenticator, nobody is nobody.
func TestNestedInOptionalWithoutCredentials(t *testing.T) {
	g := newGate(t)
	for name, h := range map[string]http.Handler{"Handler": g.Handler(gateOpen), "Require": g.Require()(gateOpen)} {
		w := gateGet(t, g.Optional(h), "")
		if got := gateChallenges(t, w); w.Code != 401 || got != gateAll {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
		if got, want := g.take(), []authn.Reason{authn.Accepted, authn.CredentialsMissing}; !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Beneath another authenticator, what that one found does not count.
func TestNestedInAnotherVerifiesAnew(t *testing.T) {
	outer, inner := newGate(t), newGate(t)
	strict := newGate(t, func(o *authn.Options) {
		o.Schemes[0] = authn.JWT[authn.NoClaims]{Issuer: gateIssuer, Audience: "https://other.example.com", Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: gateSecret}}}
	})
	token := gateBearer(t, jwt.MapClaims{"scope": "a"})
	for name, wrap := range map[string]func(http.Handler) http.Handler{"Handler": inner.Handler, "Require": inner.Require(authn.Scope("a")), "Optional": inner.Optional} {
		before := inner.keys.asked.Load()
		if w := gateGet(t, outer.Handler(wrap(gateOpen)), token); w.Code != 200 || inner.keys.asked.Load() != before+1 {
			t.Errorf("%s: %d %s, keys asked for %d times", name, w.Code, w.Body, inner.keys.asked.Load()-before)
		}
	}
	for name, wrap := range map[string]func(http.Handler) http.Handler{"Handler": strict.Handler, "Require": strict.Require(), "Optional": strict.Optional} {
		if w := gateGet(t, outer.Handler(wrap(gateOpen)), token); w.Code != 401 || gateType(t, w) != "token-audience" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	// The outer one is asked again beneath the inner one: what it found is hidden.
	before := outer.keys.asked.Load()
	if w := gateGet(t, outer.Handler(inner.Handler(outer.Require(authn.Scope("b"))(gateOpen))), token); w.Code != 403 || outer.keys.asked.Load() != before+2 {
		t.Errorf("%d, keys asked for %d times", w.Code, outer.keys.asked.Load()-before)
	}
}

// A pattern that is more specific than the wrapped one escapes its wrapper. Require
// needs none.
func TestRequireOnAPatternThatEscapes(t *testing.T) {
	g := newGate(t)
	orders := http.NewServeMux()
	orders.Handle("GET /v1/orders/{id}", gateOpen)
	mux := http.NewServeMux()
	mux.Handle("/v1/", g.Handler(orders))
	mux.Handle("DELETE /v1/orders/{id}", g.Require(authn.Scope("orders:write"))(gateOpen))
	server := httptest.NewServer(conformtest.Handler(t, mux))
	defer server.Close()
	for _, tt := range []struct {
		method, authorization string
		status                int
	}{
		{"GET", "", 401},
		{"GET", gateBearer(t, nil), 200},
		{"DELETE", "", 401},
		{"DELETE", "Bearer a.b.c", 401},
		{"DELETE", gateBearer(t, jwt.MapClaims{"scope": "orders:read"}), 403},
		{"DELETE", gateBearer(t, jwt.MapClaims{"scope": "orders:write"}), 200},
	} {
		r, err := http.NewRequest(tt.method, server.URL+"/v1/orders/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != tt.status {
			t.Errorf("%s %.20s: %d, not %d", tt.method, tt.authorization, res.StatusCode, tt.status)
		}
	}
}
