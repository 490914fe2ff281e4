package authntest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// Issuer is an authorization server for a test. [NewIssuer] makes it. Its methods
// are safe for concurrent use; the fields are for before the first token.
type Issuer struct {
	// Claims are what every token has beyond, or instead of, the usual ones: an
	// audience of your own, say. See [Issuer.Token].
	Claims Claims
	// Type is the "typ" of the tokens' header, "at+jwt" by default (RFC 9068 §2.1).
	Type string

	// KeySet serves the public keys (RFC 7517 §5).
	KeySet *Endpoint
	// Metadata serves what OpenID Connect Discovery and RFC 8414 find the key set
	// by.
	Metadata *Endpoint
	// Introspection tells of the tokens that [Issuer.Opaque] makes (RFC 7662).
	Introspection *Endpoint

	t          testing.TB
	url        string
	algorithms []string
	clock      clock

	mu        sync.Mutex
	keys      []*signer          // the last of an algorithm signs
	strangers map[string]*signer // by algorithm
	opaque    map[string]Claims  // what is known of tokens that are not JWTs
	revoked   map[string]bool    // by subject
	asked     string             // whose revocation was looked up last
	down      bool               // revocations cannot be looked up
	repairs   []func()           // of what the rows broke
	ca        *CA
	last      *authn.Event
	heard     bool
}

const (
	keySetPath        = "/jwks.json"
	metadataPath      = "/.well-known/openid-configuration"
	serverPath        = "/.well-known/oauth-authorization-server"
	introspectionPath = "/introspect"
)

// Audience is the "aud" of the tokens by default.
const Audience = "https://api.example.com"

// NewIssuer starts an issuer on loopback, which is closed when the test ends. It
// has a key for each of the algorithms, ES256 by default, and signs by the first.
// The secrets of HS256 and its like are never in the key set: see [Issuer.Keys].
func NewIssuer(t testing.TB, algorithms ...string) *Issuer {
	t.Helper()
	if len(algorithms) == 0 {
		algorithms = []string{"ES256"}
	}
	i := &Issuer{t: t, algorithms: slices.Clone(algorithms), Type: "at+jwt", strangers: map[string]*signer{}, opaque: map[string]Claims{}, revoked: map[string]bool{}}
	i.clock.nanos.Store(start.UnixNano())
	for _, name := range algorithms {
		i.keys = append(i.keys, newSigner(t, name))
	}
	i.listen()
	return i
}

func (i *Issuer) listen() {
	ended := make(chan struct{})
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	i.t.Cleanup(func() {
		close(ended)
		server.Close()
	})
	i.url = server.URL
	endpoint := func(path string, serve http.HandlerFunc) *Endpoint {
		e := &Endpoint{url: server.URL + path, serve: serve, ended: ended, state: Up, change: make(chan struct{})}
		mux.Handle(path, e)
		return e
	}
	i.KeySet = endpoint(keySetPath, i.serveKeys)
	i.Metadata = endpoint(metadataPath, i.serveMetadata)
	mux.Handle(serverPath, i.Metadata)
	i.Introspection = endpoint(introspectionPath, i.serveIntrospection)
}

// URL is the issuer as "iss" has it.
func (i *Issuer) URL() string { return i.url }

// Algorithms are those that the issuer has keys for.
func (i *Issuer) Algorithms() []string { return slices.Clone(i.algorithms) }

// audience is who the tokens are for.
func (i *Issuer) audience() string {
	if aud, ok := i.Claims["aud"].(string); ok {
		return aud
	}
	return Audience
}

// OnDecision can be set as OnDecision of the options of the service: the rows then
// check the reason of each decision, too. A service that has one of its own calls
// both:
//
//	OnDecision: func(e authn.Event) { iss.OnDecision(e); metrics.OnDecision(e) },
func (i *Issuer) OnDecision(e authn.Event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last, i.heard = &e, true
}
