package authn_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// discoverService is a service that finds its issuer's keys on a made-up network.
func discoverService(t *testing.T, issuer string, answers map[string]string) (*jwksService, *jwksNet) {
	t.Helper()
	net := &jwksNet{answers: answers}
	keys := authn.Discover()
	keys.Client = &http.Client{Transport: net}
	return newJWKSServiceOf(t, issuer, keys, newJWKSClock()), net
}

func discoverDoc(issuer, uri string) string {
	return fmt.Sprintf(`200 {"issuer":%q,"jwks_uri":%q,"token_endpoint":"https://x.example/"}`, issuer, uri)
}

// Where the metadata is: OpenID Connect Discovery §4.1 appends to the issuer, RFC
// 8414 §3.1 inserts before its path; both without a "/" at the end.
func TestRFC8414Section3_1_WellKnown(t *testing.T) {
	a := newJWKSSigner(t, "a")
	const uri = "https://keys.example/set"
	for _, tt := range []struct {
		issuer string
		asked  []string
	}{
		{"https://i.example", []string{"https://i.example/.well-known/openid-configuration", "https://i.example/.well-known/oauth-authorization-server"}},
		{"https://i.example/", []string{"https://i.example/.well-known/openid-configuration", "https://i.example/.well-known/oauth-authorization-server"}},
		{"https://i.example/issuer1", []string{"https://i.example/issuer1/.well-known/openid-configuration", "https://i.example/.well-known/oauth-authorization-server/issuer1"}},
		{"https://i.example:8443/a/b%2Fc/", []string{"https://i.example:8443/a/b%2Fc/.well-known/openid-configuration", "https://i.example:8443/.well-known/oauth-authorization-server/a/b%2Fc"}},
	} {
		for i := range tt.asked {
			s, net := discoverService(t, tt.issuer, map[string]string{
				tt.asked[i]: discoverDoc(tt.issuer, uri), uri: "200 " + jwksSet(a.jwk(t)),
			})
			if got := s.ask(t, a.token(t, tt.issuer, "a")); got != jwksGood {
				t.Errorf("%s, at %s: %s", tt.issuer, tt.asked[i], got)
			}
			if want := append(slices.Clone(tt.asked[:i+1]), uri); !slices.Equal(net.asked, want) {
				t.Errorf("%s: asked %q, want %q", tt.issuer, net.asked, want)
			}
		}
	}
}

// A document that says it is another issuer's is not used (RFC 8414 §3.3, OpenID
// Connect Discovery §4.3): the comparison is by characters.
func TestRFC8414Section3_3_Issuer(t *testing.T) {
	a := newJWKSSigner(t, "a")
	const issuer, uri = "https://i.example/one", "https://keys.example/set"
	for _, tt := range []struct{ name, document, want string }{
		{"the same", discoverDoc(issuer, uri), jwksGood},
		{"another", discoverDoc("https://evil.example/one", uri), jwksDown},
		{"with a slash", discoverDoc(issuer+"/", uri), jwksDown},
		{"in another case", discoverDoc("https://I.example/one", uri), jwksDown},
		{"its host", discoverDoc("https://i.example", uri), jwksDown},
		{"none", `200 {"jwks_uri":"` + uri + `"}`, jwksDown},
		{"null", `200 {"issuer":null,"jwks_uri":"` + uri + `"}`, jwksDown},
		{"a list", `200 {"issuer":["` + issuer + `"],"jwks_uri":"` + uri + `"}`, jwksDown},
		{"twice", `200 {"issuer":"https://evil.example","issuer":"` + issuer + `","jwks_uri":"` + uri + `"}`, jwksDown},
		{"HTML", `200 <html>`, jwksDown},
		{"a list of documents", `200 [{"issuer":"` + issuer + `","jwks_uri":"` + uri + `"}]`, jwksDown},
	} {
		s, net := discoverService(t, issuer, map[string]string{
			"https://i.example/one/.well-known/openid-configuration": tt.document, uri: "200 " + jwksSet(a.jwk(t)),
		})
		if got := s.ask(t, a.token(t, issuer, "a")); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if tt.want != jwksGood && slices.Contains(net.asked, uri) {
			t.Errorf("%s: its keys were fetched", tt.name)
		}
	}
}

