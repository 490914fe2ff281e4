package authn

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// Metadata describes this service as an OAuth protected resource (RFC 9728 §2), so
// that a client that was refused finds out by itself where to get a token. Resource
// is required; what is empty is left out (§3.2).
//
// URLs are https; http is for loopback hosts alone, for tests.
type Metadata struct {
	// Resource is the URL that clients use for this service: they compare it with
	// the one that they sent their request to, character for character (§3.3). It
	// has no fragment, and should have no query (§1.2).
	Resource string `json:"resource"`
	// AuthorizationServers are the issuers whose tokens are taken (RFC 8414 §2).
	AuthorizationServers []string `json:"authorization_servers,omitempty"`
	// JWKSURI is where this service's own keys are, not an issuer's.
	JWKSURI string `json:"jwks_uri,omitempty"`
	// Scopes are the scopes to ask an authorization server for.
	Scopes []string `json:"scopes_supported,omitempty"`
	// BearerMethods is how a bearer token may be sent, by default "header" where
	// Bearer is taken. "body" is for handlers that read forms themselves. "query"
	// is refused: an [Authenticator] does not take it (RFC 9700 §4.3.2).
	BearerMethods []string `json:"bearer_methods_supported,omitempty"`
	// SigningAlgorithms are what this service signs its answers with.
	SigningAlgorithms []string `json:"resource_signing_alg_values_supported,omitempty"`
	// Name is for display to a person. For other languages see More.
	Name string `json:"resource_name,omitempty"`
	// Documentation, Policy and Terms are URLs of pages for persons: how to use the
	// service, what may be done with its data, its terms of service.
	Documentation string `json:"resource_documentation,omitempty"`
	Policy        string `json:"resource_policy_uri,omitempty"`
	Terms         string `json:"resource_tos_uri,omitempty"`
	// CertificateBound says that tokens bound to a client certificate are taken
	// (RFC 8705).
	CertificateBound bool `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	// AuthorizationDetails are the types of RFC 9396 that are understood.
	AuthorizationDetails []string `json:"authorization_details_types_supported,omitempty"`
	// DPoPAlgorithms and DPoPRequired are by default those of the [DPoP] scheme.
	DPoPAlgorithms []string `json:"dpop_signing_alg_values_supported,omitempty"`
	DPoPRequired   bool     `json:"dpop_bound_access_tokens_required,omitempty"`
	// Signed is a JWT with these values as claims, signed by a party that vouches
	// for them (§2.2).
	Signed string `json:"signed_metadata,omitempty"`
	// More has members that are not above: "resource_name#it" with the name in
	// Italian (§2.1), or those of an extension.
	More map[string]any `json:"-"`
	// InsecureHTTP takes http URLs of any host, against RFC 9728 §1.2: for a trial
	// on a network without TLS. Whoever is on the way can then send clients to an
	// authorization server of their own.
	InsecureHTTP bool `json:"-"`
}

const wellKnown = "/.well-known/oauth-protected-resource"

// URL is where clients look for the metadata: Resource with
// /.well-known/oauth-protected-resource between its host and its path and query, of
// which a slash that is all of the path is dropped (§3.1).
func (m *Metadata) URL() string {
	scheme, rest, _ := strings.Cut(m.Resource, "://")
	host := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		host = rest[:end]
	}
	path := rest[len(host):]
	if path == "/" || strings.HasPrefix(path, "/?") {
		path = path[1:]
	}
	return scheme + "://" + host + wellKnown + path
}

// Metadata serves [Options].Metadata, to be mounted at the path of
// [Metadata.URL]:
//
//	mux.Handle("GET /.well-known/oauth-protected-resource", auth.Metadata())
//
// With the method, since a pattern without one gets requests of unknown methods as
// well, which are for the mux to answer (RFC 9110 §9.1: 501). Scripts of other
// origins that send a field of their own, as MCP clients in a browser do
// (MCP-Protocol-Version), need "OPTIONS /.well-known/..." beside it, where no CORS
// middleware above answers preflight requests.
//
// It is open to all, scripts of other origins included, with an entity tag and a
// lifetime of 5 minutes. Where there is no metadata, the answer is 404.
func (a *Authenticator) Metadata() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.metadata == nil {
			a.options.Problems.Write(w, r, problem.NotFound("This service does not describe itself as a protected resource."))
			return
		}
		h := w.Header()
		shared := h["Access-Control-Allow-Origin"] == nil // not dealt with further up
		if shared {
			h["Access-Control-Allow-Origin"] = []string{"*"}
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			a.metadata.serve(w, r, a.options.Problems)
		case http.MethodOptions:
			if shared && isPreflight(r) {
				h["Access-Control-Allow-Methods"] = []string{"GET, HEAD"}
				h["Access-Control-Allow-Headers"] = []string{"*"}
			}
			h["Allow"] = []string{"GET, HEAD, OPTIONS"}
			w.WriteHeader(http.StatusNoContent)
		default:
			a.options.Problems.Write(w, r, problem.MethodNotAllowed(http.MethodGet, http.MethodHead, http.MethodOptions))
		}
	})
}

// document is metadata as it is sent.
type document struct {
	body []byte
	etag string
}

func (d *document) serve(w http.ResponseWriter, r *http.Request, problems *problem.Writer) {
	h := w.Header()
	if lines := r.Header["If-Match"]; lines != nil {
		if m := httpfield.MatchStrong(lines, d.etag); !m.Any && !m.Found {
			problems.Write(w, r, problem.PreconditionFailed("The metadata has another entity tag."))
			return
		}
	}
	h["Etag"], h["Cache-Control"] = []string{d.etag}, []string{"public, max-age=300"}
	if m := httpfield.MatchWeak(r.Header["If-None-Match"], d.etag); m.Any || m.Found {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"], h["X-Content-Type-Options"] = []string{"application/json"}, []string{"nosniff"}
	h["Content-Length"] = []string{strconv.Itoa(len(d.body))}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(d.body)
	}
}

// describe checks Options.Metadata, fills what the schemes know, and keeps it as it
// is sent.
func (a *Authenticator) describe() error {
	if a.options.Metadata == nil {
		return nil
	}
	m := *a.options.Metadata
	a.options.Metadata = &m
	if d := a.tokens.dpop; d != nil {
		if m.DPoPAlgorithms == nil {
			m.DPoPAlgorithms = d.algorithms
		}
		if slices.ContainsFunc(m.DPoPAlgorithms, func(s string) bool { return !slices.Contains(d.algorithms, s) }) {
			return errors.New("authn: Metadata: DPoPAlgorithms has one that the DPoP scheme does not take")
		}
		m.DPoPRequired = m.DPoPRequired || d.required
	}
	if m.BearerMethods == nil && a.tokens.taken() && !(a.tokens.dpop != nil && a.tokens.dpop.required) {
		m.BearerMethods = []string{"header"}
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("authn: Metadata: %w", err)
	}
	body, err := m.encode()
	if err != nil {
		return fmt.Errorf("authn: Metadata: %w", err)
	}
	sum := sha256.Sum256(body)
	a.metadata = &document{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	return nil
}

// encode writes the members in the order of the fields, and More after them.
func (m *Metadata) encode() ([]byte, error) {
	var body, more bytes.Buffer
	if err := jsonx.Encode(&body, m); err != nil {
		return nil, err
	}
	if len(m.More) == 0 {
		return body.Bytes(), nil
	}
	if err := jsonx.Encode(&more, m.More); err != nil {
		return nil, fmt.Errorf("More: %w", err)
	}
	out := bytes.TrimSuffix(body.Bytes(), []byte("}\n"))
	return append(append(out, ','), more.Bytes()[1:]...), nil
}
