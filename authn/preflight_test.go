package authn_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// A CORS preflight request passes without credentials, and with nobody's rights; an
// OPTIONS that is none does not.
func TestFetchSection3_3_5_Preflight(t *testing.T) {
	g := newGate(t)
	options := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := authn.From(r.Context()); p.Known() {
			t.Errorf("a preflight request of %s", p.Subject)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	const origin = "https://app.example.com"
	for _, tt := range []struct {
		name, method string
		fields       []string
		passes       bool
	}{
		{"a preflight", "OPTIONS", []string{"Origin", origin, "Access-Control-Request-Method", "DELETE"}, true},
		{"one with header fields", "OPTIONS", []string{"Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization"}, true},
		{"of an opaque origin", "OPTIONS", []string{"Origin", "null", "Access-Control-Request-Method", "GET"}, true},
		{"with credentials, as no browser sends it", "OPTIONS", []string{"Origin", origin, "Access-Control-Request-Method", "GET", "Authorization", "Bearer a.b.c"}, false},
		{"a plain OPTIONS", "OPTIONS", nil, false},
		{"without the method", "OPTIONS", []string{"Origin", origin}, false},
		{"without the origin", "OPTIONS", []string{"Access-Control-Request-Method", "GET"}, false},
		{"of another origin, but a GET", "GET", []string{"Origin", origin, "Access-Control-Request-Method", "GET"}, false},
		{"a DELETE", "DELETE", []string{"Origin", origin, "Access-Control-Request-Method", "DELETE"}, false},
		{"in another case", "options", []string{"Origin", origin, "Access-Control-Request-Method", "GET"}, false},
	} {
		for name, h := range map[string]http.Handler{
			"Handler":  g.Handler(options),
			"Require":  g.Require(authn.Scope("a"))(options),
			"Optional": g.Optional(g.Handler(options)),
			"nested":   g.Handler(g.Require(authn.Scope("a"))(options)),
		} {
			w := gateSend(h, tt.method, "/", tt.fields...)
			if passed := w.Code == http.StatusNoContent; passed != tt.passes || !passed && w.Code != 401 {
				t.Errorf("%s, %s: %d %s", tt.name, name, w.Code, w.Body)
			}
		}
	}
	// Verify takes no request for another.
	r, err := http.NewRequest("OPTIONS", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"GET"}}
	if p, err := g.Verify(r); err == nil {
		t.Errorf("Verify: %v", p)
	}
}

// Fields that are empty, or an Authorization at all, make no preflight request.
func TestPreflightOfEmptyFields(t *testing.T) {
	g := newGate(t)
	for _, tt := range []struct {
		header http.Header
		status int
	}{
		{http.Header{"Origin": {"null"}, "Access-Control-Request-Method": {"GET"}}, 200},
		{http.Header{"Origin": {""}, "Access-Control-Request-Method": {"GET"}}, 401},
		{http.Header{"Origin": {"null"}, "Access-Control-Request-Method": {""}}, 401},
		{http.Header{"Origin": {"null"}, "Access-Control-Request-Method": {"GET"}, "Authorization": {""}}, 401},
		{http.Header{"Origin": {"null"}, "Access-Control-Request-Method": {"GET"}, "Authorization": {gateBasic("ana")}}, 200},
		{http.Header{"Origin": {"null"}, "Access-Control-Request-Method": {"GET"}, "Authorization": {gateBasic("eve")}}, 401},
	} {
		r := httptest.NewRequest("OPTIONS", "/", nil)
		r.Header = tt.header
		w := httptest.NewRecorder()
		if g.Handler(gateOpen).ServeHTTP(w, r); w.Code != tt.status {
			t.Errorf("%v: %d", tt.header, w.Code)
		}
	}
}
