package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// token asks the demo issuer for a token; members is what the JSON object has
// beside the subject ana.
func (c *client) token(members string) string {
	c.t.Helper()
	res := c.do("POST", "/demo/token", `{"subject":"ana"`+members+`}`, "Authorization", "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
		c.t.Fatalf("POST /demo/token: %d %v %s", res.StatusCode, res.Header, res.body)
	}
	v := res.json(c.t)
	if v["token_type"] != "Bearer" {
		c.t.Errorf("the token's type is %v", v["token_type"])
	}
	return v["access_token"].(string)
}

// challenge finds the challenge of a scheme.
func challenge(t *testing.T, h http.Header, scheme string) (authn.Challenge, bool) {
	t.Helper()
	if len(h["Www-Authenticate"]) == 0 {
		return authn.Challenge{}, false
	}
	all, err := authn.ParseChallenges(h["Www-Authenticate"])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Scheme == scheme {
			return c, true
		}
	}
	return authn.Challenge{}, false
}

const bothScopes = `,"scope":"orders:read orders:write"`

// The tokens that the contract's members make, and what becomes of them.
func TestContractOfTokens(t *testing.T) {
	c := newClient(t)
	for _, tt := range []struct {
		name, members string
		status        int
		problem, code string
	}{
		{"good", bothScopes, 200, "", ""},
		{"one scope of two", `,"scope":"orders:read"`, 200, "", ""},
		{"short-lived", bothScopes + `,"ttl":"1m"`, 200, "", ""},
		{"expired", bothScopes + `,"ttl":"-1s"`, 401, "token-expired", "invalid_token"},
		{"not yet valid", bothScopes + `,"not_before":"1h"`, 401, "token-not-yet-valid", "invalid_token"},
		{"valid since long", bothScopes + `,"not_before":"-1h"`, 200, "", ""},
		{"for another audience", bothScopes + `,"audience":"https://other.example"`, 401, "token-audience", "invalid_token"},
		{"of another issuer", bothScopes + `,"issuer":"https://other.example"`, 401, "token-issuer", "invalid_token"},
		{"of another type", bothScopes + `,"typ":"JWT"`, 401, "token-type", "invalid_token"},
		{"the long form of the type", bothScopes + `,"typ":"application/at+jwt"`, 200, "", ""},
		{"by a retired key", bothScopes + `,"key":"retired"`, 401, "unknown-key", "invalid_token"},
		{"by an unknown key", bothScopes + `,"key":"unknown"`, 401, "unknown-key", "invalid_token"},
		{"by the current key", bothScopes + `,"key":"current"`, 200, "", ""},
		{"without a scope", ``, 403, "insufficient-scope", "insufficient_scope"},
		{"with the other scope", `,"scope":"orders:write"`, 403, "insufficient-scope", "insufficient_scope"},
		{"after an old login", bothScopes + `,"auth_age":"10m"`, 200, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := c.with(t)
			res := c.do("GET", "/v1/orders", "", "Authorization", "Bearer "+c.token(tt.members))
			if res.StatusCode != tt.status {
				t.Fatalf("%d %s", res.StatusCode, res.body)
			}
			if tt.status == 200 {
				return
			}
			if got := res.json(t)["type"]; got != c.base+"/problems/"+tt.problem {
				t.Errorf("the type is %v", got)
			}
			bearer, _ := challenge(t, res.Header, "Bearer")
			if got, _ := bearer.Param("error"); got != tt.code {
				t.Errorf("the error is %q in %v", got, res.Header["Www-Authenticate"])
			}
			if got, _ := bearer.Param("resource_metadata"); got != c.base+"/.well-known/oauth-protected-resource" {
				t.Errorf("resource_metadata is %q", got)
			}
			if scope, _ := bearer.Param("scope"); tt.status == 403 && scope != "orders:read" {
				t.Errorf("the scope is %q", scope)
			}
			_, basic := challenge(t, res.Header, "Basic")
			if basic != (tt.status == 401) {
				t.Errorf("Basic is offered: %v", basic)
			}
		})
	}
}

// Without good credentials, a 401 lists all schemes (RFC 9110 §15.5.2).
func TestContractOfCredentials(t *testing.T) {
	c := newClient(t)
	good := c.token(bothScopes)
	for _, tt := range []struct {
		name, authorization, query string
		status                     int
	}{
		{"none", "", "", 401},
		{"an unknown scheme", "Digest a=b", "", 401},
		{"Bearer alone", "Bearer", "", 400},
		{"two tokens", "Bearer a b", "", 400},
		{"no token", "Bearer a.b.c", "", 401},
		{"a token in the query", "", "?access_token=" + good, 401},
		{"a token in two places", "Bearer " + good, "?access_token=" + good, 400},
		{"bad base64", "Basic ***", "", 401},
		{"an unknown user", "Basic Ym9iOng=", "", 401},
		{"a wrong password", "Basic YW5hOng=", "", 401},
	} {
		res := c.do("GET", "/v1/orders"+tt.query, "", "Authorization", tt.authorization)
		if res.StatusCode != tt.status {
			t.Errorf("%s: %d %s", tt.name, res.StatusCode, res.body)
		}
		_, bearer := challenge(t, res.Header, "Bearer")
		_, basic := challenge(t, res.Header, "Basic")
		if !bearer || basic != (tt.status == 401) {
			t.Errorf("%s: the challenges are %q", tt.name, res.Header["Www-Authenticate"])
		}
	}
}

