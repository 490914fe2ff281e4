package authntest_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
	"github.com/forthright-http/forthright/problem"
)

const target = "https://api.example.com/v1/orders"

// newService is a service that is right in all.
func newService(t testing.TB, iss *authntest.Issuer, requirements ...authn.Requirement) http.Handler {
	t.Helper()
	auth, err := authn.New(authn.Options{
		Schemes: []authn.Scheme{iss.JWT(), iss.OpaqueTokens(), authn.DPoP{Origin: "https://api.example.com"}},
		Now:     iss.Now, OnDecision: iss.OnDecision, Revoked: iss.Revoked, Problems: quiet(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return auth.Require(requirements...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte(authn.From(r.Context()).Subject))
	}))
}

// quiet is a writer that does not log.
func quiet(t testing.TB) *problem.Writer {
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func wholeRoute() authntest.Route {
	return authntest.Route{
		Method: "PUT", Body: "{}", Header: http.Header{"Content-Type": {"application/json"}}, URL: target,
		JWT: true, Introspection: true, DPoP: &authntest.DPoP{}, Certificates: true, Revocation: true,
		Scope: "orders:read", MaxAge: time.Minute, ACR: []string{"mfa"},
	}
}

var wholeDemands = []authn.Requirement{authn.Scope("orders:read"), authn.MaxAge(time.Minute), authn.ACR("mfa")}

func TestCheck(t *testing.T) {
	iss := authntest.NewIssuer(t)
	iss.Check(t, newService(t, iss, wholeDemands...), wholeRoute())
}

// A service with an audience and a type of its own, and with other words for them.
func TestCheckWithClaims(t *testing.T) {
	iss := authntest.NewIssuer(t, "EdDSA")
	iss.Claims, iss.Type = authntest.Claims{"aud": "orders", "tenant": "acme"}, "JWT"
	iss.Check(t, newService(t, iss), authntest.Route{JWT: true, Introspection: true, DPoP: &authntest.DPoP{Key: "EdDSA"}, Revocation: true})
}

// Whatever state a row leaves the issuer in, the next one begins with all in order.
func TestRowsInAnyOrder(t *testing.T) {
	iss := authntest.NewIssuer(t)
	h := newService(t, iss, wholeDemands...)
	rows := iss.Rows(wholeRoute())
	for i := range rows {
		row := rows[len(rows)-1-i]
		res, err := row.Do(authntest.Direct(h))
		if err != nil {
			t.Fatalf("%s: %v", row.Name, err)
		}
		if words := complaints(t, func(tb testing.TB) { row.Want(tb, res) }); words != "" {
			t.Errorf("%s: %s", row.Name, words)
		}
	}
}

func TestRowNamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range authntest.NewIssuer(t).Rows(wholeRoute()) {
		if seen[row.Name] {
			t.Errorf("there are two rows %q", row.Name)
		}
		seen[row.Name] = true
		if row.Source == "" {
			t.Errorf("%q has no source", row.Name)
		}
	}
	if len(seen) < 200 {
		t.Errorf("there are %d rows", len(seen))
	}
}