// jwks_uri "MUST use the https scheme" (RFC 8414 §2); loopback is excepted, for an
// issuer there.
func TestRFC8414Section2_JWKSURI(t *testing.T) {
	key := newJWKSSigner(t, "a").jwk(t)
	for _, tt := range []struct {
		issuer, uri string
		ok          bool
	}{
		{"https://i.example", "https://i.example/keys", true},
		{"https://i.example", "https://elsewhere.example/keys?a=b", true},
		{"https://i.example", "http://i.example/keys", false},
		{"https://i.example", "http://127.0.0.1/keys", false},
		{"https://i.example", "/keys", false},
		{"https://i.example", "", false},
		{"https://i.example", "https://u:p@i.example/keys", false},
		{"https://i.example", "file:///keys", false},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8081/keys", true},
		{"http://127.0.0.1:8080", "https://i.example/keys", true},
		{"http://127.0.0.1:8080", "http://i.example/keys", false},
	} {
		s, net := discoverService(t, tt.issuer, map[string]string{
			tt.issuer + "/.well-known/openid-configuration": discoverDoc(tt.issuer, tt.uri), tt.uri: "200 " + jwksSet(key),
		})
		if err := s.auth.Ready(t.Context()); (err == nil) != tt.ok {
			t.Errorf("%s, %s: %v", tt.issuer, tt.uri, err)
		}
		if !tt.ok && slices.Contains(net.asked, tt.uri) {
			t.Errorf("%s, %s: it was asked", tt.issuer, tt.uri)
		}
	}
}

// An issuer that cannot be reached is not asked twice.
func TestDiscoverUnreachable(t *testing.T) {
	s, net := discoverService(t, "https://i.example", map[string]string{
		"https://i.example/.well-known/openid-configuration": "error the line is cut",
	})
	if err := s.auth.Ready(t.Context()); err == nil || len(net.asked) != 1 {
		t.Errorf("%v, asked %q", err, net.asked)
	}
}

// jwks_uri may change: it is read again at each refresh. While the metadata is away,
// known keys serve.
func TestDiscoverMoves(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	const issuer, doc = "https://i.example", "https://i.example/.well-known/openid-configuration"
	s, net := discoverService(t, issuer, map[string]string{
		doc: discoverDoc(issuer, "https://i.example/1"), "https://i.example/1": "200 " + jwksSet(a.jwk(t)), "https://i.example/2": "200 " + jwksSet(b.jwk(t)),
	})
	if got := s.ask(t, a.token(t, issuer, "a")); got != jwksGood {
		t.Error(got)
	}
	delete(net.answers, doc)
	s.clock.add(31 * time.Minute) // so long that requests wait for the refresh
	if got := s.ask(t, a.token(t, issuer, "a")); got != jwksGood {
		t.Errorf("without metadata: %s", got)
	}
	net.answers[doc] = discoverDoc(issuer, "https://i.example/2")
	s.clock.add(time.Minute)
	if got := s.ask(t, b.token(t, issuer, "b")); got != jwksGood {
		t.Errorf("moved: %s", got)
	}
	if got := s.ask(t, a.token(t, issuer, "a")); got != jwksUnknown {
		t.Errorf("the old place's key: %s", got)
	}
}

// An issuer that no metadata can be found of is refused when the authenticator is
// made.
func TestDiscoverSettings(t *testing.T) {
	for _, tt := range []struct{ issuer, want string }{
		{"https://i.example", ""},
		{"https://i.example/tenant/", ""},
		{"http://127.0.0.1:9000/realm", ""},
		{"http://i.example", "not https"},
		{"i.example", "not absolute"},
		{"urn:example:issuer", "not absolute"},
		{"https://i.example/?tenant=1", "query"},
		{"https://i.example/?", "query"},
		{"https://i.example/#a", "fragment"},
		{"https://i.example/#", "fragment"},
		{"https://u:p@i.example/", "user information"},
	} {
		err := jwksBuild(authn.Discover(), tt.issuer, "ES256")
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want %q", tt.issuer, err, tt.want)
		}
	}
}

// The whole way, over the network.
func TestDiscoverOverHTTP(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, "")
	server.handle(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/oauth-authorization-server/realm":
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL+"/realm", server.URL+"/keys")
		case "/keys":
			io.WriteString(w, jwksSet(a.jwk(t)))
		default: // as a single-page application does
			io.WriteString(w, "<!doctype html>")
		}
	})
	s := newJWKSServiceOf(t, server.URL+"/realm", authn.Discover(), newJWKSClock())
	s.expect(t, server, a.token(t, server.URL+"/realm", "a"), jwksGood, 3)
}

func FuzzDiscoverMetadata(f *testing.F) {
	const issuer = "https://i.example"
	for _, seed := range []string{discoverDoc(issuer, "https://i.example/keys")[4:], discoverDoc("", "")[4:], `{"issuer":"https://i.example"}`, `{"issuer":1,"jwks_uri":[]}`, "<html>", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		s, net := discoverService(t, issuer, map[string]string{issuer + "/.well-known/openid-configuration": "200 " + document})
		err := s.auth.Ready(t.Context())
		if err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("ready: %v", err) // there are no keys anywhere
		}
		for _, url := range net.asked {
			if !strings.HasPrefix(url, "https://") {
				t.Errorf("asked %q", url)
			}
		}
	})
}
