package authntest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
)

func listOrders(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "the orders of %s\n", authn.From(r.Context()).Subject)
}

// The answers of a route to every kind of good and bad credentials.
func Example() {
	_ = func(t *testing.T) { // func TestOrders(t *testing.T)
		iss := authntest.NewIssuer(t)
		auth, err := authn.New(authn.Options{
			Schemes: []authn.Scheme{iss.JWT(), authn.DPoP{Origin: "https://api.example.com"}},
			Now:     iss.Now, OnDecision: iss.OnDecision,
		})
		if err != nil {
			t.Fatal(err)
		}
		h := auth.Require(authn.Scope("orders:read"))(http.HandlerFunc(listOrders))
		iss.Check(t, h, authntest.Route{
			URL: "https://api.example.com/orders",
			JWT: true, DPoP: &authntest.DPoP{}, Scope: "orders:read",
		})
	}
}

// A token for a test of what the handler does.
func ExampleIssuer_Token() {
	_ = func(t *testing.T, iss *authntest.Issuer, h http.Handler) {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+iss.Token(authntest.Claims{"sub": "bert", "scope": "orders:read"}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.String() != "the orders of bert\n" {
			t.Errorf("got %q", w.Body)
		}
	}
}

// The same rows against a server, with a certificate where a row has one.
func ExampleRow_Do() {
	_ = func(t *testing.T, iss *authntest.Issuer, server *httptest.Server) {
		for _, row := range iss.Rows(authntest.Route{URL: server.URL + "/orders", JWT: true}) {
			res, err := row.Do(server.Client().Do)
			if err != nil {
				t.Fatal(err)
			}
			row.Want(t, res)
			res.Body.Close()
		}
	}
}

// A service whose issuer is out of reach.
func ExampleEndpoint_Set() {
	_ = func(t *testing.T, iss *authntest.Issuer, h http.Handler) {
		iss.KeySet.Set(authntest.Down)
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+iss.Token(nil))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("the status is %d: an outage must not look like a bad token", w.Code)
		}
	}
}
