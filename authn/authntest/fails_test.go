package authntest_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
)

var failsHash = sync.OnceValues(func() (string, error) { return authn.HashPassword("swordfish") })

// failsService takes tokens, passwords and keys.
func failsService(t *testing.T, iss *authntest.Issuer, requirements ...authn.Requirement) (h http.Handler, key string) {
	t.Helper()
	hash, err := failsHash()
	if err != nil {
		t.Fatal(err)
	}
	key, sum, err := authn.NewAPIKey("test")
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.New(authn.Options{
		Schemes: []authn.Scheme{
			iss.JWT(),
			authn.Basic{Users: authn.Users{"ana": {Hash: hash, Scopes: []string{"a"}}, "bert": {Hash: hash}}, Remember: time.Minute},
			authn.APIKey{Keys: authn.APIKeys{sum: {Subject: "job", Scopes: []string{"a"}}}, Header: "X-API-Key"},
		},
		Now: iss.Now, OnDecision: iss.OnDecision, Revoked: iss.Revoked, Problems: quiet(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return auth.Require(requirements...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})), key
}

// A route may say no to all passwords and keys: to what is not in a token's claims,
// or for the time or the strength of a login.
func TestFails(t *testing.T) {
	admin := authn.Allow("a token", func(_ *http.Request, p authn.Principal) bool { return p.Scheme == "Bearer" })
	for _, tt := range []struct {
		demands    []authn.Requirement
		basic, key authn.Reason
		route      authntest.Route
	}{
		{[]authn.Requirement{authn.Scope("a"), admin}, authn.AccessDenied, authn.AccessDenied, authntest.Route{Scope: "a"}},
		{[]authn.Requirement{authn.Scope("a"), authn.ACR("mfa"), admin}, authn.ACRTooLow, authn.ACRTooLow, authntest.Route{Scope: "a", ACR: []string{"mfa"}}},
		{[]authn.Requirement{authn.Scope("a"), authn.MaxAge(time.Minute)}, "", authn.LoginTooOld, authntest.Route{Scope: "a", MaxAge: time.Minute}},
	} {
		iss := authntest.NewIssuer(t)
		h, key := failsService(t, iss, tt.demands...)
		route := tt.route
		route.JWT, route.Revocation = true, true
		route.Basic = &authntest.Basic{Name: "ana", Password: "swordfish", Lacking: "bert", Fails: tt.basic}
		route.APIKey = &authntest.APIKey{Header: "X-API-Key", Key: key, Fails: tt.key}
		iss.Check(t, h, route)

		// And the other way round: the rows do not pass by themselves.
		route.Basic.Fails, route.APIKey.Fails = authn.AccessDenied, authn.AccessDenied
		if tt.basic == authn.AccessDenied {
			route.Basic.Fails, route.APIKey.Fails = "", ""
		}
		for _, row := range iss.Rows(route) {
			if row.Name != "Basic: good" && row.Name != "ApiKey: good" {
				continue
			}
			res, err := row.Do(authntest.Direct(h))
			if err != nil {
				t.Fatal(err)
			}
			if complaints(t, func(tb testing.TB) { row.Want(tb, res) }) == "" {
				t.Errorf("%s: a wrong answer is not found", row.Name)
			}
		}
	}
}

// A reason that no row is for is a mistake of the test.
func TestFailsIsKnown(t *testing.T) {
	for _, reason := range []authn.Reason{authn.ScopeMissing, authn.PasswordWrong, authn.Accepted, "nonsense"} {
		for _, route := range []authntest.Route{
			{Basic: &authntest.Basic{Name: "a", Password: "b", Fails: reason}},
			{APIKey: &authntest.APIKey{Key: "abcdef", Fails: reason}},
		} {
			words := complaints(t, func(tb testing.TB) { authntest.NewIssuer(tb).Rows(route) })
			if !strings.Contains(words, "Fails is \""+string(reason)) {
				t.Errorf("%s: %q", reason, words)
			}
		}
	}
}
