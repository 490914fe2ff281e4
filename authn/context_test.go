package authn_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// What NewContext says is for handlers, not for an authenticator.
func TestNewContextIsNotTrusted(t *testing.T) {
	g := newGate(t)
	eve := authn.Principal{Scheme: "Bearer", Issuer: gateIssuer, Subject: "eve", Scopes: []string{"a"}}
	request := func() *http.Request {
		return httptest.NewRequest("GET", "/", nil).WithContext(authn.NewContext(context.Background(), eve))
	}
	if owner, ok := authn.Subject(request()); !ok || owner != gateIssuer+" eve" {
		t.Errorf("a handler does not get its principal: %q", owner)
	}
	for name, h := range map[string]http.Handler{"Handler": g.Handler(gateOpen), "Require": g.Require(authn.Scope("a"))(gateOpen)} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, request()); w.Code != 401 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if p, err := g.Verify(request()); err == nil || p.Known() {
		t.Errorf("Verify: %v", p)
	}
	if p, err := g.Checker()(request()); err == nil || p.Known() {
		t.Errorf("Checker: %v", p)
	}
	// Nobody vouches for it below Optional, and in a preflight request.
	preflight := request()
	preflight.Method = "OPTIONS"
	preflight.Header.Set("Origin", "https://app.example.com")
	preflight.Header.Set("Access-Control-Request-Method", "GET")
	for name, r := range map[string]*http.Request{"Optional": request(), "preflight": preflight} {
		w := httptest.NewRecorder()
		if g.Optional(gateOpen).ServeHTTP(w, r); w.Body.String() != "owner= scheme=" {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

func TestFromAndSubject(t *testing.T) {
	for _, tt := range []struct {
		p     authn.Principal
		known bool
		owner string
	}{
		{authn.Principal{}, false, ""},
		{authn.Principal{Scheme: "Basic", Subject: "ana"}, true, " ana"},
		{authn.Principal{Scheme: "Bearer", Issuer: gateIssuer, Subject: "ana"}, true, gateIssuer + " ana"},
		{authn.Principal{Scheme: "Bearer", Issuer: gateIssuer, Client: "batch"}, true, ""}, // no subject, no owner
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r = r.WithContext(authn.NewContext(r.Context(), tt.p))
		owner, ok := authn.Subject(r)
		if p := authn.From(r.Context()); owner != tt.owner || ok != (tt.owner != "") || p.Known() != tt.known || p.Owner() != tt.owner {
			t.Errorf("%v: %q %v %v", tt.p, owner, ok, p.Known())
		}
	}
	if owner, ok := authn.Subject(httptest.NewRequest("GET", "/", nil)); ok || owner != "" {
		t.Errorf("without an authenticator: %q", owner)
	}
}

// Two pairs of issuer and subject never have one owner.
func TestOwnersDiffer(t *testing.T) {
	seen := map[string]authn.Principal{}
	for _, p := range []authn.Principal{
		{Issuer: "https://issuer.example", Subject: "ana"},
		{Issuer: "", Subject: "https://issuer.example ana"},
		{Issuer: "", Subject: " https://issuer.example ana"},
		{Issuer: "", Subject: "ana"},
		{Issuer: "ana", Subject: " "},
		{Issuer: "", Subject: "ana  "},
		{Issuer: "a", Subject: "b c"},
		{Issuer: "a b", Subject: "c"},
		{Issuer: "a%20b", Subject: "c"},
		{Issuer: "a%2520b", Subject: "c"},
		{Issuer: " ", Subject: "a"},
		{Issuer: "", Subject: " a"},
		{Issuer: "", Subject: "  a"},
		{Issuer: "a ", Subject: "b"},
		{Issuer: "a", Subject: " b"},
		{Issuer: "https://issuer.example", Subject: "Ana"},
		{Issuer: "https://issuer.example/", Subject: "ana"},
	} {
		owner := p.Owner()
		if other, ok := seen[owner]; ok {
			t.Errorf("%q %q and %q %q are both %q", p.Issuer, p.Subject, other.Issuer, other.Subject, owner)
		}
		seen[owner] = p
	}
}

// An owner that was made when the principal was verified is not that of a principal
// that was changed since.
func TestOwnerOfAChangedPrincipal(t *testing.T) {
	g := newGate(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", gateBearer(t, map[string]any{"sub": "na b"}))
	p, err := g.Verify(r)
	if err != nil || p.Owner() != gateIssuer+" na b" {
		t.Fatal(p.Owner(), err)
	}
	for _, tt := range []struct{ issuer, subject, owner string }{
		{gateIssuer, "eva", gateIssuer + " eva"},
		{gateIssuer, "", ""},
		{"", "na b", " na b"},
		{gateIssuer + " na", "b", gateIssuer + "%20na b"},
		{gateIssuer[:len(gateIssuer)-1], " na b", gateIssuer[:len(gateIssuer)-1] + "  na b"},
	} {
		p.Issuer, p.Subject = tt.issuer, tt.subject
		if got := p.Owner(); got != tt.owner {
			t.Errorf("%q %q: %q", tt.issuer, tt.subject, got)
		}
	}
}

func TestPrincipalLogValue(t *testing.T) {
	for _, tt := range []struct {
		p    authn.Principal
		want string
	}{
		{authn.Principal{}, ""},
		{authn.Principal{Scheme: "Basic", Subject: "ana"}, " who.scheme=Basic who.subject=ana"},
		{
			authn.Principal{Scheme: "Bearer", Issuer: "i", Subject: "ana", Client: "app", Scopes: []string{"a"}, ACR: "gold", TokenID: "jti-1"},
			" who.scheme=Bearer who.issuer=i who.subject=ana who.client=app",
		},
	} {
		var out bytes.Buffer
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "who", authn.WithClaims(tt.p, map[string]string{"secret": "claim"}))
		if _, got, _ := strings.Cut(strings.TrimSpace(out.String()), "msg=m"); got != tt.want {
			t.Errorf("%q, not %q", got, tt.want)
		}
	}
}

func TestClaimsOfAnotherType(t *testing.T) {
	type tenant struct{ ID string }
	p := authn.WithClaims(authn.Principal{}, tenant{"t1"})
	if c, ok := authn.Claims[tenant](p); !ok || c.ID != "t1" {
		t.Errorf("%v %v", c, ok)
	}
	if c, ok := authn.Claims[*tenant](p); ok || c != nil {
		t.Errorf("%v %v", c, ok)
	}
	if _, ok := authn.Claims[tenant](authn.Principal{}); ok {
		t.Error("a principal without claims has some")
	}
}
