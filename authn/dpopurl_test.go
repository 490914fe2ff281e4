package authn_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

func TestRFC9449Section4_3_URL(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	proxied := authn.DPoP{Origin: "https://Example.com:443/orders/"}
	for _, tt := range []struct {
		scheme authn.DPoP
		target string // of the request
		htu    string
		ok     bool
	}{
		{authn.DPoP{}, "/v1/orders", "https://api.example.com/v1/orders", true},
		{authn.DPoP{}, "/v1/orders?limit=5", "https://api.example.com/v1/orders", true},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com/v1/orders?limit=5#top", true}, // item 9: ignored
		{authn.DPoP{}, "/", "https://api.example.com", true},
		{authn.DPoP{}, "/?a=b", "https://api.example.com?a=b", true},
		{authn.DPoP{}, "/v1/orders", "HTTPS://API.Example.COM/v1/orders", true}, // RFC 3986 §6.2.2.1
		{authn.DPoP{}, "/v1/orders", "https://api.example.com:443/v1/orders", true},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com:/v1/orders", true},
		{authn.DPoP{}, "/v1/%7Eana/%c3%a4", "https://api.example.com/v1/~ana/%C3%A4", true},
		{authn.DPoP{}, "/v1/a|b", "https://api.example.com/v1/a%7Cb", true},
		{authn.DPoP{}, "/a/b", "https://api.example.com/x/../a/./b", true},
		{authn.DPoP{}, "/a/", "https://api.example.com/a/b/%2e%2e", true},
		{authn.DPoP{}, "/a", "https://api.example.com/../../a", true},
		{authn.DPoP{}, "/a//b", "https://api.example.com/a//b", true},
		{authn.DPoP{}, "https://other.example/v1/orders", "https://api.example.com/v1/orders", true}, // the absolute form; Host is not looked at

		{authn.DPoP{}, "/v1/orders", "https://api.example.com/V1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com/v1/orders/", false},
		{authn.DPoP{}, "/v1/orders/", "https://api.example.com/v1/orders", false},
		{authn.DPoP{}, "/a/b", "https://api.example.com/a%2Fb", false},
		{authn.DPoP{}, "/a!", "https://api.example.com/a%21", false}, // a delimiter is not one when encoded
		{authn.DPoP{}, "/a/b", "https://api.example.com/a//b", false},
		{authn.DPoP{}, "/v1/orders", "http://api.example.com/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com:8443/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com:80/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://other.example/v1/orders", false},
		{authn.DPoP{}, "https://other.example/v1/orders", "https://other.example/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com.evil.example/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com@evil.example/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://ana@api.example.com/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", `https://api.example.com\v1/orders`, false},
		{authn.DPoP{}, "/v1/orders", "ftp://api.example.com/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "//api.example.com/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "/v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https:///v1/orders", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com/v1/orders%", false},
		{authn.DPoP{}, "/v1/orders", "https://api.example.com/v1/orders%zz", false},
		{authn.DPoP{}, "/v1/orders", " https://api.example.com/v1/orders", false},

		{proxied, "/v1/1", "https://example.com/orders/v1/1", true},
		{proxied, "/", "https://example.com/orders/", true},
		{proxied, "/", "https://example.com/orders", true},
		{proxied, "/../v1", "https://example.com/orders/v1", true},
		{proxied, "/v1/1", "https://example.com/v1/1", false},
		{proxied, "/v1/1", "https://example.com/ORDERS/v1/1", false},
		{proxied, "/v1", "https://example.com/orders/../v1", false},
		{proxied, "/v1/", "https://example.com/orders/v1", false},
		{authn.DPoP{Path: func(r *http.Request) string { return strings.TrimPrefix(r.URL.EscapedPath(), "/internal") }},
			"/internal/v1/1", "https://api.example.com/v1/1", true},
		{authn.DPoP{Path: func(*http.Request) string { return "" }}, "/v1/1", "https://api.example.com/", true},
		{authn.DPoP{Path: func(*http.Request) string { return "/%" }}, "/v1/1", "https://api.example.com/v1/1", false},
		{authn.DPoP{Origin: "http://127.0.0.1:8080"}, "/", "http://127.0.0.1:8080", true},
		{authn.DPoP{Origin: "http://localhost:80"}, "/", "http://localhost", true},
		{authn.DPoP{Origin: "http://[::1]:8080"}, "/", "http://[::1]:8080/", true},
	} {
		t.Run(tt.target+" "+tt.htu, func(t *testing.T) {
			w, reason := dpopServe(t, tt.scheme).send("GET", tt.target, "DPoP "+token, k.proof(t, "GET", tt.htu, token, nil, nil))
			if tt.ok && reason != authn.Accepted || !tt.ok && reason != authn.ProofURLMismatch {
				t.Errorf("reason %s, want ok=%t", reason, tt.ok)
			}
			if !tt.ok {
				dpopWant(t, w, 401, dpopBadProof)
			}
		})
	}
}

// What the client asked for is what it signed, whatever was done with the path since.
func TestDPoPBelowStripPrefix(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	s := dpopServe(t, authn.DPoP{})
	s.Handler = http.StripPrefix("/v1", s.Handler)
	w, _ := s.send("GET", "/v1/orders", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1/orders", token, nil, nil))
	dpopWant(t, w, 200, "")
	w, _ = s.send("GET", "/v1/orders", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/orders", token, nil, nil))
	dpopWant(t, w, 401, dpopBadProof)
}

// The Host field and what proxies add are the client's to choose.
func TestDPoPIgnoresHost(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	for _, tt := range []struct {
		htu    string
		status int
	}{{dpopOrigin + "/v1", 200}, {"https://evil.example/v1", 401}} {
		s := dpopServe(t, authn.DPoP{})
		r := httptest.NewRequest("GET", "/v1", nil)
		r.Host = "evil.example"
		r.Header = http.Header{
			"Authorization": {"DPoP " + token}, "Dpop": {k.proof(t, "GET", tt.htu, token, nil, nil)},
			"X-Forwarded-Host": {"evil.example"}, "Forwarded": {"host=evil.example;proto=https"},
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		dpopWant(t, w, tt.status, dpopBadProof)
	}
}
