package authn_test

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

const metadataPath = "/.well-known/oauth-protected-resource"

// metadataGate is a gate that takes Bearer alone, with metadata.
func metadataGate(t testing.TB, m *authn.Metadata, more ...authn.Scheme) *gate {
	t.Helper()
	return newGate(t, func(o *authn.Options) { o.Metadata, o.Schemes = m, append(o.Schemes[:1:1], more...) })
}

// metadataOf reads what is served.
func metadataOf(t testing.TB, g *gate) map[string]any {
	t.Helper()
	w := gateSend(conformtest.Handler(t, g.Metadata()), "GET", metadataPath)
	var members map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %q %s: %v", w.Code, w.Header(), w.Body, err)
	}
	return members
}

func TestRFC9728Section3_1_URL(t *testing.T) {
	for _, tt := range []struct{ resource, want string }{
		{"https://resource.example.com", "https://resource.example.com" + metadataPath},
		{"https://resource.example.com/", "https://resource.example.com" + metadataPath},
		{"https://resource.example.com/resource1", "https://resource.example.com" + metadataPath + "/resource1"},
		{"https://resource.example.com/a/b/", "https://resource.example.com" + metadataPath + "/a/b/"},
		{"https://resource.example.com/a%2Fb", "https://resource.example.com" + metadataPath + "/a%2Fb"},
		{"https://resource.example.com?tenant=1", "https://resource.example.com" + metadataPath + "?tenant=1"},
		{"https://resource.example.com/?tenant=1", "https://resource.example.com" + metadataPath + "?tenant=1"},
		{"https://resource.example.com/a?b=/c", "https://resource.example.com" + metadataPath + "/a?b=/c"},
		{"https://resource.example.com:8443/a", "https://resource.example.com:8443" + metadataPath + "/a"},
		{"http://[::1]:8080/a", "http://[::1]:8080" + metadataPath + "/a"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080" + metadataPath},
	} {
		m := &authn.Metadata{Resource: tt.resource}
		if got := m.URL(); got != tt.want {
			t.Errorf("%s: %s, not %s", tt.resource, got, tt.want)
		}
		g := metadataGate(t, m)
		if got, want := gateChallenges(t, gateGet(t, g.Handler(gateOpen), "")), `Bearer realm="api", resource_metadata="`+tt.want+`"`; got != want {
			t.Errorf("%s, not %s", got, want)
		}
		if got := metadataOf(t, g)["resource"]; got != tt.resource {
			t.Errorf("the resource is %v, not %s", got, tt.resource)
		}
	}
	if got := new(authn.Metadata).URL(); !strings.Contains(got, metadataPath) {
		t.Errorf("of nothing: %s", got)
	}
}

// The example of §3.2, and all of §2.
func TestRFC9728Section2_Members(t *testing.T) {
	for _, tt := range []struct {
		name string
		m    authn.Metadata
		more []authn.Scheme
		want string
	}{
		{
			"the example of §3.2", authn.Metadata{
				Resource:             "https://resource.example.com",
				AuthorizationServers: []string{"https://as1.example.com", "https://as2.example.net"},
				BearerMethods:        []string{"header", "body"},
				Scopes:               []string{"profile", "email", "phone"},
				Documentation:        "https://resource.example.com/resource_documentation.html",
			}, nil,
			`{"resource":"https://resource.example.com",
			"authorization_servers":["https://as1.example.com","https://as2.example.net"],
			"bearer_methods_supported":["header","body"],
			"scopes_supported":["profile","email","phone"],
			"resource_documentation":"https://resource.example.com/resource_documentation.html"}`,
		},
		{
			"all members", authn.Metadata{
				Resource:             "https://resource.example.com/a?b=c&d",
				AuthorizationServers: []string{"https://as.example.com/tenant"},
				JWKSURI:              "https://resource.example.com/jwks.json",
				Scopes:               []string{"a"},
				SigningAlgorithms:    []string{"ES256"},
				Name:                 "Orders & more",
				Documentation:        "https://example.com/docs",
				Policy:               "https://example.com/policy",
				Terms:                "http://example.com/terms",
				CertificateBound:     true,
				AuthorizationDetails: []string{"payment_initiation"},
				DPoPAlgorithms:       []string{"ES256"},
				DPoPRequired:         true,
				More:                 map[string]any{"resource_name#it": "Ordini", "resource_policy_uri#de-CH": "https://example.com/ch", "tier": 2, "beta": false},
			}, nil,
			`{"resource":"https://resource.example.com/a?b=c&d",
			"authorization_servers":["https://as.example.com/tenant"],
			"jwks_uri":"https://resource.example.com/jwks.json",
			"scopes_supported":["a"],
			"bearer_methods_supported":["header"],
			"resource_signing_alg_values_supported":["ES256"],
			"resource_name":"Orders & more",
			"resource_documentation":"https://example.com/docs",
			"resource_policy_uri":"https://example.com/policy",
			"resource_tos_uri":"http://example.com/terms",
			"tls_client_certificate_bound_access_tokens":true,
			"authorization_details_types_supported":["payment_initiation"],
			"dpop_signing_alg_values_supported":["ES256"],
			"dpop_bound_access_tokens_required":true,
			"resource_name#it":"Ordini","resource_policy_uri#de-CH":"https://example.com/ch","tier":2,"beta":false}`,
		},
		{"what is empty is left out (§3.2)", authn.Metadata{
			Resource: "https://a.example", AuthorizationServers: []string{}, Scopes: []string{}, BearerMethods: []string{}, SigningAlgorithms: []string{},
			AuthorizationDetails: []string{}, DPoPAlgorithms: []string{}, More: map[string]any{},
		}, nil, `{"resource":"https://a.example"}`},
		{"DPoP's own", authn.Metadata{Resource: "https://a.example"}, []authn.Scheme{authn.DPoP{Origin: "https://a.example", Algorithms: []string{"ES384", "ES256"}}},
			`{"resource":"https://a.example","bearer_methods_supported":["header"],"dpop_signing_alg_values_supported":["ES384","ES256"]}`},
		{"DPoP alone", authn.Metadata{Resource: "https://a.example"}, []authn.Scheme{authn.DPoP{Origin: "https://a.example", Algorithms: []string{"ES256"}, Required: true}},
			`{"resource":"https://a.example","dpop_signing_alg_values_supported":["ES256"],"dpop_bound_access_tokens_required":true}`},
		{"fewer of DPoP's", authn.Metadata{Resource: "https://a.example", DPoPAlgorithms: []string{"ES256"}}, []authn.Scheme{authn.DPoP{Origin: "https://a.example", Algorithms: []string{"ES384", "ES256"}}},
			`{"resource":"https://a.example","bearer_methods_supported":["header"],"dpop_signing_alg_values_supported":["ES256"]}`},
	} {
		var want map[string]any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if got := metadataOf(t, metadataGate(t, &tt.m, tt.more...)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, not %v", tt.name, got, want)
		}
	}
	// Without a scheme for tokens there are no bearer methods.
	g := newGate(t, func(o *authn.Options) {
		o.Metadata, o.Schemes = &authn.Metadata{Resource: "https://a.example"}, o.Schemes[1:]
	})
	if got := metadataOf(t, g); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// Signed metadata (§2.2) is sent as it is.
func TestRFC9728Section2_2_Signed(t *testing.T) {
	signed := gateToken(t, map[string]any{"resource": "https://a.example"})
	m := &authn.Metadata{Resource: "https://a.example", Signed: signed}
	if got := metadataOf(t, metadataGate(t, m))["signed_metadata"]; got != signed {
		t.Errorf("%v", got)
	}
}

func TestMetadataSettings(t *testing.T) {
	const good = "https://a.example"
	more := func(name string, value any) authn.Metadata {
		return authn.Metadata{Resource: good, More: map[string]any{name: value}}
	}
	unsigned := "eyJhbGciOiJub25lIn0." + strings.Split(gateToken(t, nil), ".")[1] + "."
	for _, tt := range []struct {
		name string
		m    authn.Metadata
		ok   bool
	}{
		{"loopback by name", authn.Metadata{Resource: "http://localhost:8080"}, true},
		{"loopback, IPv6", authn.Metadata{Resource: "http://[::1]:8080"}, true},
		{"loopback, another of its addresses", authn.Metadata{Resource: "http://127.8.9.10", AuthorizationServers: []string{"http://127.0.0.1:1"}}, true},
		{"an extension", more("x", "y"), true},
		{"an extension with a language", more("x#en", "y"), true},
		{"a signed one", authn.Metadata{Resource: good, Signed: gateToken(t, nil)}, true},

		{"no resource", authn.Metadata{}, false},
		{"http", authn.Metadata{Resource: "http://a.example"}, false},
		{"http, a name that looks like loopback", authn.Metadata{Resource: "http://localhost.a.example"}, false},
		{"http, an address that is not loopback", authn.Metadata{Resource: "http://10.0.0.1"}, false},
		{"another scheme", authn.Metadata{Resource: "urn:example:a"}, false},
		{"no scheme", authn.Metadata{Resource: "a.example"}, false},
		{"no host", authn.Metadata{Resource: "https:///a"}, false},
		{"a fragment", authn.Metadata{Resource: good + "/#a"}, false},
		{"an empty fragment", authn.Metadata{Resource: good + "#"}, false},
		{"a user", authn.Metadata{Resource: "https://ana:secret@a.example"}, false},
		{"a space", authn.Metadata{Resource: good + "/a b"}, false},
		{"a line", authn.Metadata{Resource: good + "\r\nb"}, false},
		{"a server of http", authn.Metadata{Resource: good, AuthorizationServers: []string{"http://as.example"}}, false},
		{"a server that is empty", authn.Metadata{Resource: good, AuthorizationServers: []string{good, ""}}, false},
		{"a server with a query", authn.Metadata{Resource: good, AuthorizationServers: []string{good + "?a"}}, false},
		{"a server with a fragment", authn.Metadata{Resource: good, AuthorizationServers: []string{good + "#a"}}, false},
		{"keys of http", authn.Metadata{Resource: good, JWKSURI: "http://a.example/jwks"}, false},
		{"a scope that is none", authn.Metadata{Resource: good, Scopes: []string{"a b"}}, false},
		{"a token in the query", authn.Metadata{Resource: good, BearerMethods: []string{"query"}}, false},
		{"a method that is none", authn.Metadata{Resource: good, BearerMethods: []string{"header", "cookie"}}, false},
		{"signing by none", authn.Metadata{Resource: good, SigningAlgorithms: []string{"none"}}, false},
		{"signing by nothing", authn.Metadata{Resource: good, SigningAlgorithms: []string{""}}, false},
		{"DPoP by none", authn.Metadata{Resource: good, DPoPAlgorithms: []string{"None"}}, false},
		{"documentation that is no URL", authn.Metadata{Resource: good, Documentation: "see the wiki"}, false},
		{"a policy that is relative", authn.Metadata{Resource: good, Policy: "/policy"}, false},
		{"terms that run", authn.Metadata{Resource: good, Terms: "javascript:alert(1)"}, false},
		{"an empty type of details", authn.Metadata{Resource: good, AuthorizationDetails: []string{""}}, false},
		{"signed: no JWT", authn.Metadata{Resource: good, Signed: "a.b.c"}, false},
		{"signed: no issuer", authn.Metadata{Resource: good, Signed: gateToken(t, map[string]any{"iss": nil})}, false},
		{"signed: by none", authn.Metadata{Resource: good, Signed: unsigned}, false},
		{"more: a member with a field", more("scopes_supported", []string{"a"}), false},
		{"more: the resource", more("resource", "https://b.example"), false},
		{"more: signed_metadata", more("signed_metadata", "a"), false},
		{"more: a language of what has none", more("jwks_uri#en", "https://b.example"), false},
		{"more: no name", more("", "a"), false},
		{"more: a language alone", more("#en", "a"), false},
		{"more: no language", more("resource_name#", "a"), false},
		{"more: a language that is none", more("resource_name#e n", "a"), false},
		{"more: a language too long", more("resource_name#abcdefghi", "a"), false},
		{"more: a name that is no text", more("resource_name#en", 1), false},
		{"more: a page that is no URL", more("resource_tos_uri#en", "a"), false},
		{"more: null", more("a", nil), false},
		{"more: no elements", more("a", []string{}), false},
		{"more: an empty text", more("a", ""), false},
		{"more: what is no JSON", more("a", func() {}), false},
	} {
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: gateHash()}}}}, Metadata: &tt.m})
		if (err == nil) != tt.ok || err != nil && (!strings.HasPrefix(err.Error(), "authn: Metadata: ") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	m := &authn.Metadata{Resource: good, DPoPAlgorithms: []string{"RS256"}}
	o := authn.Options{Metadata: m, Schemes: []authn.Scheme{
		authn.JWT[authn.NoClaims]{Issuer: gateIssuer, Audience: gateAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: gateSecret}}},
		authn.DPoP{Origin: good, Algorithms: []string{"ES256"}},
	}}
	if _, err := authn.New(o); err == nil {
		t.Error("the metadata promises what the DPoP scheme does not take")
	}
}

// A resource that is taken is one whose URL is valid and leads back to it.
func FuzzMetadataURL(f *testing.F) {
	for _, seed := range []string{"https://a.example", "https://a.example/", "https://a.example/b?c=d", "http://[::1]:1/", "https://a.example/?", "https:///", "https://a.example//b", "HTTPS://A.example:/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, resource string) {
		m := &authn.Metadata{Resource: resource}
		at := m.URL()
		a, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: gateHash()}}}}, Metadata: m})
		if err != nil {
			return
		}
		host, path, found := strings.Cut(at, metadataPath)
		if !found || host+path != resource && host+"/"+path != resource {
			t.Fatalf("%q: %q", resource, at)
		}
		w := httptest.NewRecorder()
		a.Metadata().ServeHTTP(w, httptest.NewRequest("GET", metadataPath, nil))
		var got authn.Metadata
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Resource != resource {
			t.Fatalf("%q: %s, %v", resource, w.Body, err)
		}
	})
}