// Reading and writing are two scopes; deleting wants a fresh login besides, which
// Basic counts as.
func TestContractOfScopesAndStepUp(t *testing.T) {
	c := newClient(t)
	reader := "Bearer " + c.token(`,"scope":"orders:read"`)
	writer := "Bearer " + c.token(`,"scope":"orders:write"`)
	old := "Bearer " + c.token(`,"scope":"orders:write","auth_age":"5m1s"`)
	both := "Bearer " + c.token(`,"scope":"orders:read","auth_age":"5m1s"`)
	recent := "Bearer " + c.token(`,"scope":"orders:write","auth_age":"4m"`)
	for i, tt := range []struct {
		method, path, token string
		status              int
		params              string // of the Bearer challenge
	}{
		{"GET", "", reader, 200, ""},
		{"GET", "", writer, 403, "error=insufficient_scope scope=orders:read"},
		{"PUT", "", reader, 403, "error=insufficient_scope scope=orders:write"},
		{"PATCH", "", reader, 403, "error=insufficient_scope scope=orders:write"},
		{"POST", "/payment", reader, 403, "error=insufficient_scope scope=orders:write"},
		{"DELETE", "", reader, 403, "error=insufficient_scope scope=orders:write"},
		{"DELETE", "", old, 401, "error=insufficient_user_authentication max_age=300"},
		{"DELETE", "", both, 401, "error=insufficient_user_authentication max_age=300 scope=orders:write"},
		{"PUT", "", old, 428, ""},
		{"DELETE", "", recent, 204, ""},
	} {
		path := c.create(fmt.Sprint("step-", i))
		for _, version := range []string{"/v0", "/v1"} {
			if tt.status == 204 && version == "/v0" {
				continue // there is one order to delete
			}
			res := c.do(tt.method, version+strings.TrimPrefix(path, "/v1")+tt.path, "", "Authorization", tt.token)
			if res.StatusCode != tt.status {
				t.Errorf("%s %s: %d %s", tt.method, version, res.StatusCode, res.body)
			}
			bearer, _ := challenge(t, res.Header, "Bearer")
			var params []string
			for _, p := range bearer.Params {
				if slices.Contains([]string{"error", "max_age", "scope"}, p.Name) {
					params = append(params, p.Name+"="+p.Value)
				}
			}
			if got := strings.Join(params, " "); got != tt.params {
				t.Errorf("%s %s: %s", tt.method, version, got)
			}
		}
	}
	if res := c.do("DELETE", c.create("basic"), ""); res.StatusCode != 204 {
		t.Errorf("Basic: %d %s", res.StatusCode, res.body)
	}
}

// An owner is issuer and subject: ana's password and ana's token own the same
// orders, and bob's token does not.
func TestContractOfOwners(t *testing.T) {
	c := newClient(t)
	path := c.create("mine") // by Basic
	if res := c.do("GET", path, "", "Authorization", "Bearer "+c.token(bothScopes)); res.StatusCode != 200 {
		t.Errorf("ana's token: %d %s", res.StatusCode, res.body)
	}
	res := c.do("POST", "/demo/token", `{"subject":"bob","scope":"orders:read orders:write"}`, "Authorization", "")
	bob := "Bearer " + res.json(t)["access_token"].(string)
	unknown := c.do("GET", "/v1/orders/unknown", "", "Authorization", bob)
	res = c.do("GET", path, "", "Authorization", bob)
	if res.StatusCode != 404 || string(res.body) != string(unknown.body) {
		t.Errorf("bob's token: %d %s", res.StatusCode, res.body)
	}
}

// The demo issuer, as the contract has it.
func TestContractOfTheIssuer(t *testing.T) {
	c := newClient(t)
	nobody := []string{"Authorization", ""}
	metadata := c.do("GET", "/.well-known/oauth-protected-resource", "", nobody...).json(t)
	if metadata["resource"] != c.base || metadata["authorization_servers"].([]any)[0] != c.base {
		t.Errorf("%v", metadata)
	}
	set := c.do("GET", "/.well-known/jwks.json", "", nobody...)
	keys := set.json(t)["keys"].([]any)
	if len(keys) != 1 || keys[0].(map[string]any)["kid"] != "current" || keys[0].(map[string]any)["d"] != nil {
		t.Errorf("%s", set.body)
	}
	// The published key verifies a token, in a verifier of its own.
	auth, err := authn.New(authn.Options{Now: time.Now, Schemes: []authn.Scheme{authn.JWT[authn.NoClaims]{
		Issuer: c.base, Audience: c.base, Algorithms: []string{"ES256"}, Keys: authn.JWKS(c.base + "/.well-known/jwks.json"),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+c.token(bothScopes))
	if who, err := auth.Verify(r); err != nil || who.Subject != "ana" || who.Issuer != c.base {
		t.Errorf("%v, %v", who, err)
	}
	for _, tt := range []struct {
		body   string
		status int
	}{
		{`{}`, 400},
		{`{"subject":""}`, 422},
		{`{"subject":"ana","ttl":"soon"}`, 422},
		{`{"subject":"ana","ttl":"99999999h"}`, 422},
		{`{"subject":"ana","key":"other"}`, 422},
		{`{"subject":"ana","ttl":5}`, 400},
		{`{"subject":"ana","colour":"red"}`, 400},
	} {
		if res := c.do("POST", "/demo/token", tt.body, nobody...); res.StatusCode != tt.status {
			t.Errorf("%s: %d %s", tt.body, res.StatusCode, res.body)
		}
	}
	if v := c.do("POST", "/demo/token", `{"subject":"ana","ttl":"90s"}`, nobody...).json(t); v["expires_in"] != 90.0 {
		t.Errorf("%v", v)
	}
}
